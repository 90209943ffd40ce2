//! Titles before and after with the changed words marked.

use std::fmt::Write as _;

use xwalk_model::{MarkKind, Revision};

use crate::Look;

/// The title before with what went, and the title after with what came. Without colour, words are set in
/// `[-…-]` and `{+…+}`.
pub(crate) fn before_and_after(revision: &Revision, look: Look) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    for mark in &revision.marks {
        match mark.kind {
            MarkKind::Same => {
                before.push_str(&mark.text);
                after.push_str(&mark.text);
            }
            MarkKind::Removed if look.colour => {
                let _ = write!(before, "{}", look.removed(&mark.text));
            }
            MarkKind::Added if look.colour => {
                let _ = write!(after, "{}", look.added(&mark.text));
            }
            MarkKind::Removed => {
                let _ = write!(before, "[-{}-]", mark.text);
            }
            MarkKind::Added => {
                let _ = write!(after, "{{+{}+}}", mark.text);
            }
        }
    }
    (before, after)
}
