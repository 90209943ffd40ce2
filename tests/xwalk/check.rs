//! `xwalk check`: plain-language feedback, and files of claims.

use serde_json::Value;

use crate::program::{Program, release};

const IN: [&str; 4] = ["--in", "fixtures/icd10cm/2025", "--in", "fixtures/icd10cm/2026"];

fn check(status: i32, codes: &[&str], on: &str, more: &[&str]) -> Vec<Value> {
    let mut args = vec!["check"];
    args.extend(codes);
    args.extend(["--on", on, "--format", "json"]);
    args.extend(more);
    let json = Program::new().expect(status, &args).json();
    assert_eq!(json["schema"], "xwalk.check/1");
    json["codes"].as_array().unwrap().clone()
}

#[track_caller]
fn reason(feedback: &Value, reason: &str, words: &str, instead: &[&str]) {
    assert_eq!(feedback["reason"], reason, "{feedback}");
    assert!(feedback["sentence"].as_str().unwrap().contains(words), "{}", feedback["sentence"]);
    let codes: Vec<&str> =
        feedback["instead"].as_array().unwrap().iter().map(|i| i["codes"][0][0].as_str().unwrap()).collect();
    assert_eq!(codes, instead, "{feedback}");
}

#[test]
fn each_reason_in_words() {
    let found = check(1, &["B88.01", "b880", "S30.1XXA", "T78.11", "A0", "B88.011"], "2025-11-03", &IN);
    reason(&found[0], "valid", "B88.01 is valid on 3 November 2025: Infestation by Demodex mites", &[]);
    reason(&found[1], "deleted", "valid until 30 September 2025 and is a header now", &["B88.01", "B88.09"]);
    assert_eq!(found[2]["reason"], "deleted");
    assert!(found[2]["instead_count"].as_u64().unwrap() > 0);
    assert_eq!(found[3]["reason"], "header");
    reason(&found[4], "malformed", "not written like a code of ICD-10-CM", &[]);
    reason(&found[5], "unknown", "B88.01 is complete and takes no further character", &["B88.01"]);
    let before = check(1, &["B88.01"], "2025-09-30", &IN);
    reason(&before[0], "not-yet-in-effect", "valid from 1 October 2025 on", &["B88.0"]);
    let none = check(1, &["B88.01"], "2019-01-01", &IN);
    reason(&none[0], "no-edition", "nothing can be said", &[]);
    let fine = check(0, &["B88.01", "L02.212"], "2025-11-03", &IN);
    assert!(fine.iter().all(|f| f["reason"] == "valid"));
}

#[test]
fn the_seventh_character_and_its_placeholder() {
    let found = check(1, &["T78.110", "T78.19", "T78.19A"], "2025-11-03", &IN);
    reason(&found[0], "seventh-character", "lacks its 7th character:", &["T78.110A", "T78.110D", "T78.110S"]);
    reason(
        &found[1],
        "seventh-character",
        "with the placeholder X before it",
        &["T78.19XA", "T78.19XD", "T78.19XS"],
    );
    reason(&found[2], "seventh-character", "write T78.19XA", &["T78.19XA"]);
}

#[test]
fn notes_that_apply_and_pairs_that_exclude_each_other() {
    let at = |on: &str, place: &str| {
        Program::new().run(&["check", "D65", "O08.1", "--on", on, "--format", "json", "--in", place]).json()
    };
    // Excludes1 until September 2025: never together. Excludes2 from then on: both may be coded.
    let before = at("2025-05-03", "fixtures/icd10cm/2025-04");
    let d65 = &before["codes"][0];
    assert_eq!(d65["reason"], "valid", "{d65}");
    let notes = d65["notes"].as_array().unwrap();
    let note = notes
        .iter()
        .find(|n| n["text"] == "abortion or ectopic or molar pregnancy (O00-O07, O08.1)")
        .unwrap();
    assert_eq!(
        (&note["kind"], &note["at"], &note["broad"]),
        (&"Excludes1".into(), &"D65".into(), &false.into())
    );
    let conflicts = before["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!((&conflicts[0]["code"], &conflicts[0]["excluded"]), (&"D65".into(), &"O08.1".into()));
    let after = at("2026-05-03", "fixtures/icd10cm/2026-04");
    assert_eq!(after["conflicts"], serde_json::json!([]));
    let kinds: Vec<&str> = after["codes"][0]["notes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|n| n["text"].as_str().unwrap().contains("O08.1"))
        .map(|n| n["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["Excludes2"]);
}

/// Claims with a name in a code column, a bad date, and codes of both years.
fn claims(folder: &std::path::Path) -> String {
    let mut text = "patient,dx1,dx2,dos,notes\n".to_owned();
    for i in 0..20 {
        text.push_str(&format!("P{i},B88.0,L02.212,2025-11-{:02},secret\n", i + 1));
    }
    text.push_str("P90,B88.0,,09/30/2025,secret\nP91,Jane Roe,,2025-11-05,secret\n");
    text.push_str("P92,B88.09,,never,secret\nP93,T78.19,,20251105,\"secret\nof two lines\"\n");
    let path = folder.join("claims.csv");
    fs_err::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn claims_args<'a>(path: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["check", path, "--column", "dx1,dx2", "--date-column", "DOS"];
    args.extend(IN);
    args.extend(more);
    args
}

#[test]
fn a_file_of_claims_by_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = claims(folder.path());
    let json = Program::new().expect(1, &claims_args(&path, &["--min-cell", "0", "--format", "json"])).json();
    assert_eq!(
        (json["rows"].as_u64(), json["codes"].as_u64(), json["empty"].as_u64()),
        (Some(24), Some(44), Some(4))
    );
    let by_reason: Vec<(&str, u64)> = json["by_reason"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r[0].as_str().unwrap(), r[1].as_u64().unwrap()))
        .collect();
    assert_eq!(
        by_reason,
        [("valid", 21), ("deleted", 20), ("seventh-character", 1), ("malformed", 1), ("bad-date", 1)]
    );
    let b880 = &json["denied"][0];
    assert_eq!((b880["code"].as_str(), b880["count"].as_u64()), (Some("B88.0"), Some(20)));
    assert_eq!((b880["from"].as_str(), b880["to"].as_str()), (Some("2025-11-01"), Some("2025-11-20")));
}

#[test]
fn only_codes_dates_and_counts_leave_a_file_of_claims() {
    let folder = tempfile::tempdir().unwrap();
    let path = claims(folder.path());
    for format in ["text", "json", "csv"] {
        for cell in ["0", "11"] {
            let args = claims_args(&path, &["--min-cell", cell, "--format", format]);
            let run = Program::new().expect(1, &args);
            for secret in ["Jane", "Roe", "P90", "secret", "never", "two lines"] {
                assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{secret} in {format}");
            }
            assert!(!run.stdout.lines().any(|l| l.starts_with(['=', '+', '@'])));
        }
    }
    // Small counts, and what would give them away, are not told by default.
    let json = Program::new().expect(1, &claims_args(&path, &["--format", "json"])).json();
    assert_eq!(json["suppressed"], true);
    for row in json["denied"].as_array().unwrap() {
        assert!(row["count"].is_null() || row["count"].as_u64() >= Some(11), "{row}");
        assert!(!row["count"].is_null() || row["from"].is_null(), "{row}");
    }
    for reason in json["by_reason"].as_array().unwrap() {
        assert!(reason[1].is_null() || reason[1].as_u64() >= Some(11), "{reason}");
    }
}

#[test]
fn wrong_columns_and_missing_days_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = claims(folder.path());
    let run =
        Program::new().expect(2, &["check", &path, "--column", "dx9", "--date-column", "dos", IN[0], IN[1]]);
    assert!(run.stderr.contains("no column `dx9`; the columns are patient, dx1"), "{}", run.stderr);
    let run = Program::new().expect(2, &["check", "B88.0", IN[0], IN[1]]);
    assert!(run.stderr.contains("--on"), "{}", run.stderr);
    let run = Program::new().expect(2, &["check", "B88.0", "--on", "2025-11-03"]);
    assert!(run.stderr.contains("the library holds no edition"), "{}", run.stderr);
}

#[test]
fn years_of_releases_by_date() {
    let Some(folder) = release("icd10cm") else { return };
    let Some(old) = release("icd9cm/32") else { return };
    let Some(hcpcs) = release("hcpcs") else { return };
    let Some(gem) = release("gem/2018/2018_I9gem.txt") else { return };
    let [folder, old, hcpcs, gem] = [folder, old, hcpcs, gem].map(|p| p.to_str().unwrap().to_owned());
    let places = ["--in", &folder, "--in", &old, "--in", &hcpcs, "--table", &gem];
    let at = |status: i32, code: &str, on: &str| check(status, &[code], on, &places).remove(0);
    reason(&at(1, "250.00", "2020-03-03"), "wrong-system", "in use until 30 September 2015", &["E11.9"]);
    assert!(
        at(1, "250.00", "2020-03-03")["sentence"].as_str().unwrap().ends_with("use a code of ICD-10-CM.")
    );
    reason(&at(0, "250.00", "2015-03-03"), "valid", "is valid on 3 March 2015", &[]);
    // J12.82 came on 1 January 2021, with a release of which only the table tells.
    reason(&at(1, "J12.82", "2020-12-31"), "not-yet-in-effect", "valid from 1 January 2021 on", &["J12.89"]);
    reason(&at(0, "J12.82", "2021-01-01"), "valid", "is valid on 1 January 2021", &[]);
    // Deleted years ago; what took over then is followed to the day.
    let found = at(1, "T40.4X1A", "2025-11-03");
    assert_eq!(found["reason"], "deleted");
    assert!(found["sentence"].as_str().unwrap().contains("30 September 2020"), "{found}");
    let codes: Vec<&str> =
        found["instead"].as_array().unwrap().iter().map(|i| i["codes"][0][0].as_str().unwrap()).collect();
    assert!(codes.contains(&"T40.411A") && codes.contains(&"T40.491A"), "{codes:?}");
    reason(
        &at(1, "C9014", "2019-05-03"),
        "deleted",
        "was terminated; it was valid until 31 December 2018",
        &["J0567"],
    );
}
