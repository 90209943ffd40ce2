//! Tables remapped end to end: answers as `map` says them, files whole or not there, bad input told.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use crate::program::{Program, Run, root};

pub(crate) const ROUTE: [&str; 4] = ["--from", "fixtures/icd10cm/2025", "--to", "fixtures/icd10cm/2026"];

/// A folder of tables.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs_err::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, bytes).unwrap();
        path
    }

    /// What lies in it, hidden files too.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs_err::read_dir(self.0.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Remaps a table of it into `out`, and expects an exit status.
    #[track_caller]
    fn remap(&self, status: i32, input: &str, out: &str, args: &[&str]) -> Run {
        self.remap_along(&Program::new(), &ROUTE, status, input, out, args)
    }

    #[track_caller]
    pub(crate) fn remap_along(
        &self,
        program: &Program,
        route: &[&str],
        status: i32,
        input: &str,
        out: &str,
        args: &[&str],
    ) -> Run {
        let (input, out) = (self.path(input), self.path(out));
        let mut all = vec!["remap", input.to_str().unwrap(), "-o", out.to_str().unwrap()];
        all.extend(route.iter().chain(args));
        program.expect(status, &all)
    }
}

const CLAIMS: &str = "id,dx1,dx2,note\n1,B880,B88.1,\"a,\nb\"\n2,,L02.212,x\n3,XYZ,B88,\n4,A000,b881,z\n";

#[test]
fn a_table_gets_its_answers_beside_the_codes() {
    let folder = Folder::new();
    folder.write("claims.csv", CLAIMS);
    let run = folder.remap(0, "claims.csv", "out.csv", &["--column", "dx1,dx2", "--policy", "best"]);
    insta::assert_snapshot!(folder.text("out.csv"), @r#"
    id,dx1,dx1_target,dx1_outcome,dx1_choice,dx2,dx2_target,dx2_outcome,dx2_choice,note
    1,B880,B88.09,split,chosen,B88.1,B88.1,unchanged,only,"a,
    b"
    2,,,,,L02.212,L02.212,unchanged,only,x
    3,XYZ,,malformed,,B88,,header,,
    4,A000,,unknown,,b881,B88.1,unchanged,only,z
    "#);
    // What is said of the excerpts comes before it.
    let said = run.stderr.replace(folder.0.path().to_str().unwrap(), "[DIR]");
    insta::assert_snapshot!("summary", &said[said.find("[DIR]").unwrap()..]);
    assert_eq!(folder.names(), ["claims.csv", "out.csv"]);
}

#[test]
fn each_policy_is_named_and_kept() {
    let folder = Folder::new();
    folder.write("claims.csv", CLAIMS);
    for (policy, target) in [("strict", ""), ("best", "B88.09"), ("all", "")] {
        let args = ["--column", "dx1", "--policy", policy, "--fields", "target", "--summary"];
        let summary = folder.path("summary.json");
        let args = [&args[..], &[summary.to_str().unwrap()]].concat();
        let run = folder.remap(0, "claims.csv", "out.csv", &args);
        assert!(run.stderr.contains(&format!("policy {policy}")));
        assert_eq!(folder.text("out.csv").lines().nth(1), Some(&*format!("1,B880,{target},B88.1,\"a,")));
        let summary: serde_json::Value = serde_json::from_str(&folder.text("summary.json")).unwrap();
        assert_eq!(summary["policy"], policy);
        let outcomes = summary["outcomes"].as_array().unwrap();
        let codes: u64 = outcomes.iter().map(|o| o["cells"].as_u64().unwrap()).sum();
        assert_eq!(codes + summary["cells"]["empty"].as_u64().unwrap(), 4);
        let hash = summary["editions"][0]["sources"][0]["sha256"].as_str().unwrap();
        assert_eq!(hash.len(), 64);
    }
}

#[test]
fn packed_tables_folders_and_pipes() {
    let folder = Folder::new();
    folder.write("in/a.csv", CLAIMS);
    folder.write("in/b/year=2/c.tsv", CLAIMS.replace(',', "\t"));
    folder.write("in/_SUCCESS", "");
    let column = ["--column", "dx1", "--policy", "best"];
    folder.remap(0, "in/a.csv", "a.csv.gz", &column);
    folder.remap(0, "a.csv.gz", "twice.csv.zst", &[&column[..], &["--prefix", "x_"]].concat());
    folder.remap(0, "twice.csv.zst", "plain.csv", &["--column", "id"]);
    let plain = folder.text("plain.csv");
    assert!(
        plain.starts_with("id,id_target,id_outcome,dx1,x_dx1_target,x_dx1_outcome,x_dx1_choice,dx1_target,")
    );
    folder.remap(0, "in", "out", &column);
    assert!(
        folder
            .text("out/a.csv")
            .starts_with("id,dx1,dx1_target,dx1_outcome,dx1_choice,dx2,note\n1,B880,B88.09,split,")
    );
    assert!(folder.text("out/b/year=2/c.tsv").contains("1\tB880\tB88.09\tsplit\tchosen\t"));
    folder.remap(0, "in/*.csv", "globbed", &column);
    assert_eq!(folder.text("globbed/a.csv"), folder.text("out/a.csv"));
    // A pipe gives what a file gives.
    let program = Program::new();
    let args = [&["remap", "-"][..], &ROUTE, &column].concat();
    let mut child = program
        .command(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(CLAIMS.as_bytes()).unwrap();
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!((run.status, run.stdout), (0, folder.text("out/a.csv")), "{}", run.stderr);
}

#[test]
fn columns_by_number_and_other_delimiters() {
    let folder = Folder::new();
    folder.write("claims.txt", "1;B880;x\r\n2;\"B88.1\";y\r\n");
    let args = ["--column", "2", "--no-header", "--delimiter", ";", "--dots", "without", "--policy", "best"];
    folder.remap(0, "claims.txt", "out.txt", &args);
    assert_eq!(
        folder.text("out.txt"),
        "1;B880;B8809;split;chosen;x\r\n2;\"B88.1\";B881;unchanged;only;y\r\n"
    );
}

#[test]
fn a_row_for_each_alternative() {
    let folder = Folder::new();
    folder.write("claims.csv", "id,dx\n1,B880\n2,B881\n3,\n");
    let run = folder.remap(
        0,
        "claims.csv",
        "out.csv",
        &["--column", "dx", "--policy", "all", "--shape", "explode"],
    );
    assert_eq!(
        folder.text("out.csv"),
        "id,dx,dx_target,dx_outcome,row_id,weight\n1,B880,B88.09,split,1,0.5\n1,B880,B88.01,split,1,0.5\n\
         2,B881,B88.1,unchanged,2,1\n3,,,,3,1\n"
    );
    assert!(run.stderr.contains("4 rows were written"), "{}", run.stderr);
    folder.remap(2, "claims.csv", "x.csv", &["--column", "dx", "--shape", "explode"]);
}

pub(crate) const DECISIONS: &str = "#mapping_set_id: https://example.org/decided\n\
    subject_id\tpredicate_id\tobject_id\tmapping_justification\tsubject_source\tsubject_source_version\tobject_source\t\
    object_source_version\treviewer_id\tmapping_date\n\
    ICD10CM:B88.0\tskos:narrowMatch\tICD10CM:B88.09\tsemapv:ManualMappingCuration\ticd10cm\t2025\ticd10cm\t2026\t\
    orcid:1\t2025-09-01\n";

#[test]
fn a_reviewed_crosswalk_goes_first() {
    let folder = Folder::new();
    folder.write("claims.csv", CLAIMS);
    let decisions = folder.write("decisions.sssom.tsv", DECISIONS);
    let summary = folder.path("summary.json");
    let (decisions, summary) = (decisions.to_str().unwrap(), summary.to_str().unwrap());
    let args =
        ["--column", "dx1", "--fields", "target,choice", "--decisions", decisions, "--summary", summary];
    folder.remap(0, "claims.csv", "out.csv", &args);
    assert!(folder.text("out.csv").contains("\n1,B880,B88.09,reviewed,B88.1,"), "{}", folder.text("out.csv"));
    let summary: serde_json::Value = serde_json::from_str(&folder.text("summary.json")).unwrap();
    assert_eq!(summary["cells"]["reviewed"], 1);
    let maps = summary["maps"].as_array().unwrap();
    assert!(
        maps.iter()
            .any(|m| m["id"] == "decisions" && m["sources"][0]["sha256"].as_str().unwrap().len() == 64)
    );
}

/// What a person makes of a worklist: the first choice for B88.0, none for D71, and G35 left for later.
fn decide(rows: &mut [Vec<String>]) {
    let at = |rows: &[Vec<String>], name: &str| rows[0].iter().position(|h| h == name).unwrap();
    let (code, decision) = (at(rows, "source_code"), at(rows, "decision"));
    let columns = [at(rows, "reviewer"), at(rows, "date"), at(rows, "choice_1")];
    for row in &mut rows[1..] {
        row[decision] = match row[code].as_str() {
            "B88.0" => row[columns[2]].clone(),
            "D71" => "none".to_owned(),
            _ => continue,
        };
        "Kim Lee".clone_into(&mut row[columns[0]]);
        "2025-09-01".clone_into(&mut row[columns[1]]);
    }
}

fn decide_text(text: &str) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect();
    decide(&mut rows);
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in &rows {
        out.write_record(row).unwrap();
    }
    out.into_inner().unwrap()
}

/// Saved anew, as a spreadsheet does.
fn decide_workbook(bytes: &[u8]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for grid in xwalk_formats::grid::read_workbook(bytes).unwrap() {
        let width = grid.rows[0].len();
        let text = |row: &Vec<xwalk_model::Cell>| {
            (0..width).map(|i| row.get(i).map_or(String::new(), |c| c.text().into_owned())).collect()
        };
        let mut rows: Vec<Vec<String>> = grid.rows.iter().map(text).collect();
        if rows[0].iter().any(|name| name == "decision") {
            decide(&mut rows);
        }
        let sheet = book.add_worksheet().set_name(&grid.name).unwrap();
        for (r, row) in (0..).zip(&rows) {
            for (c, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(r, c, cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn what_a_person_decides_on_a_worklist_comes_first_and_is_not_asked_again() {
    let folder = Folder::new();
    folder.write("claims.csv", "id,dx\n1,B880\n2,B880\n3,B881\n4,D71\n5,G35\n");
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let remap = |worklist: &str, more: &[&str]| {
        let worklist = path(worklist);
        let args = ["--column", "dx", "--fields", "target,outcome,choice", "--worklist", &worklist];
        folder.remap(0, "claims.csv", "out.csv", &[&args[..], more].concat()).stderr
    };
    let asked = |name: &str| -> Vec<String> {
        let text = folder.text(name);
        let rows = csv::Reader::from_reader(text.as_bytes()).into_records();
        rows.map(|r| r.unwrap()[1].to_owned()).collect()
    };
    let first = remap("open.csv", &[]);
    assert!(first.contains("3 codes to decide"), "{first}");
    assert_eq!(asked("open.csv"), ["B88.0", "D71", "G35"]);
    assert!(folder.text("out.csv").contains("\n1,B880,,split,\n"), "{}", folder.text("out.csv"));
    remap("open.xlsx", &[]);
    folder.write("decided.csv", decide_text(&folder.text("open.csv")));
    folder.write("decided.xlsx", decide_workbook(&fs_err::read(folder.path("open.xlsx")).unwrap()));
    let mut crosswalks = Vec::new();
    for kind in ["csv", "xlsx"] {
        let (decided, sssom) = (path(&format!("decided.{kind}")), path("decisions.sssom.tsv"));
        // A question that is still open is a finding, and the decisions are taken over all the same.
        let run = Program::new().expect(1, &["review", "apply", &decided, "-o", &sssom]);
        assert!(run.stderr.contains("2 decisions taken over, 1 questions open"), "{}", run.stderr);
        crosswalks.push(folder.text("decisions.sssom.tsv"));
        let summary = path("summary.json");
        let again = remap("left.csv", &["--decisions", &sssom, "--summary", &summary]);
        assert!(again.contains("1 codes to decide"), "{again}");
        assert_eq!(asked("left.csv"), ["G35"]);
        assert_eq!(
            folder.text("out.csv"),
            "id,dx,dx_target,dx_outcome,dx_choice\n1,B880,B88.09,replaced,reviewed\n\
             2,B880,B88.09,replaced,reviewed\n3,B881,B88.1,unchanged,only\n4,D71,,no-map,\n5,G35,,split,\n"
        );
        let summary: serde_json::Value = serde_json::from_str(&folder.text("summary.json")).unwrap();
        assert_eq!(summary["cells"]["reviewed"], 2);
        assert!(summary["maps"].as_array().unwrap().iter().any(|m| m["id"] == "decisions"));
    }
    assert_eq!(crosswalks[0], crosswalks[1], "both forms of the worklist make the same crosswalk");
}

#[test]
fn loss_is_an_exit_status_and_small_counts_are_kept_back() {
    let folder = Folder::new();
    let many: String = (0..20).map(|_| "B881\n").collect();
    folder.write("claims.csv", format!("dx\n{many}B880\nB880\nXYZ\n"));
    let column = ["--column", "dx"];
    folder.remap(0, "claims.csv", "out.csv", &[&column[..], &["--max-unmapped", "13.1%"]].concat());
    let run = folder.remap(1, "claims.csv", "out.csv", &[&column[..], &["--max-unmapped", "13.0%"]].concat());
    assert!(
        run.stderr.contains("13.043 % of the codes have no target, more than 13.000 % allowed"),
        "{}",
        run.stderr
    );
    let worklist = folder.path("worklist.csv");
    let summary = folder.path("summary.json");
    let files = ["--worklist", worklist.to_str().unwrap(), "--summary", summary.to_str().unwrap()];
    folder.remap(0, "claims.csv", "out.csv", &[&column[..], &files].concat());
    let list = folder.text("worklist.csv");
    assert!(list.starts_with(
        "source_system,source_code,source_title,outcome,count,choice_1,choice_2,choice_3,decision,"
    ));
    assert!(list.contains("\nicd10cm,B88.0,Other acariasis,split,2,B88.09 Other acariasis,"), "{list}");
    assert_eq!(list.lines().count(), 2);
    folder.remap(0, "claims.csv", "out.csv", &[&column[..], &files, &["--min-cell", "3"]].concat());
    assert_eq!(folder.text("worklist.csv").lines().count(), 1);
    let text = folder.text("summary.json");
    assert!(!text.contains("XYZ") && !text.contains("B88.0\""), "{text}");
    // The count of one outcome alone could be had by subtraction.
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hidden = summary["outcomes"].as_array().unwrap().iter().filter(|o| o["cells"].is_null()).count();
    assert_eq!(hidden, 2);
}

#[test]
fn a_worklist_is_taken_as_a_workbook() {
    let folder = Folder::new();
    folder.write("claims.csv", CLAIMS);
    let worklist = folder.path("worklist.xlsx");
    folder.remap(0, "claims.csv", "out.csv", &["--column", "dx1", "--worklist", worklist.to_str().unwrap()]);
    let bytes = fs_err::read(worklist).unwrap();
    assert!(bytes.starts_with(b"PK"));
    let again = folder.path("again.xlsx");
    folder.remap(0, "claims.csv", "out.csv", &["--column", "dx1", "--worklist", again.to_str().unwrap()]);
    assert!(fs_err::read(again).unwrap() == bytes, "the same input gives the same bytes");
}

/// A table that has to be refused: exit 2, a message, and nothing left beside it.
#[track_caller]
fn check_refused(name: &str, bytes: impl AsRef<[u8]>, args: &[&str], expected: &str) {
    let folder = Folder::new();
    folder.write(name, bytes);
    let out = if name.contains("parquet") { "out.parquet" } else { "out.csv" };
    let run = folder.remap(2, name, out, args);
    assert!(run.stderr.contains(expected), "`{expected}` is not in:\n{}", run.stderr);
    assert_eq!(folder.names(), [name]);
}

#[test]
fn bad_tables_are_refused_and_leave_nothing() {
    check_refused("t.csv", CLAIMS, &["--column", "dx3"], "no column `dx3`; did you mean `dx1`?");
    check_refused("t.csv", CLAIMS, &["--column", "dx1,dx1"], "the column `dx1` is named twice");
    check_refused("t.csv", CLAIMS, &["--column", "dx1,2"], "is named twice");
    check_refused("t.csv", "dx,dx_target\n", &["--column", "dx"], "has a column `dx_target` already");
    check_refused(
        "t.csv",
        "dx\nB880\n\"B881\nB882\n",
        &["--column", "dx"],
        "t.csv:3:1: a quote is opened here",
    );
    check_refused("t.csv", "", &["--column", "dx"], "is empty");
    check_refused("t.csv", b"PK\x03\x04....", &["--column", "dx"], "is a zip or a workbook");
    check_refused("t.csv", b"\xFF\xFEd\0x\0", &["--column", "dx"], "is UTF-16");
    check_refused("t.csv.gz", b"\x1F\x8B\x08\0\0\0\0\0", &["--column", "dx"], "failed to read");
    check_refused("t.parquet", b"PAR1....", &["--column", "dx"], "is not a Parquet file that can be read");
    check_refused("t.parquet", "dx\nB880\n", &["--column", "dx"], "it does not begin with PAR1");
    let dated = ["--column", "dx", "--date-column", "d"];
    check_refused(
        "t.csv",
        "dx,d\nB880,2025-02-30\n",
        &dated,
        "--from names the system then (icd10cm), or auto",
    );
    let run = Program::new()
        .expect(2, &["remap", "absent.csv", "--from", "icd9cm@32", "--to", "icd10cm@2018", "--column", "x"]);
    assert!(run.stderr.contains("absent.csv") || run.stderr.contains("icd9cm@32"), "{}", run.stderr);
}

#[test]
fn dates_decide_and_rows_that_have_none_are_set_aside() {
    let folder = Folder::new();
    let program = Program::new();
    program.expect(0, &["import", "fixtures/icd10cm/2025", "fixtures/icd10cm/2026"]);
    let rows = "B880,2025-09-30\nB880,2025-10-01\nB8801,2025-09-30\nB8801,10/01/2025\nB881,\n";
    folder.write("claims.csv", format!("dx,dos\n{rows}"));
    let route = ["--from", "icd10cm", "--to", "icd10cm@2026"];
    let args = ["--column", "dx", "--date-column", "dos", "--policy", "best", "--fields", "target,outcome"];
    let run = folder.remap_along(&program, &route, 2, "claims.csv", "out.csv", &args);
    assert!(
        run.stderr.contains("claims.csv:5:7: `10/01/2025` is not a date; expected YYYY-MM-DD"),
        "{}",
        run.stderr
    );
    assert_eq!(folder.names(), ["claims.csv"]);
    let aside = folder.path("aside.csv");
    let args = [&args[..], &["--on-error", "skip-to", aside.to_str().unwrap()]].concat();
    let run = folder.remap_along(&program, &route, 0, "claims.csv", "out.csv", &args);
    assert!(run.stderr.contains("1 rows could not be used and were set aside"), "{}", run.stderr);
    assert_eq!(
        folder.text("out.csv"),
        "dx,dx_target,dx_outcome,dos\nB880,B88.09,split,2025-09-30\nB880,,header,2025-10-01\n\
         B8801,,not-valid-on-date,2025-09-30\nB881,B88.1,unchanged,\n"
    );
    assert_eq!(folder.text("aside.csv"), "dx,dos\nB8801,10/01/2025\n");
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_leaves_nothing() {
    let folder = Folder::new();
    let rows: String = (0..200_000).map(|i| format!("{i},B880\n")).collect();
    folder.write("claims.csv", format!("id,dx\n{rows}"));
    let program = Program::new();
    let (input, out) = (folder.path("claims.csv"), folder.path("out.csv"));
    let args = ["remap", input.to_str().unwrap(), "-o", out.to_str().unwrap(), "--column", "dx"];
    // A limit on the size of files stands for the end of the disk; without the trap the kernel would kill.
    let command = program.command(&[&args[..], &ROUTE].concat());
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 512; exec \"$@\"", "bash"]);
    shell.arg(command.get_program()).args(command.get_args()).current_dir(root());
    let run: Run = shell.env("XWALK_LIBRARY", program.library()).output().unwrap().into();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("failed to write") && run.stderr.contains("File too large"),
        "{}",
        run.stderr
    );
    assert_eq!(folder.names(), ["claims.csv"]);
}

#[cfg(unix)]
#[test]
fn a_stop_leaves_nothing() {
    let folder = Folder::new();
    let program = Program::new();
    let out = folder.path("out.csv");
    let args = ["remap", "-", "-o", out.to_str().unwrap(), "--column", "dx"];
    let mut child = program
        .command(&[&args[..], &ROUTE].concat())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"dx\nB880\n").unwrap();
    let begun = || folder.names().iter().any(|n| n.starts_with(".xwalk-"));
    let waits = (0..3000).take_while(|_| !begun());
    waits.for_each(|_| std::thread::sleep(std::time::Duration::from_millis(20)));
    if !begun() {
        child.kill().unwrap();
        panic!("nothing is written after a minute");
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert_eq!(folder.names(), Vec::<String>::new());
    drop(stdin);
}

/// An order file of the codes of the carpal tunnel; the row of the table that joins two of them is real.
fn order_file(codes: &[&str]) -> String {
    let mut lines = String::new();
    for (i, code) in codes.iter().enumerate() {
        let assignable = u8::from(code.len() > 4);
        let title = format!("Carpal tunnel {code}");
        lines.push_str(&format!("{:05} {code:<7} {assignable} {title:<60} {title}\r\n", i + 1));
    }
    lines
}

#[test]
fn two_old_codes_of_a_claim_make_one_new_code() {
    let folder = Folder::new();
    let old = ["G56", "G560", "G5600", "G5601", "G5602"];
    let from = folder.write("icd10cm_order_2016.txt", order_file(&old));
    let to = folder.write("icd10cm_order_2017.txt", order_file(&[&old[..], &["G5603"]].concat()));
    folder.write("claims.csv", "id,dx1,dx2,dx3\n1,G56.01,G5600,G5602\n2,G5601,,\n3,G5602,G5601,G5602\n");
    let route = ["--from", from.to_str().unwrap(), "--to", to.to_str().unwrap()];
    let args = ["--column", "dx1,dx2,dx3", "--policy", "best", "--fields", "target,choice"];
    let program = Program::new();
    folder.remap_along(&program, &route, 0, "claims.csv", "out.csv", &args);
    assert!(folder.text("out.csv").contains("\n1,G56.01,G56.01,only,G5600,G56.00,only,G5602,G56.02,only\n"));
    let run = folder.remap_along(
        &program,
        &route,
        0,
        "claims.csv",
        "out.csv",
        &[&args[..], &["--combine"]].concat(),
    );
    assert_eq!(
        folder.text("out.csv").lines().skip(1).collect::<Vec<_>>(),
        [
            "1,G56.01,G56.03,combined,G5600,G56.00,only,G5602,,combined",
            "2,G5601,G56.01,only,,,,,,",
            "3,G5602,G56.03,combined,G5601,,combined,G5602,G56.02,only",
        ]
    );
    assert!(run.stderr.contains("combined within a row"), "{}", run.stderr);
}
