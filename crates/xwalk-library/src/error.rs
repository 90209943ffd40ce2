//! What can go wrong with the store.

use std::path::PathBuf;

use xwalk_model::{EditionError, EditionId};

/// Why the library could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// The file system said no. Nothing was changed.
    #[error("the library could not be read or written at {}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        #[source]
        source: std::io::Error,
    },
    /// The edition is not in the library.
    #[error("{id} is not in the library; it holds {}", if held.is_empty() { "no edition yet" } else { held })]
    NotFound {
        /// The edition.
        id: EditionId,
        /// What the library holds of this system.
        held: String,
    },
    /// Other files are stored under the id.
    #[error(
        "{id} is in the library already, made from other files; pass --replace to put the new ones in their place\n  \
         stored: {stored}\n  given:  {given}"
    )]
    OtherContent {
        /// The edition or map.
        id: String,
        /// The files and hashes that are stored.
        stored: String,
        /// The files and hashes that were given.
        given: String,
    },
    /// A file of the library is damaged or was written by another version.
    #[error("{} is not a file of this library: {reason}; import the release again with --replace", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The map is not in the library.
    #[error("{id} is not in the library")]
    MapNotFound {
        /// The map.
        id: String,
    },
    /// What the files hold does not make an edition.
    #[error("the stored edition {id} is damaged; import the release again with --replace")]
    Edition {
        /// The edition.
        id: EditionId,
        /// Why.
        #[source]
        source: EditionError,
    },
}

impl LibraryError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn damaged(path: impl Into<PathBuf>) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        let path = path.into();
        move |error| match error {
            // A full disk surfaces here, and is not damage.
            parquet::errors::ParquetError::External(cause) if cause.is::<std::io::Error>() => {
                let source = *cause.downcast::<std::io::Error>().expect("the type was checked in the guard");
                Self::Io { path, source }
            }
            error => Self::Damaged { path, reason: error.to_string() },
        }
    }
}
