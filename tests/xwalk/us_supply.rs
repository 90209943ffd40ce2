//! Full releases of ICD-10-PCS, ICD-9-CM and HCPCS Level II against the numbers that the authorities state.

use xwalk_import::{Imported, discover};
use xwalk_model::{Code, CodeSystem, ConceptKind, EditionId, NoteKind, Role, Rule, Severity};

use crate::program::release;

fn import(below: &str) -> Option<Vec<(EditionId, Imported)>> {
    let found = discover(&[release(below)?], None).unwrap();
    Some(found.releases.iter().map(|r| (r.id.clone(), r.import().unwrap())).collect())
}

fn code(text: &str) -> Code {
    Code::from_official(text)
}

#[test]
fn icd10pcs_codes_and_axes() {
    for (year, codes, headers) in [("2018", 78_705, 873), ("2025", 78_948, 908), ("2026", 79_115, 914)] {
        let Some(all) = import(&format!("icd10pcs/{year}")) else { return };
        let [(id, imported)] = all.as_slice() else { panic!("{year}: {} releases", all.len()) };
        assert_eq!(id.to_string(), format!("icd10pcs@{year}"));
        let edition = imported.edition.as_ref().unwrap();
        let totals = edition.totals();
        assert_eq!((totals.assignable, totals.headers), (codes, headers), "{id}");
        assert!(!imported.has_errors(), "{:?}", imported.diagnostics);
        if year != "2026" {
            continue;
        }
        // The tables make exactly the codes of the order file.
        let differ = imported.diagnostics.iter().filter(|d| d.rule.severity() != Severity::Note).count();
        assert_eq!(differ, 0, "{:?}", imported.diagnostics);
        assert_eq!(edition.sources().len(), 3);
        for concept in edition.concepts().filter(|c| c.assignable()) {
            assert_eq!(concept.attributes().count(), 7, "{concept:?}");
        }
        let bypass = edition.get(&code("0016070")).unwrap();
        assert_eq!(bypass.attribute("operation"), Some("1: Bypass"));
        assert_eq!(bypass.attribute("qualifier"), Some("0: Nasopharynx"));
        let table = bypass.parent().unwrap();
        assert_eq!(table.code(), &code("001"));
        let definition = table.notes().find(|n| n.kind == NoteKind::Definition).unwrap();
        assert_eq!(definition.text, "Altering the route of passage of the contents of a tubular body part");
        assert!(table.notes().any(|n| n.text.starts_with("Approach Open: Cutting through the skin")));
    }
}

#[test]
fn icd9_two_editions_of_one_release() {
    let Some(all) = import("icd9cm/32") else { return };
    let ids: Vec<String> = all.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(ids, ["icd9cm@32", "icd9pcs@32"]);
    for ((_, imported), codes) in all.iter().zip([14_567, 3_882]) {
        let edition = imported.edition.as_ref().unwrap();
        assert_eq!((edition.totals().assignable, edition.totals().headers), (codes, 0));
        assert_eq!(edition.effective().to_string(), "2014-10-01 to 2015-09-30");
        assert_eq!(edition.sources().len(), 3);
        assert!(!imported.has_errors(), "{:?}", imported.diagnostics);
        for concept in edition.concepts() {
            assert!(concept.designation(Role::Long).is_some_and(|t| !t.is_empty()), "{concept:?}");
            assert!(concept.designation(Role::Short).is_some_and(|t| t.chars().count() <= 24), "{concept:?}");
            assert!(Code::parse(edition.id().system, &concept.display()).is_ok(), "{concept:?}");
        }
    }
    let diagnoses = all[0].1.edition.as_ref().unwrap();
    assert_eq!(diagnoses.get(&code("38600")).unwrap().title(), "Ménière's disease, unspecified");
    assert_eq!(diagnoses.get(&code("E8000")).unwrap().display(), "E800.0");
    for (id, imported) in &all {
        for diagnostic in imported.diagnostics.iter().take(5) {
            println!("{id}: {diagnostic}");
        }
    }
}

#[test]
fn hcpcs_annual_files() {
    for (year, all_codes, modifiers, terminated) in [("2018", 6_559, 354, 466), ("2019", 6_800, 360, 515)] {
        let Some(all) = import(&format!("hcpcs/{year}")) else { return };
        let [(id, imported)] = all.as_slice() else { panic!("{year}: {} releases", all.len()) };
        assert_eq!((id.system, id.version.as_str()), (CodeSystem::Hcpcs, year));
        let edition = imported.edition.as_ref().unwrap();
        assert_eq!(edition.len(), all_codes, "{id}");
        let found = edition.concepts().filter(|c| c.kind() == ConceptKind::Modifier).count();
        assert_eq!(found, modifiers, "{id}");
        assert_eq!(edition.concepts().filter(|c| !c.assignable()).count(), terminated, "{id}");
        assert!(!imported.has_errors(), "{:?}", imported.diagnostics);
        assert_eq!(edition.sources().len(), 2);
        assert_eq!(imported.transactions.len(), 1);
        // The report of 2018 leaves one code out.
        let reported = if year == "2018" { all_codes - 1 } else { all_codes };
        assert_eq!(imported.transactions[0].entries.len(), reported);
        // The text and the workbook name the same codes.
        assert!(imported.diagnostics.iter().all(|d| d.rule != Rule::CodesDisagree));
        for diagnostic in &imported.diagnostics {
            println!("{id}: {diagnostic}");
        }
    }
}

/// The public-domain excerpts that come with the repository.
fn fixtures() -> Vec<Imported> {
    let root = crate::program::root().join("fixtures/hcpcs");
    let found = discover(&[root], None).unwrap();
    found.releases.iter().map(|r| r.import().unwrap()).collect()
}

#[test]
fn hcpcs_excerpts() {
    let all = fixtures();
    let [old, new] = all.as_slice() else { panic!("{} releases", all.len()) };
    assert!(old.diagnostics.is_empty() && new.diagnostics.is_empty());
    let (old, new) = (old.edition.as_ref().unwrap(), new.edition.as_ref().unwrap());
    assert_eq!((old.len(), new.len()), (42, 52));
    let revised = new.get(&code("A5513")).unwrap();
    assert_eq!(revised.attribute("action-code"), Some("B"));
    assert_eq!(revised.attribute("add-date"), Some("20060101"));
    assert!(!new.get(&code("C9014")).unwrap().assignable());
    assert!(old.get(&code("C9014")).unwrap().assignable());
    let audit = xwalk_diff::audit_hcpcs(Some(old), new, None);
    let lines: Vec<String> = audit
        .findings
        .iter()
        .map(|f| format!("{}{}", f.message, if f.explanation.is_some() { " (explained)" } else { "" }))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    C9030 is not in hcpcs@2018 and has the action code D, not A (explained)
    G9801 has the action code N, but the editions show: long description changed
    G9868 is not in hcpcs@2018 and has the action code N, not A (explained)
    QQ has the action code A, but the editions do not show that it was added (explained)
    VM has the action code A, but the editions do not show that it was added (explained)
    DA is in hcpcs@2018 and no longer in hcpcs@2019
    G9976 is in hcpcs@2018 and no longer in hcpcs@2019
    ");
}

#[test]
fn hcpcs_audit_of_2019() {
    let Some(old) = import("hcpcs/2018") else { return };
    let Some(new) = import("hcpcs/2019") else { return };
    let (from, to) = (old[0].1.edition.as_ref().unwrap(), new[0].1.edition.as_ref().unwrap());
    let report = &new[0].1.transactions[0];
    let audit = xwalk_diff::audit_hcpcs(Some(from), to, Some(report));
    assert!(
        audit.remarks[0].contains("codes A 219, B 1, C 91, D 46, F 1, N 6027, P 47, S 8"),
        "{}",
        audit.remarks[0]
    );
    // The report and the file agree in every code.
    let of = |kind| audit.findings.iter().filter(move |f| f.kind == kind);
    assert_eq!(of(xwalk_diff::FindingKind::NotInEdition).count(), 0);
    for finding in &audit.findings {
        println!("{} [{}]", finding.message, finding.explanation.as_deref().unwrap_or("not explained"));
    }
    let unexplained = audit.findings.iter().filter(|f| f.explanation.is_none()).count();
    assert_eq!((audit.findings.len(), unexplained), (48, 12));
    // What was added since 2018 has the action code A, but for what a quarterly update added.
    let added: Vec<_> =
        audit.findings.iter().filter(|f| f.message.contains("is not in hcpcs@2018")).collect();
    assert_eq!(added.len(), 20);
    assert!(added.iter().all(|f| f.explanation.is_some()));
}
