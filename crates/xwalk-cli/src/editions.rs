//! Editions as they are named on the command line: ids of the library, or paths of official files.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xwalk_import::{Imported, Release, discover};
use xwalk_library::Library;
use xwalk_model::{Edition, EditionId};

use crate::diagnostics;
use crate::printer::Printer;

/// The library that was named, or the one in the platform's data folder.
pub(crate) fn library(named: Option<PathBuf>) -> anyhow::Result<Library> {
    use etcetera::BaseStrategy;
    let root = match named {
        Some(root) => root,
        None => etcetera::choose_base_strategy()
            .context("failed to find the home folder; name the library with --library")?
            .data_dir()
            .join("xwalk"),
    };
    Ok(Library::new(root))
}

/// An edition and where it came from.
pub(crate) struct Loaded {
    pub(crate) edition: Edition,
    /// Whether it came from the library.
    pub(crate) stored: bool,
}

/// How the edition of a path is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadOptions<'a> {
    /// The edition that the files are, whatever their names tell.
    pub(crate) as_edition: Option<&'a EditionId>,
    /// Go on although records had to be left out.
    pub(crate) allow_errors: bool,
    /// Do without the hashes of the files, for outputs that do not name sources.
    pub(crate) skip_hashes: bool,
}

/// Reads an edition: a path that exists is read, everything else is an id of the library.
pub(crate) fn load(
    spec: &str,
    options: ReadOptions<'_>,
    library: &Library,
    printer: &Printer,
) -> anyhow::Result<Loaded> {
    let path = Path::new(spec);
    if path.exists() {
        return load_path(path, options, printer);
    }
    let id: EditionId = match spec.parse() {
        Ok(id) => id,
        Err(error) if !spec.contains('@') || spec.contains(['/', '\\']) => {
            bail!("`{spec}` is not a file or folder here, and as an edition id: {error}")
        }
        Err(error) => return Err(error.into()),
    };
    let stored = library.load(&id).with_context(|| format!("failed to read {id}"))?;
    Ok(Loaded { edition: stored.edition, stored: true })
}

fn load_path(path: &Path, options: ReadOptions<'_>, printer: &Printer) -> anyhow::Result<Loaded> {
    let mut found = discover(&[path.to_owned()], options.as_edition)?;
    if options.skip_hashes {
        found.releases.iter_mut().for_each(Release::skip_hashes);
    }
    let with_edition: Vec<&Release> = found.releases.iter().filter(|r| has_edition(r)).collect();
    let release = match with_edition[..] {
        [release] => release,
        [] => {
            diagnostics::print(&found.diagnostics, printer);
            bail!(
                "{} holds no release that is understood; expected order files, code lists or tabular XML as the \
                 authority publishes them",
                path.display()
            );
        }
        _ => {
            let ids: Vec<String> = with_edition.iter().map(|r| r.id.to_string()).collect();
            bail!(
                "{} holds {} editions ({}); name the files of one",
                path.display(),
                ids.len(),
                ids.join(", ")
            );
        }
    };
    let imported = import(release, options.allow_errors, printer)?;
    let edition = imported.edition.with_context(|| format!("{} lists no codes", path.display()))?;
    Ok(Loaded { edition, stored: false })
}

/// Reads a release and prints its diagnostics. Records that had to be left out make it fail unless allowed: counts
/// from a part of a release would be wrong with confidence.
pub(crate) fn import(release: &Release, allow_errors: bool, printer: &Printer) -> anyhow::Result<Imported> {
    let imported = release.import().with_context(|| format!("failed to read {}", release.id))?;
    diagnostics::print(&imported.diagnostics, printer);
    if imported.has_errors() && !allow_errors {
        bail!(
            "{} has records that could not be read, so its counts would be wrong; mend the files or pass \
             --allow-errors",
            release.id
        );
    }
    Ok(imported)
}

/// Whether a release has a file that lists its codes.
pub(crate) fn has_edition(release: &Release) -> bool {
    release.files.iter().any(|(kind, _)| kind.lists_codes())
}
