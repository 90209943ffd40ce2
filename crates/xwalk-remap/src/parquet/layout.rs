//! The columns of the table and of the output, and the metadata of both.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::{ArrowSchemaConverter, encode_arrow_schema};
use parquet::basic::{Compression, ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, PageIndexPolicy, ParquetMetaData, SortingColumn};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::{ColumnDescPtr, Type, TypePtr};

use super::source::Source;
use crate::columns;
use crate::error::RemapError;
use crate::options::{Field, Options, Place, Shape};

/// A column of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// A leaf of the input, copied.
    Old(usize),
    /// A field of a code column: the index of the code column, and that of the field.
    New(usize, usize),
}

/// The metadata with a column of texts read as a dictionary.
fn with_dictionary(plain: &ArrowReaderMetadata, at: usize) -> Result<ArrowReaderMetadata, ParquetError> {
    let mut fields: Vec<Arc<ArrowField>> = plain.schema().fields().iter().cloned().collect();
    if *fields[at].data_type() != DataType::Utf8 {
        return Ok(plain.clone());
    }
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    fields[at] = Arc::new(fields[at].as_ref().clone().with_data_type(dictionary));
    let schema = Schema::new_with_metadata(fields, plain.schema().metadata().clone());
    let options = ArrowReaderOptions::new()
        .with_page_index_policy(PageIndexPolicy::Optional)
        .with_skip_arrow_metadata(true)
        .with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options)
}

/// What a Parquet table looks like, and its output.
pub(crate) struct Layout {
    /// The metadata with types as Parquet has them, without what Arrow wrote beside.
    pub(crate) plain: ArrowReaderMetadata,
    /// The same with the types that Arrow wrote beside.
    pub(crate) hinted: ArrowReaderMetadata,
    /// The plain one with dates that are texts read as a dictionary, so that each is read once.
    pub(crate) dates: ArrowReaderMetadata,
    /// The code columns as indexes of top-level fields, in the order of the table.
    pub(crate) codes: Vec<usize>,
    /// Whether each is a list.
    pub(crate) lists: Vec<bool>,
    /// The date column.
    pub(crate) date: Option<usize>,
    pub(crate) fields: Vec<Field>,
    /// The leaves of the output in order.
    pub(crate) columns: Vec<Column>,
    /// The new columns, for each code column one for each field.
    pub(crate) new_fields: Vec<Vec<Arc<ArrowField>>>,
    /// The leaves of the new columns.
    pub(crate) new_descriptors: Vec<Vec<ColumnDescPtr>>,
    /// The schema of the output.
    pub(crate) schema: TypePtr,
    /// The same in types of Arrow.
    pub(crate) arrow: Arc<Schema>,
}

impl Layout {
    pub(crate) fn metadata(&self) -> &Arc<ParquetMetaData> {
        self.plain.metadata()
    }

    /// Reads the metadata of a file and finds the columns.
    pub(crate) fn read(file: &str, source: &Source, options: &Options) -> Result<Self, RemapError> {
        let wrong = || RemapError::parquet(file);
        let with = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let hinted = ArrowReaderMetadata::load(source, with.clone()).map_err(wrong())?;
        super::sound::ranges(hinted.metadata(), source).map_err(wrong())?;
        let skipping = with.with_skip_arrow_metadata(true);
        let plain = ArrowReaderMetadata::try_new(Arc::clone(hinted.metadata()), skipping).map_err(wrong())?;
        let names: Vec<String> = plain.schema().fields().iter().map(|f| f.name().clone()).collect();
        let found = columns::find(file, Some(&names), names.len(), options, &String::new)?;
        let mut codes = found.codes;
        codes.sort_unstable();
        let fields =
            if options.shape == Shape::Replace { vec![Field::Target] } else { options.fields.clone() };
        let names_of_new = if options.shape == Shape::Replace {
            codes.iter().map(|&at| vec![names[at].clone()]).collect()
        } else {
            columns::new_names(file, &names, &codes, options)?
        };
        let mut lists = Vec::new();
        for &at in &codes {
            let field = plain.schema().field(at);
            let is_list = is_text(field.data_type(), file, field.name())?;
            check_fixed(&plain, at, file, field.name())?;
            lists.push(is_list);
        }
        if let Some(at) = found.date {
            check_date(plain.schema().field(at), file)?;
            check_fixed(&plain, at, file, plain.schema().field(at).name())?;
        }
        let dates = match found.date {
            Some(at) => with_dictionary(&plain, at).map_err(wrong())?,
            None => plain.clone(),
        };
        let new_fields: Vec<Vec<Arc<ArrowField>>> = names_of_new
            .iter()
            .zip(&lists)
            .map(|(names, &list)| {
                let new = |(name, field): (&String, &Field)| {
                    Arc::new(ArrowField::new(name, kind(*field, list), true))
                };
                names.iter().zip(&fields).map(new).collect()
            })
            .collect();
        let mut layout = Self {
            codes,
            lists,
            date: found.date,
            fields,
            columns: Vec::new(),
            new_fields,
            new_descriptors: Vec::new(),
            schema: plain.parquet_schema().root_schema_ptr(),
            arrow: Arc::clone(hinted.schema()),
            plain,
            hinted,
            dates,
        };
        layout.arrange(file, options)?;
        Ok(layout)
    }

    /// Lays out the columns of the output.
    fn arrange(&mut self, file: &str, options: &Options) -> Result<(), RemapError> {
        let wrong = || RemapError::parquet(file);
        let all_new: Vec<Arc<ArrowField>> = self.new_fields.iter().flatten().cloned().collect();
        let converted = ArrowSchemaConverter::new().convert(&Schema::new(all_new.clone())).map_err(wrong())?;
        let new_types = converted.root_schema().get_fields();
        let descriptor = self.plain.parquet_schema();
        let mut types: Vec<TypePtr> = Vec::new();
        let mut arrow: Vec<Arc<ArrowField>> = Vec::new();
        let mut tail: (Vec<TypePtr>, Vec<Arc<ArrowField>>, Vec<Column>) = Default::default();
        let mut leaf = 0;
        let width = self.fields.len();
        // Each new column is one leaf, a list included.
        self.new_descriptors = converted.columns().chunks(width.max(1)).map(<[_]>::to_vec).collect();
        for (at, field) in descriptor.root_schema().get_fields().iter().enumerate() {
            let leaves = (leaf..descriptor.num_columns())
                .take_while(|l| descriptor.get_column_root_idx(*l) == at)
                .count();
            let code = self.codes.iter().position(|c| *c == at);
            if code.is_none() || options.shape != Shape::Replace {
                types.push(Arc::clone(field));
                arrow.push(Arc::clone(&self.hinted.schema().fields()[at]));
                self.columns.extend((leaf..leaf + leaves).map(Column::Old));
            }
            leaf += leaves;
            if let Some(code) = code {
                let new = code * width..(code + 1) * width;
                let columns = (0..width).map(|f| Column::New(code, f));
                if options.place == Place::Beside || options.shape == Shape::Replace {
                    types.extend(new_types[new.clone()].iter().cloned());
                    arrow.extend(all_new[new].iter().cloned());
                    self.columns.extend(columns);
                } else {
                    tail.0.extend(new_types[new.clone()].iter().cloned());
                    tail.1.extend(all_new[new].iter().cloned());
                    tail.2.extend(columns);
                }
            }
        }
        types.extend(tail.0);
        arrow.extend(tail.1);
        self.columns.extend(tail.2);
        let root = Type::group_type_builder(descriptor.root_schema().name()).with_fields(types);
        self.schema = Arc::new(root.build().map_err(wrong())?);
        self.arrow = Arc::new(Schema::new_with_metadata(arrow, self.hinted.schema().metadata().clone()));
        Ok(())
    }

    /// The properties of the output's writer: the key-value metadata of the input, mended where it lists columns.
    pub(crate) fn properties(&self) -> WriterPropertiesBuilder {
        let mut pairs: Vec<KeyValue> =
            self.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
        for pair in &mut pairs {
            match pair.key.as_str() {
                "ARROW:schema" => pair.value = Some(encode_arrow_schema(&self.arrow)),
                "org.apache.spark.sql.parquet.row.metadata" => {
                    let mended = pair.value.as_deref().and_then(|text| self.spark_schema(text));
                    // Without the note Spark reads the schema of Parquet; with a stale one it would hide columns.
                    pair.value = mended;
                }
                _ => {}
            }
        }
        pairs.retain(|p| p.value.is_some() || p.key != "org.apache.spark.sql.parquet.row.metadata");
        WriterProperties::builder()
            .set_created_by(concat!("xwalk version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata((!pairs.is_empty()).then_some(pairs))
            .set_sorting_columns(self.sorting())
    }

    /// Spark's own schema, with the new columns in it.
    fn spark_schema(&self, text: &str) -> Option<String> {
        let mut schema: serde_json::Value = serde_json::from_str(text).ok()?;
        let old = schema.get("fields")?.as_array()?.clone();
        let new = self.arrow.fields().iter().map(|field| {
            let same = old.iter().find(|f| f["name"] == field.name().as_str());
            let added = self.new_fields.iter().flatten().any(|f| f == field);
            match same {
                Some(same) if !added => same.clone(),
                _ => serde_json::json!({
                    "name": field.name(), "type": spark_type(field.data_type()), "nullable": true, "metadata": {}
                }),
            }
        });
        schema["fields"] = new.collect();
        Some(schema.to_string())
    }

    /// The order that every row group states, under the new numbers of columns.
    fn sorting(&self) -> Option<Vec<SortingColumn>> {
        let mut groups = self.metadata().row_groups().iter().map(|g| g.sorting_columns());
        let first = groups.next()??;
        if !groups.all(|g| g == Some(first)) {
            return None;
        }
        let moved = |column: &SortingColumn| {
            let old = usize::try_from(column.column_idx).ok()?;
            let new = self.columns.iter().position(|c| *c == Column::Old(old))?;
            Some(SortingColumn { column_idx: i32::try_from(new).ok()?, ..column.clone() })
        };
        first.iter().map(moved).collect()
    }

    /// The leaf of a code column, for one that is not a list.
    pub(crate) fn leaf(&self, code: usize) -> usize {
        let descriptor = self.plain.parquet_schema();
        let root = self.codes[code];
        (0..descriptor.num_columns()).find(|l| descriptor.get_column_root_idx(*l) == root).unwrap_or(0)
    }

    /// How the pages of a code column are compressed; the new columns beside it are compressed alike.
    pub(crate) fn compression(&self, group: usize, code: usize) -> Compression {
        self.metadata().row_group(group).column(self.leaf(code)).compression()
    }
}

/// The type of a new column.
fn kind(field: Field, list: bool) -> DataType {
    let texts = |kind| DataType::List(Arc::new(ArrowField::new("element", kind, true)));
    match (field, list) {
        (Field::Count, false) => DataType::Int32,
        (Field::Count, true) => texts(DataType::Int32),
        (Field::Alternatives, false) => texts(DataType::Utf8),
        (_, false) => DataType::Utf8,
        (_, true) => texts(DataType::Utf8),
    }
}

fn spark_type(kind: &DataType) -> serde_json::Value {
    match kind {
        DataType::Int32 => "integer".into(),
        DataType::List(item) => serde_json::json!({
            "type": "array", "elementType": spark_type(item.data_type()), "containsNull": true
        }),
        _ => "string".into(),
    }
}

/// Whether a code column is a list; an error where it is neither text nor a list of texts.
fn is_text(kind: &DataType, file: &str, name: &str) -> Result<bool, RemapError> {
    let text = |kind: &DataType| {
        matches!(kind, DataType::Utf8 | DataType::Binary | DataType::FixedSizeBinary(_) | DataType::Null)
    };
    match kind {
        kind if text(kind) => Ok(false),
        DataType::List(item) if text(item.data_type()) => Ok(true),
        other => Err(RemapError::ColumnType {
            file: file.to_owned(),
            name: name.to_owned(),
            found: other.to_string(),
            expected: "text, a dictionary of texts or a list of texts, as codes are (a number has lost leading zeros)",
        }),
    }
}

/// Refuses values of a fixed length that are marked as something else than text. Some databases write CHAR columns so.
fn check_fixed(table: &ArrowReaderMetadata, at: usize, file: &str, name: &str) -> Result<(), RemapError> {
    let schema = table.parquet_schema();
    let columns = schema.columns().iter().enumerate();
    let of_root = columns.filter(|(leaf, _)| schema.get_column_root_idx(*leaf) == at);
    for (_, column) in of_root.filter(|(_, c)| c.physical_type() == PhysicalType::FIXED_LEN_BYTE_ARRAY) {
        let marked = match (column.logical_type_ref(), column.converted_type()) {
            (None | Some(LogicalType::String), ConvertedType::NONE | ConvertedType::UTF8) => continue,
            (Some(kind), _) => format!("{kind:?}"),
            (None, kind) => kind.to_string(),
        };
        return Err(RemapError::ColumnType {
            file: file.to_owned(),
            name: name.to_owned(),
            found: format!("FIXED_LEN_BYTE_ARRAY({}) marked as {marked}", column.type_length()),
            expected: "a text; values of a fixed length are taken for text where nothing marks them as anything else",
        });
    }
    Ok(())
}

fn check_date(field: &ArrowField, file: &str) -> Result<(), RemapError> {
    match field.data_type() {
        DataType::Date32 | DataType::Timestamp(_, _) | DataType::Utf8 | DataType::Binary => Ok(()),
        DataType::FixedSizeBinary(_) => Ok(()),
        DataType::Int32 | DataType::Int64 => Ok(()),
        other => Err(RemapError::ColumnType {
            file: file.to_owned(),
            name: field.name().clone(),
            found: other.to_string(),
            expected: "a date, a timestamp, a text, or a number such as 20231001",
        }),
    }
}
