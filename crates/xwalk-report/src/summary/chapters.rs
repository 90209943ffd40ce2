//! Which chapter a code is in.
//!
//! Where an edition states its chapters (the tabular XML, ClaML, the tabulations of ICD-11), they are used. Else the
//! chapters are those of the published tables of contents, and a code is placed by them and by its place in the
//! tabular order of its own edition: the order of the letters and digits would put C4A, D3A or QA0 elsewhere.
//!
//! Sources: ICD-10-CM Tabular List of Diseases and Injuries, FY2026 (chapters 1 to 22); ICD-10, table of contents of
//! volume 1 (WHO, 2019); ICD-9-CM Official Guidelines, version 32 (chapters of volumes 1 and 3); ICD-10-PCS Reference
//! Manual FY2026 (sections); HCPCS Level II code set description (CMS, 2019).

use std::collections::HashMap;

use xwalk_model::{Code, CodeSystem, Concept, ConceptKind, Edition};

use super::Chapter;

/// Key, range and title of a chapter.
type Row = (&'static str, &'static str, &'static str);

/// ICD-10-CM. The ranges are those of FY2026; the first letters and D50 and H60 are what places a code.
const ICD10CM: [Row; 22] = [
    ("1", "A00-B99", "Certain infectious and parasitic diseases"),
    ("2", "C00-D49", "Neoplasms"),
    (
        "3",
        "D50-D89",
        "Diseases of the blood and blood-forming organs and certain disorders involving the immune mechanism",
    ),
    ("4", "E00-E89", "Endocrine, nutritional and metabolic diseases"),
    ("5", "F01-F99", "Mental, Behavioral and Neurodevelopmental disorders"),
    ("6", "G00-G99", "Diseases of the nervous system"),
    ("7", "H00-H59", "Diseases of the eye and adnexa"),
    ("8", "H60-H95", "Diseases of the ear and mastoid process"),
    ("9", "I00-I99", "Diseases of the circulatory system"),
    ("10", "J00-J99", "Diseases of the respiratory system"),
    ("11", "K00-K95", "Diseases of the digestive system"),
    ("12", "L00-L99", "Diseases of the skin and subcutaneous tissue"),
    ("13", "M00-M99", "Diseases of the musculoskeletal system and connective tissue"),
    ("14", "N00-N99", "Diseases of the genitourinary system"),
    ("15", "O00-O9A", "Pregnancy, childbirth and the puerperium"),
    ("16", "P00-P96", "Certain conditions originating in the perinatal period"),
    ("17", "Q00-QA0", "Congenital malformations, deformations and chromosomal abnormalities"),
    (
        "18",
        "R00-R99",
        "Symptoms, signs and abnormal clinical and laboratory findings, not elsewhere classified",
    ),
    ("19", "S00-T88", "Injury, poisoning and certain other consequences of external causes"),
    ("20", "V00-Y99", "External causes of morbidity"),
    ("21", "Z00-Z99", "Factors influencing health status and contact with health services"),
    ("22", "U00-U85", "Codes for special purposes"),
];

/// ICD-10 and ICD-10-GM: the ranges alone, since titles are those of the reader's own licensed files.
const ICD10: [Row; 22] = [
    ("1", "A00-B99", ""),
    ("2", "C00-D48", ""),
    ("3", "D50-D90", ""),
    ("4", "E00-E90", ""),
    ("5", "F00-F99", ""),
    ("6", "G00-G99", ""),
    ("7", "H00-H59", ""),
    ("8", "H60-H95", ""),
    ("9", "I00-I99", ""),
    ("10", "J00-J99", ""),
    ("11", "K00-K93", ""),
    ("12", "L00-L99", ""),
    ("13", "M00-M99", ""),
    ("14", "N00-N99", ""),
    ("15", "O00-O99", ""),
    ("16", "P00-P96", ""),
    ("17", "Q00-Q99", ""),
    ("18", "R00-R99", ""),
    ("19", "S00-T98", ""),
    ("20", "V01-Y98", ""),
    ("21", "Z00-Z99", ""),
    ("22", "U00-U99", ""),
];

/// ICD-9-CM, volume 1.
const ICD9CM: [Row; 19] = [
    ("1", "001-139", "Infectious and parasitic diseases"),
    ("2", "140-239", "Neoplasms"),
    ("3", "240-279", "Endocrine, nutritional and metabolic diseases, and immunity disorders"),
    ("4", "280-289", "Diseases of the blood and blood-forming organs"),
    ("5", "290-319", "Mental disorders"),
    ("6", "320-389", "Diseases of the nervous system and sense organs"),
    ("7", "390-459", "Diseases of the circulatory system"),
    ("8", "460-519", "Diseases of the respiratory system"),
    ("9", "520-579", "Diseases of the digestive system"),
    ("10", "580-629", "Diseases of the genitourinary system"),
    ("11", "630-679", "Complications of pregnancy, childbirth, and the puerperium"),
    ("12", "680-709", "Diseases of the skin and subcutaneous tissue"),
    ("13", "710-739", "Diseases of the musculoskeletal system and connective tissue"),
    ("14", "740-759", "Congenital anomalies"),
    ("15", "760-779", "Certain conditions originating in the perinatal period"),
    ("16", "780-799", "Symptoms, signs, and ill-defined conditions"),
    ("17", "800-999", "Injury and poisoning"),
    ("V", "V01-V91", "Factors influencing health status and contact with health services"),
    ("E", "E000-E999", "External causes of injury and poisoning"),
];

/// ICD-9-CM, volume 3.
const ICD9PCS: [Row; 18] = [
    ("0", "00", "Procedures and interventions, not elsewhere classified"),
    ("1", "01-05", "Operations on the nervous system"),
    ("2", "06-07", "Operations on the endocrine system"),
    ("3", "08-16", "Operations on the eye"),
    ("3A", "17", "Other miscellaneous diagnostic and therapeutic procedures"),
    ("4", "18-20", "Operations on the ear"),
    ("5", "21-29", "Operations on the nose, mouth, and pharynx"),
    ("6", "30-34", "Operations on the respiratory system"),
    ("7", "35-39", "Operations on the cardiovascular system"),
    ("8", "40-41", "Operations on the hemic and lymphatic system"),
    ("9", "42-54", "Operations on the digestive system"),
    ("10", "55-59", "Operations on the urinary system"),
    ("11", "60-64", "Operations on the male genital organs"),
    ("12", "65-71", "Operations on the female genital organs"),
    ("13", "72-75", "Obstetrical procedures"),
    ("14", "76-84", "Operations on the musculoskeletal system"),
    ("15", "85-86", "Operations on the integumentary system"),
    ("16", "87-99", "Miscellaneous diagnostic and therapeutic procedures"),
];

/// ICD-10-PCS: the first character.
const ICD10PCS: [Row; 17] = [
    ("0", "", "Medical and Surgical"),
    ("1", "", "Obstetrics"),
    ("2", "", "Placement"),
    ("3", "", "Administration"),
    ("4", "", "Measurement and Monitoring"),
    ("5", "", "Extracorporeal or Systemic Assistance and Performance"),
    ("6", "", "Extracorporeal or Systemic Therapies"),
    ("7", "", "Osteopathic"),
    ("8", "", "Other Procedures"),
    ("9", "", "Chiropractic"),
    ("B", "", "Imaging"),
    ("C", "", "Nuclear Medicine"),
    ("D", "", "Radiation Therapy"),
    ("F", "", "Physical Rehabilitation and Diagnostic Audiology"),
    ("G", "", "Mental Health"),
    ("H", "", "Substance Abuse Treatment"),
    ("X", "", "New Technology"),
];

/// HCPCS Level II: the letter.
const HCPCS: [Row; 18] = [
    ("A", "", "Transportation, medical and surgical supplies, administrative and miscellaneous"),
    ("B", "", "Enteral and parenteral therapy"),
    ("C", "", "Hospital outpatient prospective payment"),
    ("D", "", "Dental procedures"),
    ("E", "", "Durable medical equipment"),
    ("G", "", "Temporary procedures and professional services"),
    ("H", "", "Alcohol and drug abuse treatment, behavioral health"),
    ("J", "", "Drugs administered other than by mouth, chemotherapy"),
    ("K", "", "Temporary codes of the durable medical equipment contractors"),
    ("L", "", "Orthotic and prosthetic procedures and devices"),
    ("M", "", "Medical services and quality measures"),
    ("P", "", "Pathology and laboratory"),
    ("Q", "", "Temporary codes"),
    ("R", "", "Diagnostic radiology"),
    ("S", "", "Temporary national codes of private payers"),
    ("T", "", "Codes of state Medicaid agencies"),
    ("U", "", "Laboratory tests for the coronavirus"),
    ("V", "", "Vision, hearing and speech-language pathology"),
];

/// CPT: the categories, by the letter at the end of a code.
const CPT: [Row; 6] = [
    ("1", "", "Category I"),
    ("2", "", "Category II"),
    ("3", "", "Category III"),
    ("pla", "", "Proprietary laboratory analyses"),
    ("maaa", "", "Multianalyte assays with algorithmic analyses"),
    ("administration", "", "Immunization administration"),
];

/// The chapters of two editions, and which of them each concept is in.
pub(crate) struct Chapters<'e> {
    from: &'e Edition,
    to: &'e Edition,
    pub(crate) rows: Vec<Chapter>,
    pub(crate) source: String,
    of_from: Vec<usize>,
    of_to: Vec<usize>,
}

impl<'e> Chapters<'e> {
    pub(crate) fn new(from: &'e Edition, to: &'e Edition) -> Self {
        let mut keys = Keys { rows: Vec::new(), at: HashMap::new() };
        let mut stated = false;
        for edition in [to, from] {
            for chapter in edition.concepts().filter(|c| c.kind() == ConceptKind::Chapter) {
                stated = true;
                keys.add_stated(chapter);
            }
        }
        let table: &[Row] = table(to.id().system);
        // Chapters that are not stated come from the table; with stated ones, the table only fills up for an edition
        // that states none, and its rows count under the same keys.
        if !stated {
            for (key, range, title) in table {
                keys.add(key, range, title);
            }
        }
        let none = keys.rows.len();
        let outside = match to.id().system {
            CodeSystem::Hcpcs | CodeSystem::Cpt => "Modifiers",
            _ => "In no chapter",
        };
        keys.rows.push(Chapter { title: outside.into(), ..Chapter::default() });
        let of_from = keys.place(from, none);
        let of_to = keys.place(to, none);
        let states = |e: &Edition| e.concepts().any(|c| c.kind() == ConceptKind::Chapter);
        let source = match (states(from), states(to)) {
            (true, true) => format!("the chapters that {} and {} state", from.id(), to.id()),
            (false, true) => format!("the chapters that {} states, with their ranges", to.id()),
            (true, false) => format!("the chapters that {} states, with their ranges", from.id()),
            (false, false) => contents_source(to.id().system).to_owned(),
        };
        Self { from, to, rows: keys.rows, source, of_from, of_to }
    }

    /// The index of a concept's chapter in `rows`.
    pub(crate) fn of(&self, code: &Code) -> usize {
        match (self.to.get(code), self.from.get(code)) {
            (Some(concept), _) => self.of_to[concept.ix().index()],
            (None, Some(concept)) => self.of_from[concept.ix().index()],
            (None, None) => self.rows.len() - 1,
        }
    }

    /// The index of the chapter of a concept of the baseline, and of one of the later edition.
    pub(crate) fn of_concept(&self, concept: Concept<'_>, later: bool) -> usize {
        (if later { &self.of_to } else { &self.of_from })[concept.ix().index()]
    }
}

/// The table of a system, from its published table of contents.
fn table(system: CodeSystem) -> &'static [Row] {
    match system {
        CodeSystem::Icd10cm => &ICD10CM,
        CodeSystem::Icd10 | CodeSystem::Icd10gm => &ICD10,
        CodeSystem::Icd9cm => &ICD9CM,
        CodeSystem::Icd9pcs => &ICD9PCS,
        CodeSystem::Icd10pcs => &ICD10PCS,
        CodeSystem::Hcpcs => &HCPCS,
        CodeSystem::Cpt => &CPT,
        _ => &[],
    }
}

fn contents_source(system: CodeSystem) -> &'static str {
    match system {
        CodeSystem::Icd10cm => {
            "the chapter ranges of the ICD-10-CM tabular list, applied in the tabular order of the files (the files \
             of codes state no chapters)"
        }
        CodeSystem::Icd10 | CodeSystem::Icd10gm => {
            "the chapter ranges of ICD-10 (the files state no chapters)"
        }
        CodeSystem::Icd9cm => "the chapters of ICD-9-CM volume 1 (the files state no chapters)",
        CodeSystem::Icd9pcs => "the chapters of ICD-9-CM volume 3 (the files state no chapters)",
        CodeSystem::Icd10pcs => "the sections of ICD-10-PCS, the first character of a code",
        CodeSystem::Hcpcs => "the letter of the code (HCPCS Level II has no chapters)",
        CodeSystem::Cpt => "the categories of CPT, by the letter at the end of a code",
        _ => "none: the edition states no chapters",
    }
}

struct Keys {
    rows: Vec<Chapter>,
    at: HashMap<String, usize>,
}

impl Keys {
    fn add(&mut self, key: &str, range: &str, title: &str) {
        if !self.at.contains_key(key) {
            self.at.insert(key.to_owned(), self.rows.len());
            self.rows.push(Chapter {
                key: key.to_owned(),
                range: range.to_owned(),
                title: title.to_owned(),
                ..Chapter::default()
            });
        }
    }

    fn add_stated(&mut self, chapter: Concept<'_>) {
        let (title, range) = split_range(chapter.title());
        let range = if range.is_empty() { block_range(chapter) } else { range.to_owned() };
        self.add(chapter.code().as_str(), &range, title);
    }

    /// The chapter of each concept of an edition.
    fn place(&self, edition: &Edition, none: usize) -> Vec<usize> {
        let system = edition.id().system;
        let stated = edition.concepts().any(|c| c.kind() == ConceptKind::Chapter);
        let mut placed = Vec::with_capacity(edition.len());
        let mut previous = none;
        for concept in edition.concepts() {
            let key = if stated {
                std::iter::once(concept)
                    .chain(concept.ancestors())
                    .find(|c| c.kind() == ConceptKind::Chapter)
                    .and_then(|c| self.at.get(c.code().as_str()).copied())
            } else {
                self.by_table(system, concept, previous)
            };
            let at = key.unwrap_or(none);
            if concept.kind() == ConceptKind::Code {
                previous = at;
            }
            placed.push(at);
        }
        placed
    }

    fn by_table(&self, system: CodeSystem, concept: Concept<'_>, previous: usize) -> Option<usize> {
        if concept.kind() != ConceptKind::Code {
            return None;
        }
        let code = concept.code().as_str();
        let first = code.get(..1)?;
        let key = match system {
            CodeSystem::Icd10cm | CodeSystem::Icd10 | CodeSystem::Icd10gm => {
                match icd10_chapter(code.as_bytes()) {
                    Some(key) => key,
                    // Only the neighbours in tabular order tell where a category like DA0 belongs.
                    None => return Some(previous),
                }
            }
            CodeSystem::Icd9cm => icd9_chapter(code)?,
            CodeSystem::Icd9pcs => by_number(code.get(..2)?, &ICD9PCS)?,
            CodeSystem::Icd10pcs | CodeSystem::Hcpcs => first,
            CodeSystem::Cpt => concept.attribute("category").unwrap_or("1"),
            _ => return None,
        };
        self.at.get(key).copied()
    }
}

/// The chapter of an ICD-10 category by its first letter; `D` and `H` hold two each. `None` where only the order tells.
fn icd10_chapter(code: &[u8]) -> Option<&'static str> {
    let second = *code.get(1)?;
    Some(match code[0] {
        b'A' | b'B' => "1",
        b'C' => "2",
        b'D' if second.is_ascii_digit() => {
            if second < b'5' {
                "2"
            } else {
                "3"
            }
        }
        b'E' => "4",
        b'F' => "5",
        b'G' => "6",
        b'H' if second.is_ascii_digit() => {
            if second < b'6' {
                "7"
            } else {
                "8"
            }
        }
        b'I' => "9",
        b'J' => "10",
        b'K' => "11",
        b'L' => "12",
        b'M' => "13",
        b'N' => "14",
        b'O' => "15",
        b'P' => "16",
        b'Q' => "17",
        b'R' => "18",
        b'S' | b'T' => "19",
        b'V'..=b'Y' => "20",
        b'Z' => "21",
        b'U' => "22",
        _ => return None,
    })
}

fn icd9_chapter(code: &str) -> Option<&'static str> {
    match code.as_bytes()[0] {
        b'V' => Some("V"),
        b'E' => Some("E"),
        _ => by_number(code.get(..3)?, &ICD9CM[..17]),
    }
}

/// The row whose range of numbers holds a number of the same length.
fn by_number(number: &str, rows: &[Row]) -> Option<&'static str> {
    let row = rows.iter().find(|(_, range, _)| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        low <= number && number <= high
    });
    row.map(|(key, ..)| *key)
}

/// A title with its range at the end, as the tabular XML prints it: `Neoplasms (C00-D49)`.
fn split_range(title: &str) -> (&str, &str) {
    let split = || {
        let inner = title.strip_suffix(')')?;
        let (before, range) = inner.rsplit_once('(')?;
        let is_range = range.contains('-') && range.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_range.then(|| (before.trim_end(), range))
    };
    split().unwrap_or((title, ""))
}

/// The range from the first to the last category below a chapter, where its title states none.
fn block_range(chapter: Concept<'_>) -> String {
    let below = chapter.descendants();
    let mut codes = below.iter().filter(|c| c.kind() == ConceptKind::Code);
    match (codes.next(), codes.next_back()) {
        (Some(first), Some(last)) => {
            let category = |c: &Concept<'_>| {
                let shown = c.display();
                shown.split('.').next().unwrap_or_default().to_owned()
            };
            format!("{}-{}", category(first), category(last))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xwalk_model::EditionBuilder;

    fn edition(id: &str, codes: &[&str]) -> Edition {
        let mut b = EditionBuilder::new(id.parse().unwrap(), "en");
        for code in codes {
            b.concept(Code::from_official(code), ConceptKind::Code, true);
        }
        b.build().unwrap()
    }

    #[track_caller]
    fn check(id: &str, codes: &[&str], expected: &[&str]) {
        let edition = edition(id, codes);
        let chapters = Chapters::new(&edition, &edition);
        let seen: Vec<&str> =
            codes.iter().map(|c| chapters.rows[chapters.of(&Code::from_official(c))].key.as_str()).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn letters_within_categories_stand_where_the_tabular_list_puts_them() {
        check(
            "icd10cm@2026",
            &["C4A0", "D3A00", "D49", "D500", "H5A", "H600", "I1A", "O9A1", "QA01", "Z3A", "U071", "M1A0"],
            &["2", "2", "2", "3", "7", "8", "9", "15", "17", "21", "22", "13"],
        );
    }

    #[test]
    fn a_category_of_two_letters_is_placed_by_its_neighbours() {
        check("icd10cm@2026", &["D48", "DA0", "D50", "DB1"], &["2", "2", "3", "3"]);
    }

    #[test]
    fn other_systems() {
        check("icd9cm@32", &["0010", "139", "25000", "V270", "E8020"], &["1", "1", "3", "V", "E"]);
        check("icd9pcs@32", &["0010", "1751", "3929"], &["0", "3A", "7"]);
        check("icd10pcs@2026", &["0016070", "XW033E5"], &["0", "X"]);
        check("hcpcs@2019", &["A5513", "J0121"], &["A", "J"]);
    }

    #[test]
    fn ranges_in_titles() {
        assert_eq!(split_range("Neoplasms (C00-D49)"), ("Neoplasms", "C00-D49"));
        assert_eq!(split_range("Pregnancy (O00-O9A)"), ("Pregnancy", "O00-O9A"));
        assert_eq!(split_range("Something (else)"), ("Something (else)", ""));
    }
}
