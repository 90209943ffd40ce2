//! Editions with all that is held about them: the authority's lists, its reports, and tables of successors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rayon::prelude::*;
use xwalk_diff::in_order;
use xwalk_import::{Discovery, MapFile, MapKind, Release, discover};
use xwalk_library::Library;
use xwalk_map::{AnnualStep, Statements};
use xwalk_model::{Addendum, CodeSystem, ConceptMap, Edition, EditionId, TransactionReport};
use xwalk_report::summary::Succession;

use crate::printer::Printer;
use crate::{diagnostics, editions};

/// An edition with the lists that lead to it.
pub(crate) struct Held {
    pub(crate) edition: Edition,
    pub(crate) addenda: Vec<Addendum>,
    pub(crate) transactions: Vec<TransactionReport>,
}

/// Editions in the order in which they were named, and tables that lead from one to the next.
#[derive(Default)]
pub(crate) struct Collection {
    pub(crate) editions: Vec<Held>,
    pub(crate) tables: Vec<ConceptMap>,
}

/// What one word of the command line stands for.
enum Source {
    Release(Box<Release>),
    Stored(EditionId),
}

/// Reads editions: paths of releases, ids of the library, or a code system for all that the library holds of it.
/// Where one word stands for several editions, they come in the order in which they came into effect.
pub(crate) fn collect(
    specs: &[String],
    tables: &[PathBuf],
    allow_errors: bool,
    library: &Library,
    printer: &Printer,
) -> anyhow::Result<Collection> {
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
            map_files.extend(found.maps);
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
    map_files.retain(|f| matches!(f.kind, MapKind::ConversionTable | MapKind::Transition));
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
                        Held { edition, addenda: imported.addenda, transactions: imported.transactions }
                    }
                    Source::Stored(id) => {
                        let stored = library.load(id).with_context(|| format!("failed to read {id}"))?;
                        Held { edition: stored.edition, addenda: stored.addenda, transactions: Vec::new() }
                    }
                };
                bar.inc(1);
                Ok((*at, held))
            })
            .collect()
    };
    let read_tables = || read_tables(&map_files, &systems_stored, library, printer);
    let (read, tables) = rayon::join(read, read_tables);
    let (mut read, tables) = (read?, tables?);
    bar.finish_and_clear();
    read.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| in_order(&x.edition, &y.edition)));
    Ok(Collection { editions: read.into_iter().map(|(_, held)| held).collect(), tables })
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

/// The tables of files and, for editions of the library, of the library. Where several tables cover a step, the
/// newest says it: each conversion table repeats and corrects the rows of those before.
fn read_tables(
    files: &[MapFile],
    systems: &[CodeSystem],
    library: &Library,
    printer: &Printer,
) -> anyhow::Result<Vec<ConceptMap>> {
    let mut newest: BTreeMap<(EditionId, EditionId), ConceptMap> = BTreeMap::new();
    let mut take = |map: ConceptMap| {
        let key = (map.id.source.clone(), map.id.target.clone());
        let newer = newest.get(&key).is_none_or(|known| known.id.name < map.id.name);
        if newer {
            newest.insert(key, map);
        }
    };
    for file in files {
        let imported = file.import()?;
        diagnostics::print(&imported.diagnostics, printer);
        imported.maps.into_iter().for_each(&mut take);
    }
    if !systems.is_empty() {
        for manifest in library.list_maps()? {
            let within = manifest.id.source.system == manifest.id.target.system;
            if within && systems.contains(&manifest.id.source.system) {
                take(library.load_map(&manifest.id)?);
            }
        }
    }
    Ok(newest.into_values().collect())
}

/// What leads from one edition to the next, by the tables that are held and by the structure of the editions.
pub(crate) fn succession(from: &Edition, to: &Edition, tables: &[ConceptMap]) -> Succession {
    let statements = Statements::of_tables(tables, from.id(), to.id());
    let mut succession = Succession::of(&AnnualStep::new(from, to, &statements));
    for map in tables.iter().filter(|m| m.id.source == *from.id() && m.id.target == *to.id()) {
        succession.add_transition(map, from, to);
    }
    succession
}
