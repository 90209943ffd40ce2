//! A change set in the forms that people and programs read.

mod csv;
mod json;
mod rows;
mod text;

use std::io;

use xwalk_model::{ChangeSet, Edition};

use crate::Look;

/// Which changes are shown; counts always cover all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Show only these kinds (`added`, `deleted`, `revised`, `status`, `scope`, `moved`, `recoded`, `note`,
    /// `attribute`);
    /// empty shows all.
    pub kinds: Vec<String>,
    /// Leave the changes out and show the counts alone.
    pub summary: bool,
}

impl Filter {
    fn shows(&self, kind: &str) -> bool {
        !self.summary && (self.kinds.is_empty() || self.kinds.iter().any(|k| k == kind))
    }
}

/// A change set with the editions that it stands between.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The differences.
    pub set: &'a ChangeSet,
    /// The baseline.
    pub from: &'a Edition,
    /// The edition compared with it.
    pub to: &'a Edition,
}

impl View<'_> {
    /// For people, in a terminal.
    pub fn write_text(&self, filter: &Filter, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
        text::write(self, filter, look, out)
    }

    /// For programs: the JSON contract of `diff`.
    pub fn write_json(&self, filter: &Filter, out: &mut dyn io::Write) -> io::Result<()> {
        json::write(self, filter, out)
    }

    /// For spreadsheets: a row for each change.
    pub fn write_csv(&self, filter: &Filter, out: &mut dyn io::Write) -> io::Result<()> {
        csv::write(self, filter, out)
    }
}
