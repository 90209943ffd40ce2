//! Colours and numbers for people.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

/// How text is shown: with or without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether ANSI colours are written.
    pub colour: bool,
}

/// Text in a style that vanishes without colour.
pub(crate) struct Styled<T>(Option<Style>, T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(style) => write!(f, "{style}{}{style:#}", self.1),
            None => write!(f, "{}", self.1),
        }
    }
}

impl Look {
    fn paint<T>(self, style: Style, value: T) -> Styled<T> {
        Styled(self.colour.then_some(style), value)
    }

    pub(crate) fn bold<T>(self, value: T) -> Styled<T> {
        self.paint(Style::new().bold(), value)
    }

    pub(crate) fn added<T>(self, value: T) -> Styled<T> {
        self.paint(AnsiColor::Green.on_default(), value)
    }

    pub(crate) fn removed<T>(self, value: T) -> Styled<T> {
        self.paint(AnsiColor::Red.on_default(), value)
    }

    pub(crate) fn faint<T>(self, value: T) -> Styled<T> {
        self.paint(Style::new().dimmed(), value)
    }

    pub(crate) fn warning<T>(self, value: T) -> Styled<T> {
        self.paint(AnsiColor::Yellow.on_default(), value)
    }
}

/// A number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        assert_eq!(
            [0, 999, 1000, 74719, 1_234_567].map(grouped),
            ["0", "999", "1,000", "74,719", "1,234,567"]
        );
    }

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Look { colour: false }.added("x").to_string(), "x");
        assert!(Look { colour: true }.added("x").to_string().contains('\u{1b}'));
    }
}
