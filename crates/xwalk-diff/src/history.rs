//! One code through a run of editions.

use xwalk_model::{Change, Code, Edition, EditionId, Period};

use crate::compare::{Comparison, in_order};

/// What happened to a code on the way to an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The edition before; `None` for the first edition that is held.
    pub from: Option<EditionId>,
    /// The edition in which the change shows.
    pub to: EditionId,
    /// When that edition came into effect.
    pub effective: Period,
    /// What changed; for the first edition held, the code as an addition, which may be older than the edition.
    pub changes: Vec<Change>,
    /// New codes directly below, when the code became a header.
    pub split_into: Vec<Code>,
}

/// Tells what is known about a code between two editions beyond what they hold: who takes over, what scope it lost.
pub type Known<'a> = dyn Fn(&Edition, &Edition, &mut Vec<Change>) + 'a;

/// The events of `code` in `editions` of one system, oldest first. Empty when no edition holds the code. `known` adds
/// to the changes of each step.
pub fn history(editions: &[&Edition], code: &Code, known: &Known<'_>) -> Vec<Event> {
    let mut ordered: Vec<&Edition> = editions.to_vec();
    ordered.sort_by(|a, b| in_order(a, b));
    let mut events = Vec::new();
    for (i, to) in ordered.iter().enumerate() {
        let from = i.checked_sub(1).map(|i| ordered[i]);
        let before = &ordered[..i.saturating_sub(1)];
        let earlier =
            |code: &Code| before.iter().rev().find(|e| e.get(code).is_some()).map(|e| e.id().clone());
        let comparison = Comparison::new(from.unwrap_or(to), to, &earlier);
        let before = from.and_then(|_| comparison.from().get(code));
        let mut changes = comparison.changes(before, to.get(code));
        if let Some(from) = from {
            known(from, to, &mut changes);
        }
        if changes.is_empty() {
            continue;
        }
        let became_header = changes.iter().any(|c| matches!(c, Change::Assignability { now: false, .. }));
        let split_into = if became_header {
            let below = to.get(code).map(xwalk_model::Concept::children).unwrap_or_default();
            below
                .iter()
                .map(|c| c.code().clone())
                .filter(|c| from.is_none_or(|f| f.get(c).is_none()))
                .collect()
        } else {
            Vec::new()
        };
        events.push(Event {
            from: from.map(|f| f.id().clone()),
            to: to.id().clone(),
            effective: to.effective(),
            changes,
            split_into,
        });
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::edition;

    #[test]
    fn added_split_deleted_and_back() {
        let held = [("A00", false, "x"), ("A000", true, "y")];
        let split = [("A00", false, "x"), ("A000", false, "y"), ("A0001", true, "z")];
        let all = [
            edition("icd10cm@2021", &held, &[]),
            edition("icd10cm@2022", &split, &[]),
            edition("icd10cm@2023", &[("A00", false, "x")], &[]),
            edition("icd10cm@2024", &held, &[]),
        ];
        let refs: Vec<&Edition> = all.iter().rev().collect();
        let events = history(&refs, &Code::from_official("A000"), &|_, _, _| {});
        let seen: Vec<_> = events.iter().map(|e| (e.to.version.as_str(), e.split_into.len())).collect();
        assert_eq!(seen, [("2021", 0), ("2022", 1), ("2023", 0), ("2024", 0)]);
        let back = &events[3].changes[0];
        assert!(
            matches!(back, Change::Addition { reinstated_from: Some(id), .. } if id.version.as_str() == "2022")
        );
        assert!(history(&refs, &Code::from_official("Z99"), &|_, _, _| {}).is_empty());
    }
}
