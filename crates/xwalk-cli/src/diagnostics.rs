//! Diagnostics on stderr.

use std::collections::BTreeMap;

use xwalk_model::{Diagnostic, Rule};

use crate::printer::Printer;

/// How many of one rule are printed before the rest is counted.
const SHOWN: usize = 5;

/// Prints diagnostics; of each rule the first few, unless all were asked for.
pub(crate) fn print(diagnostics: &[Diagnostic], printer: &Printer) {
    let mut seen: BTreeMap<Rule, usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        let number = seen.entry(diagnostic.rule).or_default();
        *number += 1;
        if *number <= SHOWN || printer.all_diagnostics {
            printer.note(diagnostic);
        }
    }
    if printer.all_diagnostics {
        return;
    }
    for (rule, number) in seen.into_iter().filter(|(_, n)| *n > SHOWN) {
        let more = number - SHOWN;
        printer.note(format_args!(
            "… and {more} more {}[{}] (--all-diagnostics)",
            rule.severity(),
            rule.id()
        ));
    }
}
