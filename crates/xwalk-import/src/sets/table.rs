//! Tables lowered to sets: lists of people, VSAC exports, AHRQ comorbidity and CCSR files.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use xwalk_model::{
    Diagnostic, Grid, Period, Position, Rule, SetColumns, SetDocument, SetForm, SetLine, TableLayout,
    ValueSet,
};

use super::cell::{clean, selectors, spoiled};
use super::{Source, header, system_named};

pub(super) fn lower(
    source: &Source<'_>,
    mut grids: Vec<Grid>,
    workbook: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<SetDocument> {
    let layout = header::layout(source, &grids, workbook, diagnostics)?;
    let grid = grids.get(layout.sheet)?;
    let place: Arc<str> =
        if workbook { format!("{}[{}]", source.name, grid.name).into() } else { Arc::clone(source.name) };
    let mut rows = Rows {
        source,
        grid,
        layout: &layout,
        place,
        diagnostics,
        sets: Vec::new(),
        by_name: HashMap::new(),
        others: BTreeMap::new(),
    };
    for row in layout.header.map_or(0, |h| h + 1)..grid.rows.len() {
        rows.row(row);
    }
    rows.tell_others();
    let sets = rows.sets;
    let form = if workbook {
        SetForm::Workbook { grids, layout }
    } else {
        SetForm::Text { grid: grids.swap_remove(0), layout }
    };
    Some(source.document(sets, form))
}

struct Rows<'r> {
    source: &'r Source<'r>,
    grid: &'r Grid,
    layout: &'r TableLayout,
    place: Arc<str>,
    diagnostics: &'r mut Vec<Diagnostic>,
    sets: Vec<ValueSet>,
    by_name: HashMap<String, usize>,
    /// Lines of other systems: how many, and the first place.
    others: BTreeMap<String, (usize, Position)>,
}

impl Rows<'_> {
    fn at(&self, row: usize, column: usize) -> Position {
        let line = self.grid.line_numbers.get(row).copied().unwrap_or(row as u32 + 1);
        Position { byte: 0, line, column: column as u32 + 1 }
    }

    fn report(&mut self, rule: Rule, row: usize, column: usize, message: impl Into<String>, hint: &str) {
        let found = Diagnostic::new(rule, &self.place, message).at(self.at(row, column));
        self.diagnostics.push(if hint.is_empty() { found } else { found.hint(hint) });
    }

    fn text(&self, row: usize, column: Option<usize>) -> String {
        let cell = column.and_then(|c| self.grid.rows[row].get(c));
        cell.map_or(String::new(), |c| clean(c, self.layout.quote).0)
    }

    fn row(&mut self, row: usize) {
        let cells = &self.grid.rows[row];
        let code_column = self.layout.code;
        let Some(cell) = cells.get(code_column).filter(|c| !c.is_blank()) else { return };
        let (text, hidden) = clean(cell, self.layout.quote);
        // AHRQ closes each sheet with this line.
        if text.eq_ignore_ascii_case("end of content") {
            return;
        }
        let named = self.text(row, self.layout.system);
        if !named.is_empty() && system_named(&named) != Some(self.source.system) {
            let at = self.at(row, code_column);
            self.others.entry(named).or_insert((0, at)).0 += 1;
            return;
        }
        if hidden && self.layout.quote.is_none() {
            let message = format!("`{text}` stands between blanks that nobody sees; they were passed over");
            self.report(Rule::HiddenBlank, row, code_column, message, "take them out of the cell");
        }
        if let Some(fault) = spoiled(cell, &text, self.source.system) {
            self.report(fault.rule, row, code_column, fault.message, fault.hint);
            return;
        }
        let valid =
            Period { from: self.date(row, self.layout.valid_from), to: self.date(row, self.layout.valid_to) };
        let mode = self.text(row, self.layout.mode).to_ascii_lowercase();
        let exclude = mode.starts_with("ex") || mode == "-" || mode == "not";
        let names = self.names(row);
        let owner = match self.layout.owner {
            Some(_) => self.text(row, self.layout.owner),
            None => self.source.owner(),
        };
        for (text, selector) in selectors(&text, self.source.system) {
            let selector = match selector {
                Ok(selector) => selector,
                Err(fault) => {
                    self.report(fault.rule, row, code_column, fault.message, fault.hint);
                    continue;
                }
            };
            for name in &names {
                let line = SetLine {
                    text: text.as_str().into(),
                    selector: selector.clone(),
                    exclude,
                    valid,
                    sheet: self.layout.sheet as u16,
                    item: row as u32,
                    at: self.at(row, code_column),
                };
                self.set(name, &owner).lines.push(line);
            }
        }
    }

    fn date(&mut self, row: usize, column: Option<usize>) -> Option<Date> {
        let column = column?;
        let text = self.text(row, Some(column));
        if text.is_empty() {
            return None;
        }
        let found = date_of(&text);
        if found.is_none() {
            let message = format!("`{text}` is not a date; the line counts as open");
            self.report(Rule::OddValue, row, column, message, "write dates as 2025-09-30");
        }
        found
    }

    /// The sets that a row belongs to.
    fn names(&self, row: usize) -> Vec<String> {
        match &self.layout.sets {
            SetColumns::One => vec![self.source.stem.to_owned()],
            SetColumns::Name(column) => {
                let name = self.text(row, Some(*column));
                vec![if name.is_empty() { self.source.stem.to_owned() } else { name }]
            }
            SetColumns::Flags(columns) => {
                let head = self.layout.header.unwrap_or(0);
                let flagged = |column: &&usize| {
                    let text = self.text(row, Some(**column)).to_ascii_lowercase();
                    !matches!(text.as_str(), "" | "0" | "no" | "n" | "false")
                };
                columns.iter().filter(flagged).map(|c| self.text(head, Some(*c))).collect()
            }
            SetColumns::Several(columns) => {
                columns.iter().map(|c| self.text(row, Some(*c))).filter(|name| !name.is_empty()).collect()
            }
        }
    }

    fn set(&mut self, name: &str, owner: &str) -> &mut ValueSet {
        let next = self.sets.len();
        let at = match self.by_name.get(name) {
            Some(at) => *at,
            None => {
                self.by_name.insert(name.to_owned(), next);
                self.sets.push(ValueSet {
                    name: name.to_owned(),
                    owner: owner.to_owned(),
                    system: self.source.system,
                    lines: Vec::new(),
                });
                next
            }
        };
        &mut self.sets[at]
    }

    fn tell_others(&mut self) {
        for (named, (count, at)) in std::mem::take(&mut self.others) {
            let message = format!(
                "{count} lines are of {named}, not of {}; they were left as they are",
                self.source.system.name()
            );
            self.diagnostics.push(Diagnostic::new(Rule::OtherSystem, &self.place, message).at(at));
        }
        // Without a column that tells systems apart a list is of one system.
        let unknown: usize = self.diagnostics.iter().filter(|d| d.rule == Rule::MixedSystems).count();
        let lines: usize = self.sets.iter().map(|s| s.lines.len()).sum();
        if lines == 0 && unknown > 0 {
            let message = format!("no code of {} stands in it", self.source.system.name());
            self.diagnostics.push(
                Diagnostic::new(Rule::NotUnderstood, &self.place, message)
                    .hint("name editions of the system that the list is of"),
            );
        }
    }
}

/// Dates as people and spreadsheets write them; day and month only where the order cannot be mistaken.
fn date_of(text: &str) -> Option<Date> {
    let text = text.split(['T', ' ']).next().unwrap_or(text);
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let digits = |t: &str| t.len() == 8 && t.bytes().all(|b| b.is_ascii_digit());
    if digits(text) {
        return format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]).parse().ok();
    }
    // American files write month, day, year.
    let parts: Vec<i16> = text.split('/').map(|p| p.parse().unwrap_or(0)).collect();
    match parts[..] {
        [month, day, year] if year > 1900 => {
            Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for text in ["2025-09-30", "20250930", "9/30/2025", "2025-09-30T00:00:00"] {
            assert_eq!(date_of(text).map(|d| d.to_string()).as_deref(), Some("2025-09-30"), "{text}");
        }
        assert_eq!(date_of("soon"), None);
    }
}
