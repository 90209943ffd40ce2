//! The files of a concept map: `mappings.parquet` and `map.json`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field};
use serde::{Deserialize, Serialize};
use xwalk_model::{Code, ConceptMap, MapId, Mapping, Provenance, Relationship, SourceFile, Targets};

use crate::edition_files::{batches, projected, write_file};
use crate::error::LibraryError;
use crate::manifest::FORMAT_VERSION;

const MAPPINGS: &str = "mappings.parquet";
const RELATIONSHIPS: [Relationship; 5] = [
    Relationship::Equivalent,
    Relationship::SourceIsNarrowerThanTarget,
    Relationship::SourceIsBroaderThanTarget,
    Relationship::RelatedTo,
    Relationship::NotRelatedTo,
];

/// What `map.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapManifest {
    /// Version of the layout of the folder.
    pub format_version: u32,
    /// Name of the map.
    pub id: MapId,
    /// Number of source codes.
    pub sources_mapped: u64,
    /// Number of alternatives.
    pub mappings: u64,
    /// What a reader has to know.
    pub remarks: Vec<String>,
    /// The files it was read from.
    pub sources: Vec<SourceFile>,
    /// Codes of the target edition stated to have no source.
    pub unmapped_targets: Vec<Code>,
}

impl MapManifest {
    /// The manifest of a map.
    pub fn of(map: &ConceptMap) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            id: map.id.clone(),
            sources_mapped: map.elements.len() as u64,
            mappings: map.len() as u64,
            remarks: map.remarks.clone(),
            sources: map.sources.clone(),
            unmapped_targets: map.unmapped_targets.clone(),
        }
    }
}

/// Writes the mappings: a row for each code of each slot of each alternative. An alternative without a target has one
/// row without one; `slot` is 0 and `scenario` empty outside combinations.
pub(crate) fn write(map: &ConceptMap, folder: &Path) -> Result<(), LibraryError> {
    let mut texts: Vec<StringBuilder> = (0..5).map(|_| StringBuilder::new()).collect();
    let mut numbers: Vec<Int32Builder> = (0..5).map(|_| Int32Builder::new()).collect();
    for (source, mappings) in &map.elements {
        for (number, mapping) in mappings.iter().enumerate() {
            let (scenario, slots): (Option<i32>, Vec<Vec<Option<&Code>>>) = match &mapping.targets {
                Targets::NoMap => (None, vec![vec![None]]),
                Targets::One(code) => (None, vec![vec![Some(code)]]),
                Targets::Combination { scenario, slots } => {
                    (Some(i32::from(*scenario)), slots.iter().map(|s| s.iter().map(Some).collect()).collect())
                }
            };
            let (file, line, basis) = match &mapping.provenance {
                Provenance::Official { file, line } => {
                    (Some(i32::from(*file)), i32::try_from(*line).ok(), None)
                }
                other => (None, None, serde_json::to_string(other).ok()),
            };
            for (slot, targets) in slots.iter().enumerate() {
                for target in targets {
                    texts[0].append_value(source.as_str());
                    texts[1].append_option(target.map(Code::as_str));
                    texts[2].append_value(mapping.relationship.id());
                    texts[3].append_value(&mapping.flags);
                    texts[4].append_option(basis.as_deref());
                    numbers[0].append_value(i32::try_from(number).unwrap_or(i32::MAX));
                    numbers[1].append_option(scenario);
                    numbers[2].append_value(i32::try_from(slot).unwrap_or(i32::MAX));
                    numbers[3].append_option(file);
                    numbers[4].append_option(line);
                }
            }
        }
    }
    let names = [
        "source",
        "target",
        "relationship",
        "flags",
        "basis",
        "alternative",
        "scenario",
        "slot",
        "file",
        "line",
    ];
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (name, mut builder) in names.iter().zip(texts) {
        fields.push(Field::new(*name, DataType::Utf8, true));
        columns.push(Arc::new(builder.finish()));
    }
    for (name, mut builder) in names[5..].iter().zip(numbers) {
        fields.push(Field::new(*name, DataType::Int32, true));
        columns.push(Arc::new(builder.finish()));
    }
    write_file(&folder.join(MAPPINGS), fields, columns)
}

/// The codes of a map in pairs of source and target, one for each row that has a target.
pub(crate) fn read_pairs(folder: &Path) -> Result<Vec<(Code, Code)>, LibraryError> {
    let path = folder.join(MAPPINGS);
    let wrong = || LibraryError::Damaged { path: path.clone(), reason: "a column is missing".to_owned() };
    let mut pairs = Vec::new();
    for batch in projected(&path, Some(&["source", "target"]))? {
        let batch = batch?;
        let text =
            |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).ok_or_else(wrong);
        let (sources, targets) = (text("source")?, text("target")?);
        let row = |(source, target): (Option<&str>, Option<&str>)| {
            Some((Code::from_official(source?), Code::from_official(target?)))
        };
        pairs.extend(sources.iter().zip(targets).filter_map(row));
    }
    Ok(pairs)
}

/// Reads a map back from its folder.
pub(crate) fn read(manifest: &MapManifest, folder: &Path) -> Result<ConceptMap, LibraryError> {
    let path = folder.join(MAPPINGS);
    let wrong = |reason: &str| LibraryError::Damaged { path: path.clone(), reason: reason.to_owned() };
    let mut map = ConceptMap::new(manifest.id.clone());
    map.sources.clone_from(&manifest.sources);
    map.remarks.clone_from(&manifest.remarks);
    map.unmapped_targets.clone_from(&manifest.unmapped_targets);
    // The rows of one alternative follow each other, also across batches.
    let mut open: Option<i32> = None;
    let mut elements = Elements::default();
    for batch in batches(&path)? {
        let batch = batch?;
        let text = |name: &str| {
            let column = batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
            column.ok_or_else(|| wrong("a column is missing"))
        };
        let number = |name: &str| {
            let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int32Type>());
            column.ok_or_else(|| wrong("a column is missing"))
        };
        let (source, target) = (text("source")?, text("target")?);
        let (relationship, flags, basis) = (text("relationship")?, text("flags")?, text("basis")?);
        let (alternative, scenario, slot) = (number("alternative")?, number("scenario")?, number("slot")?);
        let (file, line) = (number("file")?, number("line")?);
        for row in 0..batch.num_rows() {
            let code = (!target.is_null(row)).then(|| Code::from_official(target.value(row)));
            let key = (source.value(row), alternative.value(row));
            if open == Some(key.1) && elements.is_open(key.0) {
                let Some(Targets::Combination { slots, .. }) = elements.last().map(|m| &mut m.targets) else {
                    return Err(wrong("a further row of an alternative that is no combination"));
                };
                let at = usize::try_from(slot.value(row)).map_err(|_| wrong("a negative slot"))?;
                if at > slots.len() {
                    return Err(wrong("a slot is missing"));
                }
                if at == slots.len() {
                    slots.push(Vec::new());
                }
                slots[at].extend(code);
                continue;
            }
            let targets = match (code, scenario.is_null(row)) {
                (None, _) => Targets::NoMap,
                (Some(code), true) => Targets::One(code),
                (Some(code), false) => Targets::Combination {
                    scenario: u8::try_from(scenario.value(row))
                        .map_err(|_| wrong("a scenario out of range"))?,
                    slots: vec![vec![code]],
                },
            };
            let provenance = if basis.is_null(row) {
                Provenance::Official {
                    file: u16::try_from(file.value(row)).map_err(|_| wrong("a file out of range"))?,
                    line: u32::try_from(line.value(row)).map_err(|_| wrong("a line out of range"))?,
                }
            } else {
                serde_json::from_str(basis.value(row)).map_err(|_| wrong("a basis that is not understood"))?
            };
            let word = relationship.value(row);
            let relationship = RELATIONSHIPS.into_iter().find(|r| r.id() == word);
            let relationship = relationship.ok_or_else(|| wrong("an unknown relationship"))?;
            let mapping = Mapping { targets, relationship, provenance, flags: flags.value(row).into() };
            elements.push(key.0, mapping);
            open = Some(key.1);
        }
    }
    map.elements = elements.close();
    Ok(map)
}

/// The elements of a map as they come: the alternatives of a source together, and sources in order.
#[derive(Default)]
struct Elements(Vec<(Code, Vec<Mapping>)>);

impl Elements {
    /// Whether the last source is this one.
    fn is_open(&self, source: &str) -> bool {
        self.0.last().is_some_and(|(last, _)| last.as_str() == source)
    }

    /// The last alternative of the last source.
    fn last(&mut self) -> Option<&mut Mapping> {
        self.0.last_mut()?.1.last_mut()
    }

    fn push(&mut self, source: &str, mapping: Mapping) {
        match self.0.last_mut() {
            Some((last, mappings)) if last.as_str() == source => mappings.push(mapping),
            // Most sources have one alternative, and room for more in each would be room for more than the map.
            _ => self.0.push((Code::from_official(source), vec![mapping])),
        }
    }

    /// All of them; a source that came again has its alternatives together.
    fn close(mut self) -> BTreeMap<Code, Vec<Mapping>> {
        self.0.sort_by(|a, b| a.0.cmp(&b.0));
        self.0.dedup_by(|next, before| {
            let same = next.0 == before.0;
            if same {
                before.1.append(&mut next.1);
            }
            same
        });
        self.0.into_iter().collect()
    }
}
