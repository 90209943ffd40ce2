//! Lists of additions to and deletions from an attribute, as the POA-exempt lists have them.

use xwalk_model::{Action, Addendum, AddendumEntry, Code, Edition};

use super::{Audit, Finding, FindingKind};

/// The list before, with the additions and without the deletions, must be the list now.
pub(super) fn audit(addendum: &Addendum, from: Option<&Edition>, to: &Edition, result: &mut Audit) {
    const NAME: &str = "poa-exempt";
    let holds = |e: &Edition, code: &Code| e.get(code).is_some_and(|c| c.attribute(NAME).is_some());
    let has_list = |e: &&Edition| e.attribute_names().iter().any(|n| n == NAME);
    if !has_list(&to) {
        result.remarks.push(format!("the list of {} is not held, so its changes were not checked", to.id()));
        return;
    }
    let mut push = |kind, entry: Option<&AddendumEntry>, code: &Code, action, message: &str| {
        result.findings.push(Finding {
            kind,
            code: Some(code.clone()),
            action: Some(action),
            at: entry.map(|e| e.at),
            message: format!("{} {message}", code.display(to.id().system)),
            explanation: None,
        });
    };
    for entry in &addendum.entries {
        let held = holds(to, &entry.code);
        match entry.action {
            Action::Add | Action::ReviseTo if !held => {
                push(
                    FindingKind::NotInEdition,
                    Some(entry),
                    &entry.code,
                    entry.action,
                    "is not in the list now",
                );
            }
            Action::Delete if held => {
                push(
                    FindingKind::NotInEdition,
                    Some(entry),
                    &entry.code,
                    entry.action,
                    "is still in the list",
                );
            }
            _ => {}
        }
    }
    let Some(from) = from.filter(has_list) else {
        result
            .remarks
            .push("the list before is not held; the changes were held against the list now only".into());
        return;
    };
    let named =
        |action: Action, code: &Code| addendum.entries.iter().any(|e| e.action == action && e.code == *code);
    let codes = |e: &Edition| -> Vec<Code> {
        e.by_code().filter(|c| c.attribute(NAME).is_some()).map(|c| c.code().clone()).collect()
    };
    for code in codes(to) {
        if !holds(from, &code) && !named(Action::Add, &code) {
            push(
                FindingKind::NotListed,
                None,
                &code,
                Action::Add,
                "came to the list and is not among the additions",
            );
        }
    }
    for code in codes(from) {
        if !holds(to, &code) && !named(Action::Delete, &code) {
            push(
                FindingKind::NotListed,
                None,
                &code,
                Action::Delete,
                "left the list and is not among the deletions",
            );
        }
    }
    for entry in &addendum.entries {
        let held = holds(from, &entry.code);
        if entry.action == Action::Add && held {
            push(FindingKind::NotComputed, Some(entry), &entry.code, Action::Add, "was in the list already");
        }
        if entry.action == Action::Delete && !held {
            push(
                FindingKind::NotComputed,
                Some(entry),
                &entry.code,
                Action::Delete,
                "was not in the list before",
            );
        }
    }
}
