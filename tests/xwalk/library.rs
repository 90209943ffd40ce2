//! The library on disk: what is stored comes back, a kill or a full disk loses nothing.

use std::process::Stdio;
use std::time::Duration;

use crate::program::Program;

#[test]
fn import_list_and_use_by_id() {
    let program = Program::new();
    let first = program.expect(0, &["import", "fixtures/icd10cm", "--format", "json"]).json();
    let results: Vec<_> = first.as_array().unwrap().iter().map(|r| (&r["edition"], &r["result"])).collect();
    assert_eq!(results.len(), 4);
    assert!(results.iter().all(|(_, result)| **result == "new"), "{results:?}");
    let again = program.expect(0, &["import", "fixtures/icd10cm", "--format", "json"]).json();
    assert!(again.as_array().unwrap().iter().all(|r| r["result"] == "unchanged"));
    let list = program.expect(0, &["list"]);
    insta::assert_snapshot!("list_text", list.stdout);
    for format in ["json", "csv", "text"] {
        let by_id = program.expect(0, &["diff", "icd10cm@2025", "icd10cm@2026", "--format", format]).stdout;
        let by_path = program
            .expect(0, &["diff", "fixtures/icd10cm/2025", "fixtures/icd10cm/2026", "--format", format])
            .stdout;
        assert_eq!(by_id, by_path);
    }
    let audit = program.expect(0, &["audit", "icd10cm"]).stdout;
    assert_eq!(audit, program.expect(0, &["audit", "fixtures/icd10cm"]).stdout);
    let missing = program.expect(2, &["diff", "icd10cm@2025", "icd10cm@2031"]);
    assert!(
        missing.stderr.contains("icd10cm@2031 is not in the library; it holds icd10cm@2025"),
        "{}",
        missing.stderr
    );
}

#[test]
fn other_files_under_the_same_id_are_refused_with_both_hashes() {
    let program = Program::new();
    program.expect(0, &["import", "fixtures/icd10cm/2025"]);
    let before = program.expect(0, &["list", "--format", "json"]).stdout;
    let other = ["import", "fixtures/icd10cm/2026/icd10cm_order_2026.txt", "--as", "icd10cm@2025"];
    let run = program.expect(2, &other);
    assert!(run.stderr.contains("--replace") && run.stderr.matches("sha256").count() == 2, "{}", run.stderr);
    assert_eq!(program.expect(0, &["list", "--format", "json"]).stdout, before);
    let mut replace = other.to_vec();
    replace.push("--replace");
    program.expect(0, &replace);
    assert_ne!(program.expect(0, &["list", "--format", "json"]).stdout, before);
}

#[test]
fn a_kill_at_any_instant_leaves_the_old_or_the_new() {
    let program = Program::new();
    program.expect(0, &["import", "fixtures/icd10cm/2025"]);
    for delay in [0u64, 1, 2, 4, 6, 8, 10, 14, 20, 30] {
        let mut child = program
            .command(&["import", "fixtures/icd10cm", "--replace"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        let list = program.expect(0, &["list", "--format", "json"]).json();
        let ids: Vec<String> = list["editions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["id"].as_str().unwrap().to_owned())
            .collect();
        assert!(ids.contains(&"icd10cm@2025".to_owned()), "{ids:?}");
        for id in ids {
            program.expect(0, &["diff", &id, &id]);
        }
    }
    program.expect(0, &["import", "fixtures/icd10cm"]);
    assert_eq!(
        program.expect(0, &["list", "--format", "json"]).json()["editions"].as_array().unwrap().len(),
        4
    );
}

/// A limit on the size of files stands for a full disk: a write in the middle of a file fails.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    let program = Program::new();
    program.expect(0, &["import", "fixtures/icd10cm/2025"]);
    let before = program.expect(0, &["list", "--format", "json"]).stdout;
    let inner = program.command(&["import", "fixtures/icd10cm/2026"]);
    let mut shell = std::process::Command::new("sh");
    shell.current_dir(crate::program::root()).env("XWALK_LIBRARY", program.library());
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    let run: crate::program::Run = shell.output().unwrap().into();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("could not be read or written"), "{}", run.stderr);
    assert_eq!(program.expect(0, &["list", "--format", "json"]).stdout, before);
    let left: Vec<_> = fs_err::read_dir(program.library().join("editions/icd10cm")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
