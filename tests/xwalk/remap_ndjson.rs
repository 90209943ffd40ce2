//! FHIR resources remapped end to end: answers as tables get them, all other bytes as they were.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Program, Run, releases};
use crate::remap::{DECISIONS, Folder, ROUTE};

const EXTENSION: &str = "https://w3id.org/xwalk/fhir/remap";

/// A Coding of ICD-10-CM.
fn coding(code: &str) -> String {
    format!(r#"{{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"{code}"}}"#)
}

/// A Condition with a code; blanks and numbers are spelt as some program might.
fn condition(id: usize, code: &str) -> String {
    let coding = coding(code);
    format!(
        r#"{{"resourceType":"Condition", "id":"{id}","code":{{"coding":[{coding}],"text":"as it was: 1.50"}},"onsetAge":{{"value":4.0e1}}}}"#
    )
}

const LINES: &str = r#"{"resourceType":"Condition","id":"c1","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"B88.0","display":"Other acariasis"}, {"system":"http://snomed.info/sct","code":"1"}]},"recordedDate":"2025-03-01"}
{"resourceType":"Claim","id":"c2","total":{"value":1.10,"currency":"USD"},"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"code":"B881","system":"urn:oid:2.16.840.1.113883.6.90"}]}},{"sequence":2,"diagnosisCodeableConcept":{"coding":[{"system":"http:\/\/hl7.org\/fhir\/sid\/icd-10-cm","code":"XYZ"}]}}]}

{"resourceType":"Encounter","id":"c3","class":{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"B88"}}"#;

#[test]
fn resources_get_their_answers_beside_the_codings() {
    let folder = Folder::new();
    folder.write("in.ndjson", LINES);
    let program = Program::new();
    let args = ["--policy", "best", "--fields", "target,outcome,choice,title"];
    let run = folder.remap_along(&program, &ROUTE, 0, "in.ndjson", "out.ndjson", &args);
    insta::assert_snapshot!(folder.text("out.ndjson"), @r#"
    {"resourceType":"Condition","id":"c1","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"B88.0","display":"Other acariasis"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","version":"2026","code":"B88.09","display":"Other acariasis","extension":[{"url":"https://w3id.org/xwalk/fhir/remap","extension":[{"url":"outcome","valueCode":"split"},{"url":"choice","valueCode":"chosen"}]}]}, {"system":"http://snomed.info/sct","code":"1"}]},"recordedDate":"2025-03-01"}
    {"resourceType":"Claim","id":"c2","total":{"value":1.10,"currency":"USD"},"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"code":"B881","system":"urn:oid:2.16.840.1.113883.6.90"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","version":"2026","code":"B88.1","display":"Tungiasis [sandflea infestation]","extension":[{"url":"https://w3id.org/xwalk/fhir/remap","extension":[{"url":"outcome","valueCode":"unchanged"},{"url":"choice","valueCode":"only"}]}]}]}},{"sequence":2,"diagnosisCodeableConcept":{"coding":[{"system":"http:\/\/hl7.org\/fhir\/sid\/icd-10-cm","code":"XYZ","extension":[{"url":"https://w3id.org/xwalk/fhir/remap","extension":[{"url":"outcome","valueCode":"malformed"}]}]}]}}]}

    {"resourceType":"Encounter","id":"c3","class":{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"B88","extension":[{"url":"https://w3id.org/xwalk/fhir/remap","extension":[{"url":"outcome","valueCode":"header"}]}]}}
    "#);
    let said = run.stderr.replace(folder.path("").to_str().unwrap(), "[DIR]/");
    insta::assert_snapshot!("summary", &said[said.find("[DIR]").unwrap()..]);
    assert_eq!(folder.names(), ["in.ndjson", "out.ndjson"]);
    // The target may stand in the place of the code; where there is none, the old one does not stay.
    let args = ["--policy", "best", "--fields", "target", "--shape", "replace"];
    folder.remap_along(&program, &ROUTE, 0, "in.ndjson", "replaced.ndjson", &args);
    insta::assert_snapshot!(folder.text("replaced.ndjson"), @r#"
    {"resourceType":"Condition","id":"c1","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","version":"2026","code":"B88.09"}, {"system":"http://snomed.info/sct","code":"1"}]},"recordedDate":"2025-03-01"}
    {"resourceType":"Claim","id":"c2","total":{"value":1.10,"currency":"USD"},"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"code":"B88.1","system":"http://hl7.org/fhir/sid/icd-10-cm","version":"2026"}]}},{"sequence":2,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","_code":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}]}}]}

    {"resourceType":"Encounter","id":"c3","class":{"system":"http://hl7.org/fhir/sid/icd-10-cm","_code":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}}
    "#);
}

#[test]
fn codings_are_answered_as_cells_are() {
    let folder = Folder::new();
    let codes = ["B880", "B88.1", "B88", "D71", "XYZ", "A000", "G35", "", "b881"];
    let rows: String = codes.iter().map(|code| format!("{code}\n")).collect();
    folder.write(
        "t.csv",
        format!("id,dx\n{}", rows.lines().map(|code| format!("1,{code}\n")).collect::<String>()),
    );
    let lines: Vec<String> = codes.iter().enumerate().map(|(i, code)| condition(i, code)).collect();
    folder.write("t.ndjson", lines.join("\n"));
    folder.write("d.sssom.tsv", DECISIONS);
    let program = Program::new();
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let decisions = path("d.sssom.tsv");
    for policy in ["strict", "best", "all"] {
        for decided in [&["--decisions", &*decisions][..], &[]] {
            let mut summaries = Vec::new();
            let mut worklists = Vec::new();
            for (kind, column) in [("csv", &["--column", "dx"][..]), ("ndjson", &[])] {
                let (summary, worklist) = (path("s.json"), path("w.csv"));
                let told =
                    ["--policy", policy, "--summary", &summary, "--worklist", &worklist, "--min-cell", "1"];
                let args = [&told[..], column, decided].concat();
                let out = format!("out.{kind}");
                folder.remap_along(&program, &ROUTE, 0, &format!("t.{kind}"), &out, &args);
                let mut summary: Value = serde_json::from_str(&folder.text("s.json")).unwrap();
                for own in ["files", "columns"] {
                    summary.as_object_mut().unwrap().remove(own);
                }
                summaries.push(summary);
                worklists.push(folder.text("w.csv"));
            }
            assert_eq!(summaries[0], summaries[1]);
            assert_eq!(worklists[0], worklists[1]);
            let cells = folder.text("out.csv");
            for (row, line) in cells.lines().skip(1).zip(folder.text("out.ndjson").lines()) {
                let fields: Vec<&str> = row.split(',').collect();
                let value: Value = serde_json::from_str(line).unwrap();
                let codings = value["code"]["coding"].as_array().unwrap();
                assert_eq!(
                    codings.get(1).map_or("", |c| c["code"].as_str().unwrap()),
                    fields[2],
                    "{row}\n{line}"
                );
                let told = codings.last().unwrap()["extension"].clone();
                let outcome = told[0]["extension"][0]["valueCode"].as_str().unwrap_or_default();
                assert_eq!(outcome, fields[3], "{row}\n{line}");
            }
        }
    }
    let out = folder.remap_along(&program, &ROUTE, 1, "t.ndjson", "out.ndjson", &["--max-unmapped", "10%"]);
    assert!(out.stderr.contains("of the codes have no target, more than 10.000 % allowed"), "{}", out.stderr);
}

#[test]
fn packed_folders_pipes_and_threads() {
    let folder = Folder::new();
    let codes = ["B880", "B88.1", "XYZ", "D71"];
    let lines: String = (0..20_000).map(|i| format!("{}\r\n", condition(i, codes[i % 4]))).collect();
    folder.write("in/Condition.000.ndjson", &lines);
    folder.write("in/more/Condition.001.jsonl", condition(7, "B880"));
    let program = Program::new();
    let best = ["--policy", "best"];
    folder.remap_along(&program, &ROUTE, 0, "in", "out", &best);
    let whole = folder.text("out/Condition.000.ndjson");
    assert_eq!(whole.matches("\"B88.09\"").count(), 5_000);
    assert!(folder.text("out/more/Condition.001.jsonl").contains("\"B88.09\""));
    for threads in ["1", "3"] {
        let args = [&best[..], &["--threads", threads]].concat();
        folder.remap_along(&program, &ROUTE, 0, "in/Condition.000.ndjson", "again.ndjson", &args);
        assert!(folder.text("again.ndjson") == whole, "the number of threads does not matter");
    }
    for packed in ["p.ndjson.gz", "p.ndjson.zst"] {
        folder.remap_along(&program, &ROUTE, 0, "in/Condition.000.ndjson", packed, &best);
        // On the way back every code stands for none, and all bytes come back.
        let back = ["--from", "fixtures/icd10cm/2026", "--to", "fixtures/icd10cm/2025"];
        let nulls = ["--null", "B880,B88.1,XYZ,D71,B88.09,D71.8"];
        folder.remap_along(&program, &back, 0, packed, "u.ndjson", &nulls);
        assert!(folder.text("u.ndjson") == whole, "{packed}");
    }
    let again = folder.remap_along(&program, &ROUTE, 2, "p.ndjson.gz", "x.ndjson", &best);
    assert!(
        again.stderr.contains("p.ndjson.gz:1:118: the line holds an answer of an earlier run"),
        "{}",
        again.stderr
    );
    // What comes through a pipe is known by its first byte.
    let mut child = program
        .command(&[&["remap", "-"][..], &ROUTE, &best].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let run: Run = child.wait_with_output().unwrap().into();
    writer.join().unwrap();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout == whole);
}

#[test]
fn dates_decide_and_lines_that_have_none_are_told() {
    let folder = Folder::new();
    let program = Program::new();
    program.expect(0, &["import", "fixtures/icd10cm/2025", "fixtures/icd10cm/2026"]);
    let line = |date: &str| {
        let coding = coding("B88.0");
        format!("{{\"resourceType\":\"Condition\",\"code\":{{\"coding\":[{coding}]}}{date}}}\n")
    };
    let dated = |date: &str| line(&format!(",\"recordedDate\":\"{date}\""));
    let good = [dated("2025-09-30T23:00:00Z"), dated("2025-10-01"), dated("2025-03"), line("")].concat();
    folder.write("c.ndjson", format!("{good}{}{}", dated("2025"), dated("10/01/2025")));
    let route = ["--from", "icd10cm", "--to", "icd10cm@2026"];
    let args = ["--date-column", "Condition.recordedDate", "--policy", "best", "--fields", "target,outcome"];
    let run = folder.remap_along(&program, &route, 2, "c.ndjson", "out.ndjson", &args);
    assert!(
        run.stderr.contains(
            "c.ndjson:5:126: `2025` is a partial date that does not decide what becomes of B88.0: split (B88.09) in \
             icd10cm@2025, header in icd10cm@2026"
        ),
        "{}",
        run.stderr
    );
    assert_eq!(folder.names(), ["c.ndjson"]);
    let aside = folder.path("aside.ndjson");
    let args = [&args[..], &["--on-error", "skip-to", aside.to_str().unwrap()]].concat();
    let run = folder.remap_along(&program, &route, 0, "c.ndjson", "out.ndjson", &args);
    assert!(run.stderr.contains("2 rows could not be used and were set aside"), "{}", run.stderr);
    assert!(run.stderr.contains("1 rows have no date"), "{}", run.stderr);
    assert_eq!(folder.text("aside.ndjson"), format!("{}{}", dated("2025"), dated("10/01/2025")));
    let outcomes: Vec<String> = folder
        .text("out.ndjson")
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let last = value["code"]["coding"].as_array().unwrap().last().unwrap().clone();
            last["extension"][0]["extension"][0]["valueCode"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(outcomes, ["split", "header", "split", "split"]);
}

/// Input that has to be refused: exit 2, a message, and nothing left beside it.
#[track_caller]
fn check_refused(name: &str, text: &str, args: &[&str], expected: &str) {
    let folder = Folder::new();
    folder.write(name, text);
    let run = folder.remap_along(&Program::new(), &ROUTE, 2, name, "out.ndjson", args);
    assert!(run.stderr.contains(expected), "`{expected}` is not in:\n{}", run.stderr);
    assert_eq!(folder.names(), [name]);
}

#[test]
fn bad_resources_are_refused_and_leave_nothing() {
    let good = condition(1, "B880");
    check_refused("c.ndjson", &format!("{good}\n{{\"a\":01}}\n"), &[], "c.ndjson:2:7: the line is not JSON");
    check_refused("c.ndjson", &format!("{good}\n{{\n"), &[], "NDJSON has a whole resource on each line");
    check_refused(
        "c.ndjson",
        &good,
        &["--column", "cod"],
        "no line has a Coding of the source system at `cod`; did you mean `code",
    );
    check_refused(
        "c.ndjson",
        &good,
        &["--shape", "explode", "--policy", "all"],
        "--shape explode is for tables",
    );
    check_refused("c.ndjson", &good, &["--combine"], "(--combine)");
    check_refused("c.ndjson", &good, &["--prefix", "x"], "--prefix is for tables");
    check_refused("t.csv", "dx\nB880\n", &[], "is a table; name its columns with codes");
    check_refused("t.csv", "dx\nB880\n", &["--column", "dx"], "name it .csv or .tsv");
    let folder = Folder::new();
    folder.write("c.ndjson", &good);
    let run = folder.remap_along(&Program::new(), &ROUTE, 2, "c.ndjson", "out.csv", &[]);
    assert!(run.stderr.contains("is NDJSON, and so is its output"), "{}", run.stderr);
    // Resources without a Coding of the system are no error, and it is said what was looked for.
    folder.write("other.ndjson", "{\"system\":\"http://snomed.info/sct\",\"code\":\"1\"}\n");
    let run = folder.remap_along(&Program::new(), &ROUTE, 0, "other.ndjson", "out.ndjson", &[]);
    assert!(
        run.stderr.contains("no Coding was found of the systems http://hl7.org/fhir/sid/icd-10-cm"),
        "{}",
        run.stderr
    );
}

#[test]
fn each_coding_goes_by_its_own_system() {
    let Some(folder_of_releases) = releases() else { return };
    let program = Program::new();
    let paths = ["icd10cm", "icd9cm", "gem"].map(|p| folder_of_releases.join(p));
    let mut args = vec!["import"];
    args.extend(paths.iter().map(|p| p.to_str().unwrap()));
    program.expect(0, &args);
    let folder = Folder::new();
    // E030 is a code of both systems, and the system tells them apart; so does the date, where it contradicts.
    let line = |system: &str, code: &str, date: &str| {
        let date = if date.is_empty() { String::new() } else { format!(",\"recordedDate\":\"{date}\"") };
        format!(
            "{{\"code\":{{\"coding\":[{{\"system\":\"http://hl7.org/fhir/sid/{system}\",\"code\":\"{code}\"}}]}}{date}}}\n"
        )
    };
    let lines = [
        line("icd-9-cm", "E030", ""),
        line("icd-10-cm", "E03.0", ""),
        line("icd-9-cm", "E030", "2015-01"),
        line("icd-10-cm", "E03.0", "2015-01-01"),
        line("icd-9-cm", "E030", "2018"),
        line("icd-9-cm", "401.9", ""),
        line("icd-9-cm", "45.13", ""),
    ];
    folder.write("c.ndjson", lines.concat());
    let route = ["--from", "auto", "--to", "icd10cm@2026"];
    let args = ["--policy", "best", "--date-column", "recordedDate"];
    folder.remap_along(&program, &route, 0, "c.ndjson", "out.ndjson", &args);
    let answers: Vec<(String, String)> = folder
        .text("out.ndjson")
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let codings = value["code"]["coding"].as_array().unwrap().clone();
            let target = codings.get(1).map_or(String::new(), |c| c["code"].as_str().unwrap().to_owned());
            let told = &codings.last().unwrap()["extension"][0];
            assert_eq!(told["url"], EXTENSION);
            (told["extension"][0]["valueCode"].as_str().unwrap().to_owned(), target)
        })
        .collect();
    let answers: Vec<(&str, &str)> = answers.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        answers,
        [
            ("renamed", "Y93.9"),
            ("unchanged", "E03.0"),
            ("renamed", "Y93.9"),
            ("not-valid-on-date", ""),
            ("not-valid-on-date", ""),
            ("split", "I10"),
            ("malformed", ""),
        ]
    );
}
