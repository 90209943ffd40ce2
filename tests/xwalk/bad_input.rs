//! Bad input: a clear message, exit 2 or a listed diagnostic, and the library as it was before.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::program::{Program, root};

/// Imports a file or folder that must be refused, and checks that the library did not change.
#[track_caller]
fn check_refused(path: &Path, expected: &[&str]) {
    let program = Program::new();
    program.expect(0, &["import", "fixtures/icd10cm/2025"]);
    let before = program.expect(0, &["list", "--format", "json"]).stdout;
    let run = program.expect(2, &["import", path.to_str().unwrap()]);
    for text in expected {
        assert!(run.stderr.contains(text), "`{text}` is not in:\n{}", run.stderr);
    }
    assert_eq!(program.expect(0, &["list", "--format", "json"]).stdout, before);
    // A diff of the same file is refused as well: its counts would be wrong.
    program.expect(2, &["diff", "icd10cm@2025", path.to_str().unwrap()]);
}

fn order_2026() -> Vec<u8> {
    fs_err::read(root().join("fixtures/icd10cm/2026/icd10cm_order_2026.txt")).unwrap()
}

fn tabular() -> String {
    fs_err::read_to_string(root().join("fixtures/icd10cm/2026-04/icd10c-tabular-April-1-2026.xml")).unwrap()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, bytes).unwrap();
        path
    }

    fn zip(&self, name: &str, members: &[(&str, &[u8])]) -> PathBuf {
        let path = self.0.path().join(name);
        let mut zip = zip::ZipWriter::new(fs_err::File::create(&path).unwrap());
        for (member, bytes) in members {
            zip.start_file(*member, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        path
    }
}

#[test]
fn a_truncated_order_file() {
    let folder = Folder::new();
    let bytes = order_2026();
    let path = folder.write("icd10cm_order_2026.txt", &bytes[..bytes.len() - 30]);
    check_refused(&path, &["icd10cm_order_2026.txt:1291:", "error[truncated]", "download it again"]);
    let path = folder.write("b/icd10cm_order_2026.txt", &bytes[..bytes.len() - 110]);
    check_refused(&path, &["error[bad-layout]", "the line ends after"]);
}

#[test]
fn a_whole_order_file_that_stops_in_the_middle() {
    let folder = Folder::new();
    let lines: String =
        (1..=2000).map(|n| format!("{n:05} A{:<6} 1 {:<60} Long\r\n", format!("{n:04}"), "Short")).collect();
    let path = folder.write("icd10cm_order_2030.txt", lines.as_bytes());
    check_refused(&path, &["icd10cm_order_2030.txt:2000:1: error[truncated]", "ends with codes of `A`"]);
}

#[test]
fn an_order_file_with_a_line_cut_short() {
    let folder = Folder::new();
    let text = String::from_utf8(order_2026()).unwrap();
    let cut: String = text
        .split_inclusive('\n')
        .enumerate()
        .map(|(i, line)| if i == 41 { format!("{}\r\n", &line[..40]) } else { line.to_owned() })
        .collect();
    let path = folder.write("icd10cm_order_2026.txt", cut.as_bytes());
    check_refused(
        &path,
        &["icd10cm_order_2026.txt:42:41: error[bad-layout]: the line ends after 40 bytes", "hint:"],
    );
}

#[test]
fn a_wrong_encoding() {
    let folder = Folder::new();
    let text = String::from_utf8(order_2026()).unwrap();
    let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let path = folder.write("icd10cm_order_2026.txt", &wide);
    check_refused(&path, &["UTF-16", "expected the ASCII or UTF-8 file"]);
    let mut latin = order_2026();
    latin[20] = 0xE9;
    let path = folder.write("latin/icd10cm_order_2026.txt", &latin);
    check_refused(&path, &["icd10cm_order_2026.txt:1:21: error[bad-encoding]"]);
}

#[test]
fn a_pdf_given_by_mistake() {
    let folder = Folder::new();
    let path = folder.write("icd10cm_order_2026.txt", b"%PDF-1.7\nrubbish");
    check_refused(&path, &["it is a PDF; expected the text or XML files"]);
}

#[test]
fn a_zip_with_a_path_that_climbs_out() {
    let folder = Folder::new();
    let order = order_2026();
    let path = folder.zip("release.zip", &[("../../icd10cm_order_2026.txt", &order)]);
    check_refused(&path, &["a path that leads out of the archive"]);
}

#[test]
fn a_zip_bomb() {
    let folder = Folder::new();
    let path = folder.zip("release.zip", &[("icd10cm_order_2026.txt", &vec![b' '; 40 << 20])]);
    check_refused(&path, &["unpacks to more than", "not an official release"]);
}

#[test]
fn archives_within_archives() {
    let folder = Folder::new();
    let mut inner = order_2026();
    for _ in 0..4 {
        inner = fs_err::read(folder.zip("nested.zip", &[("nested.zip", &inner)])).unwrap();
    }
    check_refused(&folder.write("release.zip", &inner), &["more than two deep"]);
}

#[test]
fn a_damaged_zip() {
    let folder = Folder::new();
    let path = folder.write("release.zip", b"PK\x03\x04 and nothing else");
    check_refused(&path, &["failed to read the zip archive release.zip"]);
}

#[test]
fn an_official_zip_with_a_folder_in_it_is_read() {
    let folder = Folder::new();
    let order = order_2026();
    let path =
        folder.zip("2026-code-descriptions.zip", &[("Code Descriptions/icd10cm_order_2026.txt", &order)]);
    let run =
        Program::new().expect(0, &["diff", "fixtures/icd10cm/2025", path.to_str().unwrap(), "--summary"]);
    assert!(run.stdout.contains("487 added, 28 deleted, 38 revised"));
}

#[test]
fn an_xml_with_an_undeclared_entity() {
    let folder = Folder::new();
    let path = folder.write(
        "icd10cm-tabular-2026.xml",
        tabular().replacen("hypertension", "hyper&nbsp;tension", 1).as_bytes(),
    );
    check_refused(&path, &["error[bad-xml]: the XML uses the entity `&nbsp;`, which is not declared"]);
    let text = tabular();
    let path = folder.write("icd10cm-tabular-2026.xml", &text.as_bytes()[..text.len() / 2]);
    check_refused(&path, &["error[bad-xml]"]);
}

#[test]
fn two_different_files_claiming_one_edition() {
    let folder = Folder::new();
    folder.write("a/icd10cm_order_2026.txt", &order_2026());
    let mut other = order_2026();
    other.truncate(other.len() / 2);
    folder.write("b/icd10cm_order_2026.txt", &other);
    check_refused(
        folder.0.path(),
        &["two different files claim to be the order file of icd10cm@2026", "a/icd10cm", "b/icd10cm"],
    );
}

#[test]
fn the_same_file_twice_is_one() {
    let folder = Folder::new();
    folder.write("a/icd10cm_order_2026.txt", &order_2026());
    folder.write("b/icd10cm_order_2026.txt", &order_2026());
    Program::new().expect(0, &["import", folder.0.path().to_str().unwrap()]);
}

#[test]
fn an_empty_folder_and_a_path_that_is_not_there() {
    let folder = Folder::new();
    check_refused(folder.0.path(), &["holds no files; expected the files of a release"]);
    check_refused(Path::new("no/such/place"), &["failed to read no/such/place"]);
}

#[test]
fn a_code_that_stands_twice() {
    let folder = Folder::new();
    let mut bytes = order_2026();
    let line = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    let first = bytes[..line].to_vec();
    bytes.extend_from_slice(&first);
    let path = folder.write("icd10cm_order_2026.txt", &bytes);
    check_refused(&path, &["icd10cm_order_2026.txt:1292:1: error[duplicate-code]"]);
}

#[test]
fn an_order_file_and_an_xml_that_contradict_each_other_make_one_edition_with_diagnostics() {
    let folder = Folder::new();
    let xml = tabular().replacen("Essential (primary) hypertension", "Essential hypertension", 1);
    folder.write("icd10cm-tabular-2026.xml", xml.as_bytes());
    let text = String::from_utf8(order_2026()).unwrap();
    let extra = "99990 I10     1 Essential (primary) hypertension                             Essential (primary) hypertension\r\n\
                 99991 I11     0 Hypertensive heart disease                                   Hypertensive heart disease\r\n\
                 99992 I110    1 Hypertensive heart disease with heart failure                Hypertensive heart disease with heart failure\r\n";
    folder.write("icd10cm_order_2026.txt", format!("{text}{extra}").as_bytes());
    let program = Program::new();
    let run = program
        .expect(0, &["import", folder.0.path().to_str().unwrap(), "--format", "json", "--all-diagnostics"]);
    assert_eq!(run.json().as_array().unwrap().len(), 1, "one edition");
    assert!(
        run.stderr.contains("warning[titles-disagree]: \"I10\" is titled \"Essential hypertension\" here"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("\"I110\" is valid here, but the tabular XML does not define it"));
    let shown = program.expect(0, &["show", "icd10cm@2026", "I10"]);
    assert!(shown.stdout.starts_with("I10 Essential (primary) hypertension"), "the order file has the say");
}
