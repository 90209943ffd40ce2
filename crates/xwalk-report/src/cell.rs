//! Cells of tables that spreadsheets open.

use std::borrow::Cow;

/// A text that no spreadsheet takes for a formula: an apostrophe goes before `=`, `+`, `-`, `@`, tab and return at
/// its beginning.
pub fn safe_cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(safe_cell("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe_cell("Cholera"), "Cholera");
    }
}
