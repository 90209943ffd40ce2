//! The text files in which the WHO, DIMDI and BfArM publish ICD-10: `icd102016syst_codes.txt`,
//! `icd10gm2021syst_kodes.txt` and the lists of chapters, groups and titles beside them.
//!
//! Fields are separated by `;`. There are no quotes and **no header row**: the first row is a chapter or a code. CR LF.
//!
//! ```text
//! chapters   NN;title
//! groups     A00;A09;01;title                 (2005, 2006: A00;01;title - 2004: A00;title)
//! titles     A00.0;title                      (first row `UNDEF;…` in most years; up to 2004 codes keep `.-`, `*`, `!`)
//! codes      1 level 3, 4 or 5 - 2 T terminal, N not - 3 X listed, S made by a subclassification - 4 chapter -
//!            5 first code of the group - 6 code with its marks - 7 code without them - 8 code without dot -
//!            9 full title [- 10-12 titles of 3, 4, 5 characters], then
//!   WHO      morbidity list, mortality lists 4, 3, 2, 1                                            (14 or 17 fields)
//!   GM       use under section 295, use under section 301, mortality lists 1-4, morbidity list, sex, error kind of
//!            sex, ages (two fields, or four: both ways of writing), error kind of ages, rare, has content
//!            [, notifiable, notifiable by laboratories]
//!            23 fields in 2004, 27 in 2005-2012, 30 in 2013-2017, 28 since
//! ```
//!
//! The number of titles is told by where the two fields of use (`P`, `O`, `Z`, `V`) stand. A file with another number
//! of fields is read with its further fields under their numbers.
//!
//! Sources: the readme of the WHO's ICD-10 meta data; `icd10gm2021syst_metadaten_liesmich.txt` of BfArM and its
//! predecessors. Encodings differ by year, see [`german_encoding`].

use xwalk_model::Position;

use crate::lines::is_blank;
use crate::lines::{Line, lines};
use crate::text::{Encoding, decode_as, german_encoding};
use crate::{Error, ErrorKind};

/// Which of the lists a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Chapters.
    Chapters,
    /// Groups, in English blocks.
    Groups,
    /// Codes with titles alone.
    Titles,
    /// Codes with their metadata as the WHO publishes them.
    WhoCodes,
    /// Codes with their metadata as DIMDI and BfArM publish them.
    GmCodes,
}

/// A chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its number as written: `01`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Where the row begins.
    pub at: Position,
}

/// A group of categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its first category.
    pub first: String,
    /// Its last category, in files since 2007.
    pub last: Option<String>,
    /// The number of its chapter, in files since 2005.
    pub chapter: Option<String>,
    /// Its title.
    pub title: String,
    /// Where the row begins.
    pub at: Position,
}

/// A code with its title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Titled {
    /// The code as written, or `UNDEF`.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Where the row begins.
    pub at: Position,
}

/// A code with its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coded {
    /// Its number of characters as written: 3, 4 or 5.
    pub level: String,
    /// `T` terminal, `N` not.
    pub terminal: String,
    /// `X` listed, `S` made by a subclassification.
    pub listed: String,
    /// Number of its chapter.
    pub chapter: String,
    /// First code of its group.
    pub group: String,
    /// The code with its marks: `D63.-*`.
    pub marked: String,
    /// The code without them.
    pub plain: String,
    /// The code without its dot.
    pub undotted: String,
    /// The full title, and in files with four titles those of its three, four and five characters.
    pub titles: Vec<String>,
    /// The further fields, empty ones included.
    pub more: Vec<(Field, String)>,
    /// Where the row begins.
    pub at: Position,
}

macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal;)*) => {
        /// A field after the titles.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Field {
            $($(#[doc = $doc])+ $name,)*
            /// A field that the layouts do not name, by its number from 1.
            Numbered(u16),
        }

        impl Field {
            /// A name for the field, lower case with dashes; `None` for one that is only numbered.
            pub fn id(self) -> Option<&'static str> {
                match self { $(Self::$name => Some($id),)* Self::Numbered(_) => None }
            }
        }
    };
}

fields! {
    /// Use for ambulatory care: P primary, O only as asterisk code, Z only as code with `!`, V not to be used.
    Use295 = "use-295";
    /// Use for hospital care, as before.
    Use301 = "use-301";
    /// Entry in the mortality list 1.
    Mortality1 = "mortality-list-1";
    /// Entry in the mortality list 2.
    Mortality2 = "mortality-list-2";
    /// Entry in the mortality list 3.
    Mortality3 = "mortality-list-3";
    /// Entry in the mortality list 4.
    Mortality4 = "mortality-list-4";
    /// Entry in the morbidity list.
    Morbidity = "morbidity-list";
    /// M, W, or 9 for both.
    Sex = "sex";
    /// M must, K can, 9 no error when the sex is the other.
    SexError = "sex-error";
    /// Lowest age in the old way of writing.
    AgeFromOld = "age-from-old";
    /// Lowest age: `t001` days, `j001` years, 9999 none.
    AgeFrom = "age-from";
    /// Highest age in the old way of writing.
    AgeToOld = "age-to-old";
    /// Highest age.
    AgeTo = "age-to";
    /// M must, K can, 9 no error when the age is another.
    AgeError = "age-error";
    /// Rare in central Europe, J or N.
    Rare = "rare";
    /// Has a meaning, J or N; reserved codes have none.
    HasContent = "has-content";
    /// Notifiable under the infection protection act, J or N.
    Notifiable = "notifiable";
    /// Notifiable by laboratories, J or N.
    NotifiableLaboratory = "notifiable-laboratory";
}

const WHO: &[Field] =
    &[Field::Morbidity, Field::Mortality4, Field::Mortality3, Field::Mortality2, Field::Mortality1];

/// The further fields of ICD-10-GM: the fields that all years have, with ages written once or twice, with or without
/// the two of the infection protection act.
const GM_HEAD: &[Field] = &[
    Field::Use295,
    Field::Use301,
    Field::Mortality1,
    Field::Mortality2,
    Field::Mortality3,
    Field::Mortality4,
    Field::Morbidity,
    Field::Sex,
    Field::SexError,
];
const AGES_ONCE: &[Field] = &[Field::AgeFrom, Field::AgeTo];
const AGES_ONCE_OLD: &[Field] = &[Field::AgeFromOld, Field::AgeToOld];
const AGES_TWICE: &[Field] = &[Field::AgeFromOld, Field::AgeFrom, Field::AgeToOld, Field::AgeTo];
const GM_TAIL: &[Field] = &[Field::AgeError, Field::Rare, Field::HasContent];
const NOTIFIABLE: &[Field] = &[Field::Notifiable, Field::NotifiableLaboratory];

/// What the fields after the titles are, by their number.
fn further(list: List, count: usize) -> Vec<Field> {
    let parts: &[&[Field]] = match (list, count) {
        (List::WhoCodes, 5) => &[WHO],
        (List::GmCodes, 14) => &[GM_HEAD, AGES_ONCE_OLD, GM_TAIL],
        (List::GmCodes, 16) => &[GM_HEAD, AGES_ONCE, GM_TAIL, NOTIFIABLE],
        (List::GmCodes, 18) => &[GM_HEAD, AGES_TWICE, GM_TAIL, NOTIFIABLE],
        _ => &[],
    };
    parts.concat()
}

/// One row cut into its fields.
struct Row {
    fields: Vec<String>,
    at: Position,
}

fn rows(bytes: &[u8]) -> impl Iterator<Item = Row> {
    let encoding = german_encoding(bytes);
    let row = move |line: &Line<'_>| {
        let text = decode_as(line.bytes, encoding);
        Row { fields: text.split(';').map(str::to_owned).collect(), at: line.at }
    };
    // No such file is in UTF-16; its lines could not be cut at a single byte.
    let bytes = if encoding == Encoding::Utf16 { &[] } else { bytes };
    lines(bytes).filter(|l| !is_blank(l.bytes)).map(move |l| row(&l))
}

/// Which list a file is, by its first rows; `head` may be cut anywhere.
pub fn detect(head: &[u8]) -> Option<List> {
    let head = &head[..head.len().min(16 * 1024)];
    let whole = memchr::memrchr(b'\n', head).map_or(head, |end| &head[..=end]);
    let first: Vec<Row> = rows(whole).take(20).collect();
    if first.is_empty() {
        return None;
    }
    let all = |test: &dyn Fn(&[String]) -> bool| first.iter().all(|r| test(&r.fields));
    let number = |f: &str| matches!(f.len(), 1..=2) && f.bytes().all(|b| b.is_ascii_digit());
    if all(&|f| f.len() == 2 && number(&f[0]) && !f[1].is_empty()) {
        return Some(List::Chapters);
    }
    let group = |f: &[String]| match f {
        [first, last, chapter, title] => {
            is_category(first) && is_category(last) && number(chapter) && !title.is_empty()
        }
        [first, chapter, title] => is_category(first) && number(chapter) && !title.is_empty(),
        // The files of 2004 say no more than this; a list of titles has longer codes among its first.
        [first, title] => is_category(first) && !title.is_empty(),
        _ => false,
    };
    if all(&group) {
        return Some(List::Groups);
    }
    if all(&|f| f.len() == 2 && (f[0] == "UNDEF" || is_marked_code(&f[0])) && !f[1].is_empty()) {
        return Some(List::Titles);
    }
    let coded = |f: &[String]| {
        f.len() >= 14 && matches!(f[0].as_str(), "0" | "3" | "4" | "5") && is_marked_code(&f[7])
    };
    // The notes of official files name rows with errors in them, so a few may be off.
    if first.iter().filter(|r| coded(&r.fields)).count() * 2 > first.len() {
        let who = first.iter().filter(|r| matches!(r.fields.len(), 14 | 17)).count() * 2 > first.len();
        return Some(if who { List::WhoCodes } else { List::GmCodes });
    }
    None
}

fn is_category(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 3 && b[0].is_ascii_uppercase() && b[1].is_ascii_digit() && b[2].is_ascii_digit()
}

fn is_marked_code(text: &str) -> bool {
    text.get(..3).is_some_and(is_category)
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'*' | b'!' | b'+'))
}

fn wrong_count(row: &Row, expected: &'static str) -> Error {
    Error { at: row.at, kind: ErrorKind::FieldCount { found: row.fields.len(), expected } }
}

/// The chapters, bad rows as errors.
pub fn chapters(bytes: &[u8]) -> impl Iterator<Item = Result<Chapter, Error>> {
    rows(bytes).map(|row| match row.fields.as_slice() {
        [number, title] => Ok(Chapter { number: number.clone(), title: title.clone(), at: row.at }),
        _ => Err(wrong_count(&row, "2")),
    })
}

/// The groups, bad rows as errors.
pub fn groups(bytes: &[u8]) -> impl Iterator<Item = Result<Group, Error>> {
    rows(bytes).map(|row| {
        let (first, last, chapter, title) = match row.fields.as_slice() {
            [first, last, chapter, title] => (first, Some(last), Some(chapter), title),
            [first, chapter, title] => (first, None, Some(chapter), title),
            [first, title] => (first, None, None, title),
            _ => return Err(wrong_count(&row, "4, before 2007 3 or 2")),
        };
        let (last, chapter) = (last.cloned(), chapter.cloned());
        Ok(Group { first: first.clone(), last, chapter, title: title.clone(), at: row.at })
    })
}

/// The codes of a list of titles, bad rows as errors. The row `UNDEF` is one of them.
pub fn titles(bytes: &[u8]) -> impl Iterator<Item = Result<Titled, Error>> {
    rows(bytes).map(|row| match row.fields.as_slice() {
        [code, _] if code != "UNDEF" && !is_marked_code(code) => {
            Err(Error { at: row.at, kind: ErrorKind::Code { found: code.clone() } })
        }
        [code, title] => Ok(Titled { code: code.clone(), title: title.clone(), at: row.at }),
        _ => Err(wrong_count(&row, "2")),
    })
}

/// The codes of a list with metadata, bad rows as errors.
pub fn codes(bytes: &[u8], list: List) -> impl Iterator<Item = Result<Coded, Error>> {
    rows(bytes).map(move |row| coded(row, list))
}

fn coded(row: Row, list: List) -> Result<Coded, Error> {
    let expected = if list == List::WhoCodes { "17, or 14" } else { "28, or 30, 27 or 23 in older years" };
    let Some(titles) = title_count(list, &row.fields) else { return Err(wrong_count(&row, expected)) };
    let at = row.at;
    let mut fields = row.fields.into_iter();
    let mut next = || fields.next().unwrap_or_default();
    let (level, terminal, listed, chapter) = (next(), next(), next(), next());
    let (group, marked, plain, undotted) = (next(), next(), next(), next());
    if !is_marked_code(&undotted) {
        return Err(Error { at, kind: ErrorKind::Code { found: undotted } });
    }
    let titles: Vec<String> = std::iter::repeat_with(next).take(titles).collect();
    let rest: Vec<String> = fields.collect();
    let names = further(list, rest.len());
    let start = 8 + titles.len() + 1;
    let more = rest.into_iter().enumerate().map(|(i, value)| {
        let numbered = || Field::Numbered(u16::try_from(start + i).unwrap_or(u16::MAX));
        (names.get(i).copied().unwrap_or_else(numbered), value)
    });
    let more = more.collect();
    Ok(Coded { level, terminal, listed, chapter, group, marked, plain, undotted, titles, more, at })
}

/// How many titles the row has; `None` when it has too few fields for any layout.
fn title_count(list: List, fields: &[String]) -> Option<usize> {
    let is_use = |at: usize| {
        fields.get(at..at + 2).is_some_and(|f| f.iter().all(|f| matches!(f.as_str(), "P" | "O" | "Z" | "V")))
    };
    match (list, fields.len()) {
        (List::WhoCodes, 14) => Some(1),
        (List::WhoCodes, 17) => Some(4),
        (List::WhoCodes, _) => None,
        (_, 14..) if is_use(9) => Some(1),
        (_, 14..) if is_use(12) => Some(4),
        (_, 23 | 27) => Some(1),
        (_, 28 | 30) => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of codes with `titles` titles and `more` further fields.
    fn row(code: &str, titles: usize, more: &str) -> String {
        let undotted = code.replace('.', "");
        let titles = ["Full: own", "Full", "own", ""][..titles].join(";");
        format!("{};T;X;17;Q10;{code};{code};{undotted};{titles};{more}\r\n", undotted.len())
    }

    const MORE_28: &str = "P;P;1-1;2-1;3-1;4-1;101;9;9;9999;9999;9;N;J;N;N";
    const MORE_30: &str = "P;O;1-1;2-1;3-1;4-1;101;9;9;9;t001;9;j124;9;N;J;N;N";
    const MORE_23: &str = "P;Z;1-1;2-1;3-1;4-1;101;M;K;01;99;9;N;J";

    #[track_caller]
    fn check(text: &str, list: List, titles: usize, field: Field, value: &str) {
        assert_eq!(detect(text.as_bytes()), Some(list), "{text}");
        let code = codes(text.as_bytes(), list).next().unwrap().unwrap();
        assert_eq!(code.titles.len(), titles, "{text}");
        assert_eq!(
            code.more.iter().find(|(f, _)| *f == field).map(|(_, v)| v.as_str()),
            Some(value),
            "{text}"
        );
    }

    #[test]
    fn layouts_of_codes() {
        let fields = |text: &str| text.split(';').count();
        let [r28, r30] = [row("Q10.1", 4, MORE_28), row("Q10.1", 4, MORE_30)];
        let [r27, r23] = [row("Q10.1", 1, MORE_30), row("Q10.1", 1, MORE_23)];
        assert_eq!([&r28, &r30, &r27, &r23].map(|r| fields(r)), [28, 30, 27, 23]);
        check(&r28, List::GmCodes, 4, Field::AgeFrom, "9999");
        check(&r30, List::GmCodes, 4, Field::AgeFrom, "t001");
        check(&r27, List::GmCodes, 1, Field::AgeTo, "j124");
        check(&r23, List::GmCodes, 1, Field::AgeFromOld, "01");
        check(&r27, List::GmCodes, 1, Field::Notifiable, "N");
        check(&row("Q10.1", 4, "104;4-044;3-025;2-046;1-052"), List::WhoCodes, 4, Field::Mortality1, "1-052");
        check(&row("Q10.1", 1, "104;4-044;3-025;2-046;1-052"), List::WhoCodes, 1, Field::Morbidity, "104");
        // A layout that no year had: nothing is lost, and nothing is named that is not known.
        check(&row("Q10.1", 4, "P;P;a;b"), List::GmCodes, 4, Field::Numbered(15), "a");
    }

    #[test]
    fn lists_by_their_first_rows() {
        let list = |text: &str| detect(text.as_bytes());
        assert_eq!(list("01;First\r\n02;Second\r\n"), Some(List::Chapters));
        assert_eq!(list("Q00;Q09;17;Some\r\n"), Some(List::Groups));
        assert_eq!(list("Q00;17;Some\r\n"), Some(List::Groups));
        assert_eq!(list("Q00;Some\r\nQ10;Other\r\n"), Some(List::Groups));
        assert_eq!(list("UNDEF;Undefined\r\nQ00;Some\r\nQ00.0;Other\r\n"), Some(List::Titles));
        assert_eq!(list("Q00.-;Some\r\nQ00.0*;Other\r\n"), Some(List::Titles));
        assert_eq!(list("001;A list entry\r\n"), None);
        assert_eq!(list("Q10.0;Q10.0;A;A\r\n"), None);
        assert_eq!(list(""), None);
    }

    #[test]
    fn no_row_is_taken_for_a_header_and_bad_ones_are_told() {
        let text = format!("{}short;row\r\n{}", row("Q10.1", 4, MORE_28), row("Q10.2", 4, MORE_28));
        let all: Vec<_> = codes(text.as_bytes(), List::GmCodes).collect();
        assert_eq!(all.len(), 3);
        let error = all[1].as_ref().unwrap_err();
        assert_eq!((error.at.line, matches!(error.kind, ErrorKind::FieldCount { found: 2, .. })), (2, true));
        let old = titles(b"Q10.0;K\x81nstlich\r\n").next().unwrap().unwrap();
        assert_eq!(old.title, "K\u{fc}nstlich");
    }
}
