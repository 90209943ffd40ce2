//! Our own TOML form lowered to sets.

use jiff::civil::Date;
use xwalk_formats::rule_toml::RuleSet;
use xwalk_formats::text::decode;
use xwalk_model::{Diagnostic, Period, Position, Rule, SetDocument, SetForm, SetLine, ValueSet};

use super::cell::selector;
use super::{Source, system_named};

pub(super) fn lower(
    source: &Source<'_>,
    sets: &[RuleSet],
    bytes: &[u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> SetDocument {
    let mut lowered = Vec::new();
    let mut item = 0u32;
    for set in sets {
        let lines = &set.lines;
        if !set.system.is_empty() {
            match system_named(&set.system) {
                Some(system) if system == source.system => {}
                Some(system) => {
                    let message = format!(
                        "the set {} is of {}, not of {}; it was left as it is",
                        set.name,
                        system.name(),
                        source.system.name()
                    );
                    diagnostics.push(Diagnostic::new(Rule::OtherSystem, source.name, message).at(set.at));
                    item += lines.len() as u32;
                    continue;
                }
                None => {
                    let message = format!("`{}` is not a code system", set.system);
                    diagnostics.push(Diagnostic::new(Rule::NotSupported, source.name, message).at(set.at));
                    item += lines.len() as u32;
                    continue;
                }
            }
        }
        let owner = if set.owner.is_empty() { source.owner() } else { set.owner.clone() };
        let mut value_set =
            ValueSet { name: set.name.clone(), owner, system: source.system, lines: Vec::new() };
        for line in lines {
            let mut date = |text: &str, at: Position| {
                let found: Option<Date> = text.parse().ok();
                if found.is_none() && !text.is_empty() {
                    let message = format!("`{text}` is not a date; the line counts as open");
                    diagnostics.push(Diagnostic::new(Rule::OddValue, source.name, message).at(at));
                }
                found
            };
            let valid = Period { from: date(&line.from, line.at), to: date(&line.to, line.at) };
            match selector(&line.text, source.system) {
                Ok(selector) => value_set.lines.push(SetLine {
                    text: line.text.as_str().into(),
                    selector,
                    exclude: line.exclude,
                    valid,
                    sheet: 0,
                    item,
                    at: line.at,
                }),
                Err(fault) => {
                    let found = Diagnostic::new(fault.rule, source.name, fault.message).at(line.at);
                    diagnostics.push(found.hint(fault.hint));
                }
            }
            item += 1;
        }
        lowered.push(value_set);
    }
    source.document(lowered, SetForm::Toml { toml: decode(bytes).text.into_owned() })
}
