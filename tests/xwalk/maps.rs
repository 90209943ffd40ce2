//! Official crosswalks on full releases: rows, sources and flags as the authorities published them.

use std::path::PathBuf;

use xwalk_import::discover;
use xwalk_model::{Code, ConceptMap, Relationship, Targets};

use crate::program::{Program, release};

fn maps(path: PathBuf) -> Vec<ConceptMap> {
    let found = discover(&[path], None).unwrap();
    found.maps.iter().flat_map(|file| file.import().unwrap().maps).collect()
}

/// Rows, sources, exact rows, sources without target, sources with combinations.
fn figures(map: &ConceptMap) -> [usize; 5] {
    let all = || map.elements.values().flatten();
    let rows = all().map(|m| match &m.targets {
        Targets::Combination { slots, .. } => slots.iter().map(Vec::len).sum(),
        _ => 1,
    });
    let exact = all().filter(|m| m.relationship == Relationship::Equivalent).count();
    let no_map = all().filter(|m| m.targets == Targets::NoMap).count();
    let combined = |ms: &&Vec<_>| {
        ms.iter().any(|m: &xwalk_model::Mapping| matches!(m.targets, Targets::Combination { .. }))
    };
    [rows.sum(), map.elements.len(), exact, no_map, map.elements.values().filter(combined).count()]
}

#[test]
fn general_equivalence_mappings_of_2018() {
    let Some(folder) = release("gem/2018") else { return };
    let expected = [
        ("2018_I9gem.txt", "icd9cm@32..icd10cm@2018/gem", [24_860, 14_567, 3_522, 422, 668]),
        ("2018_I10gem.txt", "icd10cm@2018..icd9cm@32/gem", [81_593, 71_704, 3_522, 731, 4_241]),
    ];
    for (file, id, figures_of_file) in expected {
        let all = maps(folder.join(file));
        assert_eq!(all[0].id.to_string(), id);
        assert_eq!(figures(&all[0]), figures_of_file, "{file}");
    }
    let [i9pcs, pcsi9] = ["gem_i9pcs.txt", "gem_pcsi9.txt"].map(|f| maps(folder.join(f)).remove(0));
    let [rows, sources, exact, no_map, _] = figures(&i9pcs);
    assert_eq!((rows, sources, exact, no_map), (73_593, 3_882, 47, 210));
    let [rows, sources, _, no_map, _] = figures(&pcsi9);
    // 31 rows name NoI9, of which only two have the flag for it; the target says it all the same.
    assert_eq!((rows, sources, no_map), (101_025, 78_705, 31));
}

#[test]
fn a_combination_is_scenarios_and_choice_lists() {
    let Some(folder) = release("gem/2018") else { return };
    let map = maps(folder.join("2018_I9gem.txt")).remove(0);
    let of = |code: &str| map.get(&Code::from_official(code));
    let singles: Vec<&str> = of("24951")
        .iter()
        .filter_map(|m| if let Targets::One(code) = &m.targets { Some(code.as_str()) } else { None })
        .collect();
    assert_eq!(singles, ["E0839", "E0939"]);
    assert!(
        of("24951")
            .iter()
            .any(|m| matches!(&m.targets, Targets::Combination { slots, .. } if slots.len() == 2))
    );
    assert_eq!(of("36570")[0].targets, Targets::NoMap);
    assert_eq!(of("V5412").len(), 533);
}

#[test]
fn conversion_tables_are_understood_cell_by_cell() {
    let Some(folder) = release("icd10cm") else { return };
    let found = discover(&[folder.join("2026/ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx")], None).unwrap();
    let imported = found.maps[0].import().unwrap();
    let rows: usize = imported.maps.iter().map(ConceptMap::len).sum();
    let repeated = imported.diagnostics.iter().filter(|d| d.rule.id() == "duplicate-row").count();
    assert_eq!((rows + repeated, repeated, imported.diagnostics.len()), (5_892, 8, 8));
    let last = imported.maps.last().unwrap();
    assert_eq!(last.id.to_string(), "icd10cm@2026..icd10cm@2025/nchs-conversion-2026");
    assert_eq!(last.elements.len(), 487);
    let bilateral = imported.maps.iter().find_map(|m| m.elements.get(&Code::from_official("G5603"))).unwrap();
    let slots = vec![vec![Code::from_official("G5601")], vec![Code::from_official("G5602")]];
    assert_eq!(bilateral[0].targets, Targets::Combination { scenario: 1, slots });
}

#[test]
fn mapping_tables_between_icd10_and_icd11() {
    let Some(folder) = release("icd10-icd11-maps/2024-01") else { return };
    let one = maps(folder.join("10To11MapToOneCategory.txt")).remove(0);
    assert_eq!(
        (one.id.to_string().as_str(), one.elements.len()),
        ("icd10@2019..icd11mms@2024-01/who-10to11-one", 12_597)
    );
    let [text, book] =
        ["txt", "xlsx"].map(|e| maps(folder.join(format!("10To11MapToMultipleCategories.{e}"))).remove(0));
    assert_eq!(text.len(), 15_658);
    assert!(text.says_the_same(&book));
}

#[test]
fn everything_an_authority_published_is_imported_at_once() {
    let Some(folder) = release("") else { return };
    let program = Program::new();
    let path = folder.to_str().unwrap();
    let first = program.expect(0, &["import", path, "--format", "json"]).json();
    let count = |result: &str| first.as_array().unwrap().iter().filter(|r| r["result"] == result).count();
    let editions = first.as_array().unwrap().iter().filter(|r| r["effective"].is_object()).count();
    assert_eq!(editions, 22);
    assert!(count("new") > 40, "{}", count("new"));
    let second = program.expect(0, &["import", path, "--format", "json"]).json();
    let changed = second
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["result"] == "new" || r["result"] == "replaced")
        .count();
    assert_eq!(changed, 0, "the second run does nothing");
}

/// Maps that organisations keep are as good as official ones, also without any release beside them.
#[test]
fn maps_alone_are_imported_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("icd9cm@32..icd10cm@2018.csv", "source,target\n001.1,A00.1\n"),
        ("umsteiger_2016_2017.txt", "Q10.0;Q10.0;A;A\r\nQ11.0;UNDEF;A;\r\n"),
        (
            "ours.sssom.tsv",
            "#mapping_set_id: https://example.org/ours\n#subject_source: icd10cm@2025\n#object_source: icd10cm@2026\n\
             subject_id\tpredicate_id\tobject_id\tmapping_justification\n\
             ICD10CM:B88.0\tskos:narrowMatch\tICD10CM:B88.09\tsemapv:ManualMappingCuration\n",
        ),
        (
            "map.json",
            r#"{"resourceType":"ConceptMap","name":"T","group":[{"source":"http://hl7.org/fhir/sid/icd-9-cm|32",
            "target":"http://hl7.org/fhir/sid/icd-10-cm|2018","element":[{"code":"001.1","target":[{"code":"A00.1",
            "relationship":"equivalent"}]}]}]}"#,
        ),
    ];
    for (name, text) in files {
        fs_err::write(folder.path().join(name), text).unwrap();
    }
    let program = Program::new();
    program.expect(0, &["import", folder.path().to_str().unwrap()]);
    let list = program.expect(0, &["list", "--format", "json"]).json();
    let ids: Vec<String> = list["maps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| format!("{}..{}/{}", m["id"]["source"], m["id"]["target"], m["id"]["name"]).replace('"', ""))
        .collect();
    assert_eq!(
        ids,
        [
            "icd10cm@2025..icd10cm@2026/ours",
            "icd9cm@32..icd10cm@2018/t",
            "icd9cm@32..icd10cm@2018/table",
            "icd10gm@2016..icd10gm@2017/umsteiger"
        ]
    );
}
