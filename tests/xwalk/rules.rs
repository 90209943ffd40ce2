//! `xwalk rules`: sets checked and migrated, in every notation, with laws and bad input.

use std::path::PathBuf;

use crate::program::{Program, Run};

const FROM: &str = "fixtures/icd10cm/2025/icd10cm_order_2025.txt";
const TO: &str = "fixtures/icd10cm/2026/icd10cm_order_2026.txt";

/// A folder of sets.
pub(crate) struct Sets(tempfile::TempDir);

impl Sets {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs_err::write(self.path(name), bytes).unwrap();
        self.text(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }
}

fn check(status: i32, set: &str, more: &[&str]) -> serde_json::Value {
    let mut args = vec!["rules", "check", set, "--from", FROM, "--to", TO, "--format", "json"];
    args.extend(more);
    Program::new().expect(status, &args).json()
}

fn migrate(status: i32, set: &str, more: &[&str]) -> Run {
    let mut args = vec!["rules", "migrate", set, "--from", FROM, "--to", TO];
    args.extend(more);
    Program::new().expect(status, &args)
}

/// Kinds and codes of the findings.
fn findings(json: &serde_json::Value) -> Vec<(String, String)> {
    let sets = json["sets"].as_array().unwrap();
    let all = sets.iter().flat_map(|s| s["findings"].as_array().unwrap());
    all.map(|f| (f["kind"].as_str().unwrap().to_owned(), f["code"].as_str().unwrap().to_owned())).collect()
}

fn has(json: &serde_json::Value, kind: &str, code: &str) -> bool {
    findings(json).iter().any(|(k, c)| k == kind && c == code)
}

#[test]
fn a_list_is_checked_line_by_line() {
    let sets = Sets::new();
    let list = sets
        .write("ms.csv", "code,title,price\nG35,Multiple sclerosis,10\nE11.9,Diabetes,20\nT78.07XA,Milk,5\n");
    let json = check(1, &list, &[]);
    assert!(has(&json, "became-header", "G35"), "{json:#}");
    assert!(has(&json, "scope-lost", "E11.9"));
    assert!(has(&json, "deleted", "T78.07XA"));
    let finding =
        json["sets"][0]["findings"].as_array().unwrap().iter().find(|f| f["code"] == "G35").unwrap();
    assert_eq!(
        (&finding["row"], &finding["column"], &finding["text"]),
        (&2.into(), &1.into(), &"G35".into())
    );
    assert_eq!(finding["others"].as_array().unwrap().len(), 8, "its successors");
    assert_eq!(json["sets"][0]["set"], "ms");
}

#[test]
fn titles_count_when_they_say_something_else() {
    let sets = Sets::new();
    let list = sets.write("skin.csv", "code\nL02.212\n");
    let json = check(1, &list, &[]);
    let all = json["sets"][0]["findings"].as_array().unwrap();
    let revised = all.iter().find(|f| f["kind"] == "title-revised").unwrap();
    assert!(revised["message"].as_str().unwrap().contains("{+ and flank+}"), "{revised}");
}

#[test]
fn open_selectors_tell_what_they_gain() {
    let sets = Sets::new();
    let list = sets.write("open.csv", "code\nE10-E14\nI27.*\nG35-G37\n");
    let json = check(1, &list, &[]);
    assert!(has(&json, "gained", "E11.A"), "{json:#}");
    assert!(has(&json, "gained", "I27.840"));
    assert!(has(&json, "gained", "G35.A"));
    // A retired code all of whose successors the range takes in leaves no gap.
    assert!(!has(&json, "became-header", "G35"));
}

#[test]
fn known_differences_stay_quiet_and_new_ones_fail() {
    let sets = Sets::new();
    let list = sets.write("ms.csv", "code\nG35\nE11.9\n");
    let known = sets.text("known.csv");
    check(0, &list, &["--write-expected", &known]);
    let json = check(0, &list, &["--expect", &known]);
    assert_eq!(json["unexpected"], 0);
    let more = sets.write("ms.csv", "code\nG35\nE11.9\nD71\n");
    let json = check(1, &more, &["--expect", &known]);
    assert_eq!(json["unexpected"], 1, "{json:#}");
    sets.write("ms.csv", "code\nE11.9\n");
    let json = check(0, &list, &["--expect", &known]);
    assert_eq!(json["stale"][0][2], "G35", "what is not there any more is told");
}

#[test]
fn an_update_to_itself_changes_nothing() {
    let sets = Sets::new();
    let list = sets.write("all.csv", "code\nG35\nE10-E14\nI27.*\nT78.0-\nS30.1*\n");
    for edition in [FROM, TO] {
        let args = ["rules", "check", &list, "--from", edition, "--to", edition, "--format", "json"];
        let run = Program::new().run(&args);
        let json = run.json();
        let about_the_update = json["sets"][0]["findings"].as_array().unwrap();
        assert!(about_the_update.iter().all(|f| f["class"] != "update"), "{json:#}");
    }
}

/// The same set in four notations, each migrated and given back in its own.
#[test]
fn four_notations_name_the_same_codes_and_stay_what_they_are() {
    let sets = Sets::new();
    let range = sets.write("range.csv", "code;note\nE11-E11;all of it\nG35-G35;ours\n");
    let prefix = sets.write("prefix.csv", "code;note\nE11.*;all of it\nG35%;ours\n");
    let list = sets.write("list.csv", "code;note\nE11.8;a\nE11.9;b\nG35;ours\n");
    let fhir = sets.write(
        "is-a.json",
        r#"{
  "resourceType": "ValueSet",
  "id": "x",
  "name": "isa",
  "status": "active",
  "compose": {
    "include": [
      {
        "system": "http://hl7.org/fhir/sid/icd-10-cm",
        "version": "2025",
        "filter": [
          { "property": "concept", "op": "is-a", "value": "E11" },
          { "property": "concept", "op": "is-a", "value": "G35" }
        ]
      }
    ]
  },
  "date": "2024-10-01"
}"#,
    );
    // Two filters of one include hold together, so each has an include of its own.
    let text = sets.read("is-a.json").replace(
        "{ \"property\": \"concept\", \"op\": \"is-a\", \"value\": \"E11\" },",
        "{ \"property\": \"concept\", \"op\": \"is-a\", \"value\": \"E11\" } ] }, {\n        \"system\": \"http://hl7.org/fhir/sid/icd-10-cm\",\n        \"filter\": [",
    );
    sets.write("is-a.json", text);
    let into = sets.text("new");
    for set in [&range, &prefix, &list, &fhir] {
        let run = migrate(0, set, &["--into", &into, "--format", "json"]).json();
        let proof = &run["sets"][0]["proof"];
        assert_eq!((&proof["before"], &proof["after"]), (&3.into(), &11.into()), "{set}\n{run:#}");
        assert_eq!(proof["nothing_lost"], true);
    }
    assert_eq!(
        sets.read("new/range.csv"),
        "code;note\nE11-E11;all of it\nG35-G35;ours\n".replace("note\n", "note;xwalk_change;xwalk_reason\n")
    );
    assert!(sets.read("new/prefix.csv").contains("E11.*;all of it\nG35%;ours\n"));
    let list = sets.read("new/list.csv");
    let codes: Vec<&str> = list.lines().map(|l| l.split(';').next().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "code", "E11.8", "E11.9", "E11.A", "G35.A", "G35.B0", "G35.B1", "G35.B2", "G35.C0", "G35.C1",
            "G35.C2", "G35.D"
        ]
    );
    assert!(list.contains("E11.A;;added;it was coded as E11.9 before"), "{list}");
    let fhir = sets.read("new/is-a.json");
    assert!(fhir.contains("\"version\": \"2026\"") && fhir.contains("\"op\": \"is-a\""), "{fhir}");
    assert!(
        fhir.find("\"resourceType\"").unwrap() < fhir.find("\"compose\"").unwrap(),
        "the order of keys stays"
    );
    assert!(fhir.find("\"compose\"").unwrap() < fhir.find("\"date\"").unwrap());
}

#[test]
fn what_was_migrated_has_nothing_new_to_tell() {
    let sets = Sets::new();
    let list = sets.write(
        "mixed.csv",
        "code,mode\nG35,\nD71-D71,\nT78.0-,\nT78.07XA,exclude\nE88.*,\nI27.89,\nS30.1XXA,\n",
    );
    let into = sets.text("new");
    migrate(1, &list, &["--into", &into]);
    let new = sets.text("new/mixed.csv");
    let args = ["rules", "check", &new, "--from", TO, "--to", TO, "--format", "json"];
    let json = Program::new().run(&args).json();
    assert_eq!(json["unexpected"], 0, "{json:#}");
    let again = ["rules", "migrate", &new, "--from", TO, "--to", TO, "--format", "json"];
    let again = Program::new().expect(0, &again).json();
    assert_eq!(again["sets"][0]["edits"].as_array().unwrap().len(), 0);
    assert_eq!(again["sets"][0]["proof"]["exact"], true);
    // The exclusion of the old code goes on as an exclusion of what took over from it.
    let text = sets.read("new/mixed.csv");
    assert!(text.contains("T78.070A,exclude,excluded"), "{text}");
}

#[test]
fn retired_codes_stay_with_their_last_day_when_asked_for() {
    let sets = Sets::new();
    let list = sets.write("ms.csv", "code,owner\nG35,Neurology\nE11.9,Neurology\n");
    let into = sets.text("new");
    migrate(0, &list, &["--into", &into, "--keep-historical", "--format", "json"]);
    let text = sets.read("new/ms.csv");
    assert!(
        text.lines().next().unwrap().starts_with("code,owner,xwalk_change,xwalk_reason,valid_to"),
        "{text}"
    );
    assert!(text.lines().nth(1).unwrap().starts_with("G35,Neurology,retired,"), "{text}");
    assert!(text.lines().nth(1).unwrap().ends_with(",2025-09-30"), "{text}");
    assert!(text.contains("\nG35.A,Neurology,added,"), "what is the same in each line is taken over: {text}");
    let new = sets.text("new/ms.csv");
    let json = Program::new()
        .expect(0, &["rules", "check", &new, "--from", TO, "--to", TO, "--format", "json"])
        .json();
    assert_eq!((&json["unexpected"], &json["sets"][0]["before"]), (&0.into(), &10.into()), "{json:#}");
}

#[test]
fn a_list_without_names_of_columns_stays_one() {
    let sets = Sets::new();
    let list = sets.write("plain.txt", "G35\r\nE11.9\r\n");
    let into = sets.text("new");
    migrate(0, &list, &["--into", &into]);
    let text = sets.read("new/plain.txt");
    assert!(text.starts_with("G35.A\r\nG35.B0\r\n"), "{text}");
    assert!(text.ends_with("\r\nG35.D\r\nE11.9\r\nE11.A\r\n"), "{text}");
    // There is no place for the last day, and no code may be overwritten by it.
    let run = migrate(2, &list, &["--into", &into, "--keep-historical"]);
    assert!(run.stderr.contains("it has no row that names its columns"), "{}", run.stderr);
}

const RULES: &str = "# Rules of the coding team\n[[set]]\nname = \"neuro\"  # ours\nowner = \"Kim\"\ninclude = [\n  \
                     \"G35\",  # multiple sclerosis\n  \"G31.8-\",\n]\nexclude = [\"G31.84\"]\n\n[[set]]\nname = \"milk\"\n\
                     include = [\"T78.07XA\", \"T78.07XD\"]\n";

#[test]
fn toml_keeps_its_comments() {
    let sets = Sets::new();
    let rules = sets.write("rules.toml", RULES);
    let into = sets.text("new");
    let json = migrate(1, &rules, &["--into", &into, "--format", "json"]).json();
    let text = sets.read("new/rules.toml");
    assert!(text.starts_with("# Rules of the coding team\n[[set]]\nname = \"neuro\"  # ours\n"), "{text}");
    assert!(
        text.contains("# added: it was coded as G35 before") && text.contains("\n  \"G35.B0\","),
        "{text}"
    );
    assert!(text.contains("\"G31.8-\",\n]\nexclude = [\"G31.84\"]"), "{text}");
    assert!(!text.contains("\"G35\""), "{text}");
    let milk = &json["sets"][1];
    assert_eq!((&milk["set"], &milk["proof"]["nothing_lost"]), (&"milk".into(), &true.into()), "{milk:#}");
    // G31.87 is new below G31.8-, which takes it in: a person may take it out again.
    assert!(
        json["sets"][0]["choices"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c["code"] == "G31.87" && c["held"] == true)
    );
    let again = sets.text("new/rules.toml");
    let args = ["rules", "check", &again, "--from", TO, "--to", TO];
    Program::new().expect(0, &args);
}

#[test]
fn toml_dates_a_retired_line() {
    let sets = Sets::new();
    let rules = sets.write("rules.toml", RULES);
    let into = sets.text("new");
    migrate(1, &rules, &["--into", &into, "--keep-historical"]);
    let text = sets.read("new/rules.toml");
    assert!(text.contains("{ code = \"G35\", to = 2025-09-30, note = \"a header in icd10cm@2026"), "{text}");
}

#[test]
fn fhir_lists_take_their_codes_out_and_in() {
    let sets = Sets::new();
    let set = sets.write(
        "set.json",
        r#"{"resourceType":"ValueSet","name":"ms","publisher":"Kim","compose":{"include":[
        {"system":"http://snomed.info/sct","concept":[{"code":"24700007"}]},
        {"system":"http://hl7.org/fhir/sid/icd-10-cm","concept":[{"code":"G35","display":"Multiple sclerosis"},{"code":"E11.9"}]}]}}"#,
    );
    let into = sets.text("new");
    let run = migrate(0, &set, &["--into", &into]);
    assert!(run.stderr.contains("1 lines are of `http://snomed.info/sct`"), "{}", run.stderr);
    let json: serde_json::Value = serde_json::from_str(&sets.read("new/set.json")).unwrap();
    let concepts = json["compose"]["include"][1]["concept"].as_array().unwrap();
    let codes: Vec<&str> = concepts.iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert_eq!(codes[0], "G35.A");
    assert_eq!(codes.last(), Some(&"E11.A"));
    assert_eq!(concepts[0]["display"], "Relapsing-remitting multiple sclerosis");
    assert_eq!(json["compose"]["include"][0]["concept"][0]["code"], "24700007");
}

#[test]
fn filters_that_are_not_understood_are_refused_with_the_reason() {
    let sets = Sets::new();
    let set = sets.write(
        "set.json",
        "{\"resourceType\":\"ValueSet\",\"compose\":{\"include\":[\n{\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\n\
         \"filter\":[{\"property\":\"code\",\"op\":\"regex\",\"value\":\"E1[0-4].*\"}]},\n\
         {\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\"concept\":[{\"code\":\"G35\"}]}]}}",
    );
    let run = Program::new().expect(2, &["rules", "check", &set, "--from", FROM, "--to", TO]);
    assert!(run.stderr.contains("set.json:3:"), "{}", run.stderr);
    assert!(run.stderr.contains("error[not-supported]: the filter code regex E1[0-4].*"), "{}", run.stderr);
    check(1, &set, &["--allow-errors"]);
}

#[test]
fn headers_mean_themselves_unless_told_otherwise() {
    let sets = Sets::new();
    let list = sets.write("dm.csv", "code\nE11\n");
    let json = check(1, &list, &[]);
    let alone = &json["sets"][0]["findings"][0];
    assert_eq!(alone["kind"], "header-alone");
    assert!(alone["message"].as_str().unwrap().contains("--headers descendants"), "{alone}");
    let json = check(1, &list, &["--headers", "descendants"]);
    assert!(has(&json, "gained", "E11.A") && !has(&json, "header-alone", "E11"), "{json:#}");
}

#[test]
fn unknown_codes_are_known_to_earlier_editions() {
    let sets = Sets::new();
    let list = sets.write("old.csv", "code\nG35\nZ99.999\n");
    let args = ["rules", "check", &list, "--from", TO, "--to", TO, "--history", FROM, "--format", "json"];
    let json = Program::new().expect(1, &args).json();
    assert!(has(&json, "retired-before", "G35"), "{json:#}");
    assert!(has(&json, "unknown", "Z99.999"));
}

fn check_bad(name: &str, bytes: &[u8], status: i32, parts: &[&str]) {
    let sets = Sets::new();
    let path = sets.write(name, bytes);
    let run = Program::new()
        .expect(status, &["rules", "check", &path, "--from", FROM, "--to", TO, "--all-diagnostics"]);
    for part in parts {
        assert!(run.stderr.contains(part), "{part}\n{}", run.stderr);
    }
}

#[test]
fn bad_tables_are_told_with_row_and_column() {
    check_bad(
        "two.csv",
        b"ICD-10-CM Code,CPT Code\nG35,\n",
        2,
        &[
            "two.csv:1:2: error[ambiguous-column]: both A (`ICD-10-CM Code`) and B (`CPT Code`) could hold the codes",
            "--code-column",
        ],
    );
    check_bad("pairs.txt", b"G35\nE11.9; I27.89\n", 2, &["error[ambiguous-column]: both A and B hold codes"]);
    check_bad(
        "number.csv",
        b"code\nG35\n1.1E+12\n",
        2,
        &["number.csv:3:1: error[number-cell]: `1.1E+12` is a number"],
    );
    check_bad(
        "mixed.csv",
        b"title,code\nx,G35\ny,250.00\n",
        2,
        &[
            "mixed.csv:3:2: error[mixed-systems]: `250.00` is written like a code of ICD-9-CM, not of ICD-10-CM",
        ],
    );
    check_bad("blank.csv", "code\nG35\u{a0}\n".as_bytes(), 1, &["blank.csv:2:1: warning[hidden-blank]"]);
    check_bad("word.csv", b"code\nG35\nsee below\n", 2, &["word.csv:3:1: error[bad-selector]"]);
    check_bad("none.csv", b"a,b\nc,d\n", 2, &["no column of codes was found", "--code-column"]);
    check_bad("broken.xlsx", b"PK\x03\x04", 2, &["the workbook cannot be read"]);
    check_bad("broken.json", b"{\"resourceType\":\"ValueSet\",\n", 2, &["broken.json:2:"]);
    check_bad("broken.toml", b"[[set]]\nname = \n", 2, &["broken.toml:2:", "the TOML cannot be read"]);
    check_bad("empty.csv", b"", 2, &["no column of codes was found"]);
}

#[test]
fn bad_workbooks_are_told_with_sheet_row_and_column() {
    use rust_xlsxwriter::{Format, Workbook};
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Codes").unwrap();
    sheet.write_string(0, 0, "Code").unwrap();
    sheet.write_string(1, 0, "428.0").unwrap();
    sheet.write_number(2, 0, 250.0).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let sets = Sets::new();
    let path = sets.write("dm.xlsx", &bytes);
    let run = Program::new().expect(2, &["rules", "check", &path, "--from", FROM, "--to", TO]);
    assert!(
        run.stderr.contains("dm.xlsx[Codes]:3:1: error[number-cell]: the code is stored as the number 250"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("dm.xlsx[Codes]:2:1: error[mixed-systems]"), "{}", run.stderr);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Codes").unwrap();
    sheet.merge_range(0, 0, 0, 2, "Code", &Format::new()).unwrap();
    sheet.write_string(1, 1, "G35").unwrap();
    let path = sets.write("merged.xlsx", book.save_to_buffer().unwrap());
    let run = Program::new().expect(2, &["rules", "check", &path, "--from", FROM, "--to", TO]);
    assert!(
        run.stderr.contains("merged.xlsx[Codes]:1:1: error[merged-cells]: the cells A to C"),
        "{}",
        run.stderr
    );
    let run = Program::new().expect(
        1,
        &["rules", "check", &path, "--from", FROM, "--to", TO, "--code-column", "B", "--format", "json"],
    );
    assert!(has(&run.json(), "became-header", "G35"));
}

#[test]
fn a_workbook_keeps_its_other_sheets_and_columns() {
    use rust_xlsxwriter::Workbook;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("About").unwrap();
    sheet.write_string(0, 0, "our list").unwrap();
    let sheet = book.add_worksheet().set_name("List").unwrap();
    for (column, name) in ["Code", "Department", "Price"].iter().enumerate() {
        sheet.write_string(2, column as u16, *name).unwrap();
    }
    for (row, (code, price)) in [("G35", 12.5), ("E119", 3.0)].iter().enumerate() {
        sheet.write_string(row as u32 + 3, 0, *code).unwrap();
        sheet.write_string(row as u32 + 3, 1, "Neuro").unwrap();
        sheet.write_number(row as u32 + 3, 2, *price).unwrap();
    }
    let sets = Sets::new();
    let path = sets.write("list.xlsx", book.save_to_buffer().unwrap());
    let into = sets.text("new");
    let run = migrate(0, &path, &["--into", &into]);
    assert!(run.stderr.contains("its colours, widths and cell notes are not kept"), "{}", run.stderr);
    let grids =
        xwalk_formats::grid::read_workbook(&fs_err::read(sets.path("new/list.xlsx")).unwrap()).unwrap();
    let text = |row: usize, column: usize| {
        grids[1].rows[row].get(column).map_or(String::new(), |c| c.text().into_owned())
    };
    assert_eq!((grids[0].name.as_str(), grids[1].name.as_str()), ("About", "List"));
    assert_eq!([text(2, 0), text(2, 3)], ["Code", "xwalk_change"]);
    // The codes of the list have no dots, so what is added has none.
    assert_eq!([text(3, 0), text(3, 1), text(3, 2), text(3, 3)], ["G35A", "Neuro", "", "added"]);
    assert_eq!([text(11, 0), text(11, 2)], ["E119", "3"]);
}
