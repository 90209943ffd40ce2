//! `xwalk review`: worklists out, decisions back in, agreement, and decisions carried into a later year.

use std::process::{Command, Stdio};

use crate::program::Program;
use crate::rules::Sets;

const FROM: &str = "fixtures/icd10cm/2025/icd10cm_order_2025.txt";
const TO: &str = "fixtures/icd10cm/2026/icd10cm_order_2026.txt";

/// Two owners, each with something to decide: I27.84 is near to codes of the first, G31.87 to those of the second.
const LISTS: &str = "set,owner,code\n\
    lung,Heart & Lung,I27.81\nlung,Heart & Lung,I27.82\nlung,Heart & Lung,I27.83\n\
    brain,=Neuro,G31.80\nbrain,=Neuro,G31.81\nbrain,=Neuro,G31.82\nbrain,=Neuro,G31.83\nbrain,=Neuro,G31.84\nbrain,=Neuro,G31.85\n";

fn worklist(sets: &Sets, name: &str) -> String {
    let list = sets.write("lists.csv", LISTS);
    let path = sets.text(name);
    Program::new().expect(1, &["rules", "migrate", &list, "--from", FROM, "--to", TO, "--worklist", &path]);
    path
}

/// Answers the questions of a CSV worklist.
fn decide(text: &str, answers: &[(&str, &str)], reviewer: &str) -> String {
    let mut rows = text.lines();
    let head: Vec<String> = rows.next().unwrap().split(',').map(str::to_owned).collect();
    let at = |name: &str| head.iter().position(|h| h == name).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&head).unwrap();
    for record in reader.records() {
        let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        if let Some((_, answer)) = answers.iter().find(|(code, _)| *code == cells[at("source_code")]) {
            (*answer).clone_into(&mut cells[at("decision")]);
            reviewer.clone_into(&mut cells[at("reviewer")]);
            "2025-08-31".clone_into(&mut cells[at("date")]);
            "'=see note".clone_into(&mut cells[at("comment")]);
        }
        out.write_record(&cells).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}

const ALL: [(&str, &str); 5] =
    [("I27.840", "leave out"), ("I27.841", "add"), ("I27.848", "1"), ("I27.849", "add"), ("G31.87", "2")];

#[test]
fn decisions_come_back_as_a_reviewed_crosswalk_and_are_applied() {
    let sets = Sets::new();
    let text = fs_err::read_to_string(worklist(&sets, "open.csv")).unwrap();
    insta::assert_snapshot!(text.lines().next().unwrap(), @"source_system,source_code,source_title,outcome,count,choice_1,choice_2,decision,reviewer,date,comment,set,owner,source_edition,target_edition,evidence");
    assert!(text.contains("'=Neuro"), "no cell begins a formula: {text}");
    let decided = sets.write("decided.csv", decide(&text, &ALL, "Kim Lee"));
    let sssom = sets.text("decisions.sssom.tsv");
    let run = Program::new().expect(0, &["review", "apply", &decided, "-o", &sssom]);
    assert!(run.stderr.contains("5 decisions taken over, 0 questions open"), "{}", run.stderr);
    let written = sets.read("decisions.sssom.tsv");
    let row = written.lines().find(|l| l.starts_with("ICD10CM:I27.841\t")).unwrap();
    for part in
        ["skos:broadMatch", "set:lung", "semapv:ManualMappingCuration", "Kim Lee", "2025-08-31", "'=see note"]
    {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert!(
        written.lines().any(|l| l.starts_with("ICD10CM:I27.840\t") && l.contains("\tNot\t")),
        "{written}"
    );
    // Applied, nothing is open any more.
    let list = sets.text("lists.csv");
    let into = sets.text("new");
    let args =
        ["rules", "migrate", &list, "--from", FROM, "--to", TO, "--decisions", &sssom, "--into", &into];
    Program::new().expect(0, &args);
    let new = sets.read("new/lists.csv");
    assert!(
        new.contains("lung,Heart & Lung,I27.841,added,decided by Kim Lee on 2025-08-31: =see note"),
        "{new}"
    );
    assert!(!new.contains("I27.840") && !new.contains("G31.87"), "{new}");
    // The same again gives the same bytes.
    let again = sets.text("again.sssom.tsv");
    Program::new().expect(0, &["review", "apply", &decided, "-o", &again, "--decisions", &sssom]);
    let rows =
        |text: &str| text.lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&written), rows(&sets.read("again.sssom.tsv")));
}

#[test]
fn what_is_none_of_the_choices_is_refused_with_its_place() {
    let sets = Sets::new();
    let text = fs_err::read_to_string(worklist(&sets, "open.csv")).unwrap();
    let decided = sets.write("decided.csv", decide(&text, &[("I27.840", "maybe")], "Kim"));
    let sssom = sets.text("decisions.sssom.tsv");
    let run = Program::new().expect(2, &["review", "apply", &decided, "-o", &sssom]);
    assert!(run.stderr.contains("decided.csv:2:8:"), "{}", run.stderr);
    assert!(run.stderr.contains("`maybe` is none of the choices (add | leave out)"), "{}", run.stderr);
    assert!(!sets.path("decisions.sssom.tsv").exists(), "nothing was written");
    let nobody = sets.write("nobody.csv", decide(&text, &[("I27.840", "add")], ""));
    let run = Program::new().expect(2, &["review", "apply", &nobody, "-o", &sssom]);
    assert!(run.stderr.contains("there is a decision and no reviewer"), "{}", run.stderr);
    let none = sets.write("none.csv", "a,b\n1,2\n");
    let run = Program::new().expect(2, &["review", "apply", &none, "-o", &sssom]);
    assert!(run.stderr.contains("it is no worklist"), "{}", run.stderr);
}

/// A worklist in the columns that remap writes: one row for each code, its alternatives numbered.
const CODES: &str = "source_system,source_code,source_title,outcome,count,choice_1,choice_2,decision,reviewer,date,comment\n\
    icd10cm,B88.0,Other acariasis,split,12,B88.01 Infestation by Demodex mites,B88.09 Other acariasis,REPLY,WHO,2025-08-01,\n\
    icd10cm,D71,Functional disorders of polymorphonuclear neutrophils,split,3,D71.1 Leukocyte adhesion deficiency,D71.9 Unspecified,1,WHO,2025-08-01,rare\n";

fn codes(sets: &Sets, name: &str, who: &str, reply: &str) -> String {
    sets.write(name, CODES.replace("WHO", who).replace("REPLY", reply))
}

const EDITIONS: [&str; 4] = ["--from", "icd10cm@2025", "--to", "icd10cm@2026"];

#[test]
fn a_decision_that_is_not_offered_is_taken_only_when_told() {
    let sets = Sets::new();
    let list = codes(&sets, "codes.csv", "Kim", "B88.1");
    let sssom = sets.text("d.sssom.tsv");
    let mut args = vec!["review", "apply", &list, "-o", &sssom];
    args.extend(EDITIONS);
    Program::new().expect(2, &args);
    args.push("--allow-other");
    Program::new().expect(0, &args);
    let written = sets.read("d.sssom.tsv");
    assert!(
        written.contains("ICD10CM:B88.0\tOther acariasis\tskos:relatedMatch\t\tICD10CM:B88.1\t"),
        "{written}"
    );
    // It is a crosswalk like any other, with its reviewer.
    let found = xwalk_import::discover(&[sets.path("d.sssom.tsv")], None).unwrap();
    let map = found.maps[0].import().unwrap().maps.remove(0);
    let mapping = &map.get(&xwalk_model::Code::from_official("D71"))[0];
    match &mapping.provenance {
        xwalk_model::Provenance::Curated { by, on, note } => {
            assert_eq!(
                (by.as_str(), on.map(|d| d.to_string()).as_deref(), note.as_str()),
                ("Kim", Some("2025-08-01"), "rare")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn reviewers_who_disagree_get_a_worklist() {
    let sets = Sets::new();
    let kim = codes(&sets, "kim.csv", "Kim", "B88.01");
    let sam = codes(&sets, "sam.csv", "Sam", "2");
    let open = sets.text("adjudicate.csv");
    let mut args = vec!["review", "agree", &kim, &sam, "--worklist", &open];
    args.extend(EDITIONS);
    let run = Program::new().expect(1, &args);
    insta::assert_snapshot!(run.stdout, @r"
    2 reviewers: Kim, Sam
    2 questions that all answered, 0 that somebody left open
    agreement 50.0 %
    Cohen's kappa 0.333
    1 questions on which they disagree
      B880 (icd10cm@2025)
    ");
    let text = sets.read("adjudicate.csv");
    assert!(text.contains("Kim: B88.01; Sam: B88.09"), "{text}");
    assert!(!text.contains("D71"), "{text}");
    args = vec!["review", "agree", &kim, &kim];
    args.extend(EDITIONS);
    Program::new().expect(0, &args);
    // Two answers to one question are not taken over silently.
    let sssom = sets.text("d.sssom.tsv");
    let mut both = vec!["review", "apply", &kim, &sam, "-o", &sssom];
    both.extend(EDITIONS);
    let run = Program::new().expect(2, &both);
    assert!(run.stderr.contains("B88.0 was decided otherwise at"), "{}", run.stderr);
}

#[test]
fn decisions_are_carried_while_nothing_moved_beneath_them() {
    let sets = Sets::new();
    let rows = "source_system,source_code,source_title,outcome,count,choice_1,choice_2,decision,reviewer,date,comment\n\
        icd9cm,340,Multiple sclerosis,replaced,1,G35 Multiple sclerosis,,1,Kim,2024-08-01,\n\
        icd9cm,250.00,Diabetes mellitus,replaced,1,E11.9 Type 2 diabetes mellitus without complications,,1,Kim,2024-08-01,kept\n\
        icd9cm,682.2,Abscess of trunk,split,1,L02.212 \"Cutaneous abscess of back [any part, except buttock]\",L02.211 x,1,Kim,2024-08-01,\n\
        icd9cm,133.8,Other acariasis,split,1,B88.2 Other arthropod infestations,,1,Kim,2024-08-01,\n\
        icd9cm,133.9,Acariasis,split,1,B88.8 Other specified infestations,B88.9 Infestation,1,Kim,2024-08-01,\n"
        .replace("L02.212 \"Cutaneous abscess of back [any part, except buttock]\"", "\"L02.212 Cutaneous abscess of back [any part, except buttock]\"");
    let list = sets.write("old.csv", rows);
    let sssom = sets.text("old.sssom.tsv");
    let args = ["review", "apply", &list, "-o", &sssom, "--from", "icd9cm@32", "--to", "icd10cm@2025"];
    Program::new().expect(0, &args);
    // The crosswalk of now: it offers a second code for 133.8 and no longer names B88.8 for 133.9.
    let map = sets.write(
        "icd9cm@32..icd10cm@2026.csv",
        "source,target\n250.00,E11.9\n682.2,L02.212\n682.2,L02.211\n133.8,B88.2\n133.8,B88.09\n133.9,B88.9\n340,G35.D\n",
    );
    let ninth = sets.write(
        "CMS32_DESC_LONG_DX.txt",
        "340   Multiple sclerosis\r\n25000 Diabetes mellitus\r\n6822  Abscess of trunk\r\n1338  Other acariasis\r\n1339  Acariasis\r\n",
    );
    let (kept, open) = (sets.text("kept.sssom.tsv"), sets.text("open.csv"));
    let args = [
        "review",
        "carry",
        &sssom,
        "--from",
        &ninth,
        "--to",
        TO,
        "--map",
        &map,
        "-o",
        &kept,
        "--worklist",
        &open,
    ];
    let run = Program::new().expect(1, &args);
    insta::assert_snapshot!(run.stdout, @r"
    5 decisions: 1 kept, 4 reopened
      133.8: new-alternatives: there are new choices: B88.09
      133.9: withdrawn: the crosswalk no longer names B88.8
      340: target-header: G35 is a header now
      682.2: target-revised: L02.212 means something else now: Cutaneous abscess of back [any part, except buttock and flank]
    ");
    let written = sets.read("kept.sssom.tsv");
    let row = written.lines().find(|l| l.starts_with("ICD9CM:250.00\t")).unwrap();
    assert!(row.contains("\ticd10cm\t2026\t") && row.contains("\tKim\t2024-08-01\tkept\t"), "{row}");
    let text = sets.read("open.csv");
    assert!(text.contains("G35 is a header now; Kim decided for G35 before"), "{text}");
    assert!(text.contains("G35.D"), "the choices are those of now: {text}");
    // Carried again to the same editions, what is kept is kept.
    let again = sets.text("again.sssom.tsv");
    let args = ["review", "carry", &kept, "--from", &ninth, "--to", TO, "--map", &map, "-o", &again];
    Program::new().expect(0, &args);
    assert_eq!(written, sets.read("again.sssom.tsv"));
}

/// Decides in LibreOffice: each question of each sheet gets its first choice, and a comment.
const OFFICE: &str = r#"
import os, subprocess, sys, tempfile, time
import uno
from com.sun.star.beans import PropertyValue
source, target, port = sys.argv[1], sys.argv[2], sys.argv[3]
profile = tempfile.mkdtemp()
office = subprocess.Popen(["soffice", "--headless", "--norestore", "--nologo",
    "-env:UserInstallation=file://" + profile, f"--accept=socket,host=127.0.0.1,port={port};urp;"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for attempt in range(120):
        try:
            context = resolver.resolve(f"uno:socket,host=127.0.0.1,port={port};urp;StarOffice.ComponentContext")
            break
        except Exception:
            time.sleep(0.5)
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    def prop(name, value):
        p = PropertyValue(); p.Name = name; p.Value = value; return p
    book = desktop.loadComponentFromURL("file://" + source, "_blank", 0, (prop("Hidden", True),))
    report = []
    for sheet in book.Sheets:
        if not sheet.IsVisible:
            continue
        head = {}
        column = 0
        while sheet.getCellByPosition(column, 0).String:
            head[sheet.getCellByPosition(column, 0).String] = column
            column += 1
        row = 1
        while sheet.getCellByPosition(head["source_code"], row).String:
            cell = sheet.getCellByPosition(head["decision"], row)
            report.append(cell.Validation.Type.value)
            cell.String = sheet.getCellByPosition(head["choice_1"], row).String
            sheet.getCellByPosition(head["reviewer"], row).String = "Robin"
            sheet.getCellByPosition(head["date"], row).String = "2025-08-30"
            sheet.getCellByPosition(head["comment"], row).String = "=1+1; \u00fcberpr\u00fcft, \"yes\""
            for name in head:
                if sheet.getCellByPosition(head[name], row).Formula.startswith("="):
                    if name != "comment":
                        report.append("FORMULA in " + name)
            row += 1
    book.storeToURL("file://" + target, (prop("FilterName", "Calc MS Excel 2007 XML"),))
    book.close(True)
    print("\n".join(report))
    try:
        desktop.terminate()
    except Exception:
        pass
finally:
    try:
        office.wait(20)
    except Exception:
        office.kill()
"#;

/// A Python that knows LibreOffice, where both are here; distributions give the bridge to their own Python only.
fn office() -> Option<&'static str> {
    let runs = |program: &str, args: &[&str]| {
        Command::new(program)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    let pythons = ["python3", "/usr/bin/python3"];
    let python = pythons.into_iter().find(|python| runs(python, &["-c", "import uno"]));
    python.filter(|_| runs("sh", &["-c", "command -v soffice"]))
}

#[test]
fn a_workbook_decided_in_libreoffice_comes_back_whole() {
    let Some(python) = office() else {
        eprintln!("skipped: LibreOffice (soffice) with its Python bridge (uno) is not here");
        return;
    };
    let sets = Sets::new();
    let book = worklist(&sets, "open.xlsx");
    let script = sets.write("decide.py", OFFICE);
    let decided = sets.text("decided.xlsx");
    let port = (20_000 + std::process::id() % 20_000).to_string();
    let output = Command::new(python).args([&script, &book, &decided, &port]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = String::from_utf8(output.stdout).unwrap();
    // Each decision has its drop-down list, and no cell of ours is a formula.
    assert_eq!(report.lines().collect::<Vec<_>>(), ["LIST"; 5], "{report}");
    let sssom = sets.text("decisions.sssom.tsv");
    let run = Program::new().expect(0, &["review", "apply", &decided, "-o", &sssom]);
    assert!(run.stderr.contains("5 decisions taken over, 0 questions open"), "{}", run.stderr);
    let written = sets.read("decisions.sssom.tsv");
    let rows: Vec<&str> = written.lines().filter(|l| l.starts_with("ICD10CM:")).collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert!(row.contains("\tRobin\t2025-08-30\t'=1+1; überprüft, \"yes\"\t"), "{row}");
    }
}

#[test]
fn a_workbook_has_a_sheet_for_each_owner_and_lists_to_choose_from() {
    let sets = Sets::new();
    let path = worklist(&sets, "open.xlsx");
    let bytes = fs_err::read(&path).unwrap();
    let grids = xwalk_formats::grid::read_workbook(&bytes).unwrap();
    let names: Vec<&str> = grids.iter().map(|g| g.name.as_str()).collect();
    assert_eq!(names, ["=Neuro", "Heart & Lung", "Choices"]);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let mut sheet = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("xl/worksheets/sheet2.xml").unwrap(), &mut sheet).unwrap();
    assert_eq!(sheet.matches("<dataValidation ").count(), 4, "{sheet}");
    assert!(sheet.contains("Choices!$A$2:$B$2") && !sheet.contains("<f>"), "{sheet}");
    // The same inputs give the same bytes.
    let again = fs_err::read(worklist(&sets, "again.xlsx")).unwrap();
    assert_eq!(bytes, again);
}
