use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const TEN: &str = "10ClassKind\tDepth\ticd10Code\ticd10Chapter\ticd10Title\t11ClassKind\tDepth\tICD-11 Foundation URI\t\
    Linearization (release) URI\ticd11Code\ticd11Chapter\ticd11Title\t2024-Jan-21\r\n";

fn ten(class: &str, code: &str, class11: &str, code11: &str) -> String {
    format!(
        "{class}\t1\t{code}\tXX\tInvented\t{class11}\t1\thttp://x/entity/77\thttp://x/mms/77\t{code11}\t01\tInvented\r\n"
    )
}

fn read(name: &str, text: &str) -> (ConceptMap, Vec<Diagnostic>) {
    let file = InputFile::from_bytes(name, &[], text.as_bytes());
    let id = recognise_map(&file, text.as_bytes()).unwrap().unwrap();
    let mut diagnostics = Vec::new();
    (lower_map(id, &file, &mut diagnostics).unwrap(), diagnostics)
}

fn targets(map: &ConceptMap, code: &str) -> Vec<Targets> {
    map.get(&Code::from_official(code)).iter().map(|m| m.targets.clone()).collect()
}

#[test]
fn rows_become_mappings() {
    let text = [
        TEN.to_owned(),
        ten("chapter", "XX", "chapter", "01"),
        ten("block", "Z98-Z99", "block", ""),
        ten("category", "Z99.1", "category", "1Z00.1"),
        ten("category", "Z99.1", "category", "1Z00.1&XZ0A/1Z01"),
        ten("category", "Z99.1", "category", "1Z00.1&XZ0A/1Z01"),
        ten("modifiedcategory", "Z99.20", "category", ""),
        ten("category", "Z99.3", "block", ""),
        ten("category", "99", "category", "1Z00"),
        ten("category", "Z99.4", "category", "XZ0A"),
        ten("category", "Z99.5", "category", "XZ0A&XZ0B"),
    ]
    .concat();
    let (map, diagnostics) = read("10To11MapToMultipleCategories.txt", &text);
    assert_eq!(map.id.to_string(), "icd10@2019..icd11mms@2024-01/who-10to11-multiple");
    assert_eq!(
        diagnostics.iter().map(|d| (d.rule, d.at.unwrap().line)).collect::<Vec<_>>(),
        [(Rule::BadCode, 9), (Rule::BadCode, 11)]
    );
    let code = Code::from_official;
    let slots = vec![vec![code("1Z001")], vec![code("XZ0A")], vec![code("1Z01")]];
    assert_eq!(
        targets(&map, "Z991"),
        [Targets::One(code("1Z001")), Targets::Combination { scenario: 1, slots }]
    );
    assert_eq!(targets(&map, "Z9920"), [Targets::NoMap]);
    assert_eq!(map.get(&code("Z9920"))[0].flags, "modifiedcategory");
    assert_eq!(map.get(&code("Z994"))[0].flags, "target is an extension code");
    assert_eq!(map.get(&code("Z993"))[0].flags, "target is a block: 77");
    assert_eq!(map.get(&code("XX"))[0].flags, "source is a chapter; target is a chapter: 01");
    assert_eq!(map.get(&code("Z991"))[0].provenance, Provenance::Official { file: 0, line: 4 });
    assert_eq!((map.elements.len(), map.len()), (6, 7));
    assert!(map.remarks.iter().any(|r| r.starts_with("1 rows stand")));
}

#[test]
fn from_eleven_to_ten() {
    let head = "Linearization (release) URI\ticd11Code\ticd11Chapter\ticd11Title\ticd10Code\ticd10Chapter\t\
        icd10Title\t2019-Apr-01\r\n";
    let row =
        |eleven: &str, ten: &str| format!("http://x/mms/77\t{eleven}\t01\tInvented\t{ten}\tXX\tInvented\r\n");
    let text = [
        head.to_owned(),
        row("01", "XX"),
        row("", "Z99.1"),
        row("1Z00.1", "Z99.1"),
        row("1Z00.2", "No Mapping"),
        row("1Z00.3", "Z98-Z99"),
    ]
    .concat();
    let (map, diagnostics) = read("11To10MapToOneCategory.txt", &text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(map.id.to_string(), "icd11mms@2019-04..icd10@2016/who-11to10-one");
    assert_eq!(targets(&map, "1Z001"), [Targets::One(Code::from_official("Z991"))]);
    assert_eq!(targets(&map, "1Z002"), [Targets::NoMap]);
    assert_eq!(map.get(&Code::from_official("1Z003"))[0].flags, "target is a block: Z98-Z99");
    assert_eq!(map.elements.len(), 4);
}

#[test]
fn relations_are_kept() {
    let text = "10ClassKind\t10DepthInKind\ticd10Code\ticd10Chapter\ticd10Title\tICD-11 FoundationURI\ticd11Title\t\
        2024-Jan-21\r\nCategory\t1\tZ99\tXX\tx\thttp://x/entity/77\ty\tSubclass\t-1\r\nCategory\t1\tZ98\tXX\tx\t\
        http://x/entity/78\ty\tEquivalent\t0\r\nCategory\t1\tZ97\tXX\tx\t\t\t\t\r\n";
    let (map, diagnostics) = read("foundation_10To11MapToOneCategory.txt", text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let of = |code: &str| map.get(&Code::from_official(code))[0].clone();
    assert_eq!(of("Z99").relationship, Relationship::SourceIsNarrowerThanTarget);
    assert_eq!(
        (of("Z99").flags.as_str(), of("Z98").relationship),
        ("Subclass; -1", Relationship::Equivalent)
    );
    assert_eq!(of("Z98").targets, Targets::One(Code::from_official("78")));
    assert_eq!(of("Z97").targets, Targets::NoMap);
}

/// The tables of 2024-01, where there is a folder of official releases.
#[test]
fn official_tables() {
    let Some(root) = std::env::var_os("XWALK_RELEASES") else {
        println!("skipped: XWALK_RELEASES does not name a folder of official releases");
        return;
    };
    let folder = std::path::PathBuf::from(root).join("icd10-icd11-maps/2024-01");
    if !folder.exists() {
        println!("skipped: {} does not exist", folder.display());
        return;
    }
    let mut maps = BTreeMap::new();
    for file in crate::collect(&folder).unwrap() {
        let Some(id) = recognise_map(&file, &file.head().unwrap()).unwrap() else { continue };
        let mut diagnostics = Vec::new();
        let map = lower_map(id.clone(), &file, &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{}: {diagnostics:?}", file.name());
        if let Some(other) = maps.insert(id.name.clone(), map.clone()) {
            assert_eq!(other.elements, map.elements, "{} says something else", file.name());
        }
    }
    let one = &maps["who-10to11-one"];
    assert_eq!((one.elements.len(), one.len()), (12_597, 12_597));
    let rows = || one.elements.values().flatten();
    let without = |word: &str, no: &str| {
        let code = |m: &&Mapping| m.targets == Targets::NoMap && !m.flags.contains("source is");
        rows().filter(code).filter(|m| m.flags.contains(word) && !m.flags.contains(no)).count()
    };
    // 252 categories have an empty code: 248 lead to a block, 4 nowhere. Two more are made by modifiers, and 60 lead
    // to a chapter, whose number stands in the column of codes.
    assert_eq!(without("target is a block", "modifiedcategory") + without("", "target is"), 252);
    assert_eq!((without("modifiedcategory", "#"), without("target is a chapter", "#")), (2, 60));
    let combinations = rows().filter(|m| matches!(m.targets, Targets::Combination { .. })).count();
    // 783 targets with `&` and 62 with `/`, 19 of them with both.
    assert_eq!(combinations, 826);
    let extension = |m: &&Mapping| m.flags.contains("target is an extension code");
    assert_eq!(rows().filter(extension).count(), 58);
    let multiple = &maps["who-10to11-multiple"];
    assert_eq!(multiple.len(), 15_658);
    assert_eq!(multiple.elements.values().filter(|m| m.len() > 1).count(), 1_291);
    // Six of these lead to several groupings and to no code.
    let several = |m: &&Vec<Mapping>| m.iter().any(|a| a.targets != m[0].targets);
    assert_eq!(multiple.elements.values().filter(several).count(), 1_285);
    assert_eq!(maps["who-11to10-one"].elements.len(), 17_245);
    let foundation = &maps["who-10to11-foundation"];
    let related = |r| foundation.elements.values().flatten().filter(|m| m.relationship == r).count();
    assert_eq!(
        (related(Relationship::Equivalent), related(Relationship::SourceIsNarrowerThanTarget)),
        (7_858, 4_735)
    );
    let get = |code: &str| one.get(&Code::from_official(code))[0].targets.clone();
    let slot = |code: &str| vec![Code::from_official(code)];
    assert_eq!(
        get("A187"),
        Targets::Combination { scenario: 1, slots: vec![slot("1B123"), slot("XA0NE9"), slot("5A740")] }
    );
    assert_eq!(get("A00"), Targets::One(Code::from_official("1A00")));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(at in 0usize..600, junk in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = [TEN.to_owned(), ten("category", "Z99.1", "category", "1Z00.1&XZ0A/1Z01")].concat().into_bytes();
        let at = at.min(bytes.len());
        bytes.splice(at..(at + junk.len() / 2).min(bytes.len()), junk);
        let file = InputFile::from_bytes("10To11MapToOneCategory.txt", &["2024-01"], &bytes);
        if let Some(id) = recognise_map(&file, &bytes).unwrap() {
            let _ = lower_map(id, &file, &mut Vec::new());
        }
    }
}
