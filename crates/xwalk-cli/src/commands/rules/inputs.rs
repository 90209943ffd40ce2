//! What both commands read: sets, two editions, and the tables that join them.

use std::path::PathBuf;

use anyhow::{Context, bail};
use xwalk_import::{SetOptions, collect, discover, import_sets};
use xwalk_library::Library;
use xwalk_model::{
    CodeSystem, ConceptMap, Diagnostic, Edition, EditionId, HeaderMeaning, SetDocument, Severity, calendar,
};
use xwalk_rules::{EditionIndex, Transition, Update};

use crate::diagnostics;
use crate::editions::{self, ReadOptions};
use crate::holdings::Holdings;
use crate::printer::Printer;

/// What a header in a list of codes means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Headers {
    /// Itself alone, as in FHIR, VSAC and AHRQ files; that it can be on no claim is told.
    Itself,
    /// Every code below it.
    Descendants,
}

impl From<Headers> for HeaderMeaning {
    fn from(headers: Headers) -> Self {
        match headers {
            Headers::Itself => Self::Itself,
            Headers::Descendants => Self::Descendants,
        }
    }
}

/// The options that both commands have.
#[derive(Debug, clap::Args)]
pub(crate) struct InputArgs {
    /// Files of sets
    #[arg(required = true, value_name = "SET")]
    pub(crate) sets: Vec<PathBuf>,
    /// The edition that the sets were made for: an id, or the path of its official files
    #[arg(long, value_name = "EDITION")]
    pub(crate) from: String,
    /// The edition that they are wanted for
    #[arg(long, value_name = "EDITION")]
    pub(crate) to: String,
    /// Conversion tables and other maps between the two, before those of the library and the successors of ICD-10-CM
    /// that come with the program
    #[arg(long, value_name = "PATH")]
    pub(crate) map: Vec<PathBuf>,
    /// Earlier editions, so that codes retired before --from are known for what they are
    #[arg(long, value_name = "EDITION")]
    pub(crate) history: Vec<String>,
    /// What a header in a list of codes means
    #[arg(long, value_name = "MEANING", default_value = "itself")]
    pub(crate) headers: Headers,
    /// The column of the codes, by its name, letter or number
    #[arg(long, value_name = "COLUMN")]
    pub(crate) code_column: Option<String>,
    /// The column of the names of the sets, by its name, letter or number
    #[arg(long, value_name = "COLUMN")]
    pub(crate) set_column: Option<String>,
    /// The sheet of a workbook (default: the first with a column of codes)
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,
    /// The owner of sets whose files name none
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    /// Go on although lines of the sets could not be read; without it they make the command fail
    #[arg(long)]
    pub(crate) allow_errors: bool,
}

/// Two editions and the maps at hand.
pub(crate) struct Editions {
    pub(crate) from: Edition,
    pub(crate) to: Edition,
    pub(crate) history: Vec<Edition>,
    pub(crate) maps: Vec<ConceptMap>,
    /// What the authority states, from the later edition back to the earlier one.
    pub(crate) stated: Vec<ConceptMap>,
}

impl InputArgs {
    /// Reads the editions, and the maps that lead from one to the other.
    pub(crate) fn editions(&self, library: &Library, printer: &Printer) -> anyhow::Result<Editions> {
        let options = ReadOptions { skip_hashes: false, ..ReadOptions::default() };
        let load = |spec: &String| editions::load(spec, options, library, printer).map(|l| l.edition);
        let from = load(&self.from)?;
        let to = load(&self.to)?;
        let history = self.history.iter().map(load).collect::<anyhow::Result<Vec<_>>>()?;
        let maps = self.maps(from.id(), to.id(), library, printer)?;
        let stated = if from.id().system == to.id().system {
            let statements = Holdings::new(library, &[], printer)?.statements(&from, &to)?;
            Transition::steps_of(&statements, from.id(), to.id())
        } else {
            Vec::new()
        };
        Ok(Editions { from, to, history, maps, stated })
    }

    /// Maps between the two systems: those that were named, and those of the library.
    fn maps(
        &self,
        from: &EditionId,
        to: &EditionId,
        library: &Library,
        printer: &Printer,
    ) -> anyhow::Result<Vec<ConceptMap>> {
        let mut maps = Vec::new();
        for place in &self.map {
            let found = discover(std::slice::from_ref(place), None)?;
            if found.maps.is_empty() {
                diagnostics::print(&found.diagnostics, printer);
                bail!("{} holds no map that is understood", place.display());
            }
            for file in &found.maps {
                let imported = file.import()?;
                diagnostics::print(&imported.diagnostics, printer);
                maps.extend(imported.maps);
            }
        }
        let systems = [from.system, to.system];
        for manifest in library.list_maps()? {
            let id = &manifest.id;
            let ours = [id.source.system, id.target.system].iter().all(|s| systems.contains(s));
            if ours && !maps.iter().any(|m: &ConceptMap| m.id == *id) {
                maps.push(library.load_map(id)?);
            }
        }
        Ok(maps)
    }

    /// Reads the sets of a system.
    pub(crate) fn documents(
        &self,
        system: CodeSystem,
        printer: &Printer,
    ) -> anyhow::Result<Vec<(PathBuf, SetDocument)>> {
        self.documents_of(&self.sets, system, printer)
    }

    /// Reads the sets of a system from files.
    pub(crate) fn documents_of(
        &self,
        paths: &[PathBuf],
        system: CodeSystem,
        printer: &Printer,
    ) -> anyhow::Result<Vec<(PathBuf, SetDocument)>> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let options = SetOptions {
            code_column: self.code_column.clone(),
            set_column: self.set_column.clone(),
            sheet: self.sheet.clone(),
            owner: self.owner.clone(),
        };
        let mut documents = Vec::new();
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut unread: Vec<String> = Vec::new();
        for path in paths {
            for file in collect(path).with_context(|| format!("failed to read {}", path.display()))? {
                let imported = import_sets(&file, system, &options)?;
                match imported.document {
                    Some(document) => documents.push((path.clone(), document)),
                    None => unread.push(file.name().to_string()),
                }
                found.extend(imported.diagnostics);
            }
        }
        diagnostics::print(&found, printer);
        let errors = found.iter().filter(|d| d.rule.severity() == Severity::Error).count();
        if documents.is_empty() {
            bail!("no set of {} could be read from {}", system.name(), unread.join(", "));
        }
        if (errors > 0 || !unread.is_empty()) && !self.allow_errors {
            bail!(
                "{errors} lines could not be read, so what is told about their sets would be wrong; mend them or pass \
                 --allow-errors"
            );
        }
        Ok(documents)
    }
}

impl Editions {
    /// What the update means to any set, with what a reader has to know about it.
    pub(crate) fn update(&self) -> anyhow::Result<(Update<'_>, Vec<String>)> {
        let (from, to) = (&self.from, &self.to);
        let changes = xwalk_diff::diff(from, to, &|_| None)?;
        let mut remarks = Vec::new();
        let mut backward = backward(&self.maps, from.id(), to.id());
        backward.extend(&self.stated);
        if backward.is_empty() && from.id() != to.id() {
            remarks.push(format!(
                "no table states what the new codes of {} were coded as before; only codes below a code that became a \
                 header are followed (name the conversion table with --map, or import it)",
                to.id()
            ));
        }
        if from.has_notes() != to.has_notes() {
            let without = if from.has_notes() { to.id() } else { from.id() };
            remarks.push(format!("{without} has no notes, so changes of notes cannot be told"));
        }
        let (from, to) = (EditionIndex::new(from), EditionIndex::new(to));
        let transition = Transition::new(&from, &to, &backward);
        if !transition.unusable.is_empty() && !from.edition().is_excerpt() {
            let some: Vec<String> = transition
                .unusable
                .iter()
                .take(5)
                .map(|(code, stated, place)| {
                    format!("{} from {stated} ({place})", code.display(to.edition().id().system))
                })
                .collect();
            remarks.push(format!(
                "{} rows of the table name codes that {} does not hold, so they say nothing here: {}",
                transition.unusable.len(),
                from.edition().id(),
                some.join(", ")
            ));
        }
        let history = self.history.iter().map(EditionIndex::new).collect();
        Ok((Update::new(from, to, changes, transition).with_history(history), remarks))
    }
}

/// The day on which an edition came into effect.
fn start(id: &EditionId) -> Option<jiff::civil::Date> {
    match id.system {
        CodeSystem::Hcpcs => calendar::hcpcs_version(&id.version).and_then(|p| p.from),
        _ => calendar::fiscal_year(&id.version).and_then(|p| p.from),
    }
}

/// The maps that lead back from the later edition to the earlier one, newest first. Of tables that repeat a step the
/// newest counts, for authorities mend old rows.
fn backward<'m>(maps: &'m [ConceptMap], from: &EditionId, to: &EditionId) -> Vec<&'m ConceptMap> {
    let (first, last) = (start(from), start(to));
    let mut found: Vec<&ConceptMap> = maps
        .iter()
        .filter(|m| m.id.source.system == to.system && m.id.target.system == to.system)
        .filter(|m| {
            let day = start(&m.id.source);
            let direct = m.id.source == *to && m.id.target == *from;
            direct || (day > start(&m.id.target) && day > first && day <= last && day.is_some())
        })
        .collect();
    found.sort_by(|a, b| {
        start(&b.id.source).cmp(&start(&a.id.source)).then_with(|| b.id.name.cmp(&a.id.name))
    });
    found.dedup_by(|a, b| a.id.source == b.id.source && table(&a.id.name) == table(&b.id.name));
    found
}

/// Names of conversion tables end with the edition that they were published for.
fn table(name: &str) -> &str {
    name.strip_prefix("nchs-conversion").map_or(name, |_| "nchs-conversion")
}
