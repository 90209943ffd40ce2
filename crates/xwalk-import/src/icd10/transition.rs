//! Transition tables of ICD-10-GM as concept maps.

use std::collections::HashMap;

use compact_str::CompactString;
use xwalk_formats::transition::{self, Record, UNDEF};
use xwalk_model::{
    Code, CodeSystem, ConceptMap, Diagnostic, EditionId, MapId, Mapping, Provenance, Relationship, Rule,
    Targets,
};

use super::draft::plain;
use super::lists::usable;
use super::years::years;
use crate::{ImportError, InputFile};

/// The name of such a map.
const NAME: &str = "umsteiger";
/// What the file is in the list of sources.
const PART: &str = "transition table";

/// The map that a file is, if it is a transition table. Its content does not tell the years; its name does, or the
/// folder or archive around it. A name with one year (`x1gut2015.zip`) tells that of the new edition.
pub(crate) fn recognise_transition(file: &InputFile, head: &[u8]) -> Option<MapId> {
    if !transition::looks_like(head) {
        return None;
    }
    let names = std::iter::once(&**file.name()).chain(file.folders().iter().map(String::as_str));
    let (old, new) = names.map(years).find_map(|found| {
        let step = found.windows(2).find(|pair| pair[1] == pair[0] + 1).map(|pair| (pair[0], pair[1]));
        let single = found.first().filter(|y| found.iter().all(|other| other == *y));
        step.or_else(|| single.map(|new| (new - 1, *new)))
    })?;
    let edition = |year: i16| EditionId::new(CodeSystem::Icd10gm, &year.to_string()).ok();
    Some(MapId { source: edition(old)?, target: edition(new)?, name: NAME.to_owned() })
}

/// Reads a transition table.
///
/// A row is equivalent when it carries a code to the same code automatically in both directions (`A;A`) and no other
/// row names the code on either side. Every other row says that the codes are related: that a row lacks a flag means
/// that a person has to look, and a row of a split or a merge carries a part of the meaning only.
pub(crate) fn lower_transition(
    id: MapId,
    file: &InputFile,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<ConceptMap, ImportError> {
    let bytes = file.bytes()?;
    let mut map = ConceptMap::new(id);
    map.sources.push(file.source(PART, &bytes));
    map.remarks.push(
        "flags are as published: A before the semicolon means carried to the new edition automatically, A after it \
         carried back automatically; the table from 2003 to 2004 has two fields more"
            .to_owned(),
    );
    let rows = usable(transition::records(&bytes), file.name(), diagnostics);
    let mut of_old: HashMap<&str, usize> = HashMap::new();
    let mut of_new: HashMap<&str, usize> = HashMap::new();
    for row in &rows {
        *of_old.entry(row.old).or_default() += 1;
        *of_new.entry(row.new).or_default() += 1;
    }
    for row in &rows {
        let code = |text: &str| plain(text).map(|c| Code::from_official(&c));
        match (row.old, row.new) {
            (UNDEF, UNDEF) => {
                let message = "UNDEF on both sides says nothing";
                diagnostics.push(Diagnostic::new(Rule::OddValue, file.name(), message).at(row.at));
            }
            (UNDEF, new) => match code(new) {
                Some(new) => {
                    if !map.unmapped_targets.contains(&new) {
                        map.unmapped_targets.push(new);
                    }
                }
                None => bad_code(file, row, new, diagnostics),
            },
            (old, UNDEF) => match code(old) {
                Some(old) => map.push(old, mapping(row, Targets::NoMap, Relationship::NotRelatedTo)),
                None => bad_code(file, row, old, diagnostics),
            },
            (old, new) => match (code(old), code(new)) {
                (Some(from), Some(to)) => {
                    let alone = of_old.get(old) == Some(&1) && of_new.get(new) == Some(&1);
                    let equivalent = from == to && row.forward && row.back && alone;
                    let relationship =
                        if equivalent { Relationship::Equivalent } else { Relationship::RelatedTo };
                    map.push(from, mapping(row, Targets::One(to), relationship));
                }
                (None, _) => bad_code(file, row, old, diagnostics),
                (_, None) => bad_code(file, row, new, diagnostics),
            },
        }
    }
    Ok(map)
}

fn bad_code(file: &InputFile, row: &Record<'_>, code: &str, diagnostics: &mut Vec<Diagnostic>) {
    let message = format!("\"{code}\" is not an ICD-10-GM code");
    diagnostics.push(Diagnostic::new(Rule::BadCode, file.name(), message).at(row.at));
}

fn mapping(row: &Record<'_>, targets: Targets, relationship: Relationship) -> Mapping {
    let flag = |set: bool| if set { "A" } else { "" };
    let mut flags = CompactString::from(flag(row.forward));
    flags.push(';');
    flags.push_str(flag(row.back));
    if let Some((fifth, sixth)) = row.more.filter(|more| *more != ("0", UNDEF)) {
        flags.push(';');
        flags.push_str(fifth);
        flags.push(';');
        flags.push_str(sixth);
    }
    let provenance = Provenance::Official { file: 0, line: row.at.line };
    Mapping { targets, relationship, provenance, flags }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"Q10.0;Q10.0;A;A\r\nQ11.0;Q11.00;;A\r\nQ11.0;Q11.01;;A\r\nQ12.0;Q12.0;;A\r\n\
        Q13.0;Q13.9;A;A\r\nUNDEF;Q14.0;;A\r\nQ15.0;UNDEF;A;\r\nQ16.0;Q16.0;A;A;1;Q17.6-\r\nQ18.0;Q18.0;A;A\r\n\
        Q19.0;Q18.0;A;\r\n";

    fn id(name: &str, folders: &[&str]) -> Option<String> {
        let file = InputFile::from_bytes(name, folders, TABLE);
        recognise_transition(&file, TABLE).map(|id| id.to_string())
    }

    #[test]
    fn years_from_the_name_or_the_archive() {
        let expected = Some("icd10gm@2007..icd10gm@2008/umsteiger");
        assert_eq!(id("umsteiger20072008.txt", &[]).as_deref(), expected);
        assert_eq!(
            id("Umsteiger.txt", &["Klassifikationsdateien", "x1ueb2007_2008.zip"]).as_deref(),
            expected
        );
        assert_eq!(id("umsteiger.txt", &["x1gut2008.zip"]).as_deref(), expected);
        assert_eq!(id("icd10gm2008syst_umsteiger_2007_2008_20221206.txt", &[]).as_deref(), expected);
        assert_eq!(id("umsteiger.txt", &["downloads"]), None);
        let file = InputFile::from_bytes("umsteiger20072008.txt", &[], b"01;x\r\n");
        assert_eq!(recognise_transition(&file, b"01;x\r\n"), None);
    }

    #[test]
    fn rows_become_mappings() {
        let file = InputFile::from_bytes("umsteiger20072008.txt", &[], TABLE);
        let mut diagnostics = Vec::new();
        let map =
            lower_transition(recognise_transition(&file, TABLE).unwrap(), &file, &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let rows = |code: &str| {
            let rows = map.get(&Code::from_official(code)).iter();
            let target = |t: &Targets| match t {
                Targets::One(code) => code.to_string(),
                _ => "-".to_owned(),
            };
            rows.map(|m| format!("{} {} {}", target(&m.targets), m.relationship.id(), m.flags))
                .collect::<Vec<_>>()
                .join(", ")
        };
        assert_eq!(rows("Q100"), "Q100 equivalent A;A");
        assert_eq!(rows("Q110"), "Q1100 related-to ;A, Q1101 related-to ;A");
        assert_eq!(rows("Q120"), "Q120 related-to ;A");
        assert_eq!(rows("Q130"), "Q139 related-to A;A");
        assert_eq!(rows("Q150"), "- not-related-to A;");
        assert_eq!(rows("Q160"), "Q160 equivalent A;A;1;Q17.6-");
        // Another code is merged into it, so that it means more than before.
        assert_eq!(rows("Q180"), "Q180 related-to A;A");
        assert_eq!(map.unmapped_targets, [Code::from_official("Q140")]);
        assert_eq!(map.len(), 9);
    }

    #[test]
    fn bad_rows_are_told() {
        let table = b"Q10.0;Q10.0;A;A\r\nUNDEF;UNDEF;;\r\nQ1;Q10.0;A;A\r\n";
        let file = InputFile::from_bytes("umsteiger20072008.txt", &[], table);
        let mut diagnostics = Vec::new();
        let id = recognise_transition(&file, b"Q10.0;Q10.0;A;A\r\n").unwrap();
        assert_eq!(lower_transition(id, &file, &mut diagnostics).unwrap().len(), 1);
        let rules: Vec<_> = diagnostics.iter().map(|d| d.rule).collect();
        assert_eq!(rules, [Rule::BadCode, Rule::OddValue]);
    }
}
