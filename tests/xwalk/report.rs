//! `xwalk report`: numbers that reconcile, in every form.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use crate::program::{Program, release};

const FROM: &str = "fixtures/icd10cm/2025";
const TO: &str = "fixtures/icd10cm/2026";

/// Titles that try to be something else.
pub(crate) const HOSTILE: [&str; 8] = [
    "<script>window.stolen = 1</script>",
    "</style><img src=x onerror=\"window.stolen = 1\">",
    "Salt & pepper \"quoted\" 'single' <b>bold</b> &amp; </td></table>",
    "=HYPERLINK(\"http://example.invalid\",\"x\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u{62d}\u{645}\u{649} \u{627}\u{644}\u{62a}\u{64a}\u{641}\u{648}\u{626}\u{64a}\u{62f} (A01.0) \u{5d7}\u{5d5}\u{5dc}\u{5d9}",
    "a | b * c _ d [e](javascript:alert(1)) `f` # g",
    "A title of three hundred characters that has one word without a place to break \
     Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
     aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Two order files: in the later one, codes with hostile titles are new, and one title is revised into one.
pub(crate) fn hostile_pair(folder: &Path) -> [PathBuf; 2] {
    let line = |n: usize, code: &str, valid: u8, title: &str| {
        format!("{n:05} {code:<7} {valid} {:<60} {title}\r\n", "Short title")
    };
    let (mut old, mut new) = (String::new(), String::new());
    for text in [&mut old, &mut new] {
        text.push_str(&line(1, "A00", 0, "Cholera"));
        text.push_str(&line(2, "A000", 1, "Cholera one"));
    }
    old.push_str(&line(3, "A009", 1, "Plain title"));
    new.push_str(&line(3, "A009", 1, "Plain <i>title</i> & more"));
    for (i, title) in HOSTILE.iter().enumerate() {
        new.push_str(&line(4 + i, &format!("A01{i}"), 1, title));
    }
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs_err::write(&path, text).unwrap();
        path
    };
    [write("icd10cm_order_2025.txt", &old), write("icd10cm_order_2026.txt", &new)]
}

fn json_of(args: &[&str]) -> Value {
    let mut all = vec!["report"];
    all.extend(args);
    all.extend(["--format", "json"]);
    Program::new().expect(0, &all).json()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Added, deleted and revised of a chapter.
fn chapter(json: &Value, key: &str) -> (u64, u64, u64) {
    let row = json["chapters"].as_array().unwrap().iter().find(|c| c["key"] == key).unwrap();
    let number = |name: &str| row[name].as_u64().unwrap();
    (number("added"), number("deleted"), number("revised"))
}

fn headline(json: &Value) -> (u64, u64, u64) {
    let numbers = json["headline"]["numbers"].as_array().unwrap();
    let number = |i: usize| numbers[i]["computed"].as_u64().unwrap();
    (number(0), number(1), number(2))
}

/// The chapters add up to the headline, and so do the rows.
#[track_caller]
fn adds_up(json: &Value) {
    let chapters = json["chapters"].as_array().unwrap();
    let sum = |name: &str| chapters.iter().map(|c| c[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("added"), sum("deleted"), sum("revised")), headline(json));
    let counted = |kinds: &[&str]| {
        let rows = json["changes"].as_array().unwrap().iter();
        rows.filter(|r| r["counted"] == true && kinds.contains(&r["kind"].as_str().unwrap())).count() as u64
    };
    let rows = (
        counted(&["added", "became-assignable"]),
        counted(&["deleted", "became-header"]),
        counted(&["revised", "editorial"]),
    );
    assert_eq!(rows, headline(json));
    assert_eq!(json["reconciliation"]["chapters_add_up"], true);
    let totals = (json["headline"]["before"].as_u64().unwrap(), json["headline"]["after"].as_u64().unwrap());
    assert_eq!((sum("before"), sum("after")), totals);
    assert_eq!(totals.0 + headline(json).0 - headline(json).1, totals.1, "before and after");
}

#[test]
fn the_headline_agrees_with_the_trailer_and_names_it() {
    let json = json_of(&[FROM, TO]);
    assert_eq!(json["schema"], "xwalk.report/1");
    assert_eq!(headline(&json), (487, 28, 38));
    for number in json["headline"]["numbers"].as_array().unwrap() {
        assert_eq!(number["computed"], number["official"], "{number}");
    }
    let sentence = json["reconciliation"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("agree with the trailer of icd10cm_order_addenda_2026.txt"), "{sentence}");
    adds_up(&json);
    assert_eq!(chapter(&json, "12"), (116, 0, 2));
    assert_eq!(chapter(&json, "19"), (213, 12, 24));
    assert!(json["chapter_source"].as_str().unwrap().contains("ICD-10-CM tabular list"));
}

#[test]
fn a_wrong_trailer_is_not_agreed_with() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["icd10cm_order_2026.txt", "icd10cm_order_addenda_2026.txt"] {
        let text = fs_err::read_to_string(crate::program::root().join(TO).join(name)).unwrap();
        let text = text.replace("    487 additions", "    486 additions");
        fs_err::write(folder.path().join(name), text).unwrap();
    }
    let run = Program::new().expect(1, &["report", FROM, text(folder.path()), "--format", "json"]);
    let json = run.json();
    let sentence = json["reconciliation"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("differ from the trailer") && sentence.contains("486 additions"), "{sentence}");
    assert_eq!(json["reconciliation"]["verdict"], "disagrees");
}

#[test]
fn became_a_header_is_one_story_with_its_children_and_successors() {
    let json = json_of(&[FROM, TO]);
    let rows = json["changes"].as_array().unwrap();
    let of = |code: &str| rows.iter().filter(|r| r["code"] == code).collect::<Vec<_>>();
    let b880 = of("B88.0");
    assert_eq!(b880.len(), 1);
    assert_eq!(b880[0]["kind"], "became-header");
    let codes = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|n| n["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&b880[0]["children"]), ["B88.01", "B88.09"]);
    let successors: Vec<String> =
        b880[0]["successors"].as_array().unwrap().iter().flat_map(|s| codes(&s["codes"])).collect();
    assert_eq!(successors, ["B88.01", "B88.09"]);
    let b8801 = of("B88.01");
    assert_eq!(codes(&b8801[0]["previous"][0]["codes"]), ["B88.0"]);
    assert_eq!(b8801[0]["previous"][0]["basis"], "official");
    // A code that stayed and lost scope, by the table that comes with the program.
    let e119 = json["scope_loss"].as_array().unwrap().iter().find(|l| l["code"]["code"] == "E11.9").unwrap();
    assert_eq!(codes(&e119["into"]), ["E11.A"]);
    // Titles before and after are those of their editions, and the marks make both.
    for title in rows.iter().flat_map(|r| r["titles"].as_array().into_iter().flatten()) {
        let side = |skip: &str| -> String {
            let marks = title["marks"].as_array().unwrap().iter();
            marks.filter(|m| m["kind"] != skip).map(|m| m["text"].as_str().unwrap()).collect()
        };
        assert_eq!(
            (side("added"), side("removed")),
            (title["before"].as_str().unwrap().to_owned(), title["after"].as_str().unwrap().to_owned())
        );
    }
}

#[test]
fn notes_by_heading_with_their_moves() {
    let json = json_of(&["fixtures/icd10cm/2025-04", "fixtures/icd10cm/2026-04"]);
    adds_up(&json);
    assert!(json["chapter_source"].as_str().unwrap().contains("state"), "{}", json["chapter_source"]);
    let moved = json["notes"].as_array().unwrap().iter().filter(|n| n["action"] == "moved");
    let to_excludes2 = moved.filter(|n| n["was"] == "Excludes1" && n["kind"] == "Excludes2").count() as u64;
    let told = json["note_moves"].as_array().unwrap();
    let told = told.iter().find(|m| m["from"] == "Excludes1" && m["to"] == "Excludes2").unwrap();
    assert!(to_excludes2 > 0);
    assert_eq!(told["count"].as_u64(), Some(to_excludes2));
}

#[test]
fn notes_of_tabular_lists_stand_beside_the_headline_of_the_order_files() {
    let lists = ["fixtures/icd10cm/2025-04", "fixtures/icd10cm/2026-04"];
    let json = json_of(&[FROM, TO, "--notes", lists[0], lists[1]]);
    assert_eq!(headline(&json), (487, 28, 38));
    let own = json_of(&[lists[0], lists[1]]);
    for field in ["note_counts", "note_moves"] {
        assert_eq!(json[field], own[field]);
    }
    assert_eq!(json["notes_from"], json!(["icd10cm@2025-04", "icd10cm@2026-04"]));
    let key = |json: &Value, note: &Value| {
        json["chapters"][note["chapter"].as_u64().unwrap() as usize]["key"].as_str().unwrap().to_owned()
    };
    let place = |json: &Value| -> Vec<(String, String)> {
        let notes = json["notes"].as_array().unwrap().iter();
        notes.map(|n| (n["code"].as_str().unwrap().to_owned(), key(json, n))).collect()
    };
    assert_eq!(place(&json), place(&own), "the same places in the same chapters");
    let run = Program::new().expect(2, &["report", FROM, TO, "--notes", FROM, TO]);
    assert!(run.stderr.contains("icd10cm@2025 holds no notes"), "{}", run.stderr);
    // Of the library they are taken without being named.
    let program = Program::new();
    program.expect(0, &["import", "fixtures/icd10cm"]);
    let stored = program.expect(0, &["report", "icd10cm@2025", "icd10cm@2026", "--format", "json"]).json();
    assert_eq!(stored["note_counts"], own["note_counts"]);
}

#[test]
fn the_page_is_one_file_and_runs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.html");
    Program::new().expect(0, &["report", FROM, TO, "-o", text(&path)]);
    let html = fs_err::read_to_string(&path).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>"));
    for outside in ["src=", "@import", "<link", "<iframe", "url(http", " style=\"", " onclick"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(html.matches("<script").count(), 1);
    assert!(html.contains("default-src 'none'") && !html.contains("unsafe-inline"));
    for word in ["icd10cm_order_addenda_2026.txt", "Glossary", "sha256", "Excludes1", "public domain"] {
        assert!(html.contains(word), "{word}");
    }
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.html", "a.xlsx", "a.md", "a.json"] {
        let path = folder.path().join(name);
        let write = || {
            Program::new().expect(0, &["report", FROM, TO, "-o", text(&path)]);
            fs_err::read(&path).unwrap()
        };
        assert!(write() == write(), "{name}");
    }
}

#[test]
fn hostile_titles_in_markdown_and_workbook() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = hostile_pair(folder.path());
    let markdown = Program::new().expect(0, &["report", text(&old), text(&new)]).stdout;
    assert!(!markdown.contains("<script") && !markdown.contains("<img") && !markdown.contains("<b>"));
    assert!(markdown.contains("&lt;script&gt;window.stolen = 1&lt;/script&gt;"));
    assert!(markdown.contains("a \\| b \\* c \\_ d \\[e\\]"));
    let path = folder.path().join("summary.xlsx");
    Program::new().expect(0, &["report", text(&old), text(&new), "-o", text(&path)]);
    let mut book: Xlsx<_> = calamine::open_workbook(&path).unwrap();
    let added = book.worksheet_range("Added").unwrap();
    let titles: BTreeSet<String> = added.rows().skip(1).map(|r| r[4].to_string()).collect();
    for title in HOSTILE {
        assert!(titles.contains(title.trim_end()), "{title} is in its cell as it is: {titles:?}");
    }
    for sheet in book.sheet_names() {
        assert!(book.worksheet_formula(&sheet).unwrap().is_empty(), "{sheet} has no formula");
    }
}

#[test]
fn the_workbook_has_a_sheet_for_each_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.xlsx");
    Program::new().expect(0, &["report", FROM, TO, "-o", text(&path)]);
    let mut book: Xlsx<_> = calamine::open_workbook(&path).unwrap();
    let names = book.sheet_names();
    for name in [
        "Summary",
        "Chapters",
        "Added",
        "Deleted",
        "Became headers",
        "Revised",
        "Editorial",
        "Successors",
        "Used before",
        "Scope loss",
    ] {
        assert!(names.contains(&name.to_owned()), "{name}: {names:?}");
    }
    let mut rows = |sheet: &str| -> Vec<Vec<Data>> {
        book.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
    };
    let counted = |rows: &[Vec<Data>]| rows.iter().filter(|r| r[3] == "yes").count();
    assert_eq!(counted(&rows("Added")), 487);
    assert_eq!(counted(&rows("Deleted")) + counted(&rows("Became headers")), 28);
    let cover: Vec<String> = rows("Summary").concat().iter().map(ToString::to_string).collect();
    assert!(cover.iter().any(|c| c.contains("agree with the trailer")));
    assert!(cover.iter().any(|c| c.len() == 64 && c.bytes().all(|b| b.is_ascii_hexdigit())), "a hash");
    let successors = rows("Successors");
    assert!(successors.iter().any(|r| r[0] == "B88.0" && r[3] == "B88.01"));
    // Filters, frozen headers and rich text are in the file.
    let mut zip = zip::ZipArchive::new(fs_err::File::open(&path).unwrap()).unwrap();
    let mut all = String::new();
    for i in 0..zip.len() {
        let mut file = zip.by_index(i).unwrap();
        if file.name().unwrap().ends_with(".xml") {
            std::io::Read::read_to_string(&mut file, &mut all).unwrap();
        }
    }
    for part in ["<autoFilter", "state=\"frozen\"", "<strike/>", "<u/>"] {
        assert!(all.contains(part), "{part}");
    }
}

#[test]
fn a_selection_narrows_the_tables_and_not_the_headline() {
    let json = json_of(&[FROM, TO, "--within", "L00-L99"]);
    assert_eq!(headline(&json), (487, 28, 38));
    let rows = json["changes"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|r| r["code"].as_str().unwrap().starts_with('L')));
    assert_eq!(json["selection"]["added"], 116);
    assert_eq!(json["selection"]["words"], "within L00-L99");
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("clinic.csv");
    fs_err::write(&set, "name,code\nx,B88.0\ny,L02.212\nz,E11\n").unwrap();
    let json = json_of(&[FROM, TO, "--set", text(&set)]);
    let codes: BTreeSet<&str> =
        json["changes"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect();
    assert_eq!(codes, BTreeSet::from(["B88.0", "B88.01", "B88.09", "E11.A", "L02.212"]));
    let run = Program::new().expect(2, &["report", FROM, TO, "--within", "Q300-Q400"]);
    assert!(run.stderr.contains("`Q300-Q400` holds no code of icd10cm@2026"), "{}", run.stderr);
}

#[test]
fn volumes_sort_and_small_counts_are_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let volumes = folder.path().join("counts.csv");
    fs_err::write(&volumes, "code,count\nG35,900\nB88.0,5\nS30.1XXA,40\nE78.01,70\n").unwrap();
    let json = json_of(&[FROM, TO, "--volumes", text(&volumes), "--top", "3"]);
    let of = |kind: &str| -> Vec<(String, Value)> {
        let rows = json["changes"].as_array().unwrap().iter().filter(|r| r["kind"] == kind);
        rows.map(|r| (r["code"].as_str().unwrap().to_owned(), r["volume"].clone())).collect()
    };
    let headers = of("became-header");
    assert_eq!(headers.len(), 3, "--top");
    assert_eq!(headers[0], ("G35".into(), json!({"is": "exactly", "number": 900})));
    assert_eq!(headers[1].0, "E78.01");
    assert_eq!(headers[2], ("B88.0".into(), json!({"is": "under", "number": 11})));
    assert_eq!(of("deleted")[0].0, "S30.1XXA");
    // A new code is used as much as the one before it.
    assert!(of("added")[0].0.starts_with("G35."), "{:?}", of("added"));
    fs_err::write(&volumes, "code,count\nG35,many\n").unwrap();
    let run = Program::new().expect(2, &["report", FROM, TO, "--volumes", text(&volumes)]);
    assert!(run.stderr.contains("counts.csv:2: `many` is not a count"), "{}", run.stderr);
}

#[test]
fn a_site_has_a_page_for_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let place = format!("{}/", site.display());
    // The excerpt of April holds other codes than that of October, so its step does not agree with the trailer.
    let run = Program::new().run(&["report", FROM, "fixtures/icd10cm/2025-04", TO, "-o", &place]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let mut names: Vec<String> =
        fs_err::read_dir(&site).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["2025-04-to-2026.html", "2025-to-2025-04.html", "index.html"]);
    let index = fs_err::read_to_string(site.join("index.html")).unwrap();
    for name in &names[..2] {
        assert!(index.contains(&format!("href=\"{name}\"")), "{name}");
    }
    assert!(index.contains("<svg") && index.contains("Over the years"));
    let page = fs_err::read_to_string(site.join("2025-04-to-2026.html")).unwrap();
    assert!(page.contains("href=\"index.html\"") && page.contains("href=\"2025-to-2025-04.html\""));
}

#[test]
fn hcpcs_counts_codes_and_not_modifiers() {
    let json = json_of(&["fixtures/hcpcs/2018", "fixtures/hcpcs/2019"]);
    adds_up(&json);
    let sentence = json["reconciliation"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("action code"), "{sentence}");
    let modifiers = json["changes"].as_array().unwrap().iter().filter(|r| r["status"] == "modifier");
    assert!(modifiers.clone().count() > 0 && modifiers.clone().all(|r| r["counted"] == false));
}

#[test]
fn cpt_descriptors_are_left_out_unless_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = crate::cpt::write_pair(folder.path());
    let json = json_of(&[text(&old), text(&new)]);
    assert_eq!(headline(&json), (270, 112, 38));
    adds_up(&json);
    assert_eq!(json["text_withheld"], true);
    let all = json.to_string();
    for word in ["amber", "Invented", "procedure of", "imaging"] {
        assert!(!all.contains(word), "{word}");
    }
    assert!(json["attributions"][0].as_str().unwrap().contains("American Medical Association"));
    let marks: BTreeSet<&str> = json["changes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|r| r["cpt_marks"].as_array().into_iter().flatten().filter_map(Value::as_str))
        .collect();
    assert_eq!(marks, BTreeSet::from(["deleted", "new", "resequenced", "revised", "revised-text"]));
    let licensed = json_of(&[text(&old), text(&new), "--with-licensed-text"]);
    assert!(licensed.to_string().contains("amber") && licensed["text_withheld"] == false);
    // No form lets a descriptor out, the questions neither.
    for name in ["s.html", "s.md", "s.xlsx"] {
        let path = folder.path().join(name);
        Program::new().expect(0, &["report", text(&old), text(&new), "-o", text(&path)]);
        let mut bytes = fs_err::read(&path).unwrap();
        if name == "s.xlsx" {
            let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            let mut strings = Vec::new();
            std::io::Read::read_to_end(&mut zip.by_name("xl/sharedStrings.xml").unwrap(), &mut strings)
                .unwrap();
            bytes = strings;
        }
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("amber") && !text.contains("Invented"), "{name}");
    }
    let cards = folder.path().join("cards.csv");
    Program::new().expect(0, &["report", text(&old), text(&new), "--quiz", text(&cards)]);
    let cards = fs_err::read_to_string(&cards).unwrap();
    assert!(!cards.contains("amber") && !cards.contains("Invented") && cards.lines().count() > 20);
}

#[test]
fn cards_import_into_anki_and_every_answer_holds() {
    use xwalk_report::quiz::{Claim, Quiz, holds};
    use xwalk_report::summary::{Input, Selection, Succession, Summary};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cards.csv");
    let run = Program::new().expect(0, &["report", FROM, TO, "--quiz", text(&path), "--top", "40"]);
    assert_eq!(run.stdout, "", "cards alone are a result");
    let written = fs_err::read_to_string(&path).unwrap();
    let (header, body): (Vec<&str>, Vec<&str>) = written.lines().partition(|l| l.starts_with('#'));
    assert!(header.contains(&"#separator:Comma") && header.contains(&"#html:true"), "{header:?}");
    let body = body.join("\n");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(body.as_bytes());
    let cards: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(cards.len(), 40);
    for card in &cards {
        assert_eq!(card.len(), 3);
        assert!(card[0].contains('?') && !card[1].is_empty(), "{card:?}");
    }
    // Held against the editions once more, here with a wrong answer as well.
    let read = |below: &str| {
        let found = xwalk_import::discover(&[crate::program::root().join(below)], None).unwrap();
        found.releases[0].import().unwrap().edition.unwrap()
    };
    let (a, b) = (read(FROM), read(TO));
    let set = xwalk_diff::diff(&a, &b, &|_| None).unwrap();
    let succession = Succession::of(&xwalk_map::AnnualStep::new(&a, &b, &xwalk_map::Statements::default()));
    let summary = Summary::new(&Input {
        from: &a,
        to: &b,
        set: &set,
        addenda: &[],
        transactions: &[],
        succession: &succession,
        notes: None,
        years: &[],
        selection: &Selection::default(),
        with_licensed_text: false,
    });
    let quiz = Quiz::new(&summary, &a, &b, &succession, None).unwrap();
    assert!(quiz.questions.len() > 40);
    for question in &quiz.questions {
        assert!(holds(&question.claim, &a, &b, &succession), "{}", question.prompt);
        // The other way round it does not hold.
        assert!(!holds(&question.claim, &b, &a, &succession), "{}", question.prompt);
    }
    let code = |text: &str| xwalk_model::Code::from_official(text);
    let wrong = Claim::TakesOver { old: code("B880"), right: code("L02217"), wrong: vec![] };
    assert!(!holds(&wrong, &a, &b, &succession));
}

#[test]
fn bad_command_lines_say_what_to_do() {
    let program = Program::new();
    let run = program.expect(2, &["report", FROM]);
    assert!(run.stderr.contains("a report needs two editions"), "{}", run.stderr);
    let run = program.expect(2, &["report", FROM, TO, "-o", "x.docx"]);
    assert!(run.stderr.contains(".html, .xlsx, .md, .json or a folder"), "{}", run.stderr);
    let run = program.expect(2, &["report", FROM, "fixtures/hcpcs/2019"]);
    assert!(run.stderr.contains("different code systems"), "{}", run.stderr);
    let run = program.expect(2, &["report", "nothing", TO]);
    assert!(run.stderr.contains("not a file or folder here"), "{}", run.stderr);
}

#[test]
fn full_releases_of_every_system_reconcile() {
    let pairs = [
        ("icd10cm/2025", "icd10cm/2026", Some((487, 28, 38))),
        ("icd10cm/2024", "icd10cm/2025", Some((252, 36, 13))),
        ("icd10pcs/2025", "icd10pcs/2026", None),
        ("icd11mms/2023-01", "icd11mms/2024-01", None),
        ("hcpcs/2018", "hcpcs/2019", None),
        ("icd10cm/2018", "icd10cm/2026", None),
    ];
    for (from, to, expected) in pairs {
        let (Some(from), Some(to)) = (release(from), release(to)) else { return };
        let json = json_of(&[text(&from), text(&to)]);
        adds_up(&json);
        if let Some(expected) = expected {
            assert_eq!(headline(&json), expected, "{}", to.display());
            let sentence = json["reconciliation"]["sentence"].as_str().unwrap();
            assert!(sentence.contains("agree with the trailer of icd10cm_order_addenda_"), "{sentence}");
        }
        // No code is left without a chapter.
        let outside = json["chapters"].as_array().unwrap().iter().filter(|c| c["key"] == "");
        assert!(outside.clone().all(|c| c["after"] == 0 && c["before"] == 0), "{}", to.display());
    }
}

#[test]
fn chapters_of_the_tabular_xml_are_those_of_the_ranges() {
    let (Some(from), Some(to)) = (release("icd10cm/2025"), release("icd10cm/2026")) else { return };
    let (Some(a), Some(b)) = (release("icd10cm/2025-04"), release("icd10cm/2026-04")) else { return };
    let ranges = json_of(&[text(&from), text(&to)]);
    let stated = json_of(&[text(&a), text(&b)]);
    let rows = |json: &Value| -> Vec<String> {
        let all = json["chapters"].as_array().unwrap().iter();
        all.map(|c| {
            let mut line = String::new();
            for name in ["key", "range", "title", "added", "deleted", "before", "after"] {
                write!(line, "{} ", c[name]).unwrap();
            }
            line
        })
        .collect()
    };
    assert_eq!(rows(&ranges), rows(&stated));
}
