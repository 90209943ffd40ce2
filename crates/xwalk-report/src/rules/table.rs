//! A migrated table in its author's own columns, order and style.

use std::collections::{BTreeMap, HashMap};
use std::io;

use xwalk_model::{Cell, Edition, Grid, SetColumns, SetDocument, TableLayout};
use xwalk_rules::{Action, Edit, Migration};

/// Names of the columns in which changes are marked.
const CHANGE: &str = "xwalk_change";
const REASON: &str = "xwalk_reason";

/// The table after a migration.
pub(super) fn migrated(
    document: &SetDocument,
    grid: &Grid,
    layout: &TableLayout,
    migrations: &[Migration],
    to: &Edition,
    marks: bool,
) -> io::Result<Grid> {
    let mut table = Table::new(document, grid, layout, to, marks);
    for (number, migration) in migrations.iter().enumerate() {
        table.apply(number, migration);
    }
    if let Some(problem) = table.problems.first() {
        return Err(io::Error::other(problem.clone()));
    }
    Ok(table.finish())
}

struct Table<'t> {
    document: &'t SetDocument,
    layout: TableLayout,
    grid: Grid,
    to: &'t Edition,
    marks: Option<[usize; 2]>,
    /// Old rows that go.
    gone: Vec<bool>,
    /// New rows behind an old one; those at its end behind the last.
    added: BTreeMap<usize, Vec<Vec<Cell>>>,
    /// New rows by code, where a row holds a code for several sets.
    by_code: HashMap<String, (usize, usize)>,
    /// Old rows by code.
    rows: HashMap<String, usize>,
    /// What could not be written.
    problems: Vec<String>,
    /// Descriptions of sets in tables with several columns of them.
    descriptions: HashMap<String, Cell>,
}

impl<'t> Table<'t> {
    fn new(
        document: &'t SetDocument,
        grid: &Grid,
        layout: &TableLayout,
        to: &'t Edition,
        marks: bool,
    ) -> Self {
        let mut table = Self {
            document,
            layout: layout.clone(),
            grid: grid.clone(),
            to,
            marks: None,
            gone: vec![false; grid.rows.len()],
            added: BTreeMap::new(),
            by_code: HashMap::new(),
            rows: HashMap::new(),
            problems: Vec::new(),
            descriptions: HashMap::new(),
        };
        if marks && layout.header.is_some() {
            table.marks = Some([table.column(CHANGE), table.column(REASON)]);
        }
        for set in &document.sets {
            for line in &set.lines {
                table.rows.insert(line.selector.to_string(), line.item as usize);
            }
        }
        if let SetColumns::Several(columns) = &layout.sets {
            for row in &grid.rows {
                for column in columns {
                    if let (Some(name), Some(text)) = (row.get(*column), row.get(column + 1)) {
                        table.descriptions.entry(name.text().into_owned()).or_insert_with(|| text.clone());
                    }
                }
            }
        }
        table
    }

    /// The column with a name, made behind the others where there is none.
    fn column(&mut self, name: &str) -> usize {
        let Some(header) = self.layout.header else {
            // Nothing would say what a further column is, and the list would not be read back as it is meant.
            self.problems.push(format!(
                "it has no row that names its columns, so there is no place for `{name}`; write one above the codes"
            ));
            return self.grid.rows.iter().map(Vec::len).max().unwrap_or(0);
        };
        let found = self.grid.rows[header].iter().position(|c| c.text().trim() == name);
        found.unwrap_or_else(|| {
            let width = self.grid.rows.iter().skip(header).map(Vec::len).max().unwrap_or(0);
            self.put(header, width, Cell::Text(name.to_owned()));
            width
        })
    }

    fn put(&mut self, row: usize, column: usize, cell: Cell) {
        put(&mut self.grid.rows[row], column, cell);
    }

    fn quoted(&self, text: &str) -> Cell {
        match self.layout.quote {
            Some(quote) => Cell::Text(format!("{quote}{text}{quote}")),
            None => Cell::Text(text.to_owned()),
        }
    }

    fn mark(&mut self, row: usize, edit: &Edit) {
        if let Some([change, reason]) = self.marks {
            self.put(row, change, Cell::Text(edit.action.id().to_owned()));
            self.put(row, reason, Cell::Text(edit.reason.clone()));
        }
    }

    fn apply(&mut self, number: usize, migration: &Migration) {
        let set = &self.document.sets[number];
        for edit in &migration.edits {
            let row = edit.line.map(|line| set.lines[line].item as usize);
            match (edit.action, row) {
                (Action::Remove, Some(row)) => self.remove(number, row, edit),
                (Action::Retire, Some(row)) => {
                    let column = match self.layout.valid_to {
                        Some(column) => column,
                        None => self.column("valid_to"),
                    };
                    self.layout.valid_to = Some(column);
                    let day = edit.last_day.map(|day| day.to_string()).unwrap_or_default();
                    self.put(row, column, Cell::Text(day));
                    self.mark(row, edit);
                }
                (Action::Rewrite, Some(row)) => {
                    let line = edit.line.map_or("", |line| set.lines[line].text.as_str());
                    let cell = self.grid.rows[row].get(self.layout.code).cloned().unwrap_or_default();
                    let text = cell.text().replacen(line, &edit.text, 1);
                    self.put(row, self.layout.code, Cell::Text(text));
                    self.mark(row, edit);
                }
                (Action::Add | Action::Exclude, _) => self.add(number, row, edit),
                (Action::Remove | Action::Retire | Action::Rewrite, None) => {}
            }
        }
    }

    fn remove(&mut self, number: usize, row: usize, edit: &Edit) {
        let name = self.document.sets[number].name.clone();
        match self.layout.sets.clone() {
            SetColumns::Flags(columns) => {
                if let Some(column) = self.flag_column(&columns, &name) {
                    self.put(row, column, Cell::Text("0".to_owned()));
                }
                let none = columns.iter().all(|c| {
                    self.grid.rows[row].get(*c).is_none_or(|cell| matches!(&*cell.text(), "" | "0"))
                });
                self.gone[row] = none;
                self.mark(row, edit);
            }
            SetColumns::Several(columns) => {
                let wanted = self.quoted(&name);
                let held =
                    |cell: Option<&Cell>| cell.is_some_and(|c| *c == wanted || c.text().trim() == name);
                for column in &columns {
                    if held(self.grid.rows[row].get(*column)) {
                        let blank = self.quoted(" ");
                        self.put(row, *column, blank);
                        self.put(row, column + 1, Cell::Text(" ".to_owned()));
                    }
                }
                let blank = |c: Option<&Cell>| {
                    c.is_none_or(|c| c.text().trim_matches(|c: char| c == ' ' || c == '\'').is_empty())
                };
                self.gone[row] = columns.iter().all(|c| blank(self.grid.rows[row].get(*c)));
                self.mark(row, edit);
            }
            SetColumns::One | SetColumns::Name(_) => {
                let code = self.layout.code;
                let cell = self.grid.rows[row].get(code).cloned().unwrap_or_default();
                let separator = [';', ',', '\n'].into_iter().find(|s| cell.text().contains(*s));
                match separator {
                    // Other codes of the same cell stay.
                    Some(separator) => {
                        let text = cell.text();
                        let rest: Vec<&str> =
                            text.split(separator).filter(|part| part.trim() != edit.text.as_str()).collect();
                        if rest.is_empty() {
                            self.gone[row] = true;
                        } else {
                            let rest = rest.join(&separator.to_string()).trim().to_owned();
                            self.put(row, code, Cell::Text(rest));
                            self.mark(row, edit);
                        }
                    }
                    None => self.gone[row] = true,
                }
            }
        }
    }

    fn flag_column(&self, columns: &[usize], name: &str) -> Option<usize> {
        let header = &self.grid.rows[self.layout.header?];
        columns.iter().copied().find(|c| header.get(*c).is_some_and(|cell| cell.text().trim() == name))
    }

    fn add(&mut self, number: usize, row: Option<usize>, edit: &Edit) {
        let name = self.document.sets[number].name.clone();
        let shared = matches!(self.layout.sets, SetColumns::Flags(_) | SetColumns::Several(_));
        let key = edit.code.to_string();
        if shared {
            if let Some(row) = self.rows.get(&key).copied().filter(|row| !self.gone[*row]) {
                let mut cells = std::mem::take(&mut self.grid.rows[row]);
                self.join(&mut cells, &name);
                self.grid.rows[row] = cells;
                self.mark(row, edit);
                return;
            }
            if let Some((behind, at)) = self.by_code.get(&key).copied() {
                let mut cells = std::mem::take(&mut self.added.entry(behind).or_default()[at]);
                self.join(&mut cells, &name);
                self.added.entry(behind).or_default()[at] = cells;
                return;
            }
        }
        let behind = row.unwrap_or_else(|| self.last_row(number));
        let mut cells = self.new_row(number, behind, edit);
        if shared {
            self.join(&mut cells, &name);
        }
        let list = self.added.entry(behind).or_default();
        self.by_code.insert(key, (behind, list.len()));
        list.push(cells);
    }

    /// The row behind which a set ends.
    fn last_row(&self, number: usize) -> usize {
        let lines = &self.document.sets[number].lines;
        lines.iter().map(|l| l.item as usize).max().unwrap_or(self.grid.rows.len().saturating_sub(1))
    }

    /// A row for a new code. What stands the same in every line of the set is taken over (its name, its owner, its
    /// identifiers); a price or a remark of another code is not.
    fn new_row(&mut self, number: usize, behind: usize, edit: &Edit) -> Vec<Cell> {
        let set = &self.document.sets[number];
        let neighbour = self.grid.rows.get(behind).cloned().unwrap_or_default();
        let shared = matches!(self.layout.sets, SetColumns::Flags(_) | SetColumns::Several(_));
        let mut cells = vec![Cell::Empty; neighbour.len()];
        if !shared && self.layout.header.is_some() {
            for (column, cell) in neighbour.iter().enumerate() {
                let same = |row: u32| self.grid.rows[row as usize].get(column) == Some(cell);
                if set.lines.len() > 1 && set.lines.iter().all(|l| same(l.item)) {
                    cells[column] = cell.clone();
                }
            }
        }
        match &self.layout.sets {
            SetColumns::Name(column) => {
                let name = neighbour.get(*column).cloned().unwrap_or_default();
                put(&mut cells, *column, name);
            }
            SetColumns::Flags(columns) => {
                for column in columns {
                    put(&mut cells, *column, neighbour.get(*column).map_or(Cell::Empty, zero));
                }
            }
            SetColumns::Several(columns) => {
                for column in columns {
                    put(&mut cells, *column, self.quoted(" "));
                    put(&mut cells, column + 1, Cell::Text(" ".to_owned()));
                }
            }
            SetColumns::One => {}
        }
        put(&mut cells, self.layout.code, self.quoted(&edit.text));
        for (column, text) in [
            (self.layout.title, Some(edit.title.clone())),
            (self.layout.version, Some(self.to.id().version.to_string())),
        ] {
            if let (Some(column), Some(text)) = (column, text) {
                put(&mut cells, column, Cell::Text(text));
            }
        }
        if let (Some(column), Some(system)) =
            (self.layout.system, self.layout.system.and_then(|c| neighbour.get(c)))
        {
            put(&mut cells, column, system.clone());
        }
        if edit.action == Action::Exclude {
            let column = match self.layout.mode {
                Some(column) => column,
                None => self.column("mode"),
            };
            self.layout.mode = Some(column);
            put(&mut cells, column, Cell::Text("exclude".to_owned()));
        } else if let Some(column) = self.layout.mode {
            let mode = neighbour.get(column).filter(|c| !c.text().to_lowercase().starts_with("ex"));
            put(&mut cells, column, mode.cloned().unwrap_or_default());
        }
        if let Some([change, reason]) = self.marks {
            put(&mut cells, change, Cell::Text(edit.action.id().to_owned()));
            put(&mut cells, reason, Cell::Text(edit.reason.clone()));
        }
        cells
    }

    /// Makes a row of a table with a column for each set, or several columns of sets, one of a further set.
    fn join(&mut self, cells: &mut Vec<Cell>, name: &str) {
        match &self.layout.sets.clone() {
            SetColumns::Flags(columns) => {
                if let Some(column) = self.flag_column(columns, name) {
                    put(cells, column, Cell::Number(1.0));
                }
                // The column before the flags holds their number.
                if let Some(count) = columns.first().and_then(|c| c.checked_sub(1)) {
                    let flags =
                        columns.iter().filter(|c| cells.get(**c).is_some_and(|x| x.text() == "1")).count();
                    put(cells, count, Cell::Number(flags as f64));
                }
            }
            SetColumns::Several(columns) => {
                let quoted = self.quoted(name);
                let free = |cells: &[Cell], c: usize| {
                    cells
                        .get(c)
                        .is_none_or(|x| x.text().trim_matches(|c: char| c == ' ' || c == '\'').is_empty())
                };
                match columns.iter().copied().find(|c| free(cells, *c)) {
                    Some(column) => {
                        let text = self.descriptions.get(&*quoted.text()).cloned().unwrap_or_default();
                        put(cells, column, quoted);
                        put(cells, column + 1, text);
                    }
                    None => {
                        let code =
                            cells.get(self.layout.code).map_or(String::new(), |c| c.text().into_owned());
                        let room = columns.len();
                        self.problems.push(format!(
                            "{code} belongs to {name} too, and its row has room for {room} sets only; add a column to the file"
                        ));
                    }
                }
            }
            SetColumns::One | SetColumns::Name(_) => {}
        }
    }

    fn finish(mut self) -> Grid {
        let mut rows = Vec::with_capacity(self.grid.rows.len());
        for (i, row) in std::mem::take(&mut self.grid.rows).into_iter().enumerate() {
            if !self.gone[i] {
                rows.push(row);
            }
            rows.extend(self.added.remove(&i).unwrap_or_default());
        }
        // Areas that were merged below the names of the columns would cover other rows now.
        let header = self.layout.header.unwrap_or(0) as u32;
        self.grid.merged.retain(|area| area[2] <= header);
        self.grid.rows = rows;
        self.grid.line_numbers.clear();
        self.grid
    }
}

fn zero(like: &Cell) -> Cell {
    match like {
        Cell::Text(_) => Cell::Text("0".to_owned()),
        _ => Cell::Number(0.0),
    }
}

fn put(cells: &mut Vec<Cell>, column: usize, cell: Cell) {
    if cells.len() <= column {
        cells.resize(column + 1, Cell::Empty);
    }
    cells[column] = cell;
}

/// A table as delimited text. Its cells are the author's own, so they are written as they are.
pub(super) fn write_text(grid: &Grid, out: &mut dyn io::Write) -> io::Result<()> {
    let terminator = if grid.crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut table = csv::WriterBuilder::new()
        .delimiter(grid.delimiter.unwrap_or(b','))
        .terminator(terminator)
        .flexible(true)
        .from_writer(out);
    for row in &grid.rows {
        table.write_record(row.iter().map(|cell| cell.text().into_owned()))?;
    }
    table.flush()
}
