//! Codes that are written wrongly in a way that the editions tell: the 7th character, a character too many.

use jiff::civil::Date;
use xwalk_model::{Code, CodeSystem, Concept, Edition, NoteKind};

use super::{Feedback, Found, LISTED, Reason, feedback, get, instead};

/// The position in which ICD-10-CM has the 7th character.
const SEVENTH: usize = 7;

/// A code with X in the places that it leaves empty before the 7th, and the character itself.
fn with_seventh(base: &str, character: char) -> Option<Code> {
    (base.len() < SEVENTH)
        .then(|| Code::from_official(&format!("{base:X<width$}{character}", width = SEVENTH - 1)))
}

/// A header that lacks nothing but its 7th character.
pub(super) fn seventh_missing(given: &str, on: Date, found: Found<'_>) -> Option<Feedback> {
    if found.edition.id().system != CodeSystem::Icd10cm {
        return None;
    }
    let base = found.concept.code().as_str();
    let padded = format!("{base:X<6}");
    let below: Vec<Concept<'_>> =
        found.concept.descendants().into_iter().filter(|c| c.assignable()).collect();
    let own = |c: &Concept<'_>| c.code().as_str().len() == SEVENTH && c.code().as_str().starts_with(&padded);
    if below.is_empty() || !below.iter().all(own) {
        return None;
    }
    let mut feedback = feedback(given, on, Reason::SeventhCharacter, found);
    let placeholder = match 6usize.saturating_sub(base.len()) {
        0 => String::new(),
        1 => ", with the placeholder X before it".to_owned(),
        n => format!(", with the placeholders {} before it", "X".repeat(n)),
    };
    feedback.sentence = format!(
        "{} lacks its 7th character{placeholder}: {}.",
        found.concept.display(),
        found.concept.title().trim_end_matches('.')
    );
    let meanings: Vec<String> = std::iter::once(found.concept)
        .chain(found.concept.ancestors())
        .map(|c| {
            c.notes().filter(|n| n.kind == NoteKind::SeventhCharacter).map(|n| n.text.to_owned()).collect()
        })
        .find(|notes: &Vec<String>| !notes.is_empty())
        .unwrap_or_default();
    if !meanings.is_empty() {
        feedback.remarks.push(format!("7th characters: {}", meanings.join("; ")));
    }
    feedback.instead_count = below.len();
    feedback.instead = below.into_iter().take(LISTED).map(|c| instead(c, "derived")).collect();
    Some(feedback)
}

/// A 7th character that stands in an earlier place (T15.0A), or a character too many.
pub(super) fn misplaced(given: &str, on: Date, code: &Code, edition: &Edition) -> Option<Feedback> {
    let text = code.as_str();
    if edition.id().system == CodeSystem::Icd10cm && text.len() > 3 && text.len() < SEVENTH {
        let (base, last) = text.split_at(text.len() - 1);
        let mended = last.chars().next().and_then(|c| with_seventh(base, c)).and_then(|c| get(edition, &c));
        if let Some(mended) = mended.filter(|f| f.concept.assignable()) {
            let mut found = feedback(given, on, Reason::SeventhCharacter, mended);
            found.sentence = format!(
                "The 7th character has to stand in the 7th place, after the placeholder X: write {}.",
                mended.concept.display()
            );
            found.code = Some(code.display(edition.id().system));
            found.instead = vec![instead(mended.concept, "derived")];
            found.instead_count = 1;
            return Some(found);
        }
    }
    let shorter = (3..text.len()).rev().find_map(|n| get(edition, &Code::from_official(text.get(..n)?)))?;
    if !shorter.concept.assignable() {
        return None;
    }
    let mut found = feedback(given, on, Reason::Unknown, shorter);
    found.code = Some(code.display(edition.id().system));
    found.title = None;
    found.sentence = format!(
        "{} is not a code: {} is complete and takes no further character.",
        code.display(edition.id().system),
        shorter.concept.display()
    );
    found.instead = vec![instead(shorter.concept, "derived")];
    found.instead_count = 1;
    Some(found)
}

/// A code that no edition has, with the nearest above it.
pub(super) fn unknown(given: &str, on: Date, code: &Code, edition: &Edition) -> Feedback {
    let text = code.as_str();
    let nearest = (1..text.len()).rev().find_map(|n| get(edition, &Code::from_official(text.get(..n)?)));
    let mut found = Feedback {
        given: given.to_owned(),
        code: Some(code.display(edition.id().system)),
        on,
        reason: Reason::Unknown,
        sentence: format!(
            "{} is not a code of any edition of {} that is held.",
            code.display(edition.id().system),
            edition.id().system.name()
        ),
        edition: Some(edition.id().clone()),
        title: None,
        instead: Vec::new(),
        instead_count: 0,
        notes: Vec::new(),
        remarks: Vec::new(),
    };
    if let Some(near) = nearest {
        found.remarks.push(format!(
            "the nearest above is {} {}",
            near.concept.display(),
            near.concept.title()
        ));
    }
    found
}
