//! How a title differs from the one before.

use std::collections::BTreeMap;

use similar::{Algorithm, ChangeTag};
use xwalk_model::{Mark, MarkKind, RevisionClass};

/// The pieces of both titles, marked word by word.
pub fn marks(from: &str, to: &str) -> Vec<Mark> {
    similar::utils::diff_unicode_words(Algorithm::Patience, from, to)
        .into_iter()
        .map(|(tag, text)| {
            let kind = match tag {
                ChangeTag::Equal => MarkKind::Same,
                ChangeTag::Delete => MarkKind::Removed,
                ChangeTag::Insert => MarkKind::Added,
            };
            Mark { kind, text: text.to_owned() }
        })
        .collect()
}

/// The class of a revision. `still_a_word` says whether a word of the old title is in use elsewhere after the
/// change: "peroneal" may not pass for a misspelt "perineal", but a spelling that is gone from the whole edition may
/// pass for one that was corrected.
pub fn classify(from: &str, to: &str, still_a_word: impl Fn(&str) -> bool) -> RevisionClass {
    let squeezed = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    if squeezed(from) == squeezed(to) {
        return RevisionClass::Whitespace;
    }
    let letters =
        |t: &str| t.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    if letters(from) == letters(to) {
        return RevisionClass::CaseOrPunctuation;
    }
    let (old, new) = (words(from), words(to));
    let (old_lower, new_lower): (Vec<_>, Vec<_>) =
        (old.iter().map(|w| w.to_lowercase()).collect(), new.iter().map(|w| w.to_lowercase()).collect());
    let counted = |words: &[String]| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for word in words {
            *counts.entry(word.clone()).or_default() += 1;
        }
        counts
    };
    if counted(&old_lower) == counted(&new_lower) {
        return RevisionClass::WordOrder;
    }
    if old.len() == new.len() && is_respelling(&old, &old_lower, &new_lower, &still_a_word) {
        return RevisionClass::Spelling;
    }
    let changes = similar::utils::diff_slices(Algorithm::Patience, &old_lower, &new_lower);
    let count = |tag| changes.iter().filter(|(t, _)| *t == tag).map(|(_, words)| words.len()).sum::<usize>();
    let (removed, added) = (count(ChangeTag::Delete), count(ChangeTag::Insert));
    let kept = count(ChangeTag::Equal);
    match (removed, added) {
        (0, _) => RevisionClass::WordsAdded,
        (_, 0) => RevisionClass::WordsRemoved,
        _ if 4 * kept >= old.len() + new.len() => RevisionClass::WordsReplaced,
        _ => RevisionClass::Rewritten,
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|w| !w.is_empty()).collect()
}

/// Whether each word that differs is the same word, inflected or spelt otherwise.
fn is_respelling(
    old: &[&str],
    old_lower: &[String],
    new_lower: &[String],
    still_a_word: &impl Fn(&str) -> bool,
) -> bool {
    old_lower.iter().zip(new_lower).zip(old).all(|((before, after), as_written)| {
        before == after
            || is_inflection(before, after)
            || (one_letter_apart(before, after) && !still_a_word(as_written) && !still_a_word(before))
    })
}

/// Whether two words differ by an ending that does not change what they name: plural, possessive, participle.
fn is_inflection(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let letters = |w: &str| w.chars().all(|c| c.is_alphabetic() || c == '\'');
    if short.chars().count() < 3 || !letters(short) || !letters(long) {
        return false;
    }
    let ending = |stem: &str, endings: &[&str]| long.strip_prefix(stem).is_some_and(|e| endings.contains(&e));
    ending(short, &["s", "es", "'s", "'", "d", "ed"])
        || short.strip_suffix('y').is_some_and(|stem| ending(stem, &["ies"]))
        || short.strip_suffix("is").is_some_and(|stem| ending(stem, &["es"]))
}

/// Whether one letter was put in, taken out, exchanged or swapped with its neighbour, in long words and not at
/// their beginning, where prefixes differ by a letter (ab-, ad-).
fn one_letter_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().min(b.len()) < 6 || !a.iter().chain(&b).all(|c| c.is_alphabetic()) {
        return false;
    }
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    let swapped = rest_a.len() == 2 && rest_b.len() == 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0];
    start >= 3 && (rest_a.len().max(rest_b.len()) == 1 || swapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, class: RevisionClass) {
        let in_use = ["perineal", "peroneal", "dysphagia", "dysphasia"];
        assert_eq!(classify(from, to, |w| in_use.contains(&w)), class, "{from} -> {to}");
        let marks = marks(from, to);
        let side = |not| marks.iter().filter(|m| m.kind != not).map(|m| m.text.as_str()).collect::<String>();
        assert_eq!((side(MarkKind::Added).as_str(), side(MarkKind::Removed).as_str()), (from, to));
    }

    #[test]
    fn each_class() {
        check("[BMI]30.0-30.9", "[BMI] 30.0-30.9", RevisionClass::Whitespace);
        check("Non-union, of x", "Nonunion of X", RevisionClass::CaseOrPunctuation);
        check(
            "Ehrlichiosis chafeensis [E. chafeensis]",
            "Ehrlichiosis chaffeensis [E. chaffeensis]",
            RevisionClass::Spelling,
        );
        check("Disorder of eye", "Disorders of eye", RevisionClass::Spelling);
        check("Fracture of arm, left", "Left fracture of arm", RevisionClass::WordOrder);
        check("Fracture of arm", "Open fracture of arm", RevisionClass::WordsAdded);
        check("Open fracture of arm", "Fracture of arm", RevisionClass::WordsRemoved);
        check("Fracture of left arm", "Fracture of right arm", RevisionClass::WordsReplaced);
        check("Fracture of left arm", "Burn", RevisionClass::Rewritten);
    }

    #[test]
    fn terms_one_letter_apart_are_not_a_spelling() {
        check("Lesion of perineal nerve", "Lesion of peroneal nerve", RevisionClass::WordsReplaced);
        check("Other dysphagia", "Other dysphasia", RevisionClass::WordsReplaced);
        check("Abduction of hip", "Adduction of hip", RevisionClass::WordsReplaced);
        check("Grade 1 tear", "Grade 2 tear", RevisionClass::WordsReplaced);
    }
}
