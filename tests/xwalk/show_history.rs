//! `xwalk show` and `xwalk history`.

use crate::program::Program;

#[test]
fn codes_as_people_write_them_are_shown_as_the_authority_prints_them() {
    let program = Program::new();
    for text in ["B88.01", "b8801", "B8801"] {
        let run = program.expect(0, &["show", "fixtures/icd10cm/2026", text]);
        assert!(run.stdout.starts_with("B88.01 "), "{}", run.stdout);
    }
    let tabular = program.expect(0, &["show", "fixtures/icd10cm/2026-04", "I10", "S06.0X1A", "9", "I10-I1A"]);
    insta::assert_snapshot!("show_text", tabular.stdout);
}

#[test]
fn an_unknown_code_is_not_echoed() {
    let program = Program::new();
    let run = program.expect(1, &["show", "fixtures/icd10cm/2026", "B88.77", "XYZ", "--format", "json"]);
    assert_eq!(run.json(), serde_json::json!([]));
    assert!(
        run.stderr.contains("unknown: B88.77 is not in icd10cm@2026; the nearest above is B88"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("malformed: `XYZ`"));
}

#[test]
fn a_code_through_the_editions() {
    let program = Program::new();
    let run = program.expect(0, &["history", "fixtures/icd10cm", "B88.0", "B88.01"]);
    insta::assert_snapshot!("history_text", run.stdout);
    program.expect(0, &["import", "fixtures/icd10cm"]);
    let stored = program.expect(0, &["history", "icd10cm", "B88.0", "B88.01"]);
    assert_eq!(run.stdout, stored.stdout, "the library says the same as the files");
    program.expect(1, &["history", "icd10cm", "Z99.99"]);
}
