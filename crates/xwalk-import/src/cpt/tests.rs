use proptest::prelude::*;

use super::*;

fn release(files: &[(CptPart, &str)]) -> Release {
    Release {
        id: "cpt@2025".parse().unwrap(),
        files: files
            .iter()
            .map(|(part, text)| (FileKind::Cpt(*part), InputFile::from_bytes("f.txt", &[], text.as_bytes())))
            .collect(),
    }
}

fn read(files: &[(CptPart, &str)]) -> (Edition, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    (import(&release(files), &mut diagnostics).unwrap().unwrap(), diagnostics)
}

const LONG_TEXT: &str =
    "Notice\r\n\r\n99991\tInvented one\r\n99990\tInvented zero\r\n9999U\tInvented test\r\n";

#[test]
fn all_files_of_a_release() {
    let (edition, diagnostics) = read(&[
        (CptPart::Long, LONG_TEXT),
        (CptPart::LongUpper, "Notice\r\n\r\n99991\tINVENTED ONE\r\n"),
        (CptPart::Medium, "Notice\r\n\r\n99990 ZERO M\r\n99991 ONE M\r\n9999U TEST M\r\n"),
        (CptPart::Short, "Notice\r\n\r\n99990 ZERO\r\n99991 ONE\r\n9999U TEST\r\n"),
        (
            CptPart::Consumer,
            "Concept Id\tCPT Code\tConsumer Friendly Descriptor\r\n1000001\t99990\tFor you\r\n",
        ),
        (
            CptPart::Clinician,
            "Concept Id\tCPT Code\tClinician Descriptor Id\tClinician Descriptor\r\n1000001\t99990\t1\tFirst\r\n\
             1000001\t99990\t2\tSecond\r\n",
        ),
        (CptPart::Modifiers, "Notice\r\n\r\n9Z Invented modifier\r\n"),
        (
            CptPart::History,
            "Date\tChange Type\tConcept Id\tCPT Code\tLevel\tPrior Value\tCurrent Value\tInstruction\r\n\
             20240701\tADDED\t1000002\t9999U\t\t\t\t\r\n20250101\tREVISED\t1000001\t99990\t\ta\tb\t\r\n\
             20200101\tREVISED\t1000003\t99991\t\ta\tb\t\r\n",
        ),
    ]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(edition.effective().to_string(), "2025-01-01 to 2025-12-31");
    // In the order of the book.
    let codes: Vec<_> = edition.concepts().map(|c| c.code().to_string()).collect();
    assert_eq!(codes, ["99991", "99990", "9999U", "9Z"]);
    let zero = edition.get(&Code::from_official("99990")).unwrap();
    assert_eq!(zero.designations().filter(|d| d.role == Role::Clinician).count(), 2);
    assert_eq!(zero.designation(Role::Medium), Some("ZERO M"));
    assert_eq!(
        (zero.attribute("concept-id"), zero.attribute("revised-on")),
        (Some("1000001"), Some("20250101"))
    );
    let test = edition.get(&Code::from_official("9999U")).unwrap();
    assert_eq!((test.attribute("category"), test.attribute("added-on")), (Some("pla"), Some("20240701")));
    assert_eq!(edition.get(&Code::from_official("99991")).unwrap().attribute("revised-on"), None);
    assert_eq!((edition.totals().assignable, edition.totals().headers), (3, 0));
}

#[test]
fn what_is_wrong_is_told() {
    let rules = |files: &[(CptPart, &str)]| read(files).1.iter().map(|d| d.rule).collect::<Vec<_>>();
    assert_eq!(
        rules(&[(CptPart::Long, LONG_TEXT), (CptPart::Short, "N\r\n\r\n99990 A\r\n99999 B\r\n")]),
        [Rule::UnknownCode, Rule::CodesDisagree]
    );
    assert_eq!(
        rules(&[(CptPart::Long, "N\r\n\r\n99990\tA\r\n99990\tB\r\nx\r\n")]),
        [Rule::DuplicateCode, Rule::BadCode]
    );
    let deleted =
        "Concept Id\tCode\tDate Deleted\tLevel\tDescriptor\tInstruction\r\n1\t99990\t20250101\t\tx\t\r\n";
    assert_eq!(rules(&[(CptPart::Long, LONG_TEXT), (CptPart::Deleted, deleted)]), [Rule::CodesDisagree]);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(junk in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..90) {
        let mut bytes = LONG_TEXT.as_bytes().to_vec();
        let at = at.min(bytes.len());
        bytes.splice(at..at, junk.iter().copied());
        for part in [CptPart::Long, CptPart::LongFixed, CptPart::Medium, CptPart::Short] {
            for text in [&bytes, &junk] {
                let file = InputFile::from_bytes("LONGULT.txt", &["2025"], text);
                let _ = crate::recognise(&file);
                let files = vec![
                    (FileKind::Cpt(part), file.clone()),
                    (FileKind::Cpt(CptPart::Modifiers), file.clone()),
                    (FileKind::Cpt(CptPart::Consumer), file.clone()),
                    (FileKind::Cpt(CptPart::History), file),
                ];
                let _ = import(&Release { id: "cpt@2025".parse().unwrap(), files }, &mut Vec::new());
            }
        }
    }
}
