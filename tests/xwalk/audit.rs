//! `xwalk audit` on the fixtures.

use crate::program::Program;

#[test]
fn every_line_of_the_addendum_is_reproduced() {
    let json = Program::new().expect(0, &["audit", "fixtures/icd10cm", "--format", "json"]).json();
    let audit = &json[0];
    assert_eq!((&audit["lines"], &audit["verdict"]), (&748.into(), &"explained".into()));
    for finding in audit["findings"].as_array().unwrap() {
        // Only the totals of the whole release are not those of an excerpt.
        assert_eq!(finding["kind"], "count-differs");
        assert!(finding["message"].as_str().unwrap().contains("total"), "{finding}");
    }
}

#[test]
fn a_contradiction_is_listed_with_its_line_and_exits_with_1() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("fixtures/icd10cm/2025/icd10cm_order_2025.txt", "icd10cm_order_2025.txt"),
        ("fixtures/icd10cm/2026/icd10cm_order_2026.txt", "icd10cm_order_2026.txt"),
    ] {
        fs_err::copy(crate::program::root().join(from), folder.path().join(to)).unwrap();
    }
    let addendum = crate::program::root().join("fixtures/icd10cm/2026/icd10cm_order_addenda_2026.txt");
    let text = fs_err::read_to_string(addendum).unwrap();
    // One addition is left out, one title is another, one count of the trailer is wrong.
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let at = lines.iter().position(|l| l.starts_with("Add:         1 B8801")).unwrap();
    lines.remove(at);
    let at = lines.iter().position(|l| l.starts_with("Add:         1 B8809")).unwrap();
    lines[at] = lines[at].replace("Other acariasis\r", "Other acarides\r");
    let text = lines.concat().replace("     28 deletions", "     29 deletions");
    fs_err::write(folder.path().join("icd10cm_order_addenda_2026.txt"), text).unwrap();
    let run = program.expect(1, &["audit", folder.path().to_str().unwrap()]);
    assert!(run.stdout.contains("Add B88.01 is computed and not listed"), "{}", run.stdout);
    let place = format!("icd10cm_order_addenda_2026.txt:{}:1: disagrees: B88.09 has another title", at + 1);
    assert!(run.stdout.contains(&place), "{place}\n{}", run.stdout);
    assert!(run.stdout.contains("the trailer counts 29 deletions, the list has 28"));
}

#[test]
fn strict_makes_known_causes_count() {
    Program::new().expect(1, &["audit", "fixtures/icd10cm", "--strict"]);
}

#[test]
fn an_audit_needs_addenda() {
    let run = Program::new().expect(2, &["audit", "fixtures/icd10cm/2025"]);
    assert!(run.stderr.contains("no addendum was found"), "{}", run.stderr);
}
