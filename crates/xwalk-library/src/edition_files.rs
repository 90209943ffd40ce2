//! The Parquet files of an edition.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::WriterProperties;
use xwalk_model::{Code, ConceptIx, ConceptKind, Edition, EditionBuilder, NoteKind, Role};

use crate::error::LibraryError;
use crate::manifest::Manifest;

const CONCEPTS: &str = "concepts.parquet";
const DESIGNATIONS: &str = "designations.parquet";
const NOTES: &str = "notes.parquet";
const ATTRIBUTES: &str = "attributes.parquet";

const KINDS: [(ConceptKind, &str); 4] = [
    (ConceptKind::Chapter, "chapter"),
    (ConceptKind::Block, "block"),
    (ConceptKind::Code, "code"),
    (ConceptKind::Modifier, "modifier"),
];

/// Writes the files of an edition into an empty folder and syncs them. Files without rows are left out.
pub(crate) fn write(edition: &Edition, folder: &Path) -> Result<(), LibraryError> {
    write_concepts(edition, folder)?;
    let main = &edition.languages()[0];
    let mut further = Columns::new(&["code", "role", "language", "text"]);
    let mut notes = Columns::new(&["code", "kind", "text"]);
    let mut refs = ListBuilder::new(StringBuilder::new());
    let mut attributes = Columns::new(&["code", "name", "value"]);
    for concept in edition.concepts() {
        let code = concept.code().as_str();
        let mut first = Vec::new();
        for d in concept.designations() {
            if d.language == main && !first.contains(&d.role) {
                first.push(d.role);
            } else {
                further.row(&[code, d.role.id(), d.language, d.text]);
            }
        }
        for note in concept.notes() {
            notes.row(&[code, note.kind.id(), note.text]);
            refs.append_value(note.refs.iter().map(Some));
        }
        for attribute in concept.attributes() {
            attributes.row(&[code, attribute.name, attribute.value]);
        }
    }
    let refs: ArrayRef = Arc::new(refs.finish());
    let refs_field = Field::new("refs", refs.data_type().clone(), false);
    further.write(&folder.join(DESIGNATIONS), None)?;
    notes.write(&folder.join(NOTES), Some((refs_field, refs)))?;
    attributes.write(&folder.join(ATTRIBUTES), None)
}

fn write_concepts(edition: &Edition, folder: &Path) -> Result<(), LibraryError> {
    let (mut code, mut kind) = (StringBuilder::new(), StringBuilder::new());
    let (mut assignable, mut parent) = (BooleanBuilder::new(), StringBuilder::new());
    let roles = edition.roles();
    let mut titles: Vec<StringBuilder> = roles.iter().map(|_| StringBuilder::new()).collect();
    for concept in edition.concepts() {
        code.append_value(concept.code().as_str());
        kind.append_value(KINDS.iter().find(|(k, _)| *k == concept.kind()).map_or("code", |(_, id)| *id));
        assignable.append_value(concept.assignable());
        parent.append_option(concept.parent().map(|p| p.code().as_str()));
        for (role, column) in roles.iter().zip(&mut titles) {
            column.append_option(concept.designation(*role));
        }
    }
    let mut fields = vec![
        Field::new("code", DataType::Utf8, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("assignable", DataType::Boolean, false),
        Field::new("parent", DataType::Utf8, true),
    ];
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(code.finish()),
        Arc::new(kind.finish()),
        Arc::new(assignable.finish()),
        Arc::new(parent.finish()),
    ];
    for (role, mut column) in roles.iter().zip(titles) {
        fields.push(Field::new(role.id(), DataType::Utf8, true));
        columns.push(Arc::new(column.finish()));
    }
    write_file(&folder.join(CONCEPTS), fields, columns)
}

/// Text columns that fill up row by row.
struct Columns {
    names: Vec<&'static str>,
    builders: Vec<StringBuilder>,
    rows: usize,
}

impl Columns {
    fn new(names: &[&'static str]) -> Self {
        Self {
            names: names.to_vec(),
            builders: names.iter().map(|_| StringBuilder::new()).collect(),
            rows: 0,
        }
    }

    fn row(&mut self, values: &[&str]) {
        self.rows += 1;
        for (builder, value) in self.builders.iter_mut().zip(values) {
            builder.append_value(value);
        }
    }

    fn write(mut self, path: &Path, last: Option<(Field, ArrayRef)>) -> Result<(), LibraryError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut fields: Vec<Field> =
            self.names.iter().map(|n| Field::new(*n, DataType::Utf8, false)).collect();
        let mut columns: Vec<ArrayRef> =
            self.builders.iter_mut().map(|b| Arc::new(b.finish()) as ArrayRef).collect();
        if let Some((field, column)) = last {
            fields.push(field);
            columns.push(column);
        }
        write_file(path, fields, columns)
    }
}

pub(crate) fn write_file(
    path: &Path,
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
) -> Result<(), LibraryError> {
    let damaged = || LibraryError::damaged(path);
    let arrow = |e: arrow_schema::ArrowError| LibraryError::damaged(path)(e.into());
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(arrow)?;
    // Titles are nearly all different: a dictionary would only cost time.
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_created_by("xwalk".to_owned())
        .build();
    let file = fs_err::File::create(path).map_err(LibraryError::io(path))?;
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).map_err(damaged())?;
    writer.write(&batch).map_err(damaged())?;
    let file = writer.into_inner().map_err(damaged())?;
    file.sync_all().map_err(LibraryError::io(path))
}

/// How much of an edition is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    Whole,
    /// Codes, status, hierarchy, and of each concept the title that [`xwalk_model::Concept::title`] gives.
    Titles,
    /// Codes, status and hierarchy.
    Outline,
}

/// Room is made ahead for no more concepts, and no more bytes of titles.
const MOST_FORESEEN: usize = 1 << 20;
const MOST_TEXT_FORESEEN: usize = 64 << 20;

/// Reads an edition back from its folder.
pub(crate) fn read(manifest: &Manifest, folder: &Path, extent: Extent) -> Result<Edition, LibraryError> {
    let mut builder =
        EditionBuilder::new(manifest.id.clone(), manifest.languages.first().map_or("en", |l| l));
    builder.effective(manifest.effective);
    builder.hierarchy(manifest.hierarchy);
    for source in &manifest.sources {
        builder.source(source.clone());
    }
    for remark in &manifest.remarks {
        builder.remark(remark.clone());
    }
    if manifest.excerpt {
        builder.excerpt();
    }
    // The parent of a concept nearly always stands above it on the way to the last one.
    let mut above: Vec<ConceptIx> = Vec::new();
    let mut parents: Vec<(u32, String)> = Vec::new();
    let path = folder.join(CONCEPTS);
    let wrong = |reason: &str| LibraryError::Damaged { path: path.clone(), reason: reason.to_owned() };
    // A damaged manifest may state any number.
    let expected = (manifest.concepts as usize).min(MOST_FORESEEN);
    let mut at = Vec::with_capacity(expected);
    let mut columns = vec!["code", "kind", "assignable", "parent"];
    if extent == Extent::Titles {
        columns.extend(title_columns(&path)?);
    }
    let columns = (extent != Extent::Whole).then_some(&columns[..]);
    for batch in projected(&path, columns)? {
        let batch = batch?;
        let text = |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        let code = text("code").ok_or_else(|| wrong("no column code"))?;
        let kind = text("kind").ok_or_else(|| wrong("no column kind"))?;
        let parent = text("parent").ok_or_else(|| wrong("no column parent"))?;
        let assignable = batch
            .column_by_name("assignable")
            .and_then(|c| c.as_boolean_opt())
            .ok_or_else(|| wrong("no column assignable"))?;
        let titles: Vec<_> = Role::ALL.iter().filter_map(|r| Some((*r, text(r.id())?))).collect();
        if at.is_empty() {
            // The titles of the first concepts say about how long those of the others are.
            let size: usize = titles.iter().map(|(_, t)| t.value_data().len() + t.len()).sum();
            let times = expected / batch.num_rows().max(1) + 1;
            builder.reserve(expected, size.saturating_mul(times).min(MOST_TEXT_FORESEEN));
        }
        for row in 0..batch.num_rows() {
            let kind = KINDS
                .iter()
                .find(|(_, id)| *id == kind.value(row))
                .ok_or_else(|| wrong("an unknown kind of concept"))?;
            let ix = builder.concept(Code::from_official(code.value(row)), kind.0, assignable.value(row));
            at.push(ix);
            let told = titles.iter().filter(|(_, column)| !column.is_null(row));
            for (role, column) in told.take(if extent == Extent::Whole { titles.len() } else { 1 }) {
                builder.designation(ix, *role, column.value(row));
            }
            if parent.is_null(row) {
                above.clear();
            } else {
                let name = parent.value(row);
                match above.iter().rposition(|ix| builder.code(*ix).as_str() == name) {
                    Some(level) => {
                        builder.parent(ix, above[level]);
                        above.truncate(level + 1);
                    }
                    None => parents.push((ix.index() as u32, name.to_owned())),
                }
            }
            above.push(ix);
        }
    }
    let empty = extent != Extent::Whole && parents.is_empty();
    let numbers: HashMap<String, usize> = if empty {
        HashMap::new()
    } else {
        builder.codes().map(|(ix, code)| (code.to_string(), ix.index())).collect()
    };
    for (child, parent) in parents {
        let parent = numbers.get(&parent).ok_or_else(|| wrong("a parent that is not in the file"))?;
        builder.parent(at[child as usize], at[*parent]);
    }
    if extent != Extent::Whole {
        return builder.build().map_err(|source| LibraryError::Edition { id: manifest.id.clone(), source });
    }
    read_rows(folder, DESIGNATIONS, &["code", "role", "language", "text"], |row, _| {
        let ix = at[*numbers.get(row[0])?];
        let role = Role::ALL.into_iter().find(|r| r.id() == row[1])?;
        builder.designation_in(ix, role, row[2], row[3]);
        Some(())
    })?;
    read_rows(folder, NOTES, &["code", "kind", "text"], |row, refs| {
        let ix = at[*numbers.get(row[0])?];
        let kind = NoteKind::ALL.iter().copied().find(|k| k.id() == row[1])?;
        builder.note(ix, kind, row[2], refs);
        Some(())
    })?;
    read_rows(folder, ATTRIBUTES, &["code", "name", "value"], |row, _| {
        let ix = at[*numbers.get(row[0])?];
        builder.attribute(ix, row[1], row[2]);
        Some(())
    })?;
    builder.build().map_err(|source| LibraryError::Edition { id: manifest.id.clone(), source })
}

/// The columns that titles are taken from: up to the first that has one for every concept.
fn title_columns(path: &Path) -> Result<Vec<&'static str>, LibraryError> {
    let file = fs_err::File::open(path).map_err(LibraryError::io(path))?;
    let metadata =
        ParquetMetaDataReader::new().parse_and_finish(file.file()).map_err(LibraryError::damaged(path))?;
    let has_all = |role: &str| {
        metadata.row_groups().iter().all(|group| {
            let column = group.columns().iter().find(|c| c.column_path().string() == role);
            column.and_then(|c| c.statistics()?.null_count_opt()) == Some(0)
        })
    };
    let mut columns = Vec::new();
    for role in Role::ALL {
        columns.push(role.id());
        if has_all(role.id()) {
            break;
        }
    }
    Ok(columns)
}

/// The codes in an edition's folder, ordered.
pub(crate) fn read_codes(folder: &Path) -> Result<Vec<Code>, LibraryError> {
    let path = folder.join(CONCEPTS);
    let file = fs_err::File::open(&path).map_err(LibraryError::io(&path))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file.into_file()).map_err(LibraryError::damaged(&path))?;
    let only_code = ProjectionMask::columns(builder.parquet_schema(), ["code"]);
    let batches = builder.with_projection(only_code).build().map_err(LibraryError::damaged(&path))?;
    let mut codes = Vec::new();
    for batch in batches {
        let batch = batch.map_err(|e| LibraryError::damaged(&path)(e.into()))?;
        if let Some(column) = batch.column_by_name("code").and_then(|c| c.as_string_opt::<i32>()) {
            codes.extend(column.iter().flatten().map(Code::from_official));
        }
    }
    codes.sort_unstable();
    Ok(codes)
}

/// Calls `take` with each row of a file of text columns and its `refs`; passes over a file that is not there.
fn read_rows(
    folder: &Path,
    name: &str,
    columns: &[&str],
    mut take: impl FnMut(&[&str], Vec<String>) -> Option<()>,
) -> Result<(), LibraryError> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(());
    }
    let wrong = |reason: &str| LibraryError::Damaged { path: path.clone(), reason: reason.to_owned() };
    for batch in batches(&path)? {
        let batch = batch?;
        let arrays: Option<Vec<_>> = columns
            .iter()
            .map(|name| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()))
            .collect();
        let arrays = arrays.ok_or_else(|| wrong("a column is missing"))?;
        let refs = batch.column_by_name("refs").and_then(|c| c.as_list_opt::<i32>());
        let mut row = Vec::with_capacity(arrays.len());
        for i in 0..batch.num_rows() {
            row.clear();
            row.extend(arrays.iter().map(|a| a.value(i)));
            let listed = refs.map(|r| r.value(i)).and_then(|list| {
                let texts = list.as_string_opt::<i32>()?;
                Some(texts.iter().flatten().map(str::to_owned).collect())
            });
            take(&row, listed.unwrap_or_default())
                .ok_or_else(|| wrong("a row names a code or a kind that is not known"))?;
        }
    }
    Ok(())
}

pub(crate) fn batches(path: &Path) -> Result<impl Iterator<Item = Batch>, LibraryError> {
    projected(path, None)
}

/// Some rows of a file.
type Batch = Result<RecordBatch, LibraryError>;

/// Reads the titles of concepts, by their place in tabular order: those that `Concept::title` gives of a whole edition.
pub(crate) fn read_titles(
    folder: &Path,
    wanted: &dyn Fn(usize) -> bool,
) -> Result<Vec<(usize, String)>, LibraryError> {
    let path = folder.join(CONCEPTS);
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.id()).collect();
    let (mut found, mut before) = (Vec::new(), 0);
    for batch in reader(&path, Some(&roles), 4 * 1024)? {
        let batch = batch.map_err(|e| LibraryError::damaged(&path)(e.into()))?;
        let titles: Vec<&StringArray> = Role::ALL
            .iter()
            .filter_map(|role| batch.column_by_name(role.id())?.as_string_opt::<i32>())
            .collect();
        for row in (0..batch.num_rows()).filter(|row| wanted(before + row)) {
            if let Some(title) = titles.iter().find(|t| !t.is_null(row)) {
                found.push((before + row, title.value(row).to_owned()));
            }
        }
        before += batch.num_rows();
    }
    Ok(found)
}

/// The batches of a file, with some of its columns only.
pub(crate) fn projected(
    path: &Path,
    columns: Option<&[&str]>,
) -> Result<impl Iterator<Item = Batch>, LibraryError> {
    // Few rows at once: what one batch took is there for the next, while it is still near.
    let batches = reader(path, columns, 4 * 1024)?;
    Ok(batches.map(move |batch| batch.map_err(|e| LibraryError::damaged(path)(e.into()))))
}

fn reader(
    path: &Path,
    columns: Option<&[&str]>,
    rows: usize,
) -> Result<ParquetRecordBatchReader, LibraryError> {
    let file = fs_err::File::open(path).map_err(LibraryError::io(path))?;
    ParquetRecordBatchReaderBuilder::try_new(file.into_file())
        .and_then(|b| {
            let mask = match columns {
                Some(names) => ProjectionMask::columns(b.parquet_schema(), names.iter().copied()),
                None => ProjectionMask::all(),
            };
            b.with_projection(mask).with_batch_size(rows).build()
        })
        .map_err(LibraryError::damaged(path))
}
