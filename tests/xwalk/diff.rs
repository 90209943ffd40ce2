//! `xwalk diff` on the fixtures: the numbers of the authority, in every form.

use crate::program::Program;

const FROM: &str = "fixtures/icd10cm/2025";
const TO: &str = "fixtures/icd10cm/2026";

#[test]
fn the_first_command_of_the_readme_prints_the_official_numbers() {
    let run = Program::new().expect(0, &["diff", FROM, TO]);
    assert!(run.stdout.contains("487 added, 28 deleted, 38 revised\n"), "{}", run.stdout);
    assert!(run.stdout.contains("baseline  icd10cm@2025  in effect 2024-10-01 to 2025-09-30"));
    insta::assert_snapshot!("diff_text", run.stdout);
}

#[test]
fn the_json_contract_holds() {
    let run = Program::new().expect(0, &["diff", FROM, TO, "--format", "json"]);
    let json = run.json();
    assert_eq!(json["from"]["id"], "icd10cm@2025");
    assert_eq!(json["to"]["id"], "icd10cm@2026");
    let counts = &json["counts"];
    for (group, added, deleted, revised) in [("assignable", 487, 28, 38), ("headers", 143, 0, 7)] {
        assert_eq!(counts[group]["added"], added);
        assert_eq!(counts[group]["deleted"], deleted);
        assert_eq!(counts[group]["revised"], revised);
    }
    assert_eq!(counts["assignable"]["revised_split"]["both"], 38);
    let changes = json["changes"].as_array().unwrap();
    let of = |code: &str| changes.iter().filter(|c| c["code"] == code).collect::<Vec<_>>();
    let b880 = of("B88.0");
    assert_eq!(b880.len(), 1, "one row for the reader");
    assert_eq!((&b880[0]["change"], &b880[0]["story"]), (&"status".into(), &"became a header".into()));
    assert_eq!(b880[0]["new_children"], serde_json::json!(["B88.01", "B88.09"]));
    let revised: Vec<_> = changes.iter().filter(|c| c["change"] == "revised").collect();
    for change in &revised {
        let text = |kinds: [&str; 2]| -> String {
            let marks = change["marks"].as_array().unwrap();
            marks
                .iter()
                .filter(|m| kinds.contains(&m["kind"].as_str().unwrap()))
                .map(|m| m["text"].as_str().unwrap())
                .collect()
        };
        assert_eq!(text(["same", "removed"]), change["from"].as_str().unwrap());
        assert_eq!(text(["same", "added"]), change["to"].as_str().unwrap());
    }
    let codes: std::collections::BTreeSet<_> = revised.iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 38 + 7);
    let added = changes.iter().filter(|c| c["change"] == "added" && c["assignable"] == true).count();
    assert_eq!(added, 487);
    let gone = changes.iter().filter(|c| c["change"] == "deleted").count();
    let became = changes.iter().filter(|c| c["change"] == "status" && c["assignable"] == false).count();
    assert_eq!(gone + became, 28);
}

#[test]
fn csv_has_a_row_for_each_change_and_no_formula() {
    let program = Program::new();
    let run = program.expect(0, &["diff", FROM, TO, "--format", "csv"]);
    let json = program.expect(0, &["diff", FROM, TO, "--format", "json"]).json();
    assert_eq!(run.stdout.lines().count(), json["changes"].as_array().unwrap().len() + 1);
    assert!(!run.stdout.lines().any(|l| l.starts_with(['=', '+', '@'])));
}

#[test]
fn filters_and_exit_code() {
    let program = Program::new();
    let run = program.expect(1, &["diff", FROM, TO, "--only", "status", "--exit-code"]);
    assert!(run.stdout.contains("Became a header (16)") && !run.stdout.contains("Added codes"));
    let same = program.expect(0, &["diff", FROM, FROM, "--exit-code"]);
    assert!(same.stdout.contains("0 added, 0 deleted, 0 revised"));
}

#[test]
fn notes_of_the_tabular_list_and_their_moves() {
    let run = Program::new()
        .expect(0, &["diff", "fixtures/icd10cm/2025-04", "fixtures/icd10cm/2026-04", "--format", "json"]);
    let json = run.json();
    assert_eq!(json["counts"]["assignable"]["added"], 13);
    let moved = json["counts"]["notes_moved"].as_array().unwrap();
    assert!(moved.iter().any(|m| m["from"] == "excludes1" && m["to"] == "excludes2"), "{moved:?}");
}

#[test]
fn an_output_file_takes_its_form_from_its_name_and_appears_whole() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changes.json");
    let run = program.expect(0, &["diff", FROM, TO, "-o", path.to_str().unwrap()]);
    assert_eq!(run.stdout, "");
    let json: serde_json::Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    assert_eq!(json["counts"]["assignable"]["added"], 487);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    let run = program.expect(2, &["diff", FROM, TO, "-o", folder.path().join("x.docx").to_str().unwrap()]);
    assert!(run.stderr.contains("--format"));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let program = Program::new();
    for format in ["text", "json", "csv"] {
        let [a, b] = [(); 2].map(|()| program.expect(0, &["diff", FROM, TO, "--format", format]).stdout);
        assert_eq!(a, b);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::io::Read;
    let mut child = Program::new()
        .command(&["diff", FROM, TO, "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut first = [0u8; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
