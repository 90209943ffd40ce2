//! Dates of rows, and the editions in force on them.

use std::str::FromStr;

use jiff::civil::Date;

/// A day as a number that orders as days do: 512 for a year, 32 for a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub(crate) i32);

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(i32::from(date.year()) * 512 + i32::from(date.month()) * 32 + i32::from(date.day()))
    }
}

impl Day {
    #[inline]
    fn new(year: i32, month: i32, day: i32) -> Option<Self> {
        const LAST: [i32; 16] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0];
        let last = *LAST.get(usize::try_from(month).ok()?)?;
        let leap = || year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let known = (1..=last).contains(&day) || (month == 2 && day == 29 && leap());
        known.then_some(Self(year * 512 + month * 32 + day))
    }

    /// Reads `2023-10-01`, which nearly all dates look like.
    #[inline]
    fn of_iso(text: &[u8; 10]) -> Option<Self> {
        let digit = |at: usize| i32::from(text[at].wrapping_sub(b'0'));
        let digits = [0, 1, 2, 3, 5, 6, 8, 9].map(digit);
        if digits.iter().any(|d| *d > 9) || text[4] != b'-' || text[7] != b'-' {
            return None;
        }
        let number = |digits: &[i32]| digits.iter().fold(0, |number, digit| number * 10 + digit);
        Self::new(number(&digits[..4]), number(&digits[4..6]), number(&digits[6..]))
    }
}

/// How dates are written. A time after the day is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFormat {
    /// `2023-10-01` or `20231001`, whichever it is.
    Iso,
    /// `10/01/2023`, month first.
    MonthFirst,
    /// `01/10/2023` or `01.10.2023`, day first.
    DayFirst,
}

impl FromStr for DateFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "iso" | "YYYY-MM-DD" | "YYYYMMDD" => Ok(Self::Iso),
            "mdy" | "MM/DD/YYYY" => Ok(Self::MonthFirst),
            "dmy" | "DD/MM/YYYY" | "DD.MM.YYYY" => Ok(Self::DayFirst),
            _ => Err(format!(
                "`{text}` is not a date format; use YYYY-MM-DD, YYYYMMDD, MM/DD/YYYY or DD/MM/YYYY"
            )),
        }
    }
}

fn number(bytes: &[u8]) -> Option<i32> {
    let mut value = 0;
    for b in bytes {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i32::from(b - b'0');
    }
    (!bytes.is_empty() && bytes.len() <= 4).then_some(value)
}

impl DateFormat {
    /// How it is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Iso => "YYYY-MM-DD or YYYYMMDD",
            Self::MonthFirst => "MM/DD/YYYY",
            Self::DayFirst => "DD/MM/YYYY",
        }
    }

    /// Reads a day. `None` where the text is not one.
    #[inline]
    pub fn parse(self, text: &[u8]) -> Option<Day> {
        match (self, <&[u8; 10]>::try_from(text)) {
            (Self::Iso, Ok(text)) => Day::of_iso(text).or_else(|| self.parse_any(text)),
            _ => self.parse_any(text),
        }
    }

    #[inline(never)]
    fn parse_any(self, text: &[u8]) -> Option<Day> {
        let text = text.trim_ascii();
        match self {
            Self::Iso => {
                if text.len() >= 10 && text[4] == b'-' && text[7] == b'-' {
                    let rest = &text[10..];
                    let time = rest.is_empty() || matches!(rest[0], b'T' | b' ' | b'Z' | b'+' | b'-');
                    let (y, m, d) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..10])?);
                    return if time { Day::new(y, m, d) } else { None };
                }
                (text.len() == 8)
                    .then(|| Day::new(number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?))
                    .flatten()
            }
            Self::MonthFirst | Self::DayFirst => {
                let day = text.split(|b| matches!(b, b' ' | b'T')).next()?;
                let mut parts = day.split(|b| matches!(b, b'/' | b'.' | b'-'));
                let (a, b, y) = (parts.next()?, parts.next()?, parts.next()?);
                if parts.next().is_some() || y.len() != 4 || a.len() > 2 || b.len() > 2 {
                    return None;
                }
                let (a, b, y) = (number(a)?, number(b)?, number(y)?);
                if self == Self::MonthFirst { Day::new(y, a, b) } else { Day::new(y, b, a) }
            }
        }
    }
}

/// Which context answers for a day. Contexts are numbered as the resolver numbers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// First days, ascending, each with the context from then on; `None` where no edition held is in force.
    starts: Vec<(Day, Option<u16>)>,
    /// The context of a row without a date.
    undated: Option<u16>,
    /// The same by month from January 1900, where every first day is the first of a month; else empty.
    months: Vec<u16>,
}

const FIRST_YEAR: i32 = 1900;
const NONE: u16 = u16::MAX;

impl Calendar {
    /// A calendar in which one context answers always.
    pub fn fixed(context: u16) -> Self {
        Self { starts: Vec::new(), undated: Some(context), months: Vec::new() }
    }

    /// A calendar by first days; from each on, its context answers.
    pub fn new(mut starts: Vec<(Date, Option<u16>)>, undated: Option<u16>) -> Self {
        starts.sort_by_key(|(date, _)| *date);
        let starts: Vec<(Day, Option<u16>)> = starts.into_iter().map(|(d, c)| (Day::from(d), c)).collect();
        let mut calendar = Self { starts, undated, months: Vec::new() };
        if calendar.starts.iter().all(|(day, _)| day.0 % 32 == 1) {
            calendar.months = (0..200 * 12)
                .map(|m| {
                    let day = Day((FIRST_YEAR + m / 12) * 512 + (m % 12 + 1) * 32 + 1);
                    calendar.search(day).unwrap_or(NONE)
                })
                .collect();
        }
        calendar
    }

    fn search(&self, day: Day) -> Option<u16> {
        let at = self.starts.partition_point(|(start, _)| *start <= day);
        at.checked_sub(1).and_then(|i| self.starts[i].1)
    }

    /// The context in force on a day.
    #[inline]
    pub fn on(&self, day: Day) -> Option<u16> {
        let month = (day.0 / 512 - FIRST_YEAR) * 12 + day.0 % 512 / 32 - 1;
        match usize::try_from(month).ok().and_then(|m| self.months.get(m)) {
            Some(&NONE) => None,
            Some(&context) => Some(context),
            None => self.search(day),
        }
    }

    /// The contexts in force from one day to another, each once, in order; `None` where some day has none.
    pub(crate) fn through(&self, first: Day, last: Day) -> Option<Vec<u16>> {
        let mut contexts = vec![self.on(first)?];
        for (_, context) in self.starts.iter().filter(|(day, _)| first < *day && *day <= last) {
            let context = (*context)?;
            if !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        Some(contexts)
    }

    /// The context of rows without a date.
    pub fn undated(&self) -> Option<u16> {
        self.undated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_write_them() {
        let day = |y, m, d| Day::new(y, m, d);
        assert_eq!(DateFormat::Iso.parse(b"2023-10-01"), day(2023, 10, 1));
        assert_eq!(DateFormat::Iso.parse(b"2023-10-01 10:11:12"), day(2023, 10, 1));
        assert_eq!(DateFormat::Iso.parse(b"20240229"), day(2024, 2, 29));
        assert_eq!(DateFormat::MonthFirst.parse(b"4/1/2023"), day(2023, 4, 1));
        assert_eq!(DateFormat::DayFirst.parse(b"01.04.2023"), day(2023, 4, 1));
        for bad in ["2023-02-29", "20231301", "2023-10-0", "2023-10-01x", "1/2/23", "", "today", "2023-1-1-1"]
        {
            assert_eq!(DateFormat::Iso.parse(bad.as_bytes()), None, "{bad}");
            assert_eq!(DateFormat::MonthFirst.parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn the_edition_of_a_day() {
        let date = |y, m, d| Date::new(y, m, d).unwrap();
        let starts =
            vec![(date(2023, 4, 1), Some(1)), (date(2022, 10, 1), Some(0)), (date(2023, 10, 1), None)];
        for starts in [starts.clone(), [starts, vec![(date(2030, 5, 5), Some(7))]].concat()] {
            let calendar = Calendar::new(starts, None);
            let on = |y, m, d| calendar.on(Day::from(date(y, m, d)));
            assert_eq!((on(2022, 9, 30), on(2022, 10, 1), on(2023, 3, 31)), (None, Some(0), Some(0)));
            assert_eq!((on(2023, 4, 1), on(2023, 9, 30), on(2023, 10, 1)), (Some(1), Some(1), None));
            assert_eq!((on(1850, 1, 1), on(2250, 1, 1).is_some()), (None, calendar.starts.len() == 4));
        }
    }
}
