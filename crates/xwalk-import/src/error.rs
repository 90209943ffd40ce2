//! Why an import could not go on.

use std::path::PathBuf;

use xwalk_model::{EditionError, EditionId};

/// Why files could not be read as a release.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file system said no.
    #[error("failed to read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// The archive is not a zip, or is damaged.
    #[error("failed to read the zip archive {archive}: {reason}")]
    Zip {
        /// Its name.
        archive: String,
        /// What the zip reader says.
        reason: String,
    },
    /// A member's name leads out of the archive.
    #[error(
        "the zip archive {archive} holds `{member}`, a path that leads out of the archive; nothing was read from it"
    )]
    ZipPath {
        /// Its name.
        archive: String,
        /// The member.
        member: String,
    },
    /// The archive unpacks to far more than an official release could hold.
    #[error(
        "the zip archive {archive} unpacks to more than {limit} bytes, over 250 times its size or over 2 GiB; \
         it is not an official release"
    )]
    ZipTooLarge {
        /// Its name.
        archive: String,
        /// How many bytes were allowed.
        limit: u64,
    },
    /// Archives within archives, too deep.
    #[error("the zip archive {archive} holds archives within archives more than two deep")]
    ZipTooDeep {
        /// Its name.
        archive: String,
    },
    /// There is no file.
    #[error("{} holds no files; expected the files of a release as the authority publishes them", path.display())]
    Empty {
        /// The folder or archive.
        path: PathBuf,
    },
    /// Two files say that they are the same part of one edition and differ.
    #[error(
        "two different files claim to be the {part} of {id}: {first} and {second}; pass one of them, or name the \
         edition of one with --as"
    )]
    Conflict {
        /// The edition.
        id: EditionId,
        /// What both are.
        part: &'static str,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// `--as` names one edition but the files are of several.
    #[error("{count} releases were found ({found}); --as can name the edition of one release only")]
    AsAmbiguous {
        /// How many.
        count: usize,
        /// Their ids.
        found: String,
    },
    /// `--as` names another code system than the one that the files are of.
    #[error("the files are of {found}, not of {wanted} as --as says")]
    AsSystem {
        /// The system that the files are of.
        found: String,
        /// The edition that was asked for.
        wanted: EditionId,
    },
    /// What was read does not make an edition.
    #[error("the files of {id} do not make an edition")]
    Edition {
        /// The edition.
        id: EditionId,
        /// Why not.
        #[source]
        source: EditionError,
    },
}
