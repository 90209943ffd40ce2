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
    let json = Program::new()
        .expect(0, &["rules", "check", &new, "--from", to, "--to", to, "--format", "json"])
        .json();
    assert_eq!(json["unexpected"], 0);
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
