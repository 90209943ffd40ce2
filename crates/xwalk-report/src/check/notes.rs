//! Which notes of the tabular list apply to a code, and which codes exclude each other.

use jiff::civil::Date;
use serde::Serialize;
use xwalk_model::{Code, CodeSystem, Concept, ConceptKind, Edition, Note, NoteKind};

use super::{Checker, get};

/// A note that applies to a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Applies {
    /// The heading as printed.
    pub kind: &'static str,
    /// The text.
    pub text: String,
    /// The concept at which it stands: the code itself, or one above it.
    pub at: String,
    /// Whether it stands at a section or chapter, and so holds for many codes.
    pub broad: bool,
}

/// Two codes that a note keeps apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The code at or above which the note stands.
    pub code: String,
    /// The code that it excludes.
    pub excluded: String,
    /// The concept at which the note stands.
    pub at: String,
    /// The text of the note.
    pub text: String,
    /// The edition.
    pub edition: String,
}

/// The kinds that tell a coder what to do.
const INSTRUCTIONS: [NoteKind; 7] = [
    NoteKind::Excludes1,
    NoteKind::Excludes2,
    NoteKind::Exclusion,
    NoteKind::CodeFirst,
    NoteKind::UseAdditionalCode,
    NoteKind::CodeAlso,
    NoteKind::CodingHint,
];

/// The instructions at a code and above it, nearest first.
pub(super) fn that_apply(concept: Concept<'_>) -> Vec<Applies> {
    let places = std::iter::once(concept).chain(concept.ancestors());
    let mut found = Vec::new();
    for place in places {
        for note in place.notes().filter(|n| INSTRUCTIONS.contains(&n.kind)) {
            found.push(Applies {
                kind: note.kind.label(),
                text: note.text.to_owned(),
                at: place.display(),
                broad: place.kind() != ConceptKind::Code,
            });
        }
    }
    found.sort_by_key(|a| INSTRUCTIONS.iter().position(|k| k.label() == a.kind));
    found
}

/// Whether a note names a code: by itself, by a category with everything below (`E08-`), or by a range.
fn names(note: &Note<'_>, code: &Code, edition: &Edition) -> bool {
    let text = code.as_str();
    note.refs.iter().any(|named| {
        if let Some(above) = named.strip_suffix('-') {
            return text.starts_with(above);
        }
        if let Some((low, high)) = named.split_once('-') {
            let (low, high) = (Code::from_official(low), Code::from_official(high));
            return match (edition.get(&low), edition.get(&high), edition.get(code)) {
                (Some(a), Some(b), Some(c)) => {
                    let end = b.descendants().iter().map(|d| d.ix()).max().unwrap_or(b.ix());
                    a.ix() <= c.ix() && c.ix() <= end
                }
                _ => low.as_str() <= text && text.get(..high.as_str().len()).unwrap_or(text) <= high.as_str(),
            };
        }
        // A category that is named without a dash stands for what is below it as well.
        text.starts_with(named.as_str())
    })
}

impl Checker<'_> {
    /// Pairs of the codes that an Excludes1 note in effect on the day keeps apart.
    pub fn conflicts(&self, codes: &[&str], on: Date) -> Vec<Conflict> {
        let Some(edition) = self
            .timeline
            .of(CodeSystem::Icd10cm)
            .filter(|e| e.has_notes())
            .filter(|e| {
                let in_force = self.in_force(CodeSystem::Icd10cm, on);
                e.effective().contains(on) || in_force.is_some_and(|f| f.id() == e.id())
            })
            .last()
        else {
            return Vec::new();
        };
        let parsed: Vec<Code> =
            codes.iter().filter_map(|text| Code::parse(CodeSystem::Icd10cm, text).ok()).collect();
        let mut found: Vec<Conflict> = Vec::new();
        for code in &parsed {
            let Some(held) = get(edition, code) else { continue };
            for place in std::iter::once(held.concept).chain(held.concept.ancestors()) {
                for note in place.notes().filter(|n| n.kind == NoteKind::Excludes1) {
                    for other in parsed.iter().filter(|c| *c != code && names(&note, c, edition)) {
                        // A note at a chapter that excludes codes of the same chapter means those elsewhere.
                        let same =
                            edition.get(other).is_some_and(|c| c.ancestors().any(|a| a.ix() == place.ix()));
                        if same {
                            continue;
                        }
                        let conflict = Conflict {
                            code: held.concept.display(),
                            excluded: other.display(CodeSystem::Icd10cm),
                            at: place.display(),
                            text: note.text.to_owned(),
                            edition: edition.id().to_string(),
                        };
                        if !found.contains(&conflict) {
                            found.push(conflict);
                        }
                    }
                }
            }
        }
        found
    }
}
