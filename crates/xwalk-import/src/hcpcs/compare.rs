//! The text held against the workbook of the same release.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xwalk_formats::hcpcs::COLUMNS;
use xwalk_model::{Diagnostic, Position, Rule};

use super::entry::Entry;

/// How many codes with a difference in the same column are told one by one.
const NAMED: usize = 5;

/// Tells which codes only one file has and in which columns they differ. Where a column differs in many codes, that
/// is told once.
pub(super) fn compare(
    one: &Arc<str>,
    base: &[Entry],
    other: &Arc<str>,
    rows: &[Entry],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let known: HashMap<&str, &Entry> = base.iter().map(|e| (e.code.as_str(), e)).collect();
    let listed: HashMap<&str, &Entry> = rows.iter().map(|e| (e.code.as_str(), e)).collect();
    for entry in base.iter().filter(|e| !listed.contains_key(e.code.as_str())) {
        let message = format!("\"{}\" is not in {other}; it was kept", entry.code);
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, one, message).at(entry.at));
    }
    let mut differing: BTreeMap<&str, Vec<(Rule, Position, String)>> = BTreeMap::new();
    for entry in rows {
        let Some(text) = known.get(entry.code.as_str()) else {
            let message = format!("\"{}\" is not in {one}; it was added", entry.code);
            diagnostics.push(Diagnostic::new(Rule::CodesDisagree, other, message).at(entry.at));
            continue;
        };
        if text.modifier != entry.modifier {
            let message =
                format!("\"{}\" is a modifier in one of the files and a code in the other", entry.code);
            diagnostics.push(Diagnostic::new(Rule::CodesDisagree, other, message).at(entry.at));
        }
        let mut differ = |column: &'static str, rule, a: &str, b: &str| {
            if a != b {
                let message = format!(
                    "\"{}\" has {column} \"{b}\" here and \"{a}\" in {one}, which was followed",
                    entry.code
                );
                differing.entry(column).or_default().push((rule, entry.at, message));
            }
        };
        if text.long.split_whitespace().eq(entry.long.split_whitespace()) {
            differ("LONG DESCRIPTION (blanks only)", Rule::TitlesDisagree, &text.long, &entry.long);
        } else {
            differ("LONG DESCRIPTION", Rule::TitlesDisagree, &text.long, &entry.long);
        }
        for column in &COLUMNS {
            let rule = match column.name {
                "SHORT DESCRIPTION" => Rule::TitlesDisagree,
                _ => Rule::AttributesDisagree,
            };
            differ(column.name, rule, text.field(column.name), entry.field(column.name));
        }
    }
    for (column, mut all) in differing {
        let many = all.len() > NAMED;
        let count = all.len();
        all.truncate(if many { 1 } else { NAMED });
        for (rule, at, message) in all {
            let message = if many {
                format!("{column} differs from {one} in {count} codes: {message}")
            } else {
                message
            };
            diagnostics.push(Diagnostic::new(rule, other, message).at(at));
        }
    }
}
