use proptest::prelude::*;
use xwalk_model::{Edition, Rule};

use super::*;

const HEAD: &str = "\u{feff}Foundation URI\tLinearization URI\tCode\tBlockId\tTitle\tClassKind\tDepthInKind\tIsResidual\t\
    ChapterNo\tBrowserLink\tisLeaf\tPrimary tabulation\tVersion:2024 Jan 21 - 22:30 UTC\r\n";

/// A row of invented content.
fn row(id: &str, code: &str, block: &str, title: &str, class: &str, chapter: &str) -> String {
    let residual = id.contains('/');
    let foundation = if residual { String::new() } else { format!("http://x/entity/{id}") };
    let flag = if residual { "True" } else { "False" };
    format!(
        "{foundation}\thttp://x/mms/{id}\t{code}\t{block}\t\"{title}\"\t{class}\t1\t{flag}\t{chapter}\t\"\"\tTrue\tTrue\r\n"
    )
}

fn sample() -> String {
    [
        HEAD.to_owned(),
        row("10", "", "", "Invented diseases", "chapter", "01"),
        row("20", "", "BlockL1-1Z0", "- Invented block", "block", "01"),
        row("30", "1Z00", "", "- - Invented category", "category", "01"),
        row("31", "1Z00.0", "", "- - - Invented leaf", "category", "01"),
        row("30/other", "1Z00.Y", "", "- - - Other invented", "category", "01"),
        row("32", "_NOCODEASSIGNED", "", "- - Not yet coded", "category", "01"),
        row("40", "", "", "Invented extensions", "chapter", "X"),
        row("41", "", "", "- Block without an id", "block", "X"),
        row("42", "XZ00", "", "- - Invented extension", "category", "X"),
    ]
    .concat()
}

fn release(files: &[(FileKind, &str, &str)]) -> Release {
    Release {
        id: "icd11mms@2024-01".parse().unwrap(),
        files: files
            .iter()
            .map(|(kind, name, text)| (*kind, InputFile::from_bytes(name, &[], text.as_bytes())))
            .collect(),
    }
}

fn read_all(files: &[(FileKind, &str, &str)]) -> (Edition, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let edition = import(&release(files), &mut diagnostics).unwrap().unwrap();
    (edition, diagnostics)
}

const ENGLISH: FileKind = FileKind::Icd11Tabulation(Language::ENGLISH);

#[test]
fn a_tabulation_becomes_an_edition() {
    let (edition, diagnostics) = read_all(&[(ENGLISH, "t-en.txt", &sample())]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!((edition.totals().assignable, edition.totals().headers), (3, 2));
    let get = |code: &str| edition.get(&Code::from_official(code)).unwrap();
    let other = get("1Z00Y");
    assert_eq!(other.attribute(FOUNDATION_ID), Some("30/other"));
    assert_eq!((other.title(), other.display().as_str()), ("Other invented", "1Z00.Y"));
    let path: Vec<_> = other.ancestors().map(|c| c.code().to_string()).collect();
    assert_eq!(path, ["1Z00", "BLOCKL1-1Z0", "01"]);
    assert_eq!(get("BLOCKL1-1Z0").attribute("block-id"), Some("BlockL1-1Z0"));
    assert_eq!((get("32").assignable(), get("32").kind()), (false, ConceptKind::Code));
    assert_eq!((get("41").kind(), get("X").kind()), (ConceptKind::Block, ConceptKind::Chapter));
    assert!(!get("XZ00").assignable());
}

#[test]
fn other_languages_join() {
    let french = sample().replace("Invented leaf", "Feuille inventée");
    let fr = FileKind::Icd11Tabulation(Language::of_name("t-fr.txt"));
    let (edition, diagnostics) = read_all(&[(fr, "t-fr.txt", &french), (ENGLISH, "t-en.txt", &sample())]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(edition.languages(), ["en", "fr"]);
    let leaf = edition.get(&Code::from_official("1Z000")).unwrap();
    assert_eq!(leaf.title(), "Invented leaf");
    assert!(leaf.designations().any(|d| d.language == "fr" && d.text == "Feuille inventée"));
}

#[test]
fn what_is_wrong_is_told() {
    #[track_caller]
    fn check(row: &str, rule: Rule) {
        let text = sample() + row;
        let (_, diagnostics) = read_all(&[(ENGLISH, "t-en.txt", &text)]);
        assert_eq!(diagnostics.iter().map(|d| d.rule).collect::<Vec<_>>(), [rule]);
        assert_eq!(diagnostics[0].at.unwrap().line, 11);
    }
    check(&row("50", "1Z00", "", "- - x", "category", "01"), Rule::DuplicateCode);
    check(&row("50", "O", "", "- - x", "category", "01"), Rule::BadCode);
    check(&row("50", "1Z09", "", "- - - - - - x", "category", "01"), Rule::NoParent);
    check(&row("x", "", "", "- x", "block", "01"), Rule::BadCode);
    check(&row("50", "1Z09", "", "- - x", "kind", "01"), Rule::BadLayout);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(at in 0usize..1200, junk in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = sample().into_bytes();
        let at = at.min(bytes.len());
        bytes.splice(at..(at + junk.len() / 2).min(bytes.len()), junk);
        let release = Release {
            id: "icd11mms@2024-01".parse().unwrap(),
            files: vec![(ENGLISH, InputFile::from_bytes("t-en.txt", &[], &bytes))],
        };
        let _ = import(&release, &mut Vec::new());
    }
}
