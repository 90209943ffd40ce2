//! Splits and merges by category: connected codes before and after a step.

use std::collections::{BTreeMap, BTreeSet};

use xwalk_model::{Code, Edition};

use super::{Flow, Named, Succession};

/// A picture with more codes than this on a side tells less than the table.
const LARGEST: usize = 24;

/// The connected groups of old and new codes with more than one code on a side.
pub(super) fn flows(
    succession: &Succession,
    to: &Edition,
    shows: impl Fn(&Code) -> bool,
    name: impl Fn(&Code) -> Named,
) -> Vec<Flow> {
    let mut edges: BTreeSet<(&Code, &Code, bool)> = BTreeSet::new();
    for (old, steps) in &succession.successors {
        for step in steps {
            edges.extend(step.slots.iter().flatten().map(|new| (old, new, step.basis == "official")));
        }
    }
    for (new, steps) in &succession.previous {
        for step in steps {
            edges.extend(step.slots.iter().flatten().map(|old| (old, new, step.basis == "official")));
        }
    }
    for (old, into) in &succession.scope_loss {
        edges.extend(into.iter().map(|new| (old, new, true)));
        // What the code still covers stays with it.
        edges.insert((old, old, true));
    }
    // A link that is official and derived is drawn once, as official.
    let official: BTreeSet<(&Code, &Code)> = edges.iter().filter(|e| e.2).map(|e| (e.0, e.1)).collect();
    edges.retain(|e| e.2 || !official.contains(&(e.0, e.1)));
    let mut groups: Vec<Vec<(&Code, &Code, bool)>> = Vec::new();
    // Old and new codes are nodes of two sides; the same code on both is two nodes.
    let (mut by_old, mut by_new) = (BTreeMap::new(), BTreeMap::new());
    for (i, (old, new, _)) in edges.iter().enumerate() {
        by_old.entry(*old).or_insert_with(Vec::new).push(i);
        by_new.entry(*new).or_insert_with(Vec::new).push(i);
    }
    let all: Vec<(&Code, &Code, bool)> = edges.iter().copied().collect();
    let mut seen = vec![false; all.len()];
    for start in 0..all.len() {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let (mut group, mut open) = (Vec::new(), vec![start]);
        while let Some(i) = open.pop() {
            group.push(all[i]);
            for &next in by_old[all[i].0].iter().chain(&by_new[all[i].1]) {
                if !seen[next] {
                    seen[next] = true;
                    open.push(next);
                }
            }
        }
        group.sort();
        groups.push(group);
    }
    let mut found: Vec<(usize, Flow)> = Vec::new();
    for group in groups {
        let before: BTreeSet<&Code> = group.iter().map(|e| e.0).collect();
        let after: BTreeSet<&Code> = group.iter().map(|e| e.1).collect();
        let (first, both) = (before.len().max(after.len()), before.len() + after.len());
        let shown = before.iter().chain(&after).any(|c| shows(c));
        if both < 3 || first > LARGEST || !shown {
            continue;
        }
        let at = |side: &BTreeSet<&Code>, code: &Code| side.iter().position(|c| *c == code).unwrap_or(0);
        let links = group.iter().map(|(old, new, o)| (at(&before, old), at(&after, new), *o)).collect();
        let start = before.first().or(after.first()).copied();
        let Some(category) = start.and_then(|c| category(to, c)) else { continue };
        found.push((
            both,
            Flow {
                category: name(&category),
                before: before.into_iter().map(&name).collect(),
                after: after.into_iter().map(&name).collect(),
                links,
            },
        ));
    }
    found.sort_by_key(|(size, flow)| (std::cmp::Reverse(*size), flow.category.code.clone()));
    found.into_iter().map(|(_, flow)| flow).collect()
}

/// The three-character category, or the shortest header that begins a code.
fn category(edition: &Edition, code: &Code) -> Option<Code> {
    let text = code.as_str();
    let held = (3..=text.len()).filter_map(|n| text.get(..n)).map(Code::from_official);
    held.into_iter().find(|c| edition.get(c).is_some()).or_else(|| Some(code.clone()))
}
