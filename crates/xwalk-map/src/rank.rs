//! The order of alternatives, and why. A ranking never hides one.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use xwalk_model::{Code, Concept, Edition, Relationship};

use crate::compose::distance;
use crate::outcome::{Alternative, Basis, Rank};

/// What the ranking looks at beside the alternatives themselves.
#[derive(Debug, Default)]
pub struct Preferences {
    /// The user's own counts by target code.
    pub volumes: Option<Arc<BTreeMap<Code, u64>>>,
}

/// Words by which titles say that something is not told.
const UNSPECIFIED: [&str; 3] = ["unspecified", "nos", "not otherwise specified"];

/// Whether a title says that something is not told.
pub(crate) fn is_unspecified(title: &str) -> bool {
    let bytes = title.as_bytes();
    let free = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
    let first = |b: u8| matches!(b, b'u' | b'U' | b'n' | b'N');
    (0..bytes.len()).filter(|at| first(bytes[*at])).any(|at| {
        let begins = free(at.checked_sub(1).and_then(|i| bytes.get(i)));
        begins
            && UNSPECIFIED.iter().any(|word| {
                let end = at + word.len();
                bytes.get(at..end).is_some_and(|text| text.eq_ignore_ascii_case(word.as_bytes()))
                    && free(bytes.get(end))
            })
    })
}

/// The words of a title, lower case, ordered, each once.
#[derive(Debug)]
struct Words {
    text: String,
    /// Where each stands in the text.
    places: Vec<Range<usize>>,
}

impl Words {
    fn of(title: &str) -> Self {
        let (mut text, mut places) = (String::with_capacity(title.len()), Vec::with_capacity(16));
        for word in title.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
            let start = text.len();
            if word.is_ascii() {
                text.push_str(word);
                text[start..].make_ascii_lowercase();
            } else {
                text.push_str(&word.to_lowercase());
            }
            places.push(start..text.len());
        }
        places.sort_unstable_by(|a, b| text[a.clone()].cmp(&text[b.clone()]));
        places.dedup_by(|a, b| text[a.clone()] == text[b.clone()]);
        Self { text, places }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| &self.text[place.clone()])
    }

    fn holds(&self, word: &str) -> bool {
        self.places.binary_search_by(|place| self.text[place.clone()].cmp(word)).is_ok()
    }

    /// How alike two sets of words are, in thousandths: the share of the words of both that they have in common.
    fn likeness(&self, other: &Self) -> u16 {
        let common = self.iter().filter(|word| other.holds(word)).count();
        let all = self.places.len() + other.places.len() - common;
        u16::try_from((1000 * common).checked_div(all).unwrap_or(0)).unwrap_or(1000)
    }
}

/// What it is worth beside the likeness of titles that an unspecified source gets a specified target: "Unspecified
/// essential hypertension" is still more like "Essential (primary) hypertension" than like "Hypertensive crisis,
/// unspecified".
const INVENTED: u16 = 200;
/// What it is worth that the target leaves open what the source says; "Multiple sclerosis" says nothing that "Multiple
/// sclerosis, unspecified" leaves open.
const LOST: u16 = 100;

#[derive(Debug)]
struct Title {
    words: Words,
    unspecified: bool,
}

impl Title {
    fn of(text: &str) -> Self {
        Self { words: Words::of(text), unspecified: is_unspecified(text) }
    }
}

/// Ranks the alternatives of codes; keeps the words of titles that it has met.
pub(crate) struct Ranker<'e> {
    target: Option<&'e Edition>,
    preferences: &'e Preferences,
    /// Volumes in descending order, to turn a count into a place.
    places: Vec<u64>,
    titles: HashMap<Code, Option<Title>>,
}

impl<'e> Ranker<'e> {
    pub(crate) fn new(target: Option<&'e Edition>, preferences: &'e Preferences) -> Self {
        let mut places: Vec<u64> = preferences.volumes.iter().flat_map(|v| v.values().copied()).collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        places.dedup();
        Self { target, preferences, places, titles: HashMap::new() }
    }

    /// Sets the ranks and puts the alternatives in order; equal ones stay in the order in which they are stated.
    pub(crate) fn rank(
        &mut self,
        source: Option<Concept<'_>>,
        alternatives: &mut [Alternative],
        comes_back: impl Fn(&Alternative) -> Option<bool>,
    ) {
        let title = source.map(Concept::title).filter(|t| !t.is_empty()).map(Title::of);
        for alternative in alternatives.iter_mut() {
            let back = comes_back(alternative);
            alternative.rank = Rank {
                ground: alternative.basis as u8,
                volume: self.volume(alternative),
                exactness: distance(alternative.relationship),
                combined: u8::from(alternative.targets.len() > 1),
                one_way: u8::from(back == Some(false)),
                specificity: 0,
                doubt: alternative.rank.doubt,
                unlike: 1000,
            };
            let Some(title) = &title else { continue };
            let mut best: Option<(u16, u8)> = None;
            for code in alternative.targets.iter().filter_map(|slot| slot.first()) {
                let target = self.target;
                let seen = self
                    .titles
                    .entry(code.clone())
                    .or_insert_with(|| target.and_then(|e| e.get(code)).map(|c| Title::of(c.title())));
                let Some(seen) = seen else { continue };
                let shift = u8::from(title.unspecified != seen.unspecified);
                let lost = match (title.unspecified, seen.unspecified) {
                    (true, false) => INVENTED,
                    (false, true) => LOST,
                    _ => 0,
                };
                let unlike = 1000 - title.words.likeness(&seen.words) + lost;
                if best.is_none_or(|b| (unlike, shift) < b) {
                    best = Some((unlike, shift));
                }
            }
            if let Some((unlike, shift)) = best {
                alternative.rank.unlike = unlike;
                alternative.rank.specificity = shift;
            }
        }
        if alternatives.len() > 1 {
            alternatives.sort_by_key(|a| a.rank);
        }
    }

    fn volume(&self, alternative: &Alternative) -> u32 {
        let Some(volumes) = &self.preferences.volumes else { return 0 };
        // A combination is used no more often than the rarest of its parts.
        let most =
            |slot: &Vec<Code>| slot.iter().map(|c| volumes.get(c).copied().unwrap_or(0)).max().unwrap_or(0);
        let used = alternative.targets.iter().map(most).min().unwrap_or(0);
        if used == 0 {
            return u32::MAX;
        }
        u32::try_from(self.places.partition_point(|v| *v > used)).unwrap_or(u32::MAX)
    }
}

/// Why an alternative stands where it stands, in words.
pub fn reasons(alternative: &Alternative, with_volumes: bool) -> Vec<&'static str> {
    let rank = alternative.rank;
    let mut words = vec![match alternative.basis {
        Basis::Identity => "in both editions",
        Basis::Reviewed => "decided in review",
        Basis::Official => "stated by an authority",
        Basis::Derived => "follows from structure",
        Basis::Inferred => "inferred",
    }];
    words.push(match alternative.relationship {
        Relationship::Equivalent => "same meaning",
        Relationship::SourceIsNarrowerThanTarget => "target means more",
        Relationship::SourceIsBroaderThanTarget => "target means less",
        _ => "meaning not stated to be the same",
    });
    if with_volumes {
        words.push(if rank.volume == u32::MAX { "not used in your data" } else { "placed by your volumes" });
    }
    if rank.combined == 1 {
        words.push("needs several codes together");
    }
    if rank.one_way == 1 {
        words.push("the reverse map does not come back");
    }
    if rank.specificity == 1 {
        words.push("specificity differs");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unspecified_as_titles_say_it() {
        assert!(is_unspecified("Cholera, unspecified"));
        assert!(is_unspecified("Hypertension NOS"));
        assert!(!is_unspecified("Nosocomial condition"));
        assert!(!is_unspecified("Other specified anemias"));
    }

    #[test]
    fn likeness_of_titles() {
        let likeness = |a, b| Words::of(a).likeness(&Words::of(b));
        assert_eq!(likeness("Cholera due to Vibrio", "cholera, due to vibrio"), 1000);
        assert_eq!(likeness("a b b", "b c"), 333);
        assert_eq!(likeness("Ménière", "MÉNIÈRE"), 1000);
        assert_eq!(likeness("", ""), 0);
    }
}
