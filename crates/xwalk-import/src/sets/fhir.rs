//! FHIR ValueSets lowered to sets.

use xwalk_formats::fhir_value_set::{Include, Locator, ValueSetResource};
use xwalk_formats::text::decode;
use xwalk_model::{
    Code, Diagnostic, Period, Position, Rule, Selector, SetDocument, SetForm, SetLine, ValueSet,
};

use super::cell::selector;
use super::{Source, system_named};

pub(super) fn lower(
    source: &Source<'_>,
    resource: &ValueSetResource,
    bytes: &[u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> SetDocument {
    let text = decode(bytes).text.into_owned();
    let name = [&resource.name, &resource.title, &resource.url]
        .into_iter()
        .flatten()
        .find(|n| !n.is_empty())
        .map_or_else(|| source.stem.to_owned(), Clone::clone);
    let owner = match &resource.publisher {
        Some(publisher) => publisher.clone(),
        None => source.owner(),
    };
    let mut set = ValueSet { name, owner, system: source.system, lines: Vec::new() };
    let mut walk = Walk { source, locator: Locator::new(&text), diagnostics, item: 0 };
    for (includes, exclude) in [(&resource.compose.include, false), (&resource.compose.exclude, true)] {
        for include in includes {
            walk.include(include, exclude, &mut set.lines);
        }
    }
    if resource.compose.include.is_empty() {
        let message =
            "it has no compose.include; a set that lists an expansion alone does not say how it was meant";
        diagnostics.push(Diagnostic::new(Rule::NotSupported, source.name, message));
    }
    source.document(vec![set], SetForm::Fhir { json: text })
}

struct Walk<'w> {
    source: &'w Source<'w>,
    locator: Locator<'w>,
    diagnostics: &'w mut Vec<Diagnostic>,
    /// Counts concepts and filters of all systems, so that the writer finds them again.
    item: u32,
}

impl Walk<'_> {
    fn report(&mut self, rule: Rule, at: Position, message: String, hint: &str) {
        self.diagnostics.push(Diagnostic::new(rule, self.source.name, message).at(at).hint(hint));
    }

    fn include(&mut self, include: &Include, exclude: bool, lines: &mut Vec<SetLine>) {
        let system = include.system.as_deref().unwrap_or("");
        let ours = system_named(system) == Some(self.source.system);
        for referenced in &include.value_set {
            let at = self.locator.next(referenced);
            let message = format!("it takes in the value set {referenced}, which is not in this file");
            self.report(Rule::NotSupported, at, message, "give that set too, and list its codes here");
        }
        if !ours {
            if include.value_set.is_empty() {
                let at = self.locator.next(system);
                let count = include.concept.len() + include.filter.len();
                let message = format!(
                    "{count} lines are of `{system}`, not of {}; they were left as they are",
                    self.source.system.name()
                );
                self.diagnostics.push(Diagnostic::new(Rule::OtherSystem, self.source.name, message).at(at));
            }
            self.item += (include.concept.len() + include.filter.len()) as u32;
            return;
        }
        for concept in &include.concept {
            let at = self.locator.next(&concept.code);
            match selector(&concept.code, self.source.system) {
                Ok(Selector::Code(code)) => {
                    self.push(&concept.code, Selector::Code(code), exclude, at, lines);
                }
                _ => {
                    let message = format!(
                        "`{}` is not a code of {}; FHIR lists single codes here",
                        concept.code,
                        self.source.system.name()
                    );
                    self.report(
                        Rule::BadSelector,
                        at,
                        message,
                        "use a filter is-a for a code with its descendants",
                    );
                }
            }
            self.item += 1;
        }
        if include.concept.is_empty() && include.filter.is_empty() && include.value_set.is_empty() {
            let at = self.locator.next(system);
            let message = "it takes in the whole code system".to_owned();
            self.report(Rule::NotSupported, at, message, "list codes or filters");
        }
        if include.filter.len() > 1 {
            let at = self.locator.next(&include.filter[0].value);
            let message =
                "several filters in one include hold together (and); only one is understood".to_owned();
            self.report(Rule::NotSupported, at, message, "write an include for each, or list the codes");
            self.item += include.filter.len() as u32;
            return;
        }
        for filter in &include.filter {
            let at = self.locator.next(&filter.value);
            let concept = matches!(filter.property.as_str(), "concept" | "code" | "");
            let code = Code::parse(self.source.system, &filter.value);
            let selector = match (filter.op.as_str(), concept, code) {
                ("is-a", true, Ok(code)) => Ok(Selector::IsA(code)),
                ("descendent-of" | "descendant-of", true, Ok(code)) => Ok(Selector::DescendentOf(code)),
                ("=", true, Ok(code)) => Ok(Selector::Code(code)),
                ("regex", ..) => {
                    Err("a regular expression names codes by their letters, so no update can be told \
                                      apart from an accident of spelling"
                        .to_owned())
                }
                (_, false, _) => Err(format!("the property `{}` is not known here", filter.property)),
                ("is-a" | "descendent-of" | "descendant-of" | "=", true, Err(error)) => {
                    Err(error.to_string())
                }
                (op, ..) => Err(format!("the operator `{op}` is not known here")),
            };
            match selector {
                Ok(selector) => self.push(&filter.value, selector, exclude, at, lines),
                Err(reason) => {
                    let message =
                        format!("the filter {} {} {}: {reason}", filter.property, filter.op, filter.value);
                    self.report(
                        Rule::NotSupported,
                        at,
                        message,
                        "use is-a, descendent-of, or a list of codes",
                    );
                }
            }
            self.item += 1;
        }
    }

    fn push(&self, text: &str, selector: Selector, exclude: bool, at: Position, lines: &mut Vec<SetLine>) {
        let valid = Period::default();
        lines.push(SetLine { text: text.into(), selector, exclude, valid, sheet: 0, item: self.item, at });
    }
}
