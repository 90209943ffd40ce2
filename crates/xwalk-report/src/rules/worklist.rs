//! Worklists: a workbook with a sheet for each owner, or CSV.

use std::collections::BTreeMap;
use std::io;

use rust_xlsxwriter::{DataValidation, Format, FormatAlign, Formula};
use xwalk_model::{Question, Subject};

use super::workbook::{failed, new_workbook};
use crate::safe_cell;

/// The columns of a worklist before and behind the choices; these take as many columns as the longest row needs.
pub const WORKLIST_COLUMNS: [&[&str]; 2] = [
    &["source_system", "source_code", "source_title", "outcome", "count"],
    &[
        "decision",
        "reviewer",
        "date",
        "comment",
        "set",
        "owner",
        "source_edition",
        "target_edition",
        "evidence",
    ],
];
const WIDTHS: [f64; 5] = [12.0, 12.0, 48.0, 14.0, 8.0];
const WIDTHS_BEHIND: [f64; 9] = [36.0, 16.0, 12.0, 40.0, 20.0, 18.0, 14.0, 14.0, 60.0];
/// What a sheet can be called; Excel allows 31 characters without some signs.
const SHEET_NAME: usize = 31;
const LISTS: &str = "Choices";

fn columns(questions: &[&Question]) -> Vec<String> {
    let most = questions.iter().map(|q| q.choices.len()).max().unwrap_or(0).max(1);
    let [before, behind] = WORKLIST_COLUMNS;
    let choices = (1..=most).map(|i| format!("choice_{i}"));
    before
        .iter()
        .map(|c| (*c).to_owned())
        .chain(choices)
        .chain(behind.iter().map(|c| (*c).to_owned()))
        .collect()
}

fn cells(question: &Question, choices: usize) -> Vec<String> {
    let set = match &question.subject {
        Subject::Set(name) => name.clone(),
        Subject::Code => String::new(),
    };
    let mut cells = vec![
        question.source.system.to_string(),
        question.code.clone(),
        question.title.clone(),
        question.outcome.clone(),
        if question.count == 0 { String::new() } else { question.count.to_string() },
    ];
    cells.extend((0..choices).map(|i| question.choices.get(i).cloned().unwrap_or_default()));
    cells.extend([
        question.decision.clone(),
        question.reviewer.clone(),
        question.date.clone(),
        question.comment.clone(),
        set,
        question.owner.clone(),
        question.source.to_string(),
        question.target.to_string(),
        question.evidence.clone(),
    ]);
    cells.iter().map(|c| safe_cell(c).into_owned()).collect()
}

/// A worklist as CSV.
pub fn worklist_csv(questions: &[Question], out: &mut dyn io::Write) -> io::Result<()> {
    let all: Vec<&Question> = questions.iter().collect();
    let columns = columns(&all);
    let choices = columns.iter().filter(|c| c.starts_with("choice_")).count();
    let mut table = csv::Writer::from_writer(out);
    table.write_record(&columns)?;
    for question in questions {
        table.write_record(cells(question, choices))?;
    }
    table.flush()
}

/// A worklist as a workbook: a sheet for each owner, the choices of each row as a drop-down list.
pub fn worklist_workbook(questions: &[Question]) -> io::Result<Vec<u8>> {
    let mut owners: BTreeMap<String, Vec<&Question>> = BTreeMap::new();
    for question in questions {
        let owner = if question.owner.trim().is_empty() { "worklist" } else { question.owner.trim() };
        owners.entry(owner.to_owned()).or_default().push(question);
    }
    if owners.is_empty() {
        owners.insert("worklist".to_owned(), Vec::new());
    }
    let mut book = new_workbook()?;
    let head = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let top = Format::new().set_align(FormatAlign::Top);
    // A cell that people fill in is text, so that nothing they type becomes a number, a date or a formula.
    let typed = Format::new().set_align(FormatAlign::Top).set_num_format("@").set_text_wrap();
    let mut names: Vec<String> = Vec::new();
    let mut lists: Vec<&[String]> = Vec::new();
    for (owner, questions) in &owners {
        let sheet = book.add_worksheet();
        let name = sheet_name(owner, &names);
        sheet.set_name(&name).map_err(failed)?;
        names.push(name);
        sheet.set_freeze_panes(1, 2).map_err(failed)?;
        let columns = columns(questions);
        let choices = columns.iter().filter(|c| c.starts_with("choice_")).count();
        for (column, name) in columns.iter().enumerate() {
            let behind = column.checked_sub(WIDTHS.len() + choices);
            let width = match behind {
                Some(behind) => WIDTHS_BEHIND[behind],
                None => WIDTHS.get(column).copied().unwrap_or(30.0),
            };
            sheet.set_column_width(column as u16, width).map_err(failed)?;
            sheet.write_string_with_format(0, column as u16, name, &head).map_err(failed)?;
        }
        let decision = (WIDTHS.len() + choices) as u16;
        for (row, question) in questions.iter().enumerate() {
            let row = row as u32 + 1;
            for (column, text) in cells(question, choices).iter().enumerate() {
                let column = column as u16;
                let format = match column.checked_sub(decision) {
                    Some(0..=3) => &typed,
                    Some(8) => &wrapped,
                    _ if column == 2 => &wrapped,
                    _ => &top,
                };
                sheet.write_string_with_format(row, column, text, format).map_err(failed)?;
            }
            if question.choices.is_empty() {
                continue;
            }
            // A list in a sheet of its own has no limit of 255 characters, which titles soon reach.
            let place = lists.len() as u32 + 1;
            let last = column_letters(question.choices.len());
            let range = format!("={LISTS}!$A${place}:${last}${place}");
            lists.push(&question.choices);
            let validation = DataValidation::new()
                .allow_list_formula(Formula::new(range))
                .set_error_title("Not one of the choices")
                .and_then(|v| {
                    v.set_error_message("Take one of the choices of this row, or leave the cell empty.")
                })
                .map_err(failed)?;
            sheet.add_data_validation(row, decision, row, decision, &validation).map_err(failed)?;
        }
        if !questions.is_empty() {
            let last = (columns.len() - 1) as u16;
            sheet.autofilter(0, 0, questions.len() as u32, last).map_err(failed)?;
        }
    }
    let sheet = book.add_worksheet();
    sheet.set_name(LISTS).map_err(failed)?;
    sheet.set_hidden(true);
    for (row, choices) in lists.iter().enumerate() {
        for (column, choice) in choices.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, safe_cell(choice)).map_err(failed)?;
        }
    }
    book.save_to_buffer().map_err(failed)
}

/// The letters of a column by its number from 1.
fn column_letters(mut number: usize) -> String {
    let mut letters = Vec::new();
    while number > 0 {
        number -= 1;
        letters.push(char::from(b'A' + (number % 26) as u8));
        number /= 26;
    }
    letters.iter().rev().collect()
}

/// The name of an owner as a sheet can have it, and as no other sheet has.
fn sheet_name(owner: &str, taken: &[String]) -> String {
    let plain: String =
        owner.chars().map(|c| if "[]:*?/\\'".contains(c) || c.is_control() { '_' } else { c }).collect();
    let short: String = plain.chars().take(SHEET_NAME).collect();
    let used = |name: &str| {
        name.eq_ignore_ascii_case(LISTS)
            || name.eq_ignore_ascii_case("history")
            || taken.iter().any(|t| t.eq_ignore_ascii_case(name))
    };
    if !used(&short) {
        return short;
    }
    (2..1_000_000usize)
        .map(|i| {
            let tail = format!(" {i}");
            let room = SHEET_NAME - tail.len();
            format!("{}{tail}", plain.chars().take(room).collect::<String>())
        })
        .find(|name| !used(name))
        .unwrap_or(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_of_owners() {
        assert_eq!(sheet_name("A/B", &[]), "A_B");
        assert_eq!(sheet_name("choices", &[]), "choices 2");
        assert_eq!(sheet_name(&"x".repeat(40), &["x".repeat(31)]), format!("{} 2", "x".repeat(29)));
        assert_eq!([1, 26, 27, 703].map(column_letters), ["A", "Z", "AA", "AAA"]);
    }
}
