//! Workbooks: texts are texts, never formulas, and the same cells make the same bytes.

use std::io;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};
use xwalk_model::{Cell, Grid};

use crate::safe_cell;

pub(super) fn failed(error: XlsxError) -> io::Error {
    io::Error::other(error)
}

/// A workbook whose bytes depend on its cells alone.
pub(super) fn new_workbook() -> io::Result<Workbook> {
    let mut book = Workbook::new();
    let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    Ok(book)
}

/// Sheets with their cells. Formats of the author's workbook are not kept; what the cells hold is.
pub(super) fn write_grids(grids: &[Grid]) -> io::Result<Vec<u8>> {
    let mut book = new_workbook()?;
    let dates = Format::new().set_num_format("yyyy-mm-dd");
    for grid in grids {
        let sheet = book.add_worksheet();
        sheet.set_name(&grid.name).map_err(failed)?;
        for area in &grid.merged {
            let (row, column) = (area[0], area[1] as u16);
            sheet.merge_range(row, column, area[2], area[3] as u16, "", &Format::new()).map_err(failed)?;
        }
        for (row, cells) in grid.rows.iter().enumerate() {
            let row = row as u32;
            for (column, cell) in cells.iter().enumerate() {
                let column = column as u16;
                match cell {
                    Cell::Empty => continue,
                    Cell::Text(text) => sheet.write_string(row, column, safe_cell(text)),
                    Cell::Number(number) => sheet.write_number(row, column, *number),
                    Cell::Bool(value) => sheet.write_boolean(row, column, *value),
                    Cell::Date(date) => match ExcelDateTime::parse_from_str(date) {
                        Ok(day) => sheet.write_datetime_with_format(row, column, &day, &dates),
                        Err(_) => sheet.write_string(row, column, safe_cell(date)),
                    },
                }
                .map_err(failed)?;
            }
        }
    }
    book.save_to_buffer().map_err(failed)
}
