//! The axes and definitions of ICD-10-PCS, added to the edition that its order file makes.

mod definitions;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use xwalk_formats::pcs_tables::{self, Axis, Row, Table, Tables};
use xwalk_model::{CodeSystem, ConceptIx, Diagnostic, EditionBuilder, Rule, SharedAttribute};

use crate::error::ImportError;
use crate::recognise::FileKind;
use crate::release::{Release, bad_record};

/// How many codes a diagnostic names before it only counts.
const NAMED: usize = 5;

/// Adds the axes of every code as attributes, and the definitions of its table as notes.
pub(crate) fn add_axes(
    release: &Release,
    builder: &mut EditionBuilder,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), ImportError> {
    if release.id.system != CodeSystem::Icd10pcs {
        return Ok(());
    }
    let Some(file) = release.file(FileKind::PcsTables) else {
        if let Some(file) = release.file(FileKind::PcsDefinitions) {
            let message =
                "the definitions say what values mean, and need the tables XML to tell which codes have them";
            diagnostics.push(Diagnostic::new(Rule::NotUsed, file.name(), message));
        }
        return Ok(());
    };
    let bytes = file.bytes()?;
    let tables = match pcs_tables::read(&bytes) {
        Ok(tables) => tables,
        Err(error) => {
            diagnostics.push(bad_record(file.name(), &error));
            return Ok(());
        }
    };
    builder.source(file.source(FileKind::PcsTables.part(), &bytes));
    diagnostics.extend(tables.unknown.iter().map(|e| bad_record(file.name(), e)));
    check_version(release, &tables.version, file.name(), diagnostics);
    let codes: HashMap<String, ConceptIx> =
        builder.codes().map(|(ix, code)| (code.as_str().to_owned(), ix)).collect();
    let mut adding = Adding {
        file: file.name(),
        builder,
        codes: &codes,
        shared: HashMap::new(),
        seen: HashSet::new(),
        diagnostics,
    };
    adding.tables(&tables);
    if let Some(file) = release.file(FileKind::PcsDefinitions) {
        let bytes = file.bytes()?;
        match xwalk_formats::pcs_definitions::read(&bytes) {
            Ok(read) => {
                builder.source(file.source(FileKind::PcsDefinitions.part(), &bytes));
                diagnostics.extend(read.unknown.iter().map(|e| bad_record(file.name(), e)));
                check_version(release, &read.version, file.name(), diagnostics);
                definitions::add(builder, &tables, &read, &codes, file.name(), diagnostics);
            }
            Err(error) => diagnostics.push(bad_record(file.name(), &error)),
        }
    } else {
        definitions::add_from_tables(builder, &tables, &codes);
    }
    Ok(())
}

/// Says of tables and definitions without an order file why they make no edition.
pub(crate) fn without_order_file(release: &Release, diagnostics: &mut Vec<Diagnostic>) {
    for kind in [FileKind::PcsTables, FileKind::PcsDefinitions] {
        if let Some(file) = release.file(kind) {
            let message = "it adds to the codes of an order file, and there is none for this edition";
            let hint = format!("pass icd10pcs_order_{}.txt as well", release.id.version);
            diagnostics.push(Diagnostic::new(Rule::NotUsed, file.name(), message).hint(hint));
        }
    }
}

fn check_version(release: &Release, stated: &str, file: &Arc<str>, diagnostics: &mut Vec<Diagnostic>) {
    let year = release.id.version.year_month().map(|(year, _)| year.to_string());
    if year.is_some_and(|year| !stated.is_empty() && year != stated) {
        let message =
            format!("the file says that it is of version {stated}, and was read for {}", release.id);
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file, message));
    }
}

/// The first three characters of the codes of a table.
fn table_code(table: &Table) -> String {
    table.axes.iter().filter_map(|a| a.labels.first()).map(|l| l.code.as_str()).collect()
}

/// The name of an attribute: the title of its axis, and its position where a row has two of that title.
fn attribute_name(axis: &Axis, twice: bool) -> String {
    let mut name = String::with_capacity(axis.title.len() + 2);
    for c in axis.title.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    if twice { format!("{name}-{}", axis.position) } else { name.to_owned() }
}

struct Adding<'a> {
    file: &'a Arc<str>,
    builder: &'a mut EditionBuilder,
    codes: &'a HashMap<String, ConceptIx>,
    shared: HashMap<(String, String), SharedAttribute>,
    /// The codes that a row made.
    seen: HashSet<ConceptIx>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Adding<'_> {
    fn tell(&mut self, rule: Rule, at: xwalk_model::Position, message: String) {
        self.diagnostics.push(Diagnostic::new(rule, self.file, message).at(at));
    }

    fn tables(&mut self, tables: &Tables) {
        let mut stated = 0u64;
        for table in &tables.tables {
            let code = table_code(table);
            match self.codes.get(&code) {
                Some(&ix) if code.len() == 3 => {
                    self.seen.insert(ix);
                    let whole: Vec<&Axis> = table.axes.iter().collect();
                    for attribute in self.attributes(&whole).into_iter().filter_map(|a| a.first().copied()) {
                        self.builder.attribute_of(ix, attribute);
                    }
                }
                _ => {
                    let message = format!("the table \"{code}\" is not a header of the order file");
                    self.tell(Rule::CodesDisagree, table.at, message);
                }
            }
            for row in &table.rows {
                stated += row.codes.unwrap_or_default();
                self.row(table, &code, row);
            }
        }
        self.missing(stated);
    }

    /// The attributes of axes: for each axis one for each of its labels.
    fn attributes(&mut self, axes: &[&Axis]) -> Vec<Vec<SharedAttribute>> {
        let twice = |axis: &Axis| axes.iter().filter(|a| a.title == axis.title).count() > 1;
        let mut all = Vec::with_capacity(axes.len());
        for axis in axes {
            let name = attribute_name(axis, twice(axis));
            let values = axis.labels.iter().map(|label| {
                let value = format!("{}: {}", label.code, label.text);
                *self
                    .shared
                    .entry((name.clone(), value))
                    .or_insert_with_key(|(name, value)| self.builder.shared_attribute(name, value))
            });
            all.push(values.collect());
        }
        all
    }

    fn row(&mut self, table: &Table, table_code: &str, row: &Row) {
        for axis in &row.axes {
            if axis.values.is_some_and(|v| v != axis.labels.len() as u64) {
                let message = format!(
                    "the axis {} states {} values and has {}",
                    axis.title,
                    axis.values.unwrap_or_default(),
                    axis.labels.len()
                );
                self.tell(Rule::CodesDisagree, axis.at, message);
            }
        }
        let makes = row.axes.iter().try_fold(1usize, |n, a| n.checked_mul(a.labels.len()));
        // No row makes more codes than there are; a damaged one could claim billions.
        let Some(makes) = makes.filter(|n| *n <= self.builder.len().max(1)) else {
            let message =
                format!("the row of {table_code} makes more codes than the order file has; it was not used");
            return self.tell(Rule::CodesDisagree, row.at, message);
        };
        if row.codes.is_some_and(|stated| stated != makes as u64) {
            let message = format!(
                "the row of {table_code} states {} codes and makes {makes}",
                row.codes.unwrap_or_default()
            );
            self.tell(Rule::CodesDisagree, row.at, message);
        }
        let axes: Vec<&Axis> = table.axes.iter().chain(&row.axes).collect();
        let attributes = self.attributes(&axes);
        let mut unknown: Vec<String> = Vec::new();
        let mut repeated: Vec<String> = Vec::new();
        let mut unknown_count = 0usize;
        let mut code = String::with_capacity(8);
        for number in 0..makes {
            code.clear();
            code.push_str(table_code);
            // The last axis runs fastest, as in the order file.
            let mut left = makes;
            let mut rest = number;
            let mut chosen = [0usize; 16];
            for (i, axis) in row.axes.iter().enumerate().take(chosen.len()) {
                left /= axis.labels.len().max(1);
                chosen[i] = rest / left.max(1);
                rest %= left.max(1);
                code.push_str(axis.labels.get(chosen[i]).map_or("", |l| &l.code));
            }
            let Some(&ix) = self.codes.get(code.as_str()) else {
                unknown_count += 1;
                if unknown.len() < NAMED {
                    unknown.push(code.clone());
                }
                continue;
            };
            if !self.seen.insert(ix) {
                repeated.push(code.clone());
                continue;
            }
            for (at, values) in attributes.iter().enumerate() {
                let which =
                    at.checked_sub(table.axes.len()).map_or(0, |i| chosen.get(i).copied().unwrap_or(0));
                if let Some(attribute) = values.get(which) {
                    self.builder.attribute_of(ix, *attribute);
                }
            }
        }
        if unknown_count > 0 {
            let message = format!(
                "{unknown_count} codes of the row are not in the order file, for instance {}",
                unknown.join(", ")
            );
            self.tell(Rule::CodesDisagree, row.at, message);
        }
        if let Some(first) = repeated.first() {
            let message =
                format!("{} codes of the row stand in a row above, for instance {first}", repeated.len());
            self.tell(Rule::CodesDisagree, row.at, message);
        }
    }

    /// Codes of the order file that no table makes, and the sum that the rows state.
    fn missing(&mut self, stated: u64) {
        let mut missing: Vec<String> = Vec::new();
        let (mut count, mut whole) = (0usize, 0u64);
        for (ix, code) in self.builder.codes() {
            whole += u64::from(code.as_str().len() == 7);
            if !self.seen.contains(&ix) {
                count += 1;
                if missing.len() < NAMED {
                    missing.push(code.to_string());
                }
            }
        }
        if count > 0 {
            let message = format!(
                "{count} codes of the order file are in no table, for instance {}; they were kept",
                missing.join(", ")
            );
            self.diagnostics.push(Diagnostic::new(Rule::CodesDisagree, self.file, message));
        }
        if stated != whole {
            let message = format!("the rows state {stated} codes together, and the order file has {whole}");
            self.diagnostics.push(Diagnostic::new(Rule::CodesDisagree, self.file, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InputFile;

    const TABLES: &str = "<ICD10PCS.tabular><version>2026</version><pcsTable>\
        <axis pos=\"1\" values=\"1\"><title>Section</title><label code=\"B\">Imaging</label></axis>\
        <axis pos=\"2\" values=\"1\"><title>Body System</title><label code=\"0\">Nervous</label></axis>\
        <axis pos=\"3\" values=\"1\"><title>Type</title><label code=\"0\">Plain</label>\
        <definition>Planar display</definition></axis><pcsRow codes=\"2\">\
        <axis pos=\"4\" values=\"1\"><title>Body Part</title><label code=\"B\">Spinal Cord</label></axis>\
        <axis pos=\"5\" values=\"2\"><title>Contrast</title><label code=\"0\">High</label><label code=\"1\">Low</label></axis>\
        <axis pos=\"6\" values=\"1\"><title>Qualifier</title><label code=\"Z\">None</label></axis>\
        <axis pos=\"7\" values=\"1\"><title>Qualifier</title><label code=\"Z\">None</label></axis>\
        </pcsRow></pcsTable></ICD10PCS.tabular>";

    fn import(order: &[&str], tables: &str) -> (xwalk_model::Edition, Vec<String>) {
        let line = |(i, code): (usize, &&str)| {
            let flag = u8::from(code.len() == 7);
            format!(
                "{:05} {code:<7} {flag} {:<60} Title
",
                i + 1,
                "Title"
            )
        };
        let text: String = order.iter().enumerate().map(line).collect();
        let files = vec![
            (FileKind::OrderFile, InputFile::from_bytes("order.txt", &[], text.as_bytes())),
            (FileKind::PcsTables, InputFile::from_bytes("tables.xml", &[], tables.as_bytes())),
        ];
        let release = Release { id: "icd10pcs@2026".parse().unwrap(), files };
        let imported = release.import().unwrap();
        (imported.edition.unwrap(), imported.diagnostics.iter().map(|d| d.message.clone()).collect())
    }

    #[test]
    fn a_code_explains_itself() {
        let (edition, told) = import(&["B00", "B00B0ZZ", "B00B1ZZ"], TABLES);
        assert!(told.is_empty(), "{told:?}");
        let code = edition.get(&xwalk_model::Code::from_official("B00B1ZZ")).unwrap();
        let all: Vec<_> = code.attributes().map(|a| format!("{}={}", a.name, a.value)).collect();
        assert_eq!(
            all.join(" | "),
            "body-part=B: Spinal Cord | body-system=0: Nervous | contrast=1: Low | qualifier-6=Z: None | \
             qualifier-7=Z: None | section=B: Imaging | type=0: Plain"
        );
        let header = edition.get(&xwalk_model::Code::from_official("B00")).unwrap();
        assert_eq!(header.notes().next().map(|n| n.text), Some("Planar display"));
        assert_eq!(header.attribute("type"), Some("0: Plain"));
    }

    #[test]
    fn every_disagreement_is_told() {
        let (_, told) = import(&["B00", "B00B0ZZ", "B00BYZZ"], TABLES);
        assert!(
            told.iter()
                .any(|m| m.contains("1 codes of the row are not in the order file, for instance B00B1ZZ"))
        );
        assert!(
            told.iter()
                .any(|m| m.contains("1 codes of the order file are in no table, for instance B00BYZZ"))
        );
        let (_, told) = import(&["B00", "B00B0ZZ", "B00B1ZZ"], &TABLES.replace("codes=\"2\"", "codes=\"3\""));
        assert!(told.iter().any(|m| m == "the row of B00 states 3 codes and makes 2"), "{told:?}");
        assert!(told.iter().any(|m| m.contains("state 3 codes together")));
    }
}
