//! Recognises the CPT data files: by a notice or a name of the American Medical Association, then by content.

use xwalk_formats::cpt::{self, Headed, Layout};
use xwalk_formats::text::decode;
use xwalk_model::{CodeSystem, EditionId};

use crate::InputFile;
use crate::recognise::{FileKind, Recognised, year_month_around};

/// Which of the CPT data files it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CptPart {
    /// Long descriptors, tab-separated.
    Long,
    /// Long descriptors in upper case, tab-separated.
    LongUpper,
    /// Long descriptors of fixed width that go on over several lines.
    LongFixed,
    /// The same in upper case.
    LongFixedUpper,
    /// Medium descriptors.
    Medium,
    /// Short descriptors.
    Short,
    /// Modifiers.
    Modifiers,
    /// Descriptors for patients.
    Consumer,
    /// Descriptors for clinicians.
    Clinician,
    /// The history of codes (CPT Link).
    History,
    /// The list of deleted codes (CPT Link).
    Deleted,
}

impl CptPart {
    /// The name of the part, in the words of people.
    pub fn part(self) -> &'static str {
        match self {
            Self::Long => "long descriptors",
            Self::LongUpper => "long descriptors in upper case",
            Self::LongFixed => "long descriptors of fixed width",
            Self::LongFixedUpper => "long descriptors of fixed width in upper case",
            Self::Medium => "medium descriptors",
            Self::Short => "short descriptors",
            Self::Modifiers => "modifiers",
            Self::Consumer => "consumer descriptors",
            Self::Clinician => "clinician descriptors",
            Self::History => "history of codes",
            Self::Deleted => "list of deleted codes",
        }
    }

    /// Whether the part lists the codes of an edition.
    pub fn lists_codes(self) -> bool {
        self <= Self::Short
    }
}

/// What the file is if it is one of CPT.
pub(crate) fn recognise(file: &InputFile, head: &[u8]) -> Option<Recognised> {
    let part = part_of(file.name(), head)?;
    let (kind, system) = (FileKind::Cpt(part), CodeSystem::Cpt);
    // The copyright notice of an edition names the year before it, so only names tell the year.
    let edition = year_month_around(file).0.and_then(|year| EditionId::new(system, &year.to_string()).ok());
    Some(match edition {
        Some(edition) => Recognised::Part { kind, edition },
        None => Recognised::Unnamed { kind, system },
    })
}

fn part_of(name: &str, head: &[u8]) -> Option<CptPart> {
    match cpt::headed(head) {
        Some(Headed::Consumer) => return Some(CptPart::Consumer),
        Some(Headed::Clinician) => return Some(CptPart::Clinician),
        Some(Headed::History) => return Some(CptPart::History),
        Some(Headed::Deleted) => return Some(CptPart::Deleted),
        None => {}
    }
    let lower = name.to_ascii_lowercase();
    let named = |stem: &str| lower.starts_with(stem);
    // Other systems have lists of five characters and a text too, so name or notice has to say that this is CPT.
    let notice = || {
        let text = decode(head).text.into_owned();
        text.contains("American Medical Association") || text.contains("AMERICAN MEDICAL ASSOCIATION")
    };
    if named("modul") {
        return cpt::records(head, Layout::Modifiers).iter().any(Result::is_ok).then_some(CptPart::Modifiers);
    }
    let known = named("longu") || named("medu") || named("shortu") || notice();
    let layout = cpt::layout_of(head).filter(|_| known)?;
    let upper = !has_lower_case(head, layout);
    Some(match layout {
        Layout::Tab if upper => CptPart::LongUpper,
        Layout::Tab => CptPart::Long,
        Layout::Continued if upper => CptPart::LongFixedUpper,
        Layout::Continued => CptPart::LongFixed,
        Layout::Fixed if named("short") => CptPart::Short,
        Layout::Fixed if named("med") => CptPart::Medium,
        // A short descriptor has up to 28 characters, a medium one up to 48.
        Layout::Fixed if longest(head, layout) <= 28 => CptPart::Short,
        _ => CptPart::Medium,
    })
}

fn has_lower_case(head: &[u8], layout: Layout) -> bool {
    cpt::records(head, layout).iter().flatten().any(|r| r.text.chars().any(char::is_lowercase))
}

fn longest(head: &[u8], layout: Layout) -> usize {
    cpt::records(head, layout).iter().flatten().map(|r| r.text.chars().count()).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expected: Option<CptPart>) {
        assert_eq!(part_of(name, text.as_bytes()), expected, "{name}");
    }

    #[test]
    fn parts() {
        check("LONGULT.txt", "Notice\n\n99990\tInvented\n", Some(CptPart::Long));
        check("LONGUT.txt", "Notice\n\n99990\tINVENTED\n", Some(CptPart::LongUpper));
        check("LONGULF.txt", "Notice\n\n9999001 Invented\n", Some(CptPart::LongFixed));
        check("MEDU.txt", "Notice\n\n99990 INVENTED\n", Some(CptPart::Medium));
        check("shortu.txt", "Notice\n\n99990 INVENTED\n", Some(CptPart::Short));
        check("MODUL.txt", "Notice\n\n9Z Invented\n", Some(CptPart::Modifiers));
        check("x.txt", "American Medical Association\n\n99990 INVENTED\n", Some(CptPart::Short));
        check("x.txt", "99990\tInvented\n", None);
        check("icd10cm_order_2026.txt", "00001 A000    1 x\n", None);
        let file = InputFile::from_bytes("LONGULT.txt", &["CPT 2025"], b"Notice\n\n99990\tInvented\n");
        let found = crate::recognise(&file).unwrap();
        assert!(matches!(found, Recognised::Part { edition, .. } if edition.to_string() == "cpt@2025"));
    }
}
