//! Two editions of an invented CPT with the shape of 2024 and 2025: the same numbers of new, deleted and revised codes.
//!
//! No code here is one of CPT: the ranges are those that CPT does not use. `CPT_DIR` may name a folder with the
//! licensed annual files of 2024 and 2025, for which the published numbers are checked.

use std::fmt::Write;
use std::path::Path;

use xwalk_diff::{RevisedBasis, cpt_headline};
use xwalk_import::discover;
use xwalk_model::{Code, Concept, Edition};

const WORDS: [&str; 12] = [
    "amber", "basin", "cedar", "delta", "ember", "fjord", "garnet", "harbor", "island", "juniper", "kelp",
    "lagoon",
];

fn descriptor(n: usize) -> String {
    let word = |i: usize| WORDS[i % WORDS.len()];
    format!("Invented {} procedure of the {} {}, number {n}", word(n), word(n / 12), word(n / 5 + 3))
}

struct Row {
    code: String,
    before: Option<String>,
    now: Option<String>,
    /// The change type of the history for 2025.
    history: Option<&'static str>,
    added: Option<&'static str>,
}

/// 2025 and the year before it: 270 new codes, 112 deleted, 38 revised, and 61 that differ editorially.
fn rows() -> Vec<Row> {
    let parts: [(&str, usize, usize, usize, usize); 3] =
        [("", 2_000, 89, 60, 700), ("T", 900, 81, 32, 300), ("U", 800, 100, 20, 400)];
    let mut rows = Vec::new();
    let (mut revised, mut editorial) = (0, 0);
    for (letter, start, new, deleted, kept) in parts {
        let code = |i: usize| {
            if letter.is_empty() { format!("{:05}", start + i) } else { format!("9{i:03}{letter}") }
        };
        for i in 0..new + deleted + kept {
            let text = descriptor(rows.len());
            let mut row = Row {
                code: code(i),
                before: Some(text.clone()),
                now: Some(text.clone()),
                history: None,
                added: None,
            };
            if i % 8 == 0 && i / 8 < new {
                row.before = None;
                // A third of the laboratory analyses came in a quarter before.
                let early = ["20240401", "20240701", "20241001"];
                row.added = Some(if letter == "U" && i % 24 == 0 { early[(i / 24) % 3] } else { "20250101" });
            } else if i % 8 == 1 && i / 8 < deleted {
                row.now = None;
            } else if i % 8 == 2 && revised < 38 {
                revised += 1;
                row.now = Some(text.replace("procedure of", "procedure with imaging of"));
                row.history = Some("REVISED");
            } else if i % 8 == 3 && editorial < 61 {
                editorial += 1;
                row.now = Some(if editorial % 2 == 0 {
                    text.replace(", number", "; number")
                } else {
                    text.replace("Invented", "invented")
                });
                row.history = Some("GRAMMATICAL");
            }
            rows.push(row);
        }
        // What is left of the new and deleted codes, at the end of the range.
        let has = |rows: &[Row], test: fn(&Row) -> bool| {
            rows.iter()
                .filter(|r| {
                    (letter.is_empty() && r.code.ends_with(char::is_numeric))
                        || (!letter.is_empty() && r.code.ends_with(letter))
                })
                .filter(|r| test(r))
                .count()
        };
        let missing_new = new - has(&rows, |r| r.before.is_none());
        let missing_deleted = deleted - has(&rows, |r| r.now.is_none());
        for i in 0..missing_new + missing_deleted {
            let at = new + deleted + kept + i;
            let text = Some(descriptor(rows.len()));
            let fresh = i < missing_new;
            let (before, now) = if fresh { (None, text) } else { (text, None) };
            rows.push(Row { code: code(at), before, now, history: None, added: fresh.then_some("20250101") });
        }
    }
    assert_eq!((revised, editorial), (38, 61));
    rows
}

fn write(folder: &Path, rows: &[Row], text: impl Fn(&Row) -> Option<&String>) {
    fs_err::create_dir_all(folder).unwrap();
    let mut long = "Invented notice\r\nof several lines.\r\n\r\nA second paragraph.\r\n\r\n".to_owned();
    // Resequenced codes stand out of numeric order: some come long after their neighbours.
    let (late, usual): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|r| r.code.ends_with('7'));
    for row in usual.into_iter().chain(late) {
        if let Some(text) = text(row) {
            write!(long, "{}\t{text}\r\n", row.code).unwrap();
        }
    }
    fs_err::write(folder.join("LONGULT.txt"), long).unwrap();
}

fn history(folder: &Path, rows: &[Row]) {
    let mut text =
        "Date\tChange Type\tConcept Id\tCPT Code\tLevel\tPrior Value\tCurrent Value\tInstruction\r\n"
            .to_owned();
    for (i, row) in rows.iter().enumerate() {
        let id = 1_000_000 + i;
        let value = |v: &Option<String>| v.clone().unwrap_or_default();
        let mut line = |date: &str, change: &str| {
            write!(
                text,
                "{date}\t{change}\t{id}\t{}\t4\t{}\t{}\t\r\n",
                row.code,
                value(&row.before),
                value(&row.now)
            )
            .unwrap();
        };
        // Revisions of other years must not count.
        if i % 50 == 0 {
            line("20200101", "REVISED");
        }
        match (row.added, row.history, &row.now) {
            (Some(date), _, _) => line(date, "ADDED"),
            (_, Some(change), _) => line("20250101", change),
            (_, _, None) => line("20250101", "DELETED"),
            _ => {}
        }
    }
    fs_err::write(folder.join("History_DTK_tab.txt"), text).unwrap();
}

fn read(folder: &Path) -> Edition {
    let found = discover(&[folder.to_owned()], None).unwrap();
    assert_eq!(found.releases.len(), 1, "{:?}", found.diagnostics);
    let imported = found.releases[0].import().unwrap();
    assert!(imported.diagnostics.is_empty(), "{:?}", imported.diagnostics);
    imported.edition.unwrap()
}

/// Writes the invented editions of 2024 and 2025 below a folder, the later one with its history.
pub(crate) fn write_pair(folder: &Path) -> [std::path::PathBuf; 2] {
    let rows = rows();
    let (old, new) = (folder.join("CPT 2024"), folder.join("CPT 2025"));
    write(&old, &rows, |r| r.before.as_ref());
    write(&new, &rows, |r| r.now.as_ref());
    history(&new, &rows);
    [old, new]
}

#[test]
fn headline_of_an_invented_2025() {
    let rows = rows();
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("CPT 2024"), folder.path().join("CPT 2025"));
    write(&old, &rows, |r| r.before.as_ref());
    write(&new, &rows, |r| r.now.as_ref());
    let a = read(&old);
    assert_eq!(a.id().to_string(), "cpt@2024");
    for (with_history, basis) in [(false, RevisedBasis::Text), (true, RevisedBasis::History)] {
        if with_history {
            history(&new, &rows);
        }
        let b = read(&new);
        let headline = cpt_headline(&a, &b).unwrap();
        assert_eq!((headline.new, headline.deleted, headline.revised), (270, 112, 38), "{basis:?}");
        assert_eq!((headline.total, headline.editorial, headline.basis), (420, 61, basis));
        let parts = headline.new_by_part;
        assert_eq!((parts.pla, parts.category_3, parts.category_1), (100, 81, 89));
        // The diff says the same, with what is editorial among its revisions.
        let counts = xwalk_diff::diff(&a, &b, &|_| None).unwrap().counts();
        assert_eq!((counts.assignable.added, counts.assignable.deleted), (270, 112));
        assert_eq!((counts.assignable.revised.total, counts.assignable.revised.editorial), (99, 61));
        // So does the program, in its headline and its JSON.
        let folders = [&old, &new].map(|f| f.to_str().unwrap());
        let run = crate::program::Program::new().expect(0, &["diff", folders[0], folders[1], "--summary"]);
        let said = "As the AMA counts: 270 new, 112 deleted, 38 revised, 420 in all";
        assert!(run.stdout.contains(said), "{}", run.stdout);
        // The order is that of the book.
        let order: Vec<&Code> = b.concepts().map(Concept::code).collect();
        assert!(!order.is_sorted());
    }
}

#[test]
fn headline_of_the_licensed_2025() {
    let Some(root) = std::env::var_os("CPT_DIR") else {
        println!("skipped: CPT_DIR does not name a folder with the licensed files of 2024 and 2025");
        return;
    };
    let root = Path::new(&root);
    let (a, b) = (read(&root.join("2024")), read(&root.join("2025")));
    let headline = cpt_headline(&a, &b).unwrap();
    assert_eq!((headline.new, headline.deleted, headline.revised, headline.total), (270, 112, 38, 420));
}
