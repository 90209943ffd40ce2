//! A migrated set held against the one that its authority made by hand.

use std::collections::BTreeSet;

use xwalk_model::{Code, HeaderMeaning, ValueSet};

use crate::migrate::Migration;
use crate::update::Update;

/// How near a migration comes to an official set. Codes are those that the later edition can assign; what an official
/// set keeps of retired codes is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Number of codes of the official set.
    pub official: usize,
    /// Number of codes of the migrated set.
    pub ours: usize,
    /// Codes in both.
    pub both: usize,
    /// Official codes that the old set did not have.
    pub official_added: usize,
    /// Of these, those that were added without asking.
    pub added_right: usize,
    /// Of these, those that were offered as a choice.
    pub offered_right: usize,
    /// Codes added without asking that the official set does not have.
    pub added_wrong: Vec<Code>,
    /// Codes offered, right or wrong.
    pub offered: usize,
    /// Codes of the old set that may still be used and that the official set does not have, and ours has.
    pub not_removed: Vec<Code>,
    /// Official codes that were neither added nor offered.
    pub missed: Vec<Code>,
    /// Official codes that were offered, for the list of what a person has to answer.
    pub offered_codes: Vec<Code>,
}

impl Score {
    /// Share of the official codes that the migrated set has, without asking anybody.
    pub fn recall(&self) -> f64 {
        share(self.both, self.official)
    }

    /// Share of the official codes that the migrated set has or that were offered.
    pub fn recall_with_choices(&self) -> f64 {
        share(self.both + self.offered_right, self.official)
    }

    /// Share of the codes of the migrated set that are official.
    pub fn precision(&self) -> f64 {
        share(self.both, self.ours)
    }

    /// Share of what was added without asking that is official.
    pub fn precision_of_additions(&self) -> f64 {
        share(self.added_right, self.added_right + self.added_wrong.len())
    }

    /// Share of the official additions that were made without asking.
    pub fn recall_of_additions(&self) -> f64 {
        share(self.added_right, self.official_added)
    }

    /// Share of the official additions that were made or offered.
    pub fn recall_of_additions_with_choices(&self) -> f64 {
        share(self.added_right + self.offered_right, self.official_added)
    }

    /// Sums up sets.
    pub fn add(&mut self, other: &Self) {
        self.official += other.official;
        self.ours += other.ours;
        self.both += other.both;
        self.official_added += other.official_added;
        self.added_right += other.added_right;
        self.offered_right += other.offered_right;
        self.offered += other.offered;
        self.added_wrong.extend(other.added_wrong.iter().cloned());
        self.not_removed.extend(other.not_removed.iter().cloned());
        self.missed.extend(other.missed.iter().cloned());
        self.offered_codes.extend(other.offered_codes.iter().cloned());
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Holds a migration against the official set.
pub fn score(
    update: &Update<'_>,
    old: &ValueSet,
    migration: &Migration,
    official: &ValueSet,
    headers: HeaderMeaning,
) -> Score {
    let codes = |set: &ValueSet| -> BTreeSet<u32> { update.to.expand(set, headers).codes.iter().collect() };
    let (theirs, ours) = (codes(official), codes(&migration.set));
    let carried: BTreeSet<u32> =
        update.from.expand(old, headers).codes.iter().filter_map(|ix| update.carry(ix)).collect();
    let offered: BTreeSet<u32> = migration
        .choices
        .iter()
        .filter(|c| !c.held)
        .filter_map(|c| update.to.find(&c.code))
        .filter(|ix| !ours.contains(ix))
        .collect();
    let list = |numbers: &mut dyn Iterator<Item = &u32>| -> Vec<Code> {
        numbers.map(|ix| update.to.code(*ix).clone()).collect()
    };
    let added: BTreeSet<u32> = theirs.difference(&carried).copied().collect();
    let ours_added: BTreeSet<u32> = ours.difference(&carried).copied().collect();
    Score {
        official: theirs.len(),
        ours: ours.len(),
        both: theirs.intersection(&ours).count(),
        official_added: added.len(),
        added_right: added.intersection(&ours_added).count(),
        offered_right: theirs.intersection(&offered).count(),
        added_wrong: list(&mut ours_added.difference(&theirs)),
        offered: offered.len(),
        not_removed: list(&mut carried.intersection(&ours).filter(|ix| !theirs.contains(ix))),
        missed: list(&mut theirs.iter().filter(|ix| !ours.contains(ix) && !offered.contains(ix))),
        offered_codes: list(&mut theirs.intersection(&offered)),
    }
}
