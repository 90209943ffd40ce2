//! Value sets and rule sets: named lists of selectors, and the documents in which their authors keep them.
//!
//! A document stays as its author made it: the lines of its sets point back to the cells they were read from, so that
//! a migrated set can be written in the same notation, order and columns.

use std::sync::Arc;

use compact_str::CompactString;

use crate::{CodeSystem, Period, Position, Selector};

/// What a header code in a list of codes means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderMeaning {
    /// Itself alone: as FHIR, VSAC and AHRQ have it. It can be on no claim, which is warned of.
    #[default]
    Itself,
    /// Every code below it.
    Descendants,
}

/// One line of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLine {
    /// The selector as the author wrote it.
    pub text: CompactString,
    /// What it was read as.
    pub selector: Selector,
    /// Whether it takes codes away.
    pub exclude: bool,
    /// The days on which the line is in force; open where nothing is said.
    pub valid: Period,
    /// Index of the sheet in the document.
    pub sheet: u16,
    /// Which item of the document it was read from: the row of a table from 0, else the place among all items.
    pub item: u32,
    /// Row and column of the cell; in text the line and the byte.
    pub at: Position,
}

/// A named list of selectors of one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSet {
    /// The name that the document gives it; the file's name where it gives none.
    pub name: String,
    /// Who keeps it, where the document says so.
    pub owner: String,
    /// The code system of its lines.
    pub system: CodeSystem,
    /// Its lines in the author's order.
    pub lines: Vec<SetLine>,
}

impl ValueSet {
    /// The set without its lines.
    #[must_use]
    pub fn clone_head(&self) -> Self {
        Self { name: self.name.clone(), owner: self.owner.clone(), system: self.system, lines: Vec::new() }
    }
}

/// A cell of a table as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// A date, `YYYY-MM-DD`.
    Date(String),
}

impl Cell {
    /// The cell as text; a number without a fraction has no point.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Empty => "".into(),
            Self::Text(text) | Self::Date(text) => text.as_str().into(),
            Self::Number(number) => number.to_string().into(),
            Self::Bool(value) => if *value { "TRUE" } else { "FALSE" }.into(),
        }
    }

    /// Whether it holds nothing but blanks.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// One sheet of a workbook, or a delimited text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// Name of the sheet; empty for text.
    pub name: String,
    /// Rows from the first, each as long as its last cell.
    pub rows: Vec<Vec<Cell>>,
    /// Merged areas: first row, first column, last row, last column, from 0.
    pub merged: Vec<[u32; 4]>,
    /// The separator of a delimited text.
    pub delimiter: Option<u8>,
    /// Whether a delimited text ends its lines with CR LF.
    pub crlf: bool,
    /// Number of the line on which each row of a delimited text begins; empty for a sheet.
    pub line_numbers: Vec<u32>,
}

/// How the sets of a table are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetColumns {
    /// The whole table is one set.
    One,
    /// A column holds the name of the set.
    Name(usize),
    /// A column for each set, with a flag for membership (AHRQ comorbidity reference files).
    Flags(Vec<usize>),
    /// Several columns with names of sets, each followed by its description or not (AHRQ CCSR files).
    Several(Vec<usize>),
}

/// Where the parts of a table stand; all columns from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLayout {
    /// Index of the sheet.
    pub sheet: usize,
    /// Row of the column names, from 0; `None` where there is none.
    pub header: Option<usize>,
    /// Column of the codes.
    pub code: usize,
    /// How sets are told apart.
    pub sets: SetColumns,
    /// Column of titles.
    pub title: Option<usize>,
    /// Column of the code system.
    pub system: Option<usize>,
    /// Column of the code system's version.
    pub version: Option<usize>,
    /// Column of the owner.
    pub owner: Option<usize>,
    /// Column of `include` or `exclude`.
    pub mode: Option<usize>,
    /// Column of the first day.
    pub valid_from: Option<usize>,
    /// Column of the last day.
    pub valid_to: Option<usize>,
    /// The character that stands around each code (AHRQ CCSR files have apostrophes).
    pub quote: Option<char>,
}

/// The form in which an author keeps sets.
#[derive(Clone, Debug, PartialEq)]
pub enum SetForm {
    /// A workbook, with all its sheets.
    Workbook {
        /// The sheets.
        grids: Vec<Grid>,
        /// Where things stand.
        layout: TableLayout,
    },
    /// A delimited text.
    Text {
        /// The table.
        grid: Grid,
        /// Where things stand.
        layout: TableLayout,
    },
    /// A FHIR ValueSet as JSON.
    Fhir {
        /// The text as read.
        json: String,
    },
    /// The TOML form of rule sets.
    Toml {
        /// The text as read.
        toml: String,
    },
}

/// A file of sets, as its author made it.
#[derive(Clone, Debug, PartialEq)]
pub struct SetDocument {
    /// Name of the file.
    pub name: Arc<str>,
    /// Its sets, in the order in which they first appear.
    pub sets: Vec<ValueSet>,
    /// The form.
    pub form: SetForm,
}

impl SetDocument {
    /// The name of the file, with the sheet of a line where it is a workbook.
    pub fn place(&self, line: &SetLine) -> String {
        match &self.form {
            SetForm::Workbook { grids, .. } => match grids.get(usize::from(line.sheet)) {
                Some(grid) => format!("{}[{}]", self.name, grid.name),
                None => self.name.to_string(),
            },
            _ => self.name.to_string(),
        }
    }
}
