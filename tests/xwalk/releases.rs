//! Full releases: the published numbers, code by code. Runs where XWALK_RELEASES names the folder.

use std::path::{Path, PathBuf};

use crate::program::{Program, releases};

fn order_file(folder: &Path, version: &str) -> PathBuf {
    let name = match version {
        "2022" | "2023" | "2024" => format!("icd10cm-order-{version}.txt"),
        "2025-04" => "icd10cm-order-April-2025.txt".to_owned(),
        _ => format!("icd10cm_order_{version}.txt"),
    };
    folder.join("icd10cm").join(version).join(name)
}

#[track_caller]
fn diff(from: &Path, to: &Path) -> serde_json::Value {
    let args = ["diff", from.to_str().unwrap(), to.to_str().unwrap(), "--format", "json"];
    Program::new().expect(0, &args).json()
}

#[test]
fn totals_and_changes_of_every_year() {
    let Some(folder) = releases() else { return };
    let years = [
        ("2018", "2019", (71_704, 22_423), (71_932, 22_512), (279, 51, 143)),
        ("2019", "2020", (71_932, 22_512), (72_184, 22_581), (273, 21, 30)),
        ("2020", "2021", (72_184, 22_581), (72_616, 22_736), (490, 58, 47)),
        ("2021", "2022", (72_616, 22_736), (72_748, 22_776), (165, 33, 22)),
        ("2022", "2023", (72_748, 22_776), (73_639, 23_106), (1179, 288, 28)),
        ("2023", "2024", (73_639, 23_106), (74_044, 23_252), (437, 32, 23)),
        ("2024", "2025", (74_044, 23_252), (74_260, 23_324), (252, 36, 13)),
        ("2025", "2026", (74_260, 23_324), (74_719, 23_467), (487, 28, 38)),
        ("2025", "2025-04", (74_260, 23_324), (74_260, 23_324), (0, 0, 0)),
    ];
    for (a, b, before, after, changes) in years {
        let json = diff(&order_file(&folder, a), &order_file(&folder, b));
        let total = |side: &str| {
            let totals = &json[side]["totals"];
            (totals["assignable"].as_u64().unwrap(), totals["headers"].as_u64().unwrap())
        };
        assert_eq!((total("from"), total("to")), (before, after), "{a} to {b}");
        let counts = &json["counts"]["assignable"];
        let number = |name: &str| counts[name].as_u64().unwrap();
        assert_eq!((number("added"), number("deleted"), number("revised")), changes, "{a} to {b}");
        let between = json["caveats"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c.as_str().unwrap().contains("published in between"));
        assert_eq!(between, ["2022", "2023", "2024"].contains(&b), "{a} to {b}");
    }
}

#[test]
fn the_addenda_are_reproduced_line_by_line() {
    let Some(folder) = releases() else { return };
    let json = Program::new()
        .expect(0, &["audit", folder.join("icd10cm").to_str().unwrap(), "--format", "json"])
        .json();
    let verdict = |file: &str| {
        let audit = json.as_array().unwrap().iter().find(|a| a["file"] == file).unwrap();
        (audit["verdict"].as_str().unwrap().to_owned(), audit["lines"].as_u64().unwrap())
    };
    assert_eq!(verdict("icd10cm_order_addenda_2025.txt"), ("agrees".into(), 388));
    assert_eq!(verdict("icd10cm_codes_addenda_2025.txt"), ("agrees".into(), 314));
    assert_eq!(verdict("icd10cm-order-addenda-April-2025.txt"), ("agrees".into(), 0));
    assert_eq!(verdict("icd10cm_order_addenda_2026.txt"), ("agrees".into(), 748));
    assert_eq!(verdict("POAexemptAddCodesFY26.txt"), ("agrees".into(), 273));
    // The baseline of FY2024 is the release of April 2023, which is not here; the tool has to say so.
    assert_eq!(verdict("icd10cm-order-addenda-2024.txt"), ("explained".into(), 603));
    let fy2024 =
        json.as_array().unwrap().iter().find(|a| a["file"] == "icd10cm-order-addenda-2024.txt").unwrap();
    assert_eq!(fy2024["base_reproduced"], true);
    assert!(fy2024["remarks"][0].as_str().unwrap().contains("icd10cm@2023-04"), "{fy2024}");
}

#[test]
fn the_tabular_list_agrees_with_the_order_file_and_its_notes_are_counted() {
    let Some(folder) = releases() else { return };
    let icd10cm = folder.join("icd10cm");
    let json = diff(&icd10cm.join("2025-04"), &icd10cm.join("2026-04"));
    // The order file of October 2025 has the same totals as the expansion of the XML of April 2026.
    assert_eq!(json["to"]["totals"], serde_json::json!({"assignable": 74_719, "headers": 23_467}));
    let notes = &json["counts"]["notes"];
    for (kind, added, removed) in [
        ("inclusion-term", 155, 50),
        ("excludes1", 50, 75),
        ("excludes2", 88, 8),
        ("code-first", 9, 3),
        ("use-additional-code", 25, 12),
        ("code-also", 76, 2),
        ("note", 1, 0),
    ] {
        assert_eq!(
            (&notes[kind]["added"], &notes[kind]["removed"]),
            (&added.into(), &removed.into()),
            "{kind}"
        );
    }
    let sum =
        |what: &str| notes.as_object().unwrap().values().map(|n| n[what].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("added"), sum("removed")), (404, 150));
    let moved = json["counts"]["notes_moved"].as_array().unwrap();
    let to_excludes2 = moved.iter().find(|m| m["from"] == "excludes1" && m["to"] == "excludes2").unwrap();
    assert_eq!(to_excludes2["count"], 47);
}

#[test]
fn the_expansion_of_the_tabular_list_is_the_order_file() {
    let Some(folder) = releases() else { return };
    let xml = folder.join("icd10cm/2026-04");
    let json = diff(&order_file(&folder, "2026"), &xml);
    let counts = &json["counts"]["assignable"];
    assert_eq!((&counts["added"], &counts["deleted"]), (&0.into(), &0.into()), "code by code");
}

#[test]
fn everything_is_imported_and_the_second_run_does_nothing() {
    let Some(folder) = releases() else { return };
    let program = Program::new();
    let path = folder.join("icd10cm");
    let first = program.expect(0, &["import", path.to_str().unwrap(), "--format", "json"]).json();
    let editions = first.as_array().unwrap().iter().filter(|r| r["effective"].is_object()).count();
    assert_eq!(editions, 11);
    let second = program.expect(0, &["import", path.to_str().unwrap(), "--format", "json"]).json();
    assert!(second.as_array().unwrap().iter().all(|r| r["result"] != "new" && r["result"] != "replaced"));
    let stored =
        program.expect(0, &["diff", "icd10cm@2025-04", "icd10cm@2026-04", "--format", "json"]).stdout;
    let read = diff(&path.join("2025-04"), &path.join("2026-04"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stored).unwrap(), read);
}
