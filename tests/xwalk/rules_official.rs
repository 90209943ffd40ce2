//! `xwalk rules` on full releases: sets that have an official successor, and lists carried over years and systems.

use std::path::Path;

use crate::program::{Program, release};
use crate::rules::Sets;

fn official(from: &str, to: &str, set: &Path, theirs: &Path, map: &Path) -> Option<serde_json::Value> {
    let folder = release("icd10cm")?;
    let edition = |version: &str| folder.join(version).to_str().unwrap().to_owned();
    let args = [
        "rules",
        "migrate",
        set.to_str().unwrap(),
        "--from",
        &edition(from),
        "--to",
        &edition(to),
        "--map",
        map.to_str().unwrap(),
        "--against",
        theirs.to_str().unwrap(),
        "--format",
        "json",
    ];
    Some(Program::new().expect(1, &args).json())
}

fn codes(value: &serde_json::Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect()
}

/// The comorbidity definitions of AHRQ for 2025, migrated and held against those of 2026.
#[test]
fn comorbidities_of_2025_become_those_of_2026() {
    let Some(folder) = release("rulesets/elixhauser") else { return };
    let Some(table) = release("icd10cm/2026/ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx") else { return };
    let theirs = folder.join("CMR-Reference-File-v2026-1.xlsx");
    let sets = Sets::new();
    let mut zip = zip::ZipArchive::new(fs_err::File::open(folder.join("CMR_v2025.1.zip")).unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::copy(&mut zip.by_name("CMR_v2025.1/CMR-Reference-File-v2025-1.xlsx").unwrap(), &mut bytes)
        .unwrap();
    sets.write("CMR-Reference-File-v2025-1.xlsx", bytes);
    let Some(json) =
        official("2025-04", "2026-04", &sets.path("CMR-Reference-File-v2025-1.xlsx"), &theirs, &table)
    else {
        return;
    };
    let score = &json["score"];
    assert_eq!(json["sets"].as_array().unwrap().len(), 39, "{score:#}");
    // 17 of 27 additions follow from the authority's table; each of the other ten is offered with its ground.
    assert_eq!((&score["official_added"], &score["added_right"]), (&27.into(), &17.into()), "{score:#}");
    assert_eq!(codes(&score["missed"]), [""; 0]);
    assert_eq!(codes(&score["added_wrong"]), [""; 0]);
    // AHRQ took it out of OBESE without any change of the code: no update can tell.
    assert_eq!(codes(&score["not_removed"]), ["R93.9"]);
    let share = |name: &str| score[name].as_f64().unwrap();
    assert!(share("recall_with_choices") >= 0.99 && share("precision") >= 0.95, "{score:#}");
}

/// The list of codes exempt from present-on-admission reporting.
#[test]
fn the_exempt_list_of_2025_becomes_that_of_2026() {
    let Some(folder) = release("icd10cm") else { return };
    let table = folder.join("2026/ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx");
    let ours = folder.join("2025/poa_exempt/POAexemptCodesFY25.txt");
    let theirs = folder.join("2026/poa_exempt/POAexemptCodesFY26.txt");
    let Some(json) = official("2025-04", "2026-04", &ours, &theirs, &table) else { return };
    let score = &json["score"];
    assert_eq!((&score["official"], &score["official_added"]), (&38_349.into(), &209.into()), "{score:#}");
    assert_eq!(codes(&score["added_wrong"]), [""; 0]);
    assert_eq!(codes(&score["not_removed"]), [""; 0]);
    // What they were coded as before is not exempt, or not in the old edition, and most codes beside them are not
    // exempt either: CMS decided anew.
    assert_eq!(codes(&score["missed"]), ["W45.3XXD", "W45.3XXS", "Z40.81", "Z40.89", "Z77.31", "Z77.39"]);
    let share = |name: &str| score[name].as_f64().unwrap();
    assert!(share("recall_with_choices") >= 0.99 && share("precision") >= 0.95, "{score:#}");
    // The codes that are removed are those of the official list.
    let removed: Vec<String> = json["sets"][0]["edits"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["action"] == "removed")
        .map(|e| e["code"].as_str().unwrap().to_owned())
        .collect();
    let text = fs_err::read_to_string(folder.join("2026/poa_exempt/POAexemptDeleteCodesFY26.txt")).unwrap();
    let listed: Vec<&str> = text.lines().skip(1).filter_map(|l| l.split('\t').next()).collect();
    assert_eq!(removed, listed);
}

/// The list of FY2024, taken back from that of FY2025 by its own Add and Delete lists.
#[test]
fn the_exempt_list_of_2024_becomes_that_of_2025() {
    let Some(icd) = release("icd10cm") else { return };
    let lists = icd.join("2025/poa_exempt");
    let column = |name: &str, column: usize| -> Vec<String> {
        let text = fs_err::read_to_string(lists.join(name)).unwrap();
        text.lines().skip(1).filter_map(|l| Some(l.split('\t').nth(column)?.to_owned())).collect()
    };
    let (added, deleted) =
        (column("POAexemptAddCodesFY25.txt", 1), column("POAexemptDeleteCodesFY25.txt", 0));
    let mut old = column("POAexemptCodesFY25.txt", 1);
    old.retain(|code| !added.contains(code));
    old.extend(deleted.iter().filter(|code| !code.is_empty()).cloned());
    let sets = Sets::new();
    let set = sets.write("exempt.csv", format!("code\n{}\n", old.join("\n")));
    let (from, to) = (icd.join("2024/icd10cm-order-2024.txt"), icd.join("2025/icd10cm_order_2025.txt"));
    let theirs = lists.join("POAexemptCodesFY25.txt");
    let args = [
        "rules",
        "migrate",
        &set,
        "--from",
        from.to_str().unwrap(),
        "--to",
        to.to_str().unwrap(),
        "--against",
        theirs.to_str().unwrap(),
        "--format",
        "json",
    ];
    let json = Program::new().expect(1, &args).json();
    let score = &json["score"];
    assert_eq!((&score["official_added"], &score["added_right"]), (&49.into(), &37.into()), "{score:#}");
    // The table leads lymphomas in remission back to a history of lymphoma, which is exempt. They are another kind of
    // code and are asked about, not added; CMS did not add them.
    assert_eq!(codes(&score["added_wrong"]), [""; 0]);
    assert_eq!(codes(&score["missed"]), [""; 0]);
    assert_eq!(codes(&score["not_removed"]), [""; 0]);
    let choices = json["sets"][0]["choices"].as_array().unwrap();
    assert!(choices.iter().any(|c| c["code"] == "C81.0A" && c["ground"] == "moved"), "{choices:?}");
}

/// Categories of CCSR v2019.1 over seven years: each retired code is accounted for.
#[test]
fn ccsr_of_2019_is_carried_to_2026() {
    let Some(folder) = release("rulesets/ccsr") else { return };
    let Some(icd) = release("icd10cm") else { return };
    let sets = Sets::new();
    let mut zip = zip::ZipArchive::new(fs_err::File::open(folder.join("DXCCSR2019_1.zip")).unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::copy(&mut zip.by_name("$DXCCSR2019_1.CSV").unwrap(), &mut bytes).unwrap();
    let path = sets.write("DXCCSR2019_1.CSV", &bytes);
    let (from, to) = (icd.join("2019/icd10cm_order_2019.txt"), icd.join("2026/icd10cm_order_2026.txt"));
    let into = sets.text("new");
    let args = [
        "rules",
        "migrate",
        &path,
        "--from",
        from.to_str().unwrap(),
        "--to",
        to.to_str().unwrap(),
        "--into",
        &into,
        "--format",
        "json",
    ];
    let json = Program::new().expect(1, &args).json();
    let all = json["sets"].as_array().unwrap();
    assert_eq!(all.len(), 538);
    let (mut before, mut kept, mut retired, mut ended) = (0, 0, 0, Vec::new());
    for set in all {
        let proof = &set["proof"];
        before += proof["before"].as_u64().unwrap();
        kept += proof["kept"].as_u64().unwrap();
        assert_eq!(codes(&proof["lost"]), [""; 0], "{}", set["set"]);
        retired +=
            set["edits"].as_array().unwrap().iter().filter(|e| e["action"] == "removed").count() as u64;
        ended.extend(
            codes(&proof["ended"]).into_iter().map(|c| format!("{c} in {}", set["set"].as_str().unwrap())),
        );
    }
    assert_eq!(before, kept + retired, "each code stayed or is named as retired");
    // The table leads the new codes below C83.39 back to a code of another category, so they are asked about; Q51.20 it
    // does not name at all. Every other retired code has a successor in its category.
    assert_eq!(ended, ["C83.39 in NEO058", "Q51.20 in MAL003"]);
    let asked = all.iter().find(|s| s["set"] == "NEO058").unwrap()["choices"].as_array().unwrap();
    for code in ["C83.390", "C83.398"] {
        assert!(asked.iter().any(|c| c["code"] == code && c["ground"] == "partly-held"), "{asked:?}");
    }
    // The new file reads as the old one did, and holds no retired code.
    let new = sets.text("new/DXCCSR2019_1.CSV");
    let to = to.to_str().unwrap();
    let args = ["rules", "check", &new, "--from", to, "--to", to, "--format", "json"];
    let json = Program::new().run(&args).json();
    let counts = json["counts"].as_object().unwrap();
    // The file of 2019 keeps codes of 2016 that became headers before its own edition, and those stay.
    let kinds: Vec<&str> = counts.keys().map(String::as_str).collect();
    assert!(kinds.iter().all(|k| ["header-alone", "header-beside", "unknown"].contains(k)), "{counts:?}");
}

#[test]
fn a_policy_list_is_translated_in_four_phases() {
    let (Some(gem), Some(icd9), Some(icd10)) =
        (release("gem/2018"), release("icd9cm/32"), release("icd10cm/2018"))
    else {
        return;
    };
    let sets = Sets::new();
    let list = sets.write("dm.csv", "code\n250.00-250.03\n249.51\n779.6\n");
    let program = Program::new();
    for folder in [&gem, &icd9, &icd10] {
        program.expect(0, &["import", folder.to_str().unwrap()]);
    }
    let args = ["rules", "migrate", &list, "--from", "icd9cm@32", "--to", "icd10cm@2018", "--format", "json"];
    let json = program.expect(1, &args).json();
    let found = json["sets"][0]["found"].as_array().unwrap();
    let of =
        |code: &str| found.iter().find(|f| f["code"] == code).unwrap_or_else(|| panic!("{code}\n{json:#}"));
    let single = of("E11.9");
    assert_eq!((&single["phase"], &single["review"]), (&"reverse-single".into(), &false.into()));
    assert!(single["evidence"][0].as_str().unwrap().starts_with("2018_I10gem.txt:"), "{single}");
    // Type 2 out of control has no single way back: the forward map carries it.
    assert!(found.iter().any(|f| f["phase"] != "reverse-single"), "{json:#}");
    let left = json["sets"][0]["left_over"].as_array().unwrap();
    assert_eq!((left.len(), &left[0]["code"]), (1, &"779.6".into()), "{left:?}");
    assert_eq!(left[0]["reason"], "the map states that nothing takes over from it");
}

/// The order of CMS: C4A stands between C43 and C44, J4A between J44 and J45, QA0 behind Q99.
#[test]
fn ranges_run_in_the_order_of_the_official_file() {
    let Some(icd) = release("icd10cm") else { return };
    let sets = Sets::new();
    let to = icd.join("2026/icd10cm_order_2026.txt");
    let to = to.to_str().unwrap();
    let count = |selector: &str| {
        let set = sets.write("set.csv", format!("code\n{selector}\n"));
        let args = ["rules", "check", &set, "--from", to, "--to", to, "--format", "json"];
        let json = Program::new().run(&args).json();
        let remarks: Vec<String> = json["sets"][0]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["kind"] == "text-order")
            .flat_map(|f| codes(&f["others"]).into_iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        (json["sets"][0]["before"].as_u64().unwrap(), remarks)
    };
    let single = |selector: &str| count(selector).0;
    let (melanoma, odd) = count("C43-C44");
    assert_eq!(melanoma, single("C43.-") + single("C4A.-") + single("C44.-"));
    assert_eq!(odd, ["C4A"], "as text it stands behind C44");
    assert_eq!(single("J44-J45"), single("J44.-") + single("J4A.-") + single("J45.-"));
    assert_eq!(single("Q99-QA0"), single("Q99.-") + single("QA0.-"));
    assert_eq!(
        single("C00-D49"),
        single("C*") + single("D0*") + single("D1*") + single("D2*") + single("D3*") + single("D4*")
    );
    assert_eq!(single("O94-O9A"), single("O94.-") + single("O98.-") + single("O99.-") + single("O9A.-"));
}

/// Notes on codes that are not used together: FY2026 has made many Excludes1 notes into Excludes2.
#[test]
fn changed_exclusion_notes_touch_their_sets() {
    let Some(icd) = release("icd10cm") else { return };
    let (from, to) = (icd.join("2025-04"), icd.join("2026-04"));
    let sets = Sets::new();
    let set = sets.write("set.csv", "code\nC00-D49\nG00-G99\n");
    let args = [
        "rules",
        "check",
        &set,
        "--from",
        from.to_str().unwrap(),
        "--to",
        to.to_str().unwrap(),
        "--format",
        "json",
    ];
    let json = Program::new().expect(1, &args).json();
    let all = json["sets"][0]["findings"].as_array().unwrap();
    let notes: Vec<&str> =
        all.iter().filter(|f| f["kind"] == "note-changed").map(|f| f["message"].as_str().unwrap()).collect();
    assert!(notes.iter().any(|m| m.starts_with("Excludes1 became Excludes2: ")), "{notes:?}");
    assert!(notes.iter().any(|m| m.contains("codes that it names are in the set too")), "{notes:?}");
}

/// A VSAC export has several code systems in one list, and lines above the names of the columns.
#[test]
fn vsac_exports_are_read_as_they_come() {
    use rust_xlsxwriter::Workbook;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Value Set Info").unwrap();
    for (row, (key, value)) in
        [("Value Set Name", "Multiple Sclerosis"), ("Code System", "ICD10CM")].iter().enumerate()
    {
        sheet.write_string(row as u32, 0, *key).unwrap();
        sheet.write_string(row as u32, 1, *value).unwrap();
    }
    let sheet = book.add_worksheet().set_name("Expansion List").unwrap();
    let rows: [&[&str]; 6] = [
        &["Expanded Code List"],
        &["Expansion Profile", "eCQM Update 2025"],
        &["Value Set Name", "Code", "Description", "Code System", "Code System Version", "Code System OID"],
        &["Multiple Sclerosis", "G35", "Multiple sclerosis", "ICD10CM", "2025", "2.16.840.1.113883.6.90"],
        &["Multiple Sclerosis", "340", "Multiple sclerosis", "ICD9CM", "2013", "2.16.840.1.113883.6.103"],
        &[
            "Multiple Sclerosis",
            "24700007",
            "Multiple sclerosis (disorder)",
            "SNOMEDCT",
            "2024-09",
            "2.16.840.1.113883.6.96",
        ],
    ];
    for (row, cells) in rows.iter().enumerate() {
        for (column, text) in cells.iter().enumerate() {
            sheet.write_string(row as u32 + 1, column as u16, *text).unwrap();
        }
    }
    let sets = Sets::new();
    let set = sets.write("vsac.xlsx", book.save_to_buffer().unwrap());
    let into = sets.text("new");
    let args = [
        "rules",
        "migrate",
        &set,
        "--from",
        "fixtures/icd10cm/2025/icd10cm_order_2025.txt",
        "--to",
        "fixtures/icd10cm/2026/icd10cm_order_2026.txt",
        "--into",
        &into,
        "--no-marks",
        "--format",
        "json",
    ];
    let run = Program::new().expect(0, &args);
    assert_eq!(run.json()["sets"][0]["set"], "Multiple Sclerosis");
    assert!(
        run.stderr.contains("vsac.xlsx[Expansion List]:7:2: note[other-system]: 1 lines are of SNOMEDCT"),
        "{}",
        run.stderr
    );
    let grids =
        xwalk_formats::grid::read_workbook(&fs_err::read(sets.path("new/vsac.xlsx")).unwrap()).unwrap();
    let row = |row: usize| grids[1].rows[row].iter().map(|c| c.text().into_owned()).collect::<Vec<_>>();
    assert_eq!(
        row(4)[..5],
        ["Multiple Sclerosis", "G35.A", "Relapsing-remitting multiple sclerosis", "ICD10CM", "2026"]
    );
    assert_eq!(row(12)[1], "340", "lines of other systems stay");
}
