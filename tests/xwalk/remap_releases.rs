//! Tables remapped along full releases: each answer is what `map` says.

use crate::parquet_tables;
use crate::program::{Program, releases};
use crate::remap::Folder;

/// The library of the releases that carry ICD-9-CM to ICD-10-CM 2026.
fn program_with_releases() -> Option<Program> {
    let folder = releases()?;
    let program = Program::new();
    let paths = ["icd10cm", "icd9cm", "gem"].map(|p| folder.join(p));
    let mut args = vec!["import"];
    args.extend(paths.iter().map(|p| p.to_str().unwrap()));
    program.expect(0, &args);
    Some(program)
}

/// The answers of `map` by code without its dot: outcome, and the first alternative where it is a single code.
fn answers_of_map(
    program: &Program,
    args: &[&str],
) -> std::collections::BTreeMap<String, (String, Option<String>)> {
    let run = program.run(&[&["map"], args, &["--format", "json"]].concat());
    let mut answers = std::collections::BTreeMap::new();
    let json = run.json();
    let list = json.as_array().or_else(|| json["answers"].as_array()).unwrap();
    for answer in list {
        let targets = &answer["alternatives"][0]["targets"];
        let single =
            targets.as_array().filter(|slots| slots.len() == 1 && slots[0].as_array().unwrap().len() == 1);
        let target = single.map(|slots| slots[0][0].as_str().unwrap().to_owned());
        let source = answer["source"].as_str().unwrap().replace('.', "");
        answers.insert(source, (answer["outcome"].as_str().unwrap().to_owned(), target));
    }
    answers
}

/// A claims table over all ICD-9-CM codes, with unknown, malformed and empty cells.
fn claims_over_all_codes(codes: &[String], rows: usize) -> String {
    let mut text = "id,dx1,dx2,dx3,dx4,dx5\n".to_owned();
    let mut seed = 1usize;
    for row in 0..rows {
        text.push_str(&row.to_string());
        for _ in 0..5 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let draw = seed >> 33;
            match draw % 100 {
                0..30 => text.push(','),
                30 => text.push_str(",999.99"),
                31 => text.push_str(",XYZ"),
                _ => text.push_str(&format!(",{}", codes[draw / 100 % codes.len()])),
            }
        }
        text.push('\n');
    }
    text
}

#[test]
fn icd9cm_to_2026_is_what_map_says_under_every_policy() {
    let Some(program) = program_with_releases() else { return };
    let folder = Folder::new();
    let route = ["--from", "icd9cm@32", "--to", "icd10cm@2026"];
    let answers = answers_of_map(&program, &["icd9cm@32", "icd10cm@2026", "--all"]);
    assert_eq!(answers.len(), 14_567);
    let codes: Vec<String> = answers.keys().cloned().collect();
    let rows = 60_000;
    let claims = claims_over_all_codes(&codes, rows);
    folder.write("claims.csv", &claims);
    let columns = ["--column", "dx1,dx2,dx3,dx4,dx5", "--fields", "target,outcome"];
    let columns_of = |policy| [&columns[..], &["--policy", policy]].concat();
    for policy in ["strict", "best", "all"] {
        let summary = folder.path("summary.json");
        let args = [&columns_of(policy)[..], &["--summary", summary.to_str().unwrap()]].concat();
        folder.remap_along(
            &program,
            &route,
            0,
            "claims.csv",
            "out.csv",
            &[&args[..], &["--threads", "2"]].concat(),
        );
        let out = folder.text("out.csv");
        folder.remap_along(
            &program,
            &route,
            0,
            "claims.csv",
            "one.csv",
            &[&args[..], &["--threads", "1"]].concat(),
        );
        assert!(out == folder.text("one.csv"), "one thread and two write the same bytes");
        for dictionary in [true, false] {
            parquet_tables::write(&claims, &folder.path("claims.parquet"), dictionary);
            folder.remap_along(&program, &route, 0, "claims.parquet", "out.parquet", &columns_of(policy));
            assert!(parquet_tables::read(&folder.path("out.parquet")) == out, "CSV and Parquet say the same");
        }
        let summary: serde_json::Value = serde_json::from_str(&folder.text("summary.json")).unwrap();
        let cells: u64 =
            summary["outcomes"].as_array().unwrap().iter().map(|o| o["cells"].as_u64().unwrap()).sum();
        assert_eq!(cells + summary["cells"]["empty"].as_u64().unwrap(), 5 * rows as u64);
        let mut counted = std::collections::BTreeMap::<String, u64>::new();
        for line in out.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), 16);
            for cell in fields[1..].chunks(3) {
                let [code, target, outcome] = cell[..] else { unreachable!() };
                if !outcome.is_empty() {
                    *counted.entry(outcome.to_owned()).or_default() += 1;
                }
                assert!(target.is_empty() || target != code, "an echo: {line}");
                match answers.get(code) {
                    Some((said, first)) => {
                        assert_eq!(outcome, said, "{code}");
                        match policy {
                            "best" => assert_eq!(target, first.as_deref().unwrap_or(""), "{code}"),
                            _ => assert!(target.is_empty() || Some(target) == first.as_deref()),
                        }
                        if policy == "strict" && !target.is_empty() {
                            assert!(matches!(outcome, "unchanged" | "renamed"), "{line}");
                        }
                    }
                    None => assert_eq!(target, ""),
                }
            }
        }
        for outcome in summary["outcomes"].as_array().unwrap() {
            let word = outcome["outcome"].as_str().unwrap();
            assert_eq!(outcome["cells"].as_u64().unwrap(), counted.remove(word).unwrap(), "{word}");
        }
        assert!(counted.is_empty());
    }
}

#[test]
fn claims_of_fiscal_2023_to_2026_are_what_map_says() {
    let Some(program) = program_with_releases() else { return };
    let folder = Folder::new();
    let mut deleted = Vec::new();
    for (from, to) in [("2023", "2024"), ("2024", "2025"), ("2025", "2026")] {
        let (from, to) = (format!("icd10cm@{from}"), format!("icd10cm@{to}"));
        let diff = program.expect(0, &["diff", &from, &to, "--format", "json"]).json();
        for change in diff["changes"].as_array().unwrap() {
            let gone = change["change"] == "deleted" || change["change"] == "status";
            if gone && change["assignable"] == true || change["change"] == "status" {
                deleted.push(change["code"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(deleted.len() > 90, "{}", deleted.len());
    let rows: String = deleted.iter().enumerate().map(|(i, code)| format!("{i},{code}\n")).collect();
    folder.write("claims.csv", format!("id,dx\n{rows}"));
    let route = ["--from", "icd10cm@2023", "--to", "icd10cm@2026"];
    let args = ["--column", "dx", "--policy", "best", "--fields", "outcome,target"];
    folder.remap_along(&program, &route, 0, "claims.csv", "out.csv", &args);
    let named: Vec<&str> = deleted.iter().map(String::as_str).collect();
    let answers = answers_of_map(&program, &[&["icd10cm@2023", "icd10cm@2026"], &named[..]].concat());
    let mut outcomes = std::collections::BTreeSet::new();
    for line in folder.text("out.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (outcome, target) = &answers[&fields[1].replace('.', "")];
        assert_eq!((fields[2], fields[3]), (outcome.as_str(), target.as_deref().unwrap_or("")), "{line}");
        outcomes.insert(outcome.clone());
    }
    let outcomes: Vec<String> = outcomes.into_iter().collect();
    assert_eq!(outcomes, ["deleted-without-successor", "replaced", "split"]);
}

#[test]
fn auto_refuses_what_is_ambiguous_without_a_date() {
    let Some(program) = program_with_releases() else { return };
    let folder = Folder::new();
    folder.write("claims.csv", "dx,dos\nE030,2015-01-01\nE030,2018-01-01\nE030,\n4019,\nS72001A,\n");
    let route = ["--from", "auto", "--to", "icd10cm@2026"];
    let args = ["--column", "dx", "--date-column", "dos", "--fields", "outcome", "--policy", "best"];
    folder.remap_along(&program, &route, 0, "claims.csv", "out.csv", &args);
    let text = folder.text("out.csv");
    let outcomes: Vec<&str> = text.lines().skip(1).map(|l| l.split(',').nth(1).unwrap()).collect();
    assert_eq!(outcomes, ["renamed", "unchanged", "ambiguous-system", "split", "unchanged"]);
}

#[test]
fn combinations_over_the_years_and_clusters_in_free_cells() {
    let Some(program) = program_with_releases() else { return };
    let folder = Folder::new();
    folder.write("claims.csv", "id,dx1,dx2,dx3\n1,C56.1,,C56.2\n2,C56.1,C56.1,\n3,H01.001,H01.002,C561\n");
    let args = ["--column", "dx1,dx2,dx3", "--fields", "target", "--combine"];
    let route = ["--from", "icd10cm@2018", "--to", "icd10cm@2026"];
    folder.remap_along(&program, &route, 0, "claims.csv", "out.csv", &args);
    assert_eq!(
        folder.text("out.csv").lines().skip(1).collect::<Vec<_>>(),
        ["1,C56.1,C56.3,,,C56.2,", "2,C56.1,C56.1,C56.1,C56.1,,", "3,H01.001,H01.00A,H01.002,,C561,C56.1"]
    );
    // A code whose first alternative takes two codes finds a free cell, or is left for a person.
    let route = ["--from", "icd9cm@32", "--to", "icd10cm@2018"];
    let clusters = answers_with_clusters(&program);
    let (code, cells) = clusters.first_key_value().unwrap();
    folder.write("claims.csv", format!("id,dx1,dx2,dx3\n1,{code},,\n2,{code},4019,4019\n"));
    let args = [&args[..], &["--policy", "best"]].concat();
    let run = folder.remap_along(&program, &route, 0, "claims.csv", "out.csv", &args);
    let text = folder.text("out.csv");
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines[0], format!("1,{code},{},,{},,", cells[0], cells[1]));
    assert!(lines[1].starts_with(&format!("2,{code},,4019,")), "{text}");
    assert!(run.stderr.contains("no room for a combination"), "{}", run.stderr);
}

/// Codes of ICD-9-CM whose first alternative takes two codes, with the first choice of each slot.
fn answers_with_clusters(program: &Program) -> std::collections::BTreeMap<String, Vec<String>> {
    let run = program.run(&[
        "map",
        "icd9cm@32",
        "icd10cm@2018",
        "--all",
        "--only",
        "combination",
        "--format",
        "json",
    ]);
    let json = run.json();
    let list = json.as_array().or_else(|| json["answers"].as_array()).unwrap().clone();
    let mut found = std::collections::BTreeMap::new();
    for answer in list {
        let slots = answer["alternatives"][0]["targets"].as_array().unwrap().clone();
        if slots.len() == 2 {
            let first = |slot: &serde_json::Value| slot[0].as_str().unwrap().to_owned();
            found.insert(
                answer["source"].as_str().unwrap().replace('.', ""),
                slots.iter().map(first).collect(),
            );
        }
    }
    found
}

#[test]
fn every_code_on_its_date_is_what_map_says_whichever_date_comes_first() {
    let Some(program) = program_with_releases() else { return };
    // The second leads some codes back in time.
    for to in ["icd10cm@2026", "icd10cm@2022"] {
        check_every_code_on_its_date(&program, to);
    }
}

fn check_every_code_on_its_date(program: &Program, to: &str) {
    let folder = Folder::new();
    let dated = [
        ("icd9cm@32", "2015-01-15"),
        ("icd10cm@2018", "2017-11-15"),
        ("icd10cm@2022", "2021-11-15"),
        ("icd10cm@2025", "2024-11-15"),
    ];
    // Before the freeze of ICD-9-CM no edition that is held is in force.
    folder.write("old.csv", "dos,dx\n2005-03-01,4019\n2011-09-30,4019\n2011-10-01,4019\n");
    let route = ["--from", "auto", "--to", to, "--date-column", "dos"];
    let args = ["--column", "dx", "--policy", "best", "--fields", "outcome,target", "--dots", "without"];
    folder.remap_along(program, &route, 0, "old.csv", "old-out.csv", &args);
    assert_eq!(
        folder.text("old-out.csv"),
        "dos,dx,dx_outcome,dx_target\n2005-03-01,4019,unknown,\n2011-09-30,4019,unknown,\n\
         2011-10-01,4019,split,I10\n"
    );
    // The two contexts of one edition, before and after the day of its own release, are one code.
    folder.write("one.csv", "dos,dx\n2012-03-01,4019\n2015-03-01,4019\n");
    let summary = folder.path("one.json");
    let args = [&args[..], &["--summary", summary.to_str().unwrap()]].concat();
    folder.remap_along(program, &route, 0, "one.csv", "one-out.csv", &args);
    let summary: serde_json::Value = serde_json::from_str(&folder.text("one.json")).unwrap();
    assert_eq!(
        (&summary["outcomes"][0]["cells"], &summary["outcomes"][0]["distinct"]),
        (&2.into(), &1.into())
    );
    let answers: Vec<_> =
        dated.iter().map(|(edition, _)| answers_of_map(program, &[*edition, to, "--all"])).collect();
    let codes: std::collections::BTreeSet<&String> = answers.iter().flat_map(|a| a.keys()).collect();
    assert!(codes.len() > 85_000, "{}", codes.len());
    let mut outputs = Vec::new();
    for forward in [true, false] {
        // A code is looked up on all its dates in turn, from the first or from the last.
        let mut order: Vec<usize> = (0..dated.len()).collect();
        if !forward {
            order.reverse();
        }
        let mut text = "dos,dx\n".to_owned();
        for code in &codes {
            for at in &order {
                text.push_str(&format!("{},{code}\n", dated[*at].1));
            }
        }
        folder.write("claims.csv", &text);
        let route = ["--from", "auto", "--to", to, "--date-column", "dos", "--dots", "with"];
        let args = ["--column", "dx", "--policy", "best", "--fields", "outcome,target"];
        folder.remap_along(program, &route, 0, "claims.csv", "out.csv", &args);
        // Dictionaries from the first date on, texts from the last, so that both ways are gone.
        parquet_tables::write(&text, &folder.path("claims.parquet"), forward);
        folder.remap_along(program, &route, 0, "claims.parquet", "out.parquet", &args);
        let same = parquet_tables::read(&folder.path("out.parquet")) == folder.text("out.csv");
        assert!(same, "CSV and Parquet say the same by date");
        let mut lines: Vec<String> = folder.text("out.csv").lines().map(str::to_owned).collect();
        lines.sort();
        outputs.push(lines);
    }
    assert!(outputs[0] == outputs[1]);
    let mut held = 0;
    for line in &outputs[0][..outputs[0].len() - 1] {
        let cells: Vec<&str> = line.split(',').collect();
        let [date, code, outcome, target] = cells[..] else { panic!("{line}") };
        let at = dated.iter().position(|(_, day)| *day == date).unwrap();
        match answers[at].get(code) {
            Some((said, first)) => {
                assert_eq!((outcome, target), (said.as_str(), first.as_deref().unwrap_or("")), "{line}");
                held += 1;
            }
            None => assert!(target.is_empty(), "{line}"),
        }
    }
    assert_eq!(held, answers.iter().map(std::collections::BTreeMap::len).sum::<usize>());
}
