//! A sheet for each kind of change.

use rust_xlsxwriter::{Workbook, XlsxError};
use xwalk_model::MarkKind;

use super::{Cell, Formats, Table, put, text};
use crate::summary::{Alternative, ChangeRow, Count, Kind, Named, Status, Summary};

pub(super) fn chapters(
    summary: &Summary,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    if !summary.has_chapters() {
        return Ok(());
    }
    let columns = [
        ("Chapter", 12.0),
        ("Range", 12.0),
        ("Title", 60.0),
        ("Added", 10.0),
        ("Deleted", 10.0),
        ("of which became headers", 14.0),
        ("Revised", 10.0),
        ("of which editorial", 12.0),
        ("Codes before", 14.0),
        ("Codes after", 14.0),
    ];
    let mut sheet = Table::new("Chapters", &columns, formats)?;
    for c in &summary.chapters {
        let mut cells = vec![Cell::Code(&c.key), Cell::Text(c.range.clone()), Cell::Text(c.title.clone())];
        let numbers = [c.added, c.deleted, c.became_header, c.revised, c.editorial, c.before, c.after];
        cells.extend(numbers.map(Cell::Number));
        sheet.push(&cells)?;
    }
    // The sum stands below the filter, so that sorting leaves it in its place.
    let row = sheet.row + 1;
    let [added, deleted, revised] = summary.headline.computed();
    put(&mut sheet.sheet, row, 2, &Cell::Text("Sum, equal to the headline".into()), formats)?;
    for (at, n) in
        [(3u16, added), (4, deleted), (6, revised), (8, summary.headline.before), (9, summary.headline.after)]
    {
        put(&mut sheet.sheet, row, at, &Cell::Number(n), formats)?;
    }
    sheet.finish(workbook)
}

/// More ways than this are told by their ends; the sheets of successors and of codes used before hold all.
const WAYS: usize = 40;

fn ways(alternatives: &[Alternative]) -> String {
    let way = |a: &Alternative| a.codes.iter().map(|n| n.code.as_str()).collect::<Vec<_>>().join(" and ");
    match alternatives {
        [first, .., last] if alternatives.len() > WAYS => {
            format!("one of {} codes from {} to {}", alternatives.len(), way(first), way(last))
        }
        _ => alternatives.iter().map(way).collect::<Vec<_>>().join(" or "),
    }
}

fn list(codes: &[Named]) -> String {
    codes.iter().map(|n| n.code.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn changes(
    summary: &Summary,
    kind: Kind,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let name = match kind {
        Kind::Added => "Added",
        Kind::Deleted => "Deleted",
        Kind::BecameHeader => "Became headers",
        Kind::BecameAssignable => "Became codes",
        Kind::Revised => "Revised",
        Kind::Editorial => "Editorial",
        Kind::Moved => "Moved",
    };
    let mut columns = vec![("Code", 12.0), ("Chapter", 10.0), ("Status", 12.0), ("In headline", 10.0)];
    match kind {
        Kind::Revised | Kind::Editorial => {
            columns.extend([("Title", 9.0), ("Before", 60.0), ("After", 60.0), ("Kind of revision", 18.0)]);
        }
        Kind::Added => columns.extend([
            ("Title", 70.0),
            ("Used before", 24.0),
            ("Reinstated from", 16.0),
            ("Other code before", 14.0),
        ]),
        Kind::Moved => columns.extend([("Title", 60.0), ("From below", 40.0), ("To below", 40.0)]),
        Kind::BecameHeader => {
            columns.extend([("Title", 60.0), ("New codes below", 60.0), ("Use instead", 30.0)]);
        }
        _ => columns.extend([("Title", 70.0), ("Use instead", 30.0)]),
    }
    let volumes = summary.of(kind).any(|r| r.volume.is_some());
    if volumes {
        columns.push(("Used", 12.0));
    }
    let cpt = summary.of(kind).any(|r| !r.cpt_marks.is_empty());
    if cpt {
        columns.push(("Marks", 24.0));
    }
    let mut sheet = Table::new(name, &columns, formats)?;
    for row in summary.of(kind) {
        let status = match row.status {
            Status::Assignable => "assignable",
            Status::Header => "header",
            Status::Modifier => "modifier",
            Status::Grouping => "grouping",
        };
        let start = |row: &ChangeRow| {
            vec![
                Cell::Text(summary.chapters[row.chapter].key.clone()),
                Cell::Text(status.to_owned()),
                Cell::Text(if row.counted { "yes" } else { "no" }.to_owned()),
            ]
        };
        let mut rows: Vec<Vec<Cell<'_>>> = Vec::new();
        match kind {
            Kind::Revised | Kind::Editorial if !row.titles.is_empty() => {
                for title in &row.titles {
                    let mut cells = start(row);
                    cells.push(Cell::Text(title.role.id().to_owned()));
                    cells.push(Cell::Marked(&title.marks, MarkKind::Removed));
                    cells.push(Cell::Marked(&title.marks, MarkKind::Added));
                    cells.push(Cell::Text(title.class.id().to_owned()));
                    rows.push(cells);
                }
            }
            Kind::Revised | Kind::Editorial => {
                let mut cells = start(row);
                cells.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty]);
                rows.push(cells);
            }
            Kind::Added => {
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(Cell::Text(ways(&row.previous)));
                cells.push(text(row.reinstated_from.as_deref()));
                cells.push(text(row.recoded_from.as_deref()));
                rows.push(cells);
            }
            Kind::Moved => {
                let place = |n: &Option<Named>| {
                    let words =
                        n.as_ref().map(|n| format!("{} {}", n.code, n.title.as_deref().unwrap_or("")));
                    Cell::Text(words.unwrap_or_else(|| "the top".to_owned()))
                };
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(place(&row.parent_before));
                cells.push(place(&row.parent));
                rows.push(cells);
            }
            Kind::BecameHeader => {
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(Cell::Text(list(&row.children)));
                cells.push(Cell::Text(ways(&row.successors)));
                rows.push(cells);
            }
            _ => {
                let mut cells = start(row);
                cells.push(text(row.title.as_deref()));
                cells.push(Cell::Text(ways(&row.successors)));
                rows.push(cells);
            }
        }
        for mut cells in rows {
            cells.insert(0, Cell::Code(&row.code));
            if volumes {
                cells.push(match row.volume {
                    Some(Count::Exactly(n)) => Cell::Number(n),
                    Some(under) => Cell::Text(under.to_string()),
                    None => Cell::Empty,
                });
            }
            if cpt {
                let marks: Vec<String> =
                    row.cpt_marks.iter().map(|m| format!("{} {}", m.sign(), m.label())).collect();
                cells.push(Cell::Text(marks.join(", ")));
            }
            sheet.push(&cells)?;
        }
    }
    sheet.finish(workbook)
}

pub(super) fn successors(
    summary: &Summary,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let columns = [
        ("Old code", 12.0),
        ("Old title", 50.0),
        ("Choice", 8.0),
        ("New code", 12.0),
        ("New title", 60.0),
        ("Together with", 16.0),
        ("If on record with", 16.0),
        ("Basis", 12.0),
        ("Stated in", 40.0),
    ];
    let mut sheet = Table::new("Successors", &columns, formats)?;
    for row in &summary.changes {
        for (choice, way) in row.successors.iter().enumerate() {
            for named in &way.codes {
                let others: Vec<&str> =
                    way.codes.iter().filter(|n| *n != named).map(|n| n.code.as_str()).collect();
                let on_record = way.with.iter().map(|n| n.code.as_str()).collect::<Vec<_>>().join(" ");
                sheet.push(&[
                    Cell::Code(&row.code),
                    text(row.title.as_deref()),
                    Cell::Number(choice as u64 + 1),
                    Cell::Code(&named.code),
                    text(named.title.as_deref()),
                    Cell::Text(others.join(" ")),
                    Cell::Text(on_record),
                    Cell::Text(way.basis.to_owned()),
                    Cell::Text(way.source.clone()),
                ])?;
            }
        }
    }
    sheet.finish(workbook)
}

pub(super) fn used_before(
    summary: &Summary,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let columns = [
        ("New code", 12.0),
        ("New title", 50.0),
        ("Choice", 8.0),
        ("Code used before", 12.0),
        ("Title of that code", 60.0),
        ("Basis", 12.0),
        ("Stated in", 40.0),
    ];
    let mut sheet = Table::new("Used before", &columns, formats)?;
    for row in &summary.changes {
        for (choice, way) in row.previous.iter().enumerate() {
            for named in &way.codes {
                sheet.push(&[
                    Cell::Code(&row.code),
                    text(row.title.as_deref()),
                    Cell::Number(choice as u64 + 1),
                    Cell::Code(&named.code),
                    text(named.title.as_deref()),
                    Cell::Text(way.basis.to_owned()),
                    Cell::Text(way.source.clone()),
                ])?;
            }
        }
    }
    sheet.finish(workbook)
}

pub(super) fn scope_loss(
    summary: &Summary,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let columns =
        [("Code", 12.0), ("Title", 60.0), ("New code carved out", 14.0), ("Title of the new code", 60.0)];
    let mut sheet = Table::new("Scope loss", &columns, formats)?;
    for loss in &summary.scope_loss {
        for new in &loss.into {
            sheet.push(&[
                Cell::Code(&loss.code.code),
                text(loss.code.title.as_deref()),
                Cell::Code(&new.code),
                text(new.title.as_deref()),
            ])?;
        }
    }
    sheet.finish(workbook)
}

pub(super) fn notes(summary: &Summary, formats: &Formats, workbook: &mut Workbook) -> Result<(), XlsxError> {
    let columns = [
        ("Code", 12.0),
        ("Chapter", 10.0),
        ("Title", 50.0),
        ("Change", 10.0),
        ("Heading", 22.0),
        ("Heading before", 22.0),
        ("Text", 80.0),
    ];
    let mut sheet = Table::new("Notes", &columns, formats)?;
    for note in &summary.notes {
        sheet.push(&[
            Cell::Code(&note.code),
            Cell::Text(summary.chapters[note.chapter].key.clone()),
            text(note.title.as_deref()),
            Cell::Text(note.action.to_owned()),
            Cell::Text(note.kind.to_owned()),
            text(note.was),
            Cell::Text(note.text.clone()),
        ])?;
    }
    sheet.finish(workbook)
}

pub(super) fn attributes(
    summary: &Summary,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let columns = [
        ("Code", 12.0),
        ("Chapter", 10.0),
        ("Title", 50.0),
        ("Attribute", 24.0),
        ("Before", 30.0),
        ("After", 30.0),
    ];
    let mut sheet = Table::new("Attributes", &columns, formats)?;
    for row in &summary.attributes {
        sheet.push(&[
            Cell::Code(&row.code),
            Cell::Text(summary.chapters[row.chapter].key.clone()),
            text(row.title.as_deref()),
            Cell::Text(row.name.clone()),
            text(row.from.as_deref()),
            text(row.to.as_deref()),
        ])?;
    }
    sheet.finish(workbook)
}

pub(super) fn glossary(
    summary: &Summary,
    formats: &Formats,
    workbook: &mut Workbook,
) -> Result<(), XlsxError> {
    let mut sheet = Table::new("Glossary", &[("Word", 30.0), ("Meaning", 100.0)], formats)?;
    for term in &summary.glossary {
        sheet.push(&[Cell::Text(term.term.to_owned()), Cell::Text(term.meaning.to_owned())])?;
    }
    sheet.finish(workbook)
}
