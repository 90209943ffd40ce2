//! `xwalk map` on full releases, held against what the authorities published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use xwalk_import::discover;
use xwalk_map::cardinality;
use xwalk_model::{Code, Edition};

use crate::map::{outcome, targets};
use crate::program::{Program, release, releases};

/// A library with the releases that the route from ICD-9-CM to ICD-10-CM 2026 needs, made once.
fn library() -> Option<&'static Program> {
    static HELD: OnceLock<Option<Program>> = OnceLock::new();
    let held = HELD.get_or_init(|| {
        let folder = releases()?;
        let program = Program::new();
        let paths: Vec<String> = ["icd9cm", "gem", "icd10cm", "icd11mms", "hcpcs"]
            .iter()
            .map(|f| folder.join(f).to_string_lossy().into_owned())
            .collect();
        let mut args = vec!["import"];
        args.extend(paths.iter().map(String::as_str));
        program.expect(0, &args);
        Some(program)
    });
    held.as_ref()
}

#[test]
fn five_different_answers() {
    let Some(program) = library() else { return };
    let codes = ["24951", "V54.12", "36570", "XYZ", "316", "001.1", "293.83", "V90"];
    let mut args = vec!["map", "icd9cm@32", "icd10cm@2018", "--format", "json"];
    args.extend(codes);
    let answers = program.expect(1, &args).json();
    let word = |code: &str| outcome(&answers, code)["outcome"].as_str().unwrap().to_owned();
    assert_eq!(
        codes.map(word).join(" "),
        "combination too-wide no-map malformed renamed renamed replaced unknown"
    );
    let wide = outcome(&answers, "V54.12");
    assert_eq!((wide["count"].as_u64(), wide["alternatives"].as_array().map(Vec::len)), (Some(533), Some(0)));
    // Choice lists, not strings with a plus.
    let combination = &outcome(&answers, "24951")["alternatives"];
    let together: Vec<&Value> = combination
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["targets"].as_array().unwrap().len() > 1)
        .collect();
    assert_eq!(together.len(), 1);
    let lists = ["E08.311", "E08.319", "E08.36", "E09.311", "E09.319", "E09.36"];
    assert_eq!(together[0]["targets"], serde_json::json!([lists, ["E08.65"]]));
    let singles: Vec<&str> =
        combination.as_array().unwrap()[..2].iter().map(|a| a["targets"][0][0].as_str().unwrap()).collect();
    assert_eq!(singles, ["E08.39", "E09.39"]);
    // The examples that the R package touch publishes.
    assert_eq!(targets(outcome(&answers, "001.1")), ["A00.1"]);
    assert_eq!(targets(outcome(&answers, "316")), ["F54"]);
    assert_eq!(targets(outcome(&answers, "293.83")), ["F06.30"]);
    let method = |from: &str, to: &str, method: &str, code: &str| -> BTreeSet<String> {
        let run = program.expect(0, &["map", from, to, "--method", method, code, "--format", "json"]);
        targets(&run.json()[0]).into_iter().map(str::to_owned).collect()
    };
    let set = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<BTreeSet<_>>();
    let reverse = method("icd9cm@32", "icd10cm@2018", "reverse-gem", "29383");
    assert_eq!(reverse, set(&["F06.30", "F06.31", "F06.32", "F06.33", "F06.34"]));
    assert_eq!(method("icd9cm@32", "icd10cm@2018", "reverse-gem", "E980.8"), set(&["T57.0X4A"]));
    // Unspecified hypertension is no unspecified crisis.
    let hypertension =
        program.expect(0, &["map", "icd9cm@32", "icd10cm@2018", "401.9", "--format", "json"]).json();
    assert_eq!(targets(&hypertension[0])[0], "I10");
    let multi = method("icd9cm@32", "icd10cm@2018", "multi-stage", "E980.8");
    assert_eq!(multi, set(&["T57.0X1A", "T57.0X2A", "T57.0X3A", "T57.0X4A"]));
    let gem = ["290.0", "290.10", "290.11", "290.13", "290.21", "290.8", "290.9", "294.20"];
    assert_eq!(method("icd10cm@2018", "icd9cm@32", "gem", "F03.90"), set(&gem));
    let both = [&gem[..], &["290.12", "290.20", "290.3"]].concat();
    assert_eq!(method("icd10cm@2018", "icd9cm@32", "both", "F03.90"), set(&both));
    let wider = [&both[..], &["293.0", "293.1"]].concat();
    assert_eq!(method("icd10cm@2018", "icd9cm@32", "multi-stage", "F03.90"), set(&wider));
    assert_eq!(method("icd10cm@2018", "icd9cm@32", "both", "F30.13"), set(&["296.03", "296.13"]));
}

#[test]
fn headers_and_unknown_codes_by_edition() {
    let Some(program) = library() else { return };
    let run = program.expect(
        1,
        &["map", "icd10cm@2025", "icd10cm@2026", "E11.99", "Z99.9", "Z99", "E11.9", "--format", "json"],
    );
    let answers = run.json();
    let word = |code: &str| outcome(&answers, code)["outcome"].as_str().unwrap();
    assert_eq!(["E11.99", "Z99.9", "Z99", "E11.9"].map(word), ["unknown", "unknown", "header", "unchanged"]);
    // A code of another year is told from one that never was.
    let run = program.expect(1, &["map", "icd10cm@2018", "icd10cm@2026", "B88.01", "--format", "json"]);
    assert!(run.json()[0]["reason"].as_str().unwrap().contains("it is assignable in 2026"), "{}", run.stdout);
}

#[test]
fn the_general_equivalence_mappings_as_a_whole() {
    let Some(program) = library() else { return };
    let stats =
        program.expect(0, &["map", "icd9cm@32", "icd10cm@2018", "--stats", "--format", "json"]).json();
    let number = |name: &str| stats[name].as_u64().unwrap();
    assert_eq!((number("sources"), number("pairs"), number("reverse_pairs")), (14_567, 24_428, 80_559));
    assert_eq!((number("reciprocal_pairs"), number("unmapped_sources")), (19_421, 422));
    assert_eq!((number("combination_sources"), number("mixed_sources"), number("widest")), (668, 5, 533));
    let outcomes = stats["outcomes"].as_object().unwrap();
    assert_eq!(outcomes.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), 14_567);
    // One row of the other direction names its target in lower case (v5889). It is V58.89, and with it the two
    // components that it would stand between are one.
    let c = &stats["cardinality"];
    let classes = ["1:1", "1:n", "n:1", "n:m"].map(|k| c[k].as_u64().unwrap());
    assert_eq!(classes, [4_106, 3_098, 508, 938]);
    assert_eq!(c["largest"], serde_json::json!([24, 7_758]));
    let folder = release("gem/2018").unwrap();
    let pairs = |file: &str| {
        let bytes = fs_err::read(folder.join(file)).unwrap();
        xwalk_formats::gem::records(&bytes)
            .map(Result::unwrap)
            .filter(|r| !r.is_no_map())
            .map(|r| (Code::from_official(r.source), Code::from_official(r.target)))
            .collect::<BTreeSet<_>>()
    };
    let as_published = cardinality(&pairs("2018_I9gem.txt"), &pairs("2018_I10gem.txt"));
    assert_eq!(
        [
            as_published.one_to_one,
            as_published.one_to_many,
            as_published.many_to_one,
            as_published.many_to_many
        ],
        [4_107, 3_098, 508, 938]
    );
    assert_eq!(as_published.largest, (24, 7_757));

    // Every row of the file is a row of the table: no alternative, slot or choice is lost.
    let args =
        ["map", "icd9cm@32", "icd10cm@2018", "--all", "--format", "csv", "--max-alternatives", "10000"];
    let table = program.expect(0, &args).stdout;
    assert_eq!(table.lines().count() - 1, 24_860);
    let no_map = table.lines().filter(|l| l.contains(",no-map,")).count();
    assert_eq!(no_map, 422);
}

/// Assignable codes of the order files of a year.
fn order_file(year: u16) -> Option<Edition> {
    let found = discover(&[release(&format!("icd10cm/{year}"))?], None).unwrap();
    let wanted = found.releases.iter().find(|r| r.id.version.as_str() == year.to_string()).unwrap();
    wanted.import().unwrap().edition
}

fn assignable(edition: &Edition) -> BTreeSet<Code> {
    edition.concepts().filter(|c| c.assignable()).map(|c| c.code().clone()).collect()
}

/// The rows of the official table by effective year: new code, and the plain codes that its cell names.
fn official_rows() -> BTreeMap<u16, Vec<(Code, BTreeSet<String>)>> {
    let name = "icd10cm/2026/ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx";
    let bytes = fs_err::read(releases().unwrap().join(name)).unwrap();
    let mut rows: BTreeMap<u16, Vec<(Code, BTreeSet<String>)>> = BTreeMap::new();
    for row in xwalk_formats::conversion::records(&bytes).unwrap() {
        let parts: Vec<&str> = row.effective.split('-').collect();
        let year: u16 = parts[0].parse().unwrap();
        // Codes of October belong to the next year's edition, those within a year to the year's.
        let edition = if parts.len() == 1 || parts[1].parse::<u8>().unwrap() >= 10 { year + 1 } else { year };
        let Ok(current) = Code::parse(xwalk_model::CodeSystem::Icd10cm, &row.current) else { continue };
        let words = row.previous.split([' ', ',', ';', '&']).map(|w| w.replace('.', ""));
        let plain = words.filter(|w| w.len() >= 3 && w.chars().nth(1).is_some_and(|c| c.is_ascii_digit()));
        rows.entry(edition).or_default().push((current, plain.collect()));
    }
    rows
}

#[test]
fn every_code_deleted_in_nine_years_has_its_successors() {
    let Some(program) = library() else { return };
    let official = official_rows();
    let mut before = order_file(2018).unwrap();
    let (mut deleted_codes, mut without) = (0usize, BTreeSet::new());
    for year in 2019..=2026u16 {
        let after = order_file(year).unwrap();
        let (old, new) = (assignable(&before), assignable(&after));
        let deleted: Vec<&Code> = old.difference(&new).collect();
        deleted_codes += deleted.len();
        let (from, to) = (format!("icd10cm@{}", year - 1), format!("icd10cm@{year}"));
        let mut args = vec!["map", &from, &to, "--format", "json"];
        args.extend(deleted.iter().map(|c| c.as_str()));
        let answers = program.run(&args).json();
        for code in deleted {
            let answer = outcome(&answers, code.as_str());
            let seen: BTreeSet<String> = targets(answer).into_iter().map(|t| t.replace('.', "")).collect();
            // What the table states for the code by its own name has to be among the answers, code by code.
            let stated: BTreeSet<String> = official[&year]
                .iter()
                .filter(|(current, plain)| plain.contains(code.as_str()) && new.contains(current))
                .map(|(current, _)| current.to_string())
                .collect();
            assert!(stated.is_subset(&seen), "{code} in {year}: {stated:?} is not in {seen:?}");
            match answer["outcome"].as_str().unwrap() {
                "deleted-without-successor" => {
                    without.insert(code.to_string());
                    assert!(stated.is_empty(), "{code}");
                }
                "replaced" | "merged" | "split" => assert!(!seen.is_empty(), "{code}"),
                other => panic!("{code} in {year} is {other}"),
            }
        }
        before = after;
    }
    assert_eq!(deleted_codes, 547);
    let expected =
        ["C8339", "H36", "Q5120", "V2981XA", "V2981XD", "V2981XS", "V2988XA", "V2988XD", "V2988XS"];
    assert_eq!(without, expected.map(str::to_owned).into_iter().collect());
}

#[test]
fn the_whole_route_and_its_evidence() {
    let Some(program) = library() else { return };
    let run = program.expect(0, &["map", "icd9cm@32", "icd10cm@2026", "250.00", "--explain"]);
    assert!(
        run.stdout.starts_with(
            "route icd9cm@32 > icd10cm@2018 > icd10cm@2019 > icd10cm@2020 > icd10cm@2021 > icd10cm@2022 > \
             icd10cm@2023 > icd10cm@2024 > icd10cm@2025 > icd10cm@2026\n"
        ),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("gem  2018_I9gem.txt:2861  [10000]"), "{}", run.stdout);
    assert!(run.stdout.contains("means less from icd10cm@2026 on: E11.A carved out"), "{}", run.stdout);
    // What the table says of codes that no edition has is told, not passed over.
    assert!(run.stderr.contains("names as previous codes what no edition before icd10cm@2026 has: H05.83"));
}

#[test]
fn dates_choose_the_edition() {
    let Some(program) = library() else { return };
    let run = program.expect(
        1,
        &[
            "map",
            "auto",
            "icd10cm@2026",
            "--format",
            "json",
            "E030",
            "E8020",
            "E030=2012-05-01",
            "E030=2020-01-01",
            "U07.1=2020-05-01",
            "U07.1=2020-03-01",
            "E030=2016-05-01",
            "Z28.3=2022-03-31",
            "Z28.3=2022-04-01",
            "A00.0=2014-10-01",
        ],
    );
    let seen: Vec<String> = run
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            let edition = a["edition"].as_str().unwrap_or("-");
            format!("{} {} {edition}", a["source"].as_str().unwrap(), a["outcome"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [
            "E030 ambiguous-system -",
            "E8020 ambiguous-system -",
            "E030 renamed icd9cm@32",
            "E030 unchanged icd10cm@2020",
            "U07.1 unchanged icd10cm@2021",
            "U07.1 not-valid-on-date icd10cm@2020",
            "E030 unknown -",
            "Z28.3 split icd10cm@2022",
            "Z28.3 header icd10cm@2023",
            "A00.0 not-valid-on-date -",
        ]
    );
}

#[test]
fn strings_that_two_systems_have() {
    let Some(program) = library() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.csv");
    let found = discover(&[release("icd9cm/32").unwrap()], None).unwrap();
    let icd9 = found.releases.iter().find(|r| r.id.to_string() == "icd9cm@32").unwrap();
    let icd9 = icd9.import().unwrap().edition.unwrap();
    let rows: String = assignable(&icd9).iter().map(|c| format!("{c}\n")).collect();
    fs_err::write(&path, format!("code\n{rows}")).unwrap();
    let codes = path.to_string_lossy().into_owned();
    let args = [
        "map",
        "auto",
        "icd10cm@2026",
        "--codes-from",
        &codes,
        "--only",
        "ambiguous-system",
        "--format",
        "csv",
    ];
    let table = program.expect(1, &args).stdout;
    assert_eq!(table.lines().count() - 1, 49);
    assert!(table.contains("\nE030,,") && table.contains("\nE8020,,"), "{table}");
}

#[test]
fn every_assignable_code_of_every_edition_has_an_outcome() {
    let Some(program) = library() else { return };
    let mut routes: Vec<(String, &str)> = Vec::new();
    for year in ["2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025", "2025-04", "2026", "2026-04"]
    {
        let to = if year == "2026-04" { "icd10cm@2026" } else { "icd10cm@2026-04" };
        routes.push((format!("icd10cm@{year}"), to));
    }
    for (from, to) in [
        ("icd9cm@32", "icd10cm@2026"),
        ("icd10cm@2026", "icd9cm@32"),
        ("icd11mms@2023-01", "icd11mms@2024-01"),
        ("icd11mms@2024-01", "icd11mms@2023-01"),
        ("hcpcs@2018", "hcpcs@2019"),
        ("hcpcs@2019", "hcpcs@2018"),
    ] {
        routes.push((from.to_owned(), to));
    }
    let list = program.expect(0, &["list", "--format", "json"]).json();
    for (from, to) in routes {
        let editions = list["editions"].as_array().or(list.as_array()).unwrap();
        let held = editions.iter().find(|e| e["id"] == *from || e["edition"] == *from).unwrap();
        let codes = held["totals"]["assignable"].as_u64().or(held["assignable"].as_u64()).unwrap();
        let stats = program.expect(0, &["map", &from, to, "--stats", "--format", "json"]).json();
        let outcomes = stats["outcomes"].as_object().unwrap();
        assert_eq!(outcomes.values().map(|n| n.as_u64().unwrap()).sum::<u64>(), codes, "{from} to {to}");
        assert!(!outcomes.contains_key("unknown") && !outcomes.contains_key("malformed"), "{from} to {to}");
    }
}

#[test]
fn scope_that_survivors_lost() {
    let Some(program) = library() else { return };
    let diff = program
        .expect(0, &["diff", "icd10cm@2023", "icd10cm@2024", "--only", "scope", "--format", "json"])
        .json();
    let changes = diff["changes"].as_array().unwrap();
    let i10 = changes.iter().find(|c| c["code"] == "I10").unwrap();
    assert_eq!((i10["change"].as_str(), &i10["successors"]), (Some("scope"), &serde_json::json!(["I1A.0"])));
    assert_eq!(diff["counts"]["scope"].as_u64(), Some(changes.len() as u64));
    let history = program.expect(0, &["history", "icd10cm", "I10"]).stdout;
    assert!(history.contains("scope-lost") && history.contains("I1A.0 carved out"), "{history}");
    let only = program
        .expect(0, &["map", "icd10cm@2023", "icd10cm@2024", "--scope-lost", "--format", "json"])
        .json();
    assert_eq!(only.as_array().unwrap().len(), changes.len());
    // The two deletions of C56 stay, and C56.3 is stated for both together.
    let joined =
        program.expect(0, &["map", "icd10cm@2021", "icd10cm@2022", "C56.1", "--format", "json"]).json();
    assert_eq!(joined[0]["warnings"][0]["codes"], serde_json::json!(["C56.3"]));
}

#[test]
fn inferred_successors_only_when_asked_for() {
    let Some(program) = library() else { return };
    let args = ["map", "icd10cm@2022", "icd10cm@2023", "V29.81XA", "--format", "json"];
    let stated = program.expect(1, &args).json();
    assert_eq!(stated[0]["outcome"], "deleted-without-successor");
    let inferred = program.expect(0, &[&args[..], &["--inferred"]].concat()).json();
    let best = &inferred[0]["alternatives"][0];
    assert_eq!(
        (best["basis"].as_str(), best["targets"][0][0].as_str()),
        (Some("inferred"), Some("V29.818A"))
    );
    assert!(best["hops"][0]["flags"].as_str().unwrap().starts_with("score 0."), "{best}");
    // What an authority states is not touched by it.
    let other = ["map", "icd10cm@2025", "icd10cm@2026", "B88.0", "--format", "json"];
    let plain = program.expect(0, &other).json();
    assert_eq!(program.expect(0, &[&other[..], &["--inferred"]].concat()).json(), plain);
}

#[test]
fn other_systems_from_year_to_year() {
    let Some(program) = library() else { return };
    let answers = program
        .run(&["map", "hcpcs@2018", "hcpcs@2019", "C9016", "C8904", "A4466", "--format", "json"])
        .json();
    assert_eq!(targets(outcome(&answers, "C9016")), ["J3316"]);
    assert_eq!(outcome(&answers, "C9016")["outcome"], "replaced");
    // The record refers to a code of CPT, which no edition of HCPCS holds: told, and not taken for a successor.
    let elsewhere = outcome(&answers, "C8904");
    assert_eq!(elsewhere["outcome"], "deleted-without-successor");
    assert!(elsewhere["reason"].as_str().unwrap().contains("its record refers to 77046"), "{elsewhere}");
    // It ended before 2018, so the edition of 2018 holds it as no code for use any more.
    assert_eq!(outcome(&answers, "A4466")["outcome"], "header");
    // An entity of ICD-11 keeps its foundation id when its code changes.
    let table = program
        .expect(0, &["map", "icd11mms@2023-01", "icd11mms@2024-01", "--only", "renamed", "--format", "json"])
        .json();
    let renamed = table.as_array().unwrap();
    assert_eq!(renamed.len(), 5);
    assert!(renamed.iter().all(|a| a["alternatives"][0]["basis"] == "derived"));
}

#[test]
fn loss_beyond_the_limit_is_a_finding() {
    let Some(program) = library() else { return };
    let base = ["map", "icd9cm@32", "icd10cm@2018", "--all", "--only", "malformed"];
    program.expect(0, &base);
    program.expect(0, &[&base[..], &["--max-unmapped", "3%"]].concat());
    let run = program.expect(1, &[&base[..], &["--max-unmapped", "2.8%"]].concat());
    assert!(
        run.stderr.contains("422 of 14567 codes") || run.stderr.contains("of 14567 codes have no target"),
        "{}",
        run.stderr
    );
}

#[test]
fn without_any_import_the_answers_are_those_of_the_library() {
    let Some(program) = library() else { return };
    let alone = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let mut codes: BTreeSet<String> = BTreeSet::new();
    for year in 2023..=2026 {
        let place = format!("crosswalks/icd10cm@{}..icd10cm@{year}/successors.sssom.tsv", year - 1);
        let text = fs_err::read_to_string(crate::program::root().join(place)).unwrap();
        let cells = text.lines().filter(|l| l.starts_with("ICD10CM:")).flat_map(|l| l.split('\t'));
        codes.extend(cells.filter_map(|c| c.strip_prefix("ICD10CM:")).map(str::to_owned));
    }
    assert!(codes.len() > 1500, "{}", codes.len());
    let list = folder.path().join("codes.csv");
    let rows: Vec<&str> = codes.iter().map(String::as_str).collect();
    fs_err::write(&list, format!("code\n{}\n", rows.join("\n"))).unwrap();
    let list = list.to_string_lossy().into_owned();
    for (from, to) in [("icd10cm@2022", "icd10cm@2026"), ("icd10cm@2026", "icd10cm@2022")] {
        let args = ["map", from, to, "--codes-from", &list, "--format", "json"];
        let (held, bundled) = (program.run(&args).json(), alone.run(&args).json());
        for (a, b) in held.as_array().unwrap().iter().zip(bundled.as_array().unwrap()) {
            // A header cannot be told from a code that is not there when the edition is not held.
            let word = |x: &Value| x["outcome"].as_str().unwrap().replace("header", "unknown");
            assert_eq!(word(a), word(b), "{} from {from} to {to}: {a}\n{b}", a["source"]);
            let sets = |x: &Value| targets(x).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
            if a["outcome"] != "combination" {
                assert_eq!(sets(a), sets(b), "{} from {from} to {to}", a["source"]);
            }
        }
    }
}

#[test]
fn a_target_that_no_edition_has_is_no_answer() {
    let Some(releases) = releases() else { return };
    let folder = tempfile::tempdir().unwrap();
    let gem = fs_err::read_to_string(releases.join("gem/2018/2018_I9gem.txt")).unwrap();
    let changed = gem.replacen("0010  A000    00000", "0010  A0099   00000", 1);
    assert_ne!(gem, changed);
    let path = folder.path().join("2018_I9gem.txt");
    fs_err::write(&path, changed).unwrap();
    let place = |p: &str| releases.join(p).to_string_lossy().into_owned();
    let with = [place("icd9cm/32"), place("icd10cm/2018"), path.to_string_lossy().into_owned()];
    let args = ["map", "icd9cm@32", "icd10cm@2018", "0010", "--format", "json"];
    let with: Vec<&str> = with.iter().flat_map(|w| ["--with", w]).collect();
    let run = Program::new().expect(1, &[&args[..], &with].concat());
    let answer = &run.json()[0];
    assert_eq!(answer["outcome"], "no-map");
    let reason = answer["reason"].as_str().unwrap();
    assert_eq!(reason, "A0099 is stated (2018_I9gem.txt:1), which icd10cm@2018 does not have");
    assert!(run.stderr.contains("1 codes of the map gem are not in icd10cm@2018"), "{}", run.stderr);
}

#[test]
fn what_a_row_says_of_several_codes_together_is_told() {
    let Some(program) = library() else { return };
    // 985.1 and E980.8 together are T57.0X4A; read backward, neither of them alone is.
    let args = ["map", "icd9cm@32", "icd10cm@2018", "E980.8", "--method", "reverse-gem", "--format", "json"];
    let answer = &program.expect(0, &args).json()[0];
    assert_eq!(answer["warnings"][0]["warning"], "together");
    assert!(answer["warnings"][0]["text"].as_str().unwrap().contains("985.1"), "{answer}");
}

#[test]
fn inference_keeps_the_way_it_came() {
    let Some(program) = library() else { return };
    let args = ["map", "icd9cm@32", "icd10cm@2026", "E815.2", "--inferred", "--format", "json"];
    let answer = &program.expect(0, &args).json()[0];
    let alternatives = answer["alternatives"].as_array().unwrap();
    let scores: Vec<&str> = alternatives
        .iter()
        .filter(|a| a["basis"] == "inferred")
        .map(|a| {
            let hops = a["hops"].as_array().unwrap();
            assert_eq!(hops[0]["file"], "2018_I9gem.txt", "{a}");
            hops.iter().find_map(|h| h["flags"].as_str()?.strip_prefix("score ")).unwrap()
        })
        .collect();
    assert!(scores.len() > 1);
    assert!(scores.is_sorted_by(|a, b| a[..5] >= b[..5]), "{scores:?}");
}

#[test]
fn backward_reasons_name_the_row() {
    let Some(program) = library() else { return };
    let args = ["map", "icd10cm@2026", "icd10cm@2025", "H05.831", "Z80.44", "--format", "json"];
    let answers = program.expect(1, &args).json();
    let table = "ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx";
    let reason = |code: &str| outcome(&answers, code)["reason"].as_str().unwrap().to_owned();
    assert_eq!(
        reason("H05.831"),
        format!("H05.83 is stated ({table}:929), which icd10cm@2025 does not have")
    );
    assert_eq!(
        reason("Z80.44"),
        format!("Z40.89 is stated ({table}:5808), which icd10cm@2025 does not have")
    );
    let none =
        &program.expect(1, &["map", "icd10cm@2026", "icd10cm@2018", "Z67.A1", "--format", "json"]).json()[0];
    assert!(none["reason"].as_str().unwrap().contains("stated to have no previous code"), "{none}");
}
