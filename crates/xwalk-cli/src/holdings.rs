//! What a command can work with: the library, files that were named for this run, and the crosswalks that come with
//! the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use rayon::prelude::*;
use xwalk_import::{Release, discover};
use xwalk_library::{Library, Manifest, MapManifest};
use xwalk_map::{AnnualStep, EditionGraph, MidYear, Statements, chronological};
use xwalk_model::{Code, CodeSystem, Concept, ConceptMap, Edition, EditionId, MapId, Severity, calendar};

use crate::crosswalks::{Bundled, bundled};
use crate::printer::Printer;
use crate::{diagnostics, editions};

/// How much of an edition is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Codes, status and hierarchy.
    Outline,
    /// Titles as well.
    Titles,
    /// Notes and attributes as well.
    Whole,
}

/// Editions and maps at hand.
pub(crate) struct Holdings<'a> {
    library: &'a Library,
    manifests: Vec<Manifest>,
    map_manifests: Vec<MapManifest>,
    /// Editions of files that were named for this run.
    read: Vec<Arc<Edition>>,
    /// Maps of files that were named for this run.
    maps_read: Vec<ConceptMap>,
    bundled: Vec<Bundled>,
    printer: &'a Printer,
    /// Notes that were printed, so that each is told once.
    told: Mutex<BTreeSet<String>>,
}

/// Name of the maps that NCHS conversion tables are stored as, with the year at the end.
const CONVERSION: &str = "nchs-conversion-";

impl<'a> Holdings<'a> {
    /// What the library holds, and what lies in the files, folders and zips of `with`.
    pub(crate) fn new(library: &'a Library, with: &[PathBuf], printer: &'a Printer) -> anyhow::Result<Self> {
        let mut holdings = Self {
            library,
            manifests: library.list()?,
            map_manifests: library.list_maps()?,
            read: Vec::new(),
            maps_read: Vec::new(),
            bundled: bundled(),
            printer,
            told: Mutex::new(BTreeSet::new()),
        };
        holdings.read_files(with)?;
        Ok(holdings)
    }

    fn read_files(&mut self, paths: &[PathBuf]) -> anyhow::Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let found = discover(paths, None)?;
        diagnostics::print(&found.diagnostics, self.printer);
        let releases: Vec<&Release> = found.releases.iter().filter(|r| editions::has_edition(r)).collect();
        let read: anyhow::Result<Vec<_>> =
            releases.par_iter().map(|release| editions::import(release, false, self.printer)).collect();
        self.read.extend(read?.into_iter().filter_map(|i| i.edition).map(Arc::new));
        for file in &found.maps {
            let imported = file.import()?;
            diagnostics::print(&imported.diagnostics, self.printer);
            if imported.diagnostics.iter().any(|d| d.rule.severity() == Severity::Error) {
                bail!("{} has records that could not be read; mend the file", file.file.name());
            }
            for map in imported.maps {
                // Some maps are published as text and as workbook; one of the two is enough.
                if !self.maps_read.iter().any(|known| known.id == map.id) {
                    self.maps_read.push(map);
                }
            }
        }
        Ok(())
    }

    /// Adds maps that were read already, for instance from the folders of the editions.
    pub(crate) fn add_maps(&mut self, maps: impl IntoIterator<Item = ConceptMap>) {
        for map in maps {
            if !self.maps_read.iter().any(|known| known.id == map.id) {
                self.maps_read.push(map);
            }
        }
    }

    /// The edition that a text names: the path of official files, which are read now, or an id.
    pub(crate) fn named(&mut self, spec: &str) -> anyhow::Result<EditionId> {
        if Path::new(spec).exists() && spec.parse::<EditionId>().is_err() {
            let loaded = editions::load(spec, editions::ReadOptions::default(), self.library, self.printer)?;
            let id = loaded.edition.id().clone();
            self.read.insert(0, Arc::new(loaded.edition));
            return Ok(id);
        }
        spec.parse().with_context(|| format!("`{spec}` is not a file or folder here, nor an edition id"))
    }

    /// The editions of a system that are held, in the order in which they came into effect.
    pub(crate) fn editions_of(&self, system: CodeSystem) -> Vec<EditionId> {
        let mut found: BTreeMap<EditionId, xwalk_model::Period> = BTreeMap::new();
        found.extend(self.manifests.iter().map(|m| (m.id.clone(), m.effective)));
        found.extend(self.read.iter().map(|e| (e.id().clone(), e.effective())));
        let mut of: Vec<_> = found.into_iter().filter(|(id, _)| id.system == system).collect();
        of.sort_by(|a, b| chronological((&a.0, a.1), (&b.0, b.1)));
        of.into_iter().map(|(id, _)| id).collect()
    }

    /// Whether an edition is held.
    pub(crate) fn holds(&self, id: &EditionId) -> bool {
        self.manifests.iter().any(|m| m.id == *id) || self.read.iter().any(|e| e.id() == id)
    }

    /// The graph of all editions and maps at hand, those that only a bundled crosswalk knows among them.
    pub(crate) fn graph(&self) -> EditionGraph {
        let mut graph = EditionGraph::new();
        for edition in &self.read {
            graph.add_edition(edition.id(), edition.effective());
        }
        for manifest in &self.manifests {
            graph.add_edition(&manifest.id, manifest.effective);
        }
        for map in self.bundled.iter().filter(|b| b.is_complete()) {
            for id in [&map.from, &map.to] {
                graph.add_edition(id, calendar::fiscal_year(&id.version).unwrap_or_default());
            }
        }
        for id in self.map_ids() {
            graph.add_map(&id);
        }
        graph
    }

    fn map_ids(&self) -> Vec<MapId> {
        let mut ids: Vec<MapId> = self.maps_read.iter().map(|m| m.id.clone()).collect();
        ids.extend(self.map_manifests.iter().map(|m| m.id.clone()));
        ids.sort();
        ids.dedup();
        ids
    }

    /// An edition, from the files of this run or from the library.
    pub(crate) fn edition(&self, id: &EditionId, need: Need) -> anyhow::Result<Option<Arc<Edition>>> {
        if let Some(edition) = self.read.iter().find(|e| e.id() == id) {
            return Ok(Some(Arc::clone(edition)));
        }
        if !self.manifests.iter().any(|m| m.id == *id) {
            return Ok(None);
        }
        // Entities of ICD-11 and cross references of HCPCS are attributes, and steps are made from them.
        let need = match id.system {
            CodeSystem::Icd11mms | CodeSystem::Hcpcs => Need::Whole,
            _ => need,
        };
        let context = || format!("failed to read {id}");
        let edition = match need {
            Need::Outline => self.library.load_outline(id).with_context(context)?,
            Need::Titles => self.library.load_titles(id).with_context(context)?,
            Need::Whole => self.library.load(id).with_context(context)?.edition,
        };
        Ok(Some(Arc::new(edition)))
    }

    /// Tells an edition that was read without texts the titles of some of its concepts. Those that `known` has already
    /// in the same words are left out.
    pub(crate) fn tell_titles(
        &self,
        edition: &Edition,
        wanted: impl Fn(Concept<'_>) -> bool,
        known: impl Fn(Concept<'_>, &str) -> bool,
    ) -> anyhow::Result<()> {
        let has_texts = !edition.roles().is_empty();
        if has_texts || self.read.iter().any(|e| e.id() == edition.id()) {
            return Ok(());
        }
        let of = |place: usize| edition.nth(u32::try_from(place).unwrap_or(u32::MAX));
        let found = self
            .library
            .titles_of(edition.id(), &|place| place < edition.len() && wanted(of(place)))
            .with_context(|| format!("failed to read {}", edition.id()))?;
        let told = found.iter().map(|(place, title)| (of(*place), title.as_str()));
        let new = told.filter(|(concept, title)| !known(*concept, title));
        edition.tell_titles(new.map(|(concept, title)| (concept.ix(), title)));
        Ok(())
    }

    /// A map, from the files of this run or from the library.
    pub(crate) fn map(&self, id: &MapId) -> anyhow::Result<ConceptMap> {
        if let Some(map) = self.maps_read.iter().find(|m| m.id == *id) {
            return Ok(map.clone());
        }
        self.library.load_map(id).with_context(|| format!("failed to read {id}"))
    }

    /// The codes of a map in pairs of source and target.
    pub(crate) fn map_pairs(&self, id: &MapId) -> anyhow::Result<Vec<(Code, Code)>> {
        match self.maps_read.iter().find(|m| m.id == *id) {
            Some(map) => Ok(map.pairs().map(|(source, target)| (source.clone(), target.clone())).collect()),
            None => self.library.load_pairs(id).with_context(|| format!("failed to read {id}")),
        }
    }

    /// The maps at hand from a system to another.
    pub(crate) fn maps_across(
        &self,
        source: CodeSystem,
        target: CodeSystem,
    ) -> anyhow::Result<Vec<ConceptMap>> {
        let across = |id: &&MapId| id.source.system == source && id.target.system == target;
        self.map_ids().iter().filter(across).map(|id| self.map(id)).collect()
    }

    /// Whether an authority states successors between two editions of a system.
    pub(crate) fn states(&self, from: &EditionId, to: &EditionId) -> bool {
        match to.system {
            CodeSystem::Icd10cm => {
                self.table(from, to).is_some() || !self.bundled_between(from, to).is_empty()
            }
            CodeSystem::Hcpcs => true,
            _ => false,
        }
    }

    /// What an authority states about the codes that are new between two editions: the newest conversion table that
    /// was imported and covers the later one, else the crosswalks that come with the program.
    pub(crate) fn statements(&self, from: &Edition, to: &Edition) -> anyhow::Result<Statements> {
        if to.id().system == CodeSystem::Hcpcs {
            return Ok(Statements::of_cross_references(from, to));
        }
        if to.id().system != CodeSystem::Icd10cm {
            return Ok(Statements::default());
        }
        if let Some(name) = self.table(from.id(), to.id()) {
            let start = |id: &EditionId| calendar::fiscal_year(&id.version).and_then(|p| p.from);
            let (first, last) = (start(from.id()), start(to.id()));
            let maps: anyhow::Result<Vec<ConceptMap>> = self
                .map_ids()
                .iter()
                .filter(|id| id.name == name && first < start(&id.source) && start(&id.source) <= last)
                .map(|id| self.map(id))
                .collect();
            return Ok(Statements::of_tables(&maps?, from.id(), to.id()));
        }
        let mut all = Statements::default();
        for map in self.bundled_between(from.id(), to.id()) {
            all.append(map.statements()?);
        }
        let (first, last) = (from.effective().from, to.effective().from);
        all.rows.retain(|row| first < row.effective && row.effective <= last);
        Ok(all)
    }

    /// The newest conversion table at hand that covers an edition.
    fn table(&self, from: &EditionId, to: &EditionId) -> Option<String> {
        let start = |id: &EditionId| calendar::fiscal_year(&id.version).and_then(|p| p.from);
        self.map_ids()
            .into_iter()
            .filter(|id| id.name.starts_with(CONVERSION) && start(&id.source) <= start(to))
            .filter(|id| start(from) < start(&id.source))
            .map(|id| id.name)
            .max()
    }

    fn bundled_between(&self, from: &EditionId, to: &EditionId) -> Vec<&Bundled> {
        let start = |id: &EditionId| calendar::fiscal_year(&id.version).and_then(|p| p.from);
        let inside = |b: &&Bundled| start(&b.to) > start(from) && start(&b.from) < start(to);
        if from.system != CodeSystem::Icd10cm {
            return Vec::new();
        }
        self.bundled.iter().filter(inside).collect()
    }

    /// The codes that came into effect within a year, between editions that are held.
    pub(crate) fn mid_year(&self, editions: &[Arc<Edition>]) -> anyhow::Result<Vec<MidYear>> {
        let mut found = Vec::new();
        let mut held: Vec<&Arc<Edition>> =
            editions.iter().filter(|e| e.id().system == CodeSystem::Icd10cm).collect();
        held.sort_by(|a, b| chronological((a.id(), a.effective()), (b.id(), b.effective())));
        for pair in held.windows(2) {
            for row in self.statements(pair[0], pair[1])?.rows {
                if let Some(day) = row.effective.filter(|day| Some(*day) < pair[1].effective().from) {
                    found.push(MidYear {
                        system: CodeSystem::Icd10cm,
                        day,
                        code: row.current,
                        previous: row.previous.into_iter().flatten().collect(),
                    });
                }
            }
        }
        Ok(found)
    }

    /// The step between two editions that were read already.
    pub(crate) fn annual_of(&self, from: &Edition, to: &Edition) -> anyhow::Result<AnnualStep> {
        Ok(AnnualStep::new(from, to, &self.statements(from, to)?))
    }

    /// A line on stderr.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        self.printer.note(format!("note: {text}"));
    }

    /// Tells once which codes the authority's table names that the edition before does not have.
    pub(crate) fn note_unresolved(&self, step: &AnnualStep) {
        let mut codes: Vec<String> =
            step.unresolved.iter().map(|(code, _)| code.display(step.from.system)).collect();
        codes.dedup();
        let (Some(source), false) = (step.forward.sources.first(), codes.is_empty()) else { return };
        let more = if codes.len() > 3 { format!(" and {} more", codes.len() - 3) } else { String::new() };
        let shown = codes.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let text = format!("{} names as previous codes what no edition before {} has", source.name, step.to);
        let note = format!("{text}: {shown}{more}");
        if self.told.lock().is_ok_and(|mut told| told.insert(note.clone())) {
            self.printer.note(format!("note[unresolved-rows]: {note}"));
        }
    }

    pub(crate) fn bundled_step(&self, from: &EditionId, to: &EditionId) -> anyhow::Result<AnnualStep> {
        match self.bundled.iter().find(|b| b.from == *from && b.to == *to) {
            Some(map) => map.step(),
            None => {
                let missing: Vec<String> =
                    [from, to].iter().filter(|id| !self.holds(id)).map(ToString::to_string).collect();
                bail!("{} is not held; import it, or name its files with --with", missing.join(" and "))
            }
        }
    }
}
