//! The folder of full official releases, where there is one.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::path::PathBuf;

/// A place below the folder that `XWALK_RELEASES` names. `None`, and a word why, when there is no such folder.
pub(crate) fn release(place: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("XWALK_RELEASES") else {
        println!("skipped: XWALK_RELEASES does not name a folder of official releases");
        return None;
    };
    let path = PathBuf::from(root).join(place);
    if !path.exists() {
        println!("skipped: {} does not exist", path.display());
        return None;
    }
    Some(path)
}
