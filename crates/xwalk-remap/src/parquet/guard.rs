//! A damaged file may make the reader of Parquet panic; that ends the run with an error like any other.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::RemapError;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is told as an error, so that a panic hook need not tell it.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Does some work on a file. What it worked with is not used again where it panics.
pub(crate) fn guard<T>(file: &str, work: impl FnOnce() -> Result<T, RemapError>) -> Result<T, RemapError> {
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    done.unwrap_or_else(|_| {
        let reason = "it is damaged: what its pages say does not fit together; get it anew".to_owned();
        Err(RemapError::Parquet { file: file.to_owned(), reason })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert!(guard("a.parquet", || Ok(is_guarded())).unwrap());
        let error = guard::<()>("a.parquet", || panic!("offset out of bounds")).unwrap_err();
        assert!(error.to_string().contains("a.parquet") && !is_guarded(), "{error}");
    }
}
