//! The NCHS conversion table lowered: one map for each date on which codes came into effect, from the edition of that
//! date back to the one before, as the table states it.
//!
//! The grammar of the "previous" column, as seen in the table of FY2026: one code; lists with commas or semicolons, and
//! ranges `H35.20-H35.23`, are alternatives; `and` and `&` mean codes used together; `I63.-` and `Code from categories
//! T36-T50` name categories; `None` says that there was no code. "A, B, C and D" lists four codes used together.

use std::collections::BTreeMap;

use xwalk_formats::conversion::{Record, records};
use xwalk_model::{
    Code, CodeSystem, ConceptMap, Diagnostic, EditionId, MapId, Mapping, Relationship, Rule, Targets,
};

use super::{ImportedMaps, official, stated};
use crate::error::ImportError;
use crate::input::InputFile;
use crate::release::bad_record;

pub(super) fn import(file: &InputFile, imported: &mut ImportedMaps) -> Result<(), ImportError> {
    let bytes = file.bytes()?;
    let rows = match records(&bytes) {
        Ok(rows) => rows,
        Err(error) => {
            imported.diagnostics.push(bad_record(file.name(), &error));
            return Ok(());
        }
    };
    let mut steps: BTreeMap<(i16, i8), Vec<(Code, Mapping)>> = BTreeMap::new();
    for row in rows {
        match lower(&row) {
            Ok((date, code, mapping)) => steps.entry(date).or_default().push((code, mapping)),
            Err(what) => {
                let message = format!("{what}; the row was left out");
                let found = Diagnostic::new(Rule::BadCell, file.name(), message).at(row.at);
                imported.diagnostics.push(found.hint("look the row up in the table and decide by hand"));
            }
        }
    }
    // Each table repeats the rows of all before it; its last step tells which one it is.
    let last = steps.keys().next_back().and_then(|date| edition_of(*date));
    let name = last.map_or("nchs-conversion".to_owned(), |id| format!("nchs-conversion-{}", id.version));
    let mut before: Option<EditionId> = None;
    for (date, elements) in steps {
        let Some(target) = edition_of(date) else { continue };
        // The first rows lead back to the edition of the October before.
        let source = before.take().or_else(|| edition_of((date.0 - 1, 10)));
        before = Some(target.clone());
        let Some(source) = source else { continue };
        let id = MapId { source: target, target: source, name: name.clone() };
        let mut map = ConceptMap::new(id);
        map.sources.push(file.source(super::MapKind::ConversionTable.part(), &bytes));
        for (code, mapping) in elements {
            if map.get(&code).iter().any(|m| m.targets == mapping.targets) {
                let message = format!("the row of {} stands twice", code.display(CodeSystem::Icd10cm));
                imported.diagnostics.push(Diagnostic::new(Rule::DuplicateRow, file.name(), message));
                continue;
            }
            map.push(code, mapping);
        }
        imported.maps.push(map);
    }
    Ok(())
}

/// The edition that came into effect on the first of a month.
fn edition_of((year, month): (i16, i8)) -> Option<EditionId> {
    let version = if month == 10 { (year + 1).to_string() } else { format!("{year}-{month:02}") };
    EditionId::new(CodeSystem::Icd10cm, &version).ok()
}

fn lower(row: &Record) -> Result<((i16, i8), Code, Mapping), String> {
    let date = effective(&row.effective)
        .ok_or_else(|| format!("`{}` is neither a year nor a date", row.effective))?;
    let code = Code::parse(CodeSystem::Icd10cm, &row.current).map_err(|e| e.to_string())?;
    let (slots, flags) = previous(&row.previous)
        .ok_or_else(|| format!("`{}` is not understood as previous codes", row.previous))?;
    let line = row.at.line;
    let targets = match slots.len() {
        0 => return Ok((date, code, stated(Targets::NoMap, Relationship::NotRelatedTo, line, &flags))),
        1 if slots[0].len() == 1 => Targets::One(slots[0][0].clone()),
        _ => Targets::Combination { scenario: 1, slots },
    };
    // The codes of before meant more, or the new code would not have been made.
    Ok((date, code, stated(targets, Relationship::SourceIsNarrowerThanTarget, line, &flags)))
}

fn effective(text: &str) -> Option<(i16, i8)> {
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year] if year.len() == 4 => Some((year.parse().ok()?, 10)),
        [year, month, _] => Some((year.parse().ok()?, month.parse().ok().filter(|m| (1..=12).contains(m))?)),
        _ => None,
    }
}

/// The slots of a cell, each with its alternatives, and what the cell looks like: `one`, `list`, `and`, `range`,
/// `category`, `none`, joined by blanks. `None` where the cell is not understood.
///
/// A range stands as one key `H3520-H3523`, a category with a dash `I63-`: only an edition can say what is in them.
fn previous(text: &str) -> Option<(Vec<Vec<Code>>, String)> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("none") {
        return Some((Vec::new(), "none".to_owned()));
    }
    let mut flags: Vec<&str> = Vec::new();
    let lower = text.to_ascii_lowercase().replace(" & ", " and ");
    let pieces: Vec<&str> = lower.split(" and ").collect();
    let mut slots: Vec<Vec<Code>> = Vec::new();
    for piece in &pieces {
        let items: Option<Vec<Code>> =
            piece.split([',', ';']).map(|item| reference(item.trim(), &mut flags)).collect();
        slots.push(items?);
    }
    if pieces.len() > 1 {
        flags.push("and");
        // "A, B, C and D" is one list of codes used together; a list in any other place has no plain reading.
        if slots[0].len() > 1 && pieces.len() == 2 && slots[1].len() == 1 && !text.contains(';') {
            let last = slots.remove(1);
            let all = slots.remove(0);
            slots = all.into_iter().chain(last).map(|code| vec![code]).collect();
        } else if slots.iter().any(|s| s.len() > 1) {
            return None;
        }
    } else if slots[0].len() > 1 {
        flags.push("list");
    }
    flags.sort_unstable();
    flags.dedup();
    Some((slots, if flags.is_empty() { "one".to_owned() } else { flags.join(" ") }))
}

/// One code, range or category, in lower case.
fn reference(item: &str, flags: &mut Vec<&'static str>) -> Option<Code> {
    let words = [
        "codes in categories",
        "code from categories",
        "a code from",
        "codes in category",
        "code from category",
    ];
    let stripped = words.iter().find_map(|w| item.strip_prefix(w));
    let (item, category) = (stripped.unwrap_or(item).trim(), stripped.is_some());
    let code = |text: &str| Code::parse(CodeSystem::Icd10cm, text).ok();
    if let Some((first, last)) = item.split_once('-').filter(|(_, last)| !last.is_empty()) {
        flags.push("range");
        if category {
            flags.push("category");
        }
        return Some(official(&format!("{}-{}", code(first)?, code(last)?)));
    }
    if let Some(above) = item.strip_suffix('-') {
        flags.push("category");
        return Some(official(&format!("{}-", code(above.trim_end_matches('.'))?)));
    }
    if category {
        flags.push("category");
    }
    code(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[&[&str]]>, flags: &str) {
        let seen = previous(text);
        let expected: Option<Vec<Vec<Code>>> = expected
            .map(|slots| slots.iter().map(|s| s.iter().map(|c| Code::from_official(c)).collect()).collect());
        assert_eq!(seen.as_ref().map(|(slots, _)| slots), expected.as_ref(), "{text}");
        assert_eq!(seen.map_or(String::new(), |(_, f)| f), flags, "{text}");
    }

    #[test]
    fn every_form_of_the_fy2026_table() {
        check("A04.7", Some(&[&["A047"]]), "one");
        check("T40.7X3D ", Some(&[&["T407X3D"]]), "one");
        check("None", Some(&[]), "none");
        check("C56.1 and C56.2", Some(&[&["C561"], &["C562"]]), "and");
        check("I63.011 AND I63.012", Some(&[&["I63011"], &["I63012"]]), "and");
        check("M93.001 & M93.002", Some(&[&["M93001"], &["M93002"]]), "and");
        check("G11.8 and E23.0 and K00.0", Some(&[&["G118"], &["E230"], &["K000"]]), "and");
        check("C50.919, C50.929", Some(&[&["C50919", "C50929"]]), "list");
        check("G93.3; R53.82", Some(&[&["G933", "R5382"]]), "list");
        check("H35.20-H35.23", Some(&[&["H3520-H3523"]]), "range");
        check("H02.101-H02.106; H02.109", Some(&[&["H02101-H02106", "H02109"]]), "list range");
        check("H44.20-H44.23 and H35.30", Some(&[&["H4420-H4423"], &["H3530"]]), "and range");
        check(
            "H02.201, H02.202, H02.204 and H02.205",
            Some(&[&["H02201"], &["H02202"], &["H02204"], &["H02205"]]),
            "and",
        );
        check("I63.- and P91.88", Some(&[&["I63-"], &["P9188"]]), "and category");
        check("Codes in Categories T15-T19", Some(&[&["T15-T19"]]), "category range");
        check(
            "K59.09 AND Code from categories T36-T50",
            Some(&[&["K5909"], &["T36-T50"]]),
            "and category range",
        );
        check("K31.89 and a code from R11-", Some(&[&["K3189"], &["R11-"]]), "and category");
    }

    #[test]
    fn what_is_not_understood_is_not_guessed() {
        check("see index", None, "");
        check("", None, "");
        check("A00.0, and", None, "");
        check("A00.0; A00.1 and A00.9", None, "");
        check("A00.0 and A00.1, A00.9", None, "");
    }

    #[test]
    fn a_map_for_each_date() {
        let text = "Current code assignment,Effective,Previous Code(s) Assignment\nA04.71,2017,A04.7\n\
                    J12.82,2021-01-01,J12.89\nB88.01,2025,B88.0\nB88.01,2025,B88.0\nB88.09,2025,B88.0 or so\n";
        let file = InputFile::from_bytes("conversion.csv", &[], text.as_bytes());
        let mut imported = ImportedMaps::default();
        import(&file, &mut imported).unwrap();
        let ids: Vec<String> = imported.maps.iter().map(|m| m.id.to_string()).collect();
        assert_eq!(
            ids,
            [
                "icd10cm@2018..icd10cm@2017/nchs-conversion-2026",
                "icd10cm@2021-01..icd10cm@2018/nchs-conversion-2026",
                "icd10cm@2026..icd10cm@2021-01/nchs-conversion-2026"
            ]
        );
        let rules: Vec<&str> = imported.diagnostics.iter().map(|d| d.rule.id()).collect();
        assert_eq!(rules, ["bad-cell", "duplicate-row"]);
    }
}
