//! Dates of a resource, which may be partial, and the editions in force on them.

use crate::date::{Calendar, DateFormat, Day};

/// The days that a date of FHIR stands for: one, or those of a month or year.
fn days(text: &[u8]) -> Option<(Day, Day)> {
    let text = text.trim_ascii();
    let ends = |from: String, to: &dyn Fn(u8) -> String| -> Option<(Day, Day)> {
        let first = DateFormat::Iso.parse(from.as_bytes())?;
        // Of 31, 30, 29 and 28 the first that is a day is the last of its month.
        let last = (28..=31).rev().find_map(|day| DateFormat::Iso.parse(to(day).as_bytes()))?;
        Some((first, last))
    };
    let plain = std::str::from_utf8(text).ok()?;
    match text.len() {
        4 => ends(format!("{plain}-01-01"), &|day| format!("{plain}-12-{day}")),
        7 if text[4] == b'-' => ends(format!("{plain}-01"), &|day| format!("{plain}-{day}")),
        _ => DateFormat::Iso.parse(text).map(|day| (day, day)),
    }
}

/// The contexts in force on a date: one, or those of a partial date. An error says what is wrong with it.
pub(crate) fn contexts(text: &[u8], calendar: &Calendar) -> Result<Vec<u16>, String> {
    let shown: String = String::from_utf8_lossy(text).chars().take(40).collect();
    match days(text) {
        None => Err(format!("`{shown}` is not a date; expected YYYY-MM-DD, YYYY-MM or YYYY, as FHIR has it")),
        Some((first, last)) => calendar
            .through(first, last)
            .ok_or_else(|| format!("no edition that is held is in force on {shown}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn partial_dates_are_all_their_days() {
        let starts = vec![
            (date(2013, 10, 1), Some(0)),
            (date(2014, 10, 1), Some(1)),
            (date(2020, 4, 1), None),
            (date(2021, 10, 1), Some(0)),
        ];
        let calendar = Calendar::new(starts, None);
        let on = |text: &str| contexts(text.as_bytes(), &calendar);
        assert_eq!((on("2014-09"), on("2014-10"), on("2015")), (Ok(vec![0]), Ok(vec![1]), Ok(vec![1])));
        assert_eq!((on("2014-09-30T23:59:59-05:00"), on("2014")), (Ok(vec![0]), Ok(vec![0, 1])));
        for none in ["2020", "2020-05", "2013"] {
            assert!(on(none).unwrap_err().contains("no edition that is held is in force on 20"), "{none}");
        }
        for bad in ["2014-13", "14", "2014-1", "soon", "", "2014-02-30"] {
            assert!(on(bad).unwrap_err().contains("is not a date"), "{bad}");
        }
        assert_eq!(days(b"2016-02").map(|d| d.1), DateFormat::Iso.parse(b"2016-02-29"));
    }
}
