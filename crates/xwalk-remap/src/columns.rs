//! Columns by name or number, and the names of new ones.

use crate::error::RemapError;
use crate::options::{ColumnName, Options, Shape};

/// Where the columns that were asked for stand in a table, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The code columns, in the order in which they were asked for.
    pub(crate) codes: Vec<usize>,
    /// The date column.
    pub(crate) date: Option<usize>,
}

/// The names that shape `explode` adds.
pub(crate) const EXPLODE_NAMES: [&str; 2] = ["row_id", "weight"];

/// Finds columns. `names` are those of the table; without names (no header) columns go by number alone.
pub(crate) fn find(
    file: &str,
    names: Option<&[String]>,
    count: usize,
    options: &Options,
    hint: &dyn Fn() -> String,
) -> Result<Found, RemapError> {
    let one = |column: &ColumnName| -> Result<usize, RemapError> {
        let text = &column.0;
        if let Some(names) = names {
            let mut found = names.iter().enumerate().filter(|(_, n)| *n == text).map(|(i, _)| i);
            match (found.next(), found.next()) {
                (Some(at), None) => return Ok(at),
                (Some(_), Some(_)) => {
                    return Err(RemapError::AmbiguousColumn { file: file.to_owned(), name: text.clone() });
                }
                (None, _) => {}
            }
        }
        let number = text.trim_start_matches('#').parse::<usize>().ok().filter(|n| (1..=count).contains(n));
        number.map(|n| n - 1).ok_or_else(|| RemapError::NoColumn {
            file: file.to_owned(),
            name: text.clone(),
            near: names.and_then(|names| nearest(text, names)),
            hint: hint(),
        })
    };
    let mut codes = Vec::with_capacity(options.columns.len());
    for column in &options.columns {
        let at = one(column)?;
        if codes.contains(&at) {
            return Err(RemapError::SameColumnTwice { name: column.0.clone() });
        }
        codes.push(at);
    }
    let date = options.date_column.as_ref().map(one).transpose()?;
    if let (Some(date), Some(column)) = (date, &options.date_column)
        && codes.contains(&date)
    {
        return Err(RemapError::SameColumnTwice { name: column.0.clone() });
    }
    Ok(Found { codes, date })
}

/// The names of the new columns of each code column, in the order of the fields. None of them may exist already.
pub(crate) fn new_names(
    file: &str,
    names: &[String],
    codes: &[usize],
    options: &Options,
) -> Result<Vec<Vec<String>>, RemapError> {
    let fields = if options.shape == Shape::Replace { &[] } else { &options.fields[..] };
    let new: Vec<Vec<String>> = codes
        .iter()
        .map(|&at| {
            let name = |f: &crate::Field| format!("{}{}_{}", options.prefix, names[at], f.id());
            fields.iter().map(name).collect()
        })
        .collect();
    let more = if options.shape == Shape::Explode { &EXPLODE_NAMES[..] } else { &[] };
    let more: Vec<String> = more.iter().map(|n| format!("{}{n}", options.prefix)).collect();
    let mut all: Vec<&String> = names.iter().collect();
    for name in new.iter().flatten().chain(&more) {
        if all.contains(&name) {
            return Err(RemapError::ColumnExists { file: file.to_owned(), name: name.clone() });
        }
        all.push(name);
    }
    Ok(new)
}

/// The name nearest to a text, if one is near: fewer than half of the letters have to change.
pub(crate) fn nearest(text: &str, names: &[String]) -> Option<String> {
    let wanted = text.to_lowercase();
    let best = names.iter().map(|n| (distance(&wanted, &n.to_lowercase()), n)).min_by_key(|(d, _)| *d)?;
    (best.0 * 2 <= text.chars().count().max(2)).then(|| best.1.clone())
}

/// Number of letters to insert, leave out or change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name() {
        let names = ["claim", "dx1", "Date_of_Service"].map(str::to_owned);
        assert_eq!(nearest("dx_1", &names).as_deref(), Some("dx1"));
        assert_eq!(nearest("date_of_servise", &names).as_deref(), Some("Date_of_Service"));
        assert_eq!(nearest("amount", &names), None);
    }
}
