//! `xwalk map`: outcomes, routes and evidence on fixtures.

use serde_json::Value;

use crate::program::{Program, releases};

const FY2025: &str = "fixtures/icd10cm/2025";
const FY2026: &str = "fixtures/icd10cm/2026";

pub(crate) fn outcome<'j>(answers: &'j Value, source: &str) -> &'j Value {
    let all = answers.as_array().unwrap();
    all.iter().find(|a| a["source"] == source).unwrap_or_else(|| panic!("no answer for {source}"))
}

/// The single codes that an answer leads to.
pub(crate) fn targets(answer: &Value) -> Vec<&str> {
    let all = answer["alternatives"].as_array().unwrap();
    all.iter().map(|a| a["targets"][0][0].as_str().unwrap()).collect()
}

#[test]
fn a_code_that_became_a_header_gives_all_its_children() {
    let run = Program::new()
        .expect(1, &["map", FY2025, FY2026, "B88.0", "e119", "A00.0", "XYZ", "L02", "--format", "json"]);
    let answers = run.json();
    let b880 = outcome(&answers, "B88.0");
    assert_eq!(b880["outcome"], "split");
    assert_eq!(targets(b880), ["B88.09", "B88.01"]);
    let hop = &b880["alternatives"][0]["hops"][0];
    assert_eq!(hop["file"], "ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx");
    assert_eq!((hop["line"].as_u64(), hop["from"].as_str()), (Some(18), Some("icd10cm@2025")));
    let e119 = outcome(&answers, "e119");
    assert_eq!((e119["outcome"].as_str(), e119["code"].as_str()), (Some("unchanged"), Some("E11.9")));
    assert_eq!(e119["warnings"][0]["warning"], "scope-lost");
    assert_eq!(e119["warnings"][0]["codes"][0], "E11.A");
    assert_eq!(outcome(&answers, "XYZ")["outcome"], "malformed");
    assert_eq!(outcome(&answers, "L02")["outcome"], "header");
    let unknown = outcome(&answers, "A00.0");
    assert_eq!(unknown["outcome"], "unknown");
    assert_eq!(unknown["alternatives"].as_array().unwrap().len(), 0);
}

#[test]
fn a_title_that_says_no_more_goes_on_as_unspecified() {
    let answers = Program::new().expect(0, &["map", FY2025, FY2026, "G35", "--format", "json"]).json();
    assert_eq!(targets(&answers[0])[0], "G35.D");
}

#[test]
fn text_and_csv() {
    let program = Program::new();
    insta::assert_snapshot!(
        "map_text",
        program.expect(0, &["map", FY2025, FY2026, "B88.0", "E11.9", "--explain"]).stdout
    );
    insta::assert_snapshot!(
        "map_csv",
        program.expect(0, &["map", FY2026, FY2025, "B88.01", "--format", "csv"]).stdout
    );
}

#[test]
fn the_crosswalks_that_come_with_the_program_need_no_import() {
    let program = Program::new();
    let run = program
        .expect(1, &["map", "icd10cm@2022", "icd10cm@2026", "B88.0", "M35.8", "A00.0", "--format", "json"]);
    let answers = run.json();
    assert_eq!(outcome(&answers, "B88.0")["outcome"], "split");
    // Without an edition nothing can be said about a code that no map lists; it is not called unchanged.
    assert_eq!(outcome(&answers, "A00.0")["outcome"], "unknown");
    assert_eq!(outcome(&answers, "M35.8")["outcome"], "unknown");
    let refused = program.expect(2, &["map", "icd10cm@2026", "icd10cm@2027", "B88.0"]);
    assert!(refused.stderr.contains("icd10cm@2027 is not held"), "{}", refused.stderr);
}

#[test]
fn weights_are_called_an_allocation() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let volumes = path("volumes.csv", "code,n\nB88.01,30\nB8809,10\n");
    let sample = path("sample.csv", "source,target,n\nB88.0,B88.01,60\nB88.0,B88.09,20\nB88.0,B88.8,20\n");
    let program = Program::new();
    let base = ["map", FY2025, FY2026, "B88.0", "--format", "json"];
    let run = |more: &[&str]| program.expect(0, &[&base[..], more].concat()).json();
    let equal = run(&["--weights", "equal"]);
    assert_eq!(equal[0]["allocation"]["allocation"], "equal-shares");
    let by_use = run(&["--weights", "volumes", "--volumes", &volumes]);
    // What is used most comes first, and has the greater share.
    assert_eq!(targets(&by_use[0]), ["B88.01", "B88.09"]);
    assert_eq!(by_use[0]["allocation"]["shares"][0]["share"], 0.75);
    let sampled = run(&["--weights", "sample", "--sample", &sample]);
    let allocation = &sampled[0]["allocation"];
    assert_eq!(allocation["allocation"], "dual-coded-sample");
    assert_eq!(allocation["comparability"]["ratio"], 0.8);
    assert!(allocation["shares"][0]["bounds"][0].as_f64().unwrap() > 0.1);
    let refused = program.expect(2, &["map", FY2025, FY2026, "B88.0", "--weights", "volumes"]);
    assert!(refused.stderr.contains("--volumes FILE"), "{}", refused.stderr);
}

#[test]
fn bad_input_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let codes = folder.path().join("codes.csv");
    fs_err::write(&codes, "code,date\nB88.0,2025-11-01\nB88.0,soon\n").unwrap();
    let program = Program::new();
    let codes_path = codes.to_string_lossy().into_owned();
    let run = program.expect(2, &["map", "icd10cm", FY2026, "--codes-from", &codes_path]);
    assert!(run.stderr.contains("codes.csv:3: column date: `soon` is not a date"), "{}", run.stderr);
    let run = program.expect(2, &["map", FY2025, "icd10cm@2026", "--via", "icd10cm@x/y"]);
    assert!(run.stderr.contains("icd10cm@x/y"), "{}", run.stderr);
    let run = program.expect(2, &["map", FY2025, FY2026, "--via", "icd10cm@2024,icd10cm@2025"]);
    assert!(run.stderr.contains("icd10cm@2025 twice"), "{}", run.stderr);
    // A map whose codes are not in its editions belongs to other ones.
    let foreign = folder.path().join("icd10cm@2025..icd10cm@2026.csv");
    let rows: String = (10..99).map(|n| format!("Q{n}.9,Q{n}.8\n")).collect();
    fs_err::write(&foreign, format!("source,target\n{rows}")).unwrap();
    let full = releases();
    if let Some(releases) = full {
        let place = |year: &str| releases.join("icd10cm").join(year).to_string_lossy().into_owned();
        let with = foreign.to_string_lossy().into_owned();
        let run = program.expect(2, &["map", &place("2025"), &place("2026"), "B88.0", "--with", &with]);
        assert!(run.stderr.contains("the map and the edition do not belong together"), "{}", run.stderr);
    }
}

#[test]
fn what_a_reviewer_decided_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.sssom.tsv");
    let text = "#mapping_set_id: urn:x/decisions\n#subject_source: icd10cm@2025\n#object_source: icd10cm@2026\n\
                subject_id\tpredicate_id\tobject_id\tmapping_justification\treviewer_id\n\
                X:B88.0\tskos:narrowMatch\tX:B88.01\tsemapv:ManualMappingCuration\torcid:1\n";
    fs_err::write(&path, text).unwrap();
    let program = Program::new();
    let decisions = path.to_string_lossy().into_owned();
    let args = ["map", FY2025, FY2026, "B88.0", "G35", "--format", "json", "--decisions", &decisions];
    let answers = program.expect(0, &args).json();
    let decided = outcome(&answers, "B88.0");
    assert_eq!((decided["outcome"].as_str(), targets(decided)), (Some("replaced"), vec!["B88.01"]));
    assert_eq!(decided["alternatives"][0]["basis"], "reviewed");
    assert_eq!(outcome(&answers, "G35")["outcome"], "split");
    let other = program.expect(2, &["map", FY2026, FY2025, "B88.01", "--decisions", &decisions]);
    assert!(other.stderr.contains("decides from icd10cm@2025 to icd10cm@2026"), "{}", other.stderr);
}

#[test]
fn a_date_and_an_edition_exclude_each_other() {
    let program = Program::new();
    for args in [
        vec!["map", FY2025, FY2026, "B88.0", "--on", "2025-01-01"],
        vec!["map", FY2025, FY2026, "B88.0=2025-01-01", "E11.9"],
        vec!["map", FY2025, FY2026, "--on", "2025-01-01"],
    ] {
        let run = program.expect(2, &args);
        assert!(run.stderr.contains("a date chooses the edition, and FROM names one"), "{}", run.stderr);
    }
    // A list without rows is carried to an answer without rows, not to all codes.
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.csv");
    fs_err::write(&empty, "code\n").unwrap();
    let empty = empty.to_string_lossy().into_owned();
    let run = program.expect(0, &["map", FY2025, FY2026, "--codes-from", &empty, "--format", "json"]);
    assert_eq!(run.json().as_array().unwrap().len(), 0);
    let run = program.expect(2, &["map", "icd10cm@2022", "icd10cm@2026", "--all"]);
    assert!(run.stderr.contains("icd10cm@2022 is not held, so its codes cannot be listed"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn an_output_that_is_no_plain_file_is_not_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let program = Program::new();
    // A link stays a link, and what it leads to is written.
    fs_err::write(place("real.csv"), "before").unwrap();
    symlink(place("real.csv"), place("link.csv")).unwrap();
    program.expect(0, &["map", FY2025, FY2026, "B88.0", "-o", &place("link.csv")]);
    assert!(fs_err::symlink_metadata(place("link.csv")).unwrap().is_symlink());
    assert!(fs_err::read_to_string(place("real.csv")).unwrap().starts_with("input,"));
    // A pipe stays a pipe, and its reader gets everything.
    let pipe = place("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs_err::write(place("claims.csv"), "id,dx\n1,B88.0\n").unwrap();
    let claims = place("claims.csv");
    for args in [
        vec!["map", FY2025, FY2026, "B88.0", "--format", "csv", "-o", &pipe],
        vec!["remap", &claims, "-o", &pipe, "--from", FY2025, "--to", FY2026, "--column", "dx"],
    ] {
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs_err::read_to_string(pipe).unwrap()
        });
        let run = program.run(&args);
        if run.status == 2 {
            // A reader that nobody writes to would wait for ever.
            fs_err::write(&pipe, "").unwrap();
        }
        assert_eq!(run.status, 0, "{args:?} {}", run.stderr);
        assert!(reader.join().unwrap().contains("B88.0"));
        assert!(fs_err::metadata(&pipe).unwrap().file_type().is_fifo());
    }
}
