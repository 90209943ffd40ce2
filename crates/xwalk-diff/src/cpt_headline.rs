//! The numbers with which the American Medical Association announces an edition of CPT.
//!
//! The AMA counts codes that are in one annual file and not in the other, and codes whose descriptor it marks as
//! revised. A code that was released early, in a quarter, is new in the first annual file that holds it. Many more
//! descriptors differ than are marked: spelling, case and punctuation are changed without a mark. Only the history
//! file tells for sure; without it, differences that change no meaning are set apart.

use serde::Serialize;
use xwalk_model::{CodeSystem, Concept, ConceptKind, Edition, Role};

use crate::title::classify;

/// The attribute of a code whose descriptor the history marks as revised for the edition.
const REVISED_ON: &str = "revised-on";
/// The attribute that only a history file gives to codes.
const ADDED_ON: &str = "added-on";

/// What the number of revised codes is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RevisedBasis {
    /// The rows of the history file for the edition.
    History,
    /// The descriptors themselves, editorial changes set apart.
    Text,
}

/// New codes by the part of CPT they are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CptNew {
    /// Category I: five digits.
    pub category_1: u64,
    /// Category II: ends in F.
    pub category_2: u64,
    /// Category III: ends in T.
    pub category_3: u64,
    /// Proprietary laboratory analyses: ends in U.
    pub pla: u64,
    /// Others: ends in M or A.
    pub other: u64,
}

/// The headline of an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CptHeadline {
    /// Codes that the edition before does not hold.
    pub new: u64,
    /// Codes that only the edition before holds.
    pub deleted: u64,
    /// Codes with a revised descriptor.
    pub revised: u64,
    /// All three together.
    pub total: u64,
    /// Codes whose descriptor differs without counting as revised.
    pub editorial: u64,
    /// What `revised` is taken from.
    pub basis: RevisedBasis,
    /// The new codes by part.
    pub new_by_part: CptNew,
}

/// The headline of `to`, counted from the annual edition before it; `None` when the editions are not of CPT.
pub fn cpt_headline(from: &Edition, to: &Edition) -> Option<CptHeadline> {
    if from.id().system != CodeSystem::Cpt || to.id().system != CodeSystem::Cpt {
        return None;
    }
    let from_history = |name: &&String| matches!(name.as_str(), REVISED_ON | ADDED_ON);
    let history = to.attribute_names().iter().any(|name| from_history(&name));
    let basis = if history { RevisedBasis::History } else { RevisedBasis::Text };
    let mut headline = CptHeadline {
        new: 0,
        deleted: 0,
        revised: 0,
        total: 0,
        editorial: 0,
        basis,
        new_by_part: CptNew::default(),
    };
    let is_code = |c: &Concept<'_>| c.kind() == ConceptKind::Code;
    headline.deleted = from.concepts().filter(is_code).filter(|c| to.get(c.code()).is_none()).count() as u64;
    for now in to.concepts().filter(is_code) {
        let Some(before) = from.get(now.code()) else {
            headline.new += 1;
            count_part(now.code().as_str(), &mut headline.new_by_part);
            continue;
        };
        let differs = difference(before, now, to);
        let revised = match basis {
            RevisedBasis::History => now.attribute(REVISED_ON).is_some(),
            RevisedBasis::Text => differs == Some(Difference::Meaning),
        };
        headline.revised += u64::from(revised);
        headline.editorial += u64::from(!revised && differs.is_some());
    }
    headline.total = headline.new + headline.deleted + headline.revised;
    Some(headline)
}

/// Whether the descriptors of a code of CPT say something else than before (`true`), or are only written otherwise
/// (`false`). `None` where those that both editions have are the same.
pub fn cpt_is_reworded(before: Concept<'_>, now: Concept<'_>, to: &Edition) -> Option<bool> {
    difference(before, now, to).map(|d| d == Difference::Meaning)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Difference {
    Editorial,
    Meaning,
}

/// How the descriptors differ: the long ones, or where one edition lacks them the next shorter ones of both.
fn difference(before: Concept<'_>, now: Concept<'_>, to: &Edition) -> Option<Difference> {
    let both = |role| Some((before.designation(role)?, now.designation(role)?));
    let (a, b) = [Role::Long, Role::Medium, Role::Short].into_iter().find_map(both)?;
    if a == b {
        return None;
    }
    let editorial = classify(a, b, |word| to.has_word(word)).is_editorial();
    Some(if editorial { Difference::Editorial } else { Difference::Meaning })
}

fn count_part(code: &str, new: &mut CptNew) {
    match code.as_bytes().last() {
        Some(b'0'..=b'9') => new.category_1 += 1,
        Some(b'F') => new.category_2 += 1,
        Some(b'T') => new.category_3 += 1,
        Some(b'U') => new.pla += 1,
        _ => new.other += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xwalk_model::{Code, EditionBuilder};

    /// An edition of lines `code descriptor`; a code that ends in `!` is marked as revised.
    fn edition(id: &str, lines: &[(&str, &str)]) -> Edition {
        let mut b = EditionBuilder::new(id.parse().unwrap(), "en");
        for (code, title) in lines {
            let plain = code.trim_end_matches('!');
            let kind = if plain.len() == 2 { ConceptKind::Modifier } else { ConceptKind::Code };
            let ix = b.concept(Code::from_official(plain), kind, true);
            b.designation(ix, Role::Long, title);
            if plain != *code {
                b.attribute(ix, REVISED_ON, "20250101");
            }
        }
        b.build().unwrap()
    }

    #[test]
    fn revised_by_history_or_by_text() {
        let a = edition(
            "cpt@2024",
            &[("09990", "One"), ("09991", "Two of them"), ("09992", "Three"), ("09993", "Gone"), ("9Z", "M")],
        );
        let b = |mark: &str| {
            let two = format!("09991{mark}");
            let lines = [
                ("09990", "one"),
                (two.as_str(), "Two of those"),
                ("09992", "Three"),
                ("9999U", "New"),
                ("9Y", "N"),
            ];
            edition("cpt@2025", &lines)
        };
        let text = cpt_headline(&a, &b("")).unwrap();
        assert_eq!((text.new, text.deleted, text.revised, text.total, text.editorial), (1, 1, 1, 3, 1));
        assert_eq!((text.basis, text.new_by_part.pla), (RevisedBasis::Text, 1));
        let history = cpt_headline(&a, &b("!")).unwrap();
        assert_eq!((history.revised, history.editorial, history.basis), (1, 1, RevisedBasis::History));
        let other = edition("hcpcs@2025", &[]);
        assert_eq!(cpt_headline(&a, &other), None);
    }
}
