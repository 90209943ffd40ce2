//! The row that names the columns of a table of sets.

use xwalk_model::{Cell, CodeSystem, Diagnostic, Grid, Position, Rule, SetColumns, TableLayout};

use super::Source;
use super::cell::{clean, selectors};

const CODE: [&str; 27] = [
    "code",
    "codes",
    "selector",
    "selectors",
    "icd10cmcode",
    "icd10cmcodes",
    "icd10code",
    "icd10codes",
    "icd10cmdiagnosis",
    "icd10cmdiagnosiscode",
    "icd10diagnosiscode",
    "diagnosiscode",
    "diagnosiscodes",
    "dxcode",
    "icdcode",
    "icd9code",
    "icd9cmcode",
    "icd10pcscode",
    "procedurecode",
    "hcpcscode",
    "hcpcscpt",
    "cpthcpcs",
    "cptcode",
    "cpthcpcscode",
    "poaexemptcode",
    "conceptcode",
    "icd10",
];
const SET: [&str; 12] = [
    "valuesetname",
    "valueset",
    "setname",
    "set",
    "ruleset",
    "rule",
    "measure",
    "ccsrcategory",
    "comorbidity",
    "codelist",
    "listname",
    "policy",
];
const TITLE: [&str; 12] = [
    "description",
    "title",
    "display",
    "codedescription",
    "icd10cmcodedescription",
    "longdescription",
    "codetitle",
    "descriptor",
    "longtitle",
    "name",
    "shortdescription",
    "conceptname",
];
const OWNER: [&str; 7] = ["owner", "department", "dept", "steward", "responsible", "contact", "serviceline"];
const SYSTEM: [&str; 4] = ["codesystem", "codesystemname", "system", "vocabulary"];
const VERSION: [&str; 2] = ["codesystemversion", "version"];
const MODE: [&str; 3] = ["mode", "includeexclude", "includeorexclude"];
const FROM: [&str; 6] = ["validfrom", "effectivefrom", "effectivedate", "startdate", "begindate", "firstday"];
const TO: [&str; 8] = [
    "validto",
    "effectiveto",
    "enddate",
    "terminationdate",
    "expirationdate",
    "termdate",
    "lastday",
    "retired",
];

/// How many rows above the names of the columns there may be: titles, notes, dates.
const SEARCHED: usize = 40;

pub(super) fn plain(cell: &Cell) -> String {
    cell.text().chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Names of columns as a spreadsheet shows them: A, B, ... AA.
pub(super) fn letters(mut column: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(b'A' + (column % 26) as u8);
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    name.reverse();
    String::from_utf8(name).unwrap_or_default()
}

/// Finds where everything stands. Says why where it cannot.
pub(super) fn layout(
    source: &Source<'_>,
    grids: &[Grid],
    workbook: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<TableLayout> {
    let wanted = source.options.sheet.as_deref();
    if let (Some(sheet), true) = (wanted, workbook)
        && !grids.iter().any(|g| g.name.eq_ignore_ascii_case(sheet))
    {
        let names: Vec<&str> = grids.iter().map(|g| g.name.as_str()).collect();
        let message = format!("it has no sheet `{sheet}`; it has {}", names.join(", "));
        diagnostics.push(Diagnostic::new(Rule::NotUnderstood, source.name, message));
        return None;
    }
    let mut problems = Vec::new();
    // A sheet that names its columns counts before one that merely looks like codes.
    for by_name in [true, false] {
        for (sheet, grid) in grids.iter().enumerate() {
            if wanted.is_some_and(|w| workbook && !grid.name.eq_ignore_ascii_case(w)) {
                continue;
            }
            let found = if by_name { by_names(source, sheet, grid) } else { by_content(source, sheet, grid) };
            match found {
                Ok(Some(layout)) => return Some(layout),
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            break;
        }
    }
    if problems.is_empty() {
        let message = "no column of codes was found: no column is named so, and no column holds codes alone";
        let missing = Diagnostic::new(Rule::NotUnderstood, source.name, message);
        problems.push(missing.hint("name the column with --code-column, by its name, letter or number"));
    }
    diagnostics.extend(problems);
    None
}

fn problem(
    source: &Source<'_>,
    grid: &Grid,
    rule: Rule,
    row: usize,
    column: usize,
    message: String,
) -> Diagnostic {
    let name: std::sync::Arc<str> = if grid.name.is_empty() {
        std::sync::Arc::clone(source.name)
    } else {
        format!("{}[{}]", source.name, grid.name).into()
    };
    let line = grid.line_numbers.get(row).copied().unwrap_or(row as u32 + 1);
    Diagnostic::new(rule, &name, message).at(Position { byte: 0, line, column: column as u32 + 1 })
}

fn merged(source: &Source<'_>, grid: &Grid, row: usize, area: &[u32; 4]) -> Diagnostic {
    let columns = format!("{} to {}", letters(area[1] as usize), letters(area[3] as usize));
    let message = format!(
        "the cells {columns} that name the columns are merged, so it cannot be told which column holds the codes"
    );
    problem(source, grid, Rule::MergedCells, row, area[1] as usize, message)
        .hint("unmerge the cells and name each column, or say which one with --code-column")
}

fn by_names(source: &Source<'_>, sheet: usize, grid: &Grid) -> Result<Option<TableLayout>, Diagnostic> {
    let merged_at = |row: usize, column: usize| {
        grid.merged.iter().find(|m| {
            (m[0] as usize..=m[2] as usize).contains(&row)
                && (m[1] as usize..=m[3] as usize).contains(&column)
                && m[1] != m[3]
        })
    };
    for (row, cells) in grid.rows.iter().enumerate().take(SEARCHED) {
        let names: Vec<String> = cells.iter().map(plain).collect();
        if let Some(told) = &source.options.code_column {
            let column = cells.iter().position(|c| c.text().trim().eq_ignore_ascii_case(told.trim()));
            if let Some(code) = column {
                return named_columns(source, sheet, grid, row, code).map(Some);
            }
            continue;
        }
        let found: Vec<usize> =
            names.iter().enumerate().filter(|(_, n)| CODE.contains(&n.as_str())).map(|(i, _)| i).collect();
        // A row of data may begin with the word too; the names of columns are followed by codes.
        match found[..] {
            [] => {}
            [code] => {
                if let Some(area) = merged_at(row, code) {
                    return Err(merged(source, grid, row, area));
                }
                return named_columns(source, sheet, grid, row, code).map(Some);
            }
            [first, second, ..] => {
                let label = |i: usize| format!("{} (`{}`)", letters(i), cells[i].text().trim());
                let message = format!("both {} and {} could hold the codes", label(first), label(second));
                let both = problem(source, grid, Rule::AmbiguousColumn, row, second, message);
                return Err(both.hint("say which one with --code-column"));
            }
        }
    }
    if let Some(told) = &source.options.code_column {
        let Some(code) = by_place(told) else { return Ok(None) };
        let good = |row: &Vec<Cell>| row.get(code).is_some_and(|c| is_codes(c, source.system));
        // What stands above the first code names the columns, if anything does.
        return match grid.rows.iter().take(SEARCHED).position(good) {
            Some(first) if first > 0 => named_columns(source, sheet, grid, first - 1, code).map(Some),
            _ => Ok(Some(headerless(sheet, code))),
        };
    }
    Ok(None)
}

/// A single list without any name: the first column whose cells are codes.
fn by_content(source: &Source<'_>, sheet: usize, grid: &Grid) -> Result<Option<TableLayout>, Diagnostic> {
    let columns = grid.rows.iter().map(Vec::len).max().unwrap_or(0);
    let holds_codes = |column: &usize| {
        let cells: Vec<&Cell> =
            grid.rows.iter().filter_map(|r| r.get(*column)).filter(|c| !c.is_blank()).take(200).collect();
        let good = cells.iter().filter(|c| is_codes(c, source.system)).count();
        good > 0 && good * 2 > cells.len()
    };
    let found: Vec<usize> = (0..columns).filter(holds_codes).take(2).collect();
    match found[..] {
        [] => Ok(None),
        [code] => match grid.merged.iter().find(|m| m[0] < 3 && m[1] != m[3]) {
            Some(area) => Err(merged(source, grid, area[0] as usize, area)),
            None => Ok(Some(headerless(sheet, code))),
        },
        // Codes of a second column would be left out without a word.
        [first, second, ..] => {
            let message = format!("both {} and {} hold codes", letters(first), letters(second));
            let both = problem(source, grid, Rule::AmbiguousColumn, 0, second, message);
            Err(both.hint("write one code in a line, or say which column with --code-column"))
        }
    }
}

fn is_codes(cell: &Cell, system: CodeSystem) -> bool {
    let (text, _) = clean(cell, None);
    let found = selectors(&text, system);
    !found.is_empty() && found.iter().all(|(_, s)| s.is_ok())
}

/// A letter or number that names a column.
fn by_place(text: &str) -> Option<usize> {
    let text = text.trim();
    if let Ok(number) = text.parse::<usize>() {
        return number.checked_sub(1);
    }
    if text.is_empty() || text.len() > 3 || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let number = text.bytes().fold(0, |sum, b| sum * 26 + usize::from(b.to_ascii_uppercase() - b'A') + 1);
    Some(number - 1)
}

fn headerless(sheet: usize, code: usize) -> TableLayout {
    TableLayout {
        sheet,
        header: None,
        code,
        sets: SetColumns::One,
        title: None,
        system: None,
        version: None,
        owner: None,
        mode: None,
        valid_from: None,
        valid_to: None,
        quote: None,
    }
}

fn named_columns(
    source: &Source<'_>,
    sheet: usize,
    grid: &Grid,
    row: usize,
    code: usize,
) -> Result<TableLayout, Diagnostic> {
    let cells = &grid.rows[row];
    let names: Vec<String> = cells.iter().map(plain).collect();
    let find = |wanted: &[&str]| {
        wanted.iter().find_map(|w| names.iter().position(|n| n == w)).filter(|i| *i != code)
    };
    let several: Vec<usize> = names
        .iter()
        .enumerate()
        .filter(|(_, n)| {
            n.strip_prefix("ccsrcategory")
                .is_some_and(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))
        })
        .map(|(i, _)| i)
        .collect();
    let sets = if let Some(told) = &source.options.set_column {
        let column = cells
            .iter()
            .position(|c| c.text().trim().eq_ignore_ascii_case(told.trim()))
            .or_else(|| by_place(told).filter(|i| *i < cells.len()));
        match column {
            Some(column) => SetColumns::Name(column),
            None => {
                let message = format!("no column is named `{told}`");
                return Err(problem(source, grid, Rule::NotUnderstood, row, 0, message));
            }
        }
    } else if let Some(count) = names.iter().position(|n| n == "comorbidities") {
        // AHRQ's comorbidity files: the number of comorbidities, then a column of flags for each.
        SetColumns::Flags((count + 1..cells.len()).filter(|i| !cells[*i].is_blank()).collect())
    } else if !several.is_empty() {
        SetColumns::Several(several)
    } else {
        find(&SET).map_or(SetColumns::One, SetColumns::Name)
    };
    let quote = cells
        .get(code)
        .map(|c| c.text().into_owned())
        .filter(|t| t.len() > 2 && t.starts_with('\'') && t.ends_with('\''))
        .map(|_| '\'');
    Ok(TableLayout {
        sheet,
        header: Some(row),
        code,
        sets,
        title: find(&TITLE),
        system: find(&SYSTEM),
        version: find(&VERSION),
        owner: find(&OWNER),
        mode: find(&MODE),
        valid_from: find(&FROM),
        valid_to: find(&TO),
        quote,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_by_letter_and_number() {
        for (text, column) in [("A", 0), ("z", 25), ("AA", 26), ("3", 2)] {
            assert_eq!(by_place(text), Some(column));
        }
        assert_eq!(["A", "Z", "AA", "AZ"], [0, 25, 26, 51].map(letters).each_ref().map(String::as_str));
        assert_eq!(by_place("0"), None);
    }
}
