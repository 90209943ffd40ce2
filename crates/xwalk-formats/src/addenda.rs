//! Addenda: the authority's own list of what changed, `icd10cm_order_addenda_2026.txt` and its relatives.
//!
//! Published by CMS and CDC/NCHS beside the order files. Each line is an action of 13 columns and a record:
//!
//! ```text
//! order addenda, ICD-10-CM    Add:         1 C810A   <short, 60> <long>
//! order addenda, ICD-10-PCS   Add:         00H033J <short, 60> <long>        no flag; headers have 3 characters
//! codes addenda               Add:         C810A   <long>
//! before 2015                 A C810A   <long>                               A add, D delete, O old, N new title
//! ```
//!
//! After an empty line follows the trailer: `Headers` and `Codes` blocks (the latter alone in codes addenda) with
//! the totals of both files and the numbers of additions, deletions and revisions. Before 2015 the trailer is five
//! lines such as `69823 new_lines_read`.

use xwalk_model::{Action, Block, Position};

use crate::lines::is_blank;
use crate::lines::{Line, Lines, lines};
use crate::order::{head, is_code, not_blank, short, titles};
use crate::{Error, ErrorKind};

/// The layout of the lines of an addenda file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Flag, code, short and long title (ICD-10-CM order addenda).
    OrderWithFlag,
    /// Code, short and long title (ICD-10-PCS order addenda).
    Order,
    /// Code and long title.
    Codes,
    /// One letter, code and long title (before 2015).
    OldStyle,
}

/// One line about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What happened.
    pub action: Action,
    /// Whether the code is valid for submission, where the layout has a flag.
    pub valid: Option<bool>,
    /// The code without dot.
    pub code: &'a str,
    /// The short title, where the layout has one.
    pub short: Option<&'a str>,
    /// The long title.
    pub long: &'a str,
    /// Where the line begins.
    pub at: Position,
}

/// What a line of the trailer counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted<'a> {
    /// All codes of a file: the first such line of a block names the file before, the second the file after.
    Total {
        /// The name of the file, as the trailer gives it. Updates within a year reuse the name of October.
        file: &'a str,
    },
    /// Additions.
    Additions,
    /// Deletions.
    Deletions,
    /// Revisions of a title.
    Revisions,
    /// Revisions of both titles.
    BothTitles,
    /// Revisions of the long title only.
    LongTitle,
    /// Revisions of the short title only.
    ShortTitle,
}

/// One count of the trailer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count<'a> {
    /// Its block.
    pub block: Block,
    /// What it counts.
    pub counted: Counted<'a>,
    /// The number.
    pub number: u64,
    /// Where the line begins.
    pub at: Position,
}

/// A line of an addenda file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A line about a code.
    Entry(Entry<'a>),
    /// A count of the trailer.
    Count(Count<'a>),
}

const ACTIONS: [(&str, Action); 5] = [
    ("Add:", Action::Add),
    ("Delete:", Action::Delete),
    ("Revise from:", Action::ReviseFrom),
    ("Revise to:", Action::ReviseTo),
    ("No Change:", Action::NoChange),
];

/// Where the record begins after the action.
const RECORD: usize = 13;

impl Layout {
    /// Decides the layout from all lines; `None` where the file is not an addenda file.
    ///
    /// A file that holds a trailer alone is read as [`Layout::Codes`].
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        let mut seen: Option<Self> = None;
        let mut trailer = false;
        for line in lines(bytes).take(4000) {
            let l = line.bytes;
            trailer |= matches!(l.trim_ascii(), b"Headers" | b"Codes");
            if l.len() > RECORD && ACTIONS.iter().any(|(word, _)| l.starts_with(word.as_bytes())) {
                let rest = &l[RECORD..];
                let flagged = rest.len() > 2 && matches!(rest[0], b'0' | b'1') && rest[1] == b' ';
                let this = if flagged {
                    Self::OrderWithFlag
                } else if rest.len() > 69 && rest[7] == b' ' && rest[68] == b' ' && padded(&rest[8..68]) {
                    Self::Order
                } else {
                    Self::Codes
                };
                // A title of exactly the right shape can look padded by chance; one line that is not decides.
                seen = match (seen, this) {
                    (Some(Self::Codes), Self::Order) | (Some(Self::Order), Self::Codes) => Some(Self::Codes),
                    (Some(before), _) => Some(before),
                    (None, this) => Some(this),
                };
            } else if seen.is_none()
                && l.len() > 10
                && matches!(l[0], b'A' | b'D' | b'O' | b'N')
                && l[1] == b' '
                && l[9] == b' '
                && is_code(std::str::from_utf8(&l[2..9]).unwrap_or("").trim_end())
            {
                return Some(Self::OldStyle);
            }
        }
        seen.or(trailer.then_some(Self::Codes))
    }
}

/// Whether a field of 60 bytes could be a short title: it is shorter than the field, or fills it.
fn padded(field: &[u8]) -> bool {
    let text = field.trim_ascii_end();
    // A long title running through has single blanks between words up to its end.
    text.len() == field.len() || !text.windows(3).any(|w| w == b"   ")
}

/// The records of an addenda file of a given layout. Empty lines and `of which` are passed over.
pub fn records(bytes: &[u8], layout: Layout) -> Records<'_> {
    Records { lines: lines(bytes), layout, block: None }
}

/// Iterator over the records of an addenda file.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    lines: Lines<'a>,
    layout: Layout,
    block: Option<Block>,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.lines.next()?;
            match line.bytes.trim_ascii() {
                b"" | b"of which" | b"\x1a" => {}
                b"Headers" => self.block = Some(Block::Headers),
                b"Codes" => self.block = Some(Block::Codes),
                _ if is_blank(line.bytes) => {}
                _ => return Some(self.record(&line)),
            }
        }
    }
}

impl<'a> Records<'a> {
    fn record(&self, line: &Line<'a>) -> Result<Record<'a>, Error> {
        let text = std::str::from_utf8(line.bytes)
            .map_err(|e| Error { at: line.place(e.valid_up_to()), kind: ErrorKind::Encoding })?;
        let trimmed = text.trim_start();
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && trimmed[digits..].starts_with(' ') {
            // Old trailers have no block names and count codes only.
            let block = self.block.unwrap_or(Block::Codes);
            if let Some(count) = count(trimmed, digits, block, line) {
                return Ok(Record::Count(count));
            }
            return Err(Error { at: line.at, kind: ErrorKind::Trailer { found: head(trimmed, 60) } });
        }
        let entry = if self.layout == Layout::OldStyle {
            old_style(line, text)
        } else {
            entry(line, text, self.layout)
        };
        entry.map(Record::Entry)
    }
}

fn count<'a>(text: &'a str, digits: usize, block: Block, line: &Line<'_>) -> Option<Count<'a>> {
    let number = text[..digits].parse().ok()?;
    let what = text[digits..].trim();
    let counted = match what {
        "additions" => Counted::Additions,
        "deletions" => Counted::Deletions,
        "revisions" | "changes" => Counted::Revisions,
        "revisions to both long and short titles" => Counted::BothTitles,
        "revisions to long title only" => Counted::LongTitle,
        "revisions to short title only" => Counted::ShortTitle,
        "old_lines_read" | "new_lines_read" => Counted::Total { file: what },
        _ => {
            let (what, file) = what.split_once(" in ")?;
            if !matches!(what, "codes" | "headers") {
                return None;
            }
            Counted::Total { file }
        }
    };
    Some(Count { block, counted, number, at: line.at })
}

fn entry<'a>(line: &Line<'a>, text: &'a str, layout: Layout) -> Result<Entry<'a>, Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    let Some(&(_, action)) = ACTIONS.iter().find(|(word, _)| text.starts_with(word)) else {
        return fail(0, ErrorKind::Action { found: head(text, RECORD).trim_end().to_owned() });
    };
    let (valid, code_at) = match layout {
        Layout::OrderWithFlag => match line.bytes.get(RECORD) {
            Some(b'0') => (Some(false), RECORD + 2),
            Some(b'1') => (Some(true), RECORD + 2),
            Some(&other) => return fail(RECORD, ErrorKind::Flag { found: other as char }),
            None => return fail(text.len(), short(text.len(), "a flag in column 14")),
        },
        _ => (None, RECORD),
    };
    let Some(code) = text.get(code_at..code_at + 7) else {
        return fail(text.len(), short(text.len(), "a code of 7 columns after the action"));
    };
    let code = code.trim_end_matches(' ');
    if !is_code(code) {
        return fail(code_at, ErrorKind::Code { found: code.to_owned() });
    }
    let title_at = code_at + 8;
    if line.bytes.get(code_at + 7) != Some(&b' ') {
        return fail(code_at + 7, not_blank(text, code_at + 7));
    }
    let (short_title, long) = if layout == Layout::Codes {
        (None, &text[title_at..])
    } else {
        let (short, long) = titles(line, text, title_at)?;
        (Some(short), long)
    };
    Ok(Entry { action, valid, code, short: short_title, long, at: line.at })
}

fn old_style<'a>(line: &Line<'a>, text: &'a str) -> Result<Entry<'a>, Error> {
    let fail = |offset: usize, kind| Err(Error { at: line.place(offset), kind });
    let action = match line.bytes[0] {
        b'A' => Action::Add,
        b'D' => Action::Delete,
        b'O' => Action::ReviseFrom,
        b'N' => Action::ReviseTo,
        _ => return fail(0, ErrorKind::Action { found: head(text, 1) }),
    };
    let (Some(code), Some(long)) = (text.get(2..9), text.get(10..)) else {
        return fail(
            text.len(),
            short(text.len(), "a code in columns 3-9 and the long title from column 11"),
        );
    };
    let code = code.trim_end_matches(' ');
    if !is_code(code) {
        return fail(2, ErrorKind::Code { found: code.to_owned() });
    }
    Ok(Entry { action, valid: None, code, short: None, long, at: line.at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, layout: Layout, expected: &[&str]) {
        assert_eq!(Layout::detect(text.as_bytes()), Some(layout));
        let seen: Vec<String> = records(text.as_bytes(), layout)
            .map(|r| match r {
                Ok(Record::Entry(e)) => {
                    format!("{:?} {:?} {} {:?} {}", e.action, e.valid, e.code, e.short, e.long)
                }
                Ok(Record::Count(c)) => format!("{:?} {:?} {}", c.block, c.counted, c.number),
                Err(e) => format!("{} {e}", e.at),
            })
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn order_addenda_with_flag() {
        let text = format!(
            "Add:         1 C810A   {:<60} Long\r\nRevise to:   0 C81     {:<60} L\r\n\r\nHeaders\r\n  23252 headers in \
             a.txt\r\n      1 revisions\r\nof which\r\n      1 revisions to short title only\r\n",
            "Short", "S"
        );
        check(
            &text,
            Layout::OrderWithFlag,
            &[
                "Add Some(true) C810A Some(\"Short\") Long",
                "ReviseTo Some(false) C81 Some(\"S\") L",
                "Headers Total { file: \"a.txt\" } 23252",
                "Headers Revisions 1",
                "Headers ShortTitle 1",
            ],
        );
    }

    #[test]
    fn order_addenda_without_flag() {
        let text = format!("Delete:      XXE5XM5 {:<60} Measurement of Infection\r\n", "Measure Infect");
        check(
            &text,
            Layout::Order,
            &["Delete None XXE5XM5 Some(\"Measure Infect\") Measurement of Infection"],
        );
    }

    #[test]
    fn codes_addenda() {
        let long =
            "Personal history of a great many things that are told in a title of more than seventy bytes";
        check(
            &format!(
                "Add:         Z860102 {long}\r\n\r\nCodes\r\n  74044 codes in x.txt\r\n    252 additions\r\n"
            ),
            Layout::Codes,
            &[
                &format!("Add None Z860102 None {long}"),
                "Codes Total { file: \"x.txt\" } 74044",
                "Codes Additions 252",
            ],
        );
    }

    #[test]
    fn old_style_and_bad_lines() {
        check(
            "A A000    Cholera\r\nO A001    Old\r\nX A001    New\r\n816 additions\r\n433 changes\r\n7 wonders\r\n",
            Layout::OldStyle,
            &[
                "Add None A000 None Cholera",
                "ReviseFrom None A001 None Old",
                "3:1 `X` is not an action; expected Add, Delete, Revise from, Revise to or No Change",
                "Codes Additions 816",
                "Codes Revisions 433",
                "6:1 `7 wonders` is not a line of the trailer; expected a count and what it counts",
            ],
        );
        assert_eq!(Layout::detect(b"%PDF-1.4\n"), None);
    }
}
