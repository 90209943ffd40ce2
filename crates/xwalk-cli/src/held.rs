//! Editions with all that is held about them: the authority's lists, its reports, and tables of successors.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use rayon::prelude::*;
use xwalk_diff::in_order;
use xwalk_import::{Discovery, MapFile, MapKind, Release, discover};
use xwalk_library::Library;
use xwalk_map::AnnualStep;
use xwalk_model::{Addendum, CodeSystem, ConceptMap, Edition, EditionId, TransactionReport};
use xwalk_report::summary::Succession;

use crate::holdings::Holdings;
use crate::printer::Printer;
use crate::{diagnostics, editions};

/// An edition with the lists that lead to it.
pub(crate) struct Held {
    pub(crate) edition: Arc<Edition>,
    /// Whether it came from the library.
    pub(crate) stored: bool,
    pub(crate) addenda: Vec<Addendum>,
    pub(crate) transactions: Vec<TransactionReport>,
}

/// Editions in the order in which they were named, and what leads from one to the next.
pub(crate) struct Collection<'a> {
    pub(crate) editions: Vec<Held>,
    pub(crate) holdings: Holdings<'a>,
    /// Transition tables of ICD-10-GM.
    transitions: Vec<ConceptMap>,
}

/// What one word of the command line stands for.
enum Source {
    Release(Box<Release>),
    Stored(EditionId),
}

/// Reads editions: paths of releases, ids of the library, or a code system for all that the library holds of it.
/// Where one word stands for several editions, they come in the order in which they came into effect.
pub(crate) fn collect<'a>(
    specs: &[String],
    tables: &[PathBuf],
    allow_errors: bool,
    library: &'a Library,
    printer: &'a Printer,
) -> anyhow::Result<Collection<'a>> {
    let mut sources: Vec<(usize, Source)> = Vec::new();
    let mut map_files: Vec<MapFile> = Vec::new();
    let mut systems_stored: Vec<CodeSystem> = Vec::new();
    for (at, spec) in specs.iter().enumerate() {
        let path = Path::new(spec);
        if path.exists() {
            let found = discover(&[path.to_owned()], None)?;
            sources.extend(
                releases_of(path, &found, printer)?.into_iter().map(|r| (at, Source::Release(Box::new(r)))),
            );
            // Maps to other systems are taken where they are named.
            map_files.extend(found.maps.into_iter().filter(|f| f.kind != MapKind::Gem));
        } else if spec.contains('@') {
            let id: EditionId = spec.parse()?;
            systems_stored.push(id.system);
            sources.push((at, Source::Stored(id)));
        } else {
            let system: CodeSystem = spec
                .parse()
                .with_context(|| format!("`{spec}` is not a file or folder here, nor an edition id"))?;
            systems_stored.push(system);
            let ids: Vec<EditionId> =
                library.list()?.into_iter().map(|m| m.id).filter(|id| id.system == system).collect();
            if ids.is_empty() {
                bail!("the library holds no edition of {}; import releases, or name files", system.name());
            }
            sources.extend(ids.into_iter().map(|id| (at, Source::Stored(id))));
        }
    }
    for path in tables {
        let found = discover(std::slice::from_ref(path), None)?;
        if found.maps.is_empty() {
            bail!(
                "{} holds no table of successors that is understood; expected a conversion table of NCHS or a \
                 transition table of BfArM",
                path.display()
            );
        }
        map_files.extend(found.maps);
    }
    map_files.retain(|f| matches!(f.kind, MapKind::ConversionTable | MapKind::Transition | MapKind::Gem));
    let bar = printer.bar(sources.len() as u64, "read");
    let read = || -> anyhow::Result<Vec<(usize, Held)>> {
        sources
            .par_iter()
            .map(|(at, source)| {
                let held = match source {
                    Source::Release(release) => {
                        let imported = editions::import(release, allow_errors, printer)?;
                        let edition =
                            imported.edition.with_context(|| format!("{} lists no codes", release.id))?;
                        Held {
                            edition: Arc::new(edition),
                            stored: false,
                            addenda: imported.addenda,
                            transactions: imported.transactions,
                        }
                    }
                    Source::Stored(id) => {
                        let stored = library.load(id).with_context(|| format!("failed to read {id}"))?;
                        Held {
                            edition: Arc::new(stored.edition),
                            stored: true,
                            addenda: stored.addenda,
                            transactions: Vec::new(),
                        }
                    }
                };
                bar.inc(1);
                Ok((*at, held))
            })
            .collect()
    };
    let (read, maps) = rayon::join(read, || read_tables(&map_files, printer));
    let (mut read, maps) = (read?, maps?);
    bar.finish_and_clear();
    read.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| in_order(&x.edition, &y.edition)));
    let mut holdings = Holdings::new(library, &[], printer)?;
    let within = |map: &ConceptMap| map.id.source.system == CodeSystem::Icd10gm;
    let (mut transitions, conversions): (Vec<_>, Vec<_>) = maps.into_iter().partition(within);
    if systems_stored.contains(&CodeSystem::Icd10gm) {
        for manifest in library.list_maps()? {
            if [manifest.id.source.system, manifest.id.target.system] == [CodeSystem::Icd10gm; 2] {
                transitions.push(library.load_map(&manifest.id)?);
            }
        }
    }
    holdings.add_maps(conversions);
    Ok(Collection { editions: read.into_iter().map(|(_, held)| held).collect(), holdings, transitions })
}

fn releases_of(path: &Path, found: &Discovery, printer: &Printer) -> anyhow::Result<Vec<Release>> {
    let releases: Vec<Release> =
        found.releases.iter().filter(|r| editions::has_edition(r)).cloned().collect();
    if releases.is_empty() {
        diagnostics::print(&found.diagnostics, printer);
        bail!(
            "{} holds no release that is understood; expected the files as the authority publishes them",
            path.display()
        );
    }
    Ok(releases)
}

fn read_tables(files: &[MapFile], printer: &Printer) -> anyhow::Result<Vec<ConceptMap>> {
    let read: anyhow::Result<Vec<_>> = files
        .par_iter()
        .map(|file| {
            let imported = file.import()?;
            diagnostics::print(&imported.diagnostics, printer);
            Ok(imported.maps)
        })
        .collect();
    Ok(read?.into_iter().flatten().collect())
}

impl Collection<'_> {
    /// What leads from one edition to the next, by the tables that are held, the crosswalks that come with the program
    /// and the structure of the editions.
    pub(crate) fn succession(&self, from: &Edition, to: &Edition) -> anyhow::Result<Succession> {
        let statements = self.holdings.statements(from, to)?;
        let mut succession = Succession::of(&AnnualStep::new(from, to, &statements));
        for map in self.transitions(from, to) {
            succession.add_transition(map, from, to);
        }
        Ok(succession)
    }

    /// The transition tables between two editions.
    pub(crate) fn transitions<'s>(
        &'s self,
        from: &'s Edition,
        to: &'s Edition,
    ) -> impl Iterator<Item = &'s ConceptMap> {
        self.transitions.iter().filter(move |m| m.id.source == *from.id() && m.id.target == *to.id())
    }
}
