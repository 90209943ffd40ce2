//! No bytes make a reader of ICD-10 files panic, and no row of a valid file is lost.

use proptest::prelude::*;
use xwalk_formats::icd_lists::{self, List};
use xwalk_formats::{claml, mortality, transition};

const CLAML: &str = "<?xml version=\"1.0\"?><!DOCTYPE ClaML SYSTEM \"ClaML.dtd\"><ClaML version=\"2.0.0\">\
    <Title name=\"ICD-10-EN\" version=\"2019\" date=\"x\">T</Title><UsageKinds><UsageKind name=\"aster\" mark=\"*\"/></UsageKinds>\
    <Modifier code=\"S04Q10_4\"><SubClass code=\".0\"/></Modifier><ModifierClass modifier=\"S04Q10_4\" code=\".0\">\
    <Rubric kind=\"preferred\"><Label>a</Label></Rubric></ModifierClass><Class code=\"Q10\" kind=\"category\">\
    <SuperClass code=\"Q\"/><ModifiedBy code=\"S04Q10_4\" all=\"false\"><ValidModifierClass code=\".0\"/></ModifiedBy>\
    <Rubric kind=\"inclusion\"><Label>x<Fragment type=\"list\">y<Reference code=\"Q11\">Q11.-</Reference></Fragment>&amp;\
    </Label></Rubric></Class></ClaML>";
const MORTALITY: &str =
    "note,,\r\nStatus,Code,ICD Title\r\n\"a\nb\",Q10.0,\"One, two\"\r\n,*Q11,Three\r\n,,Heading\r\n";
const LISTS: &str = "4;T;X;17;Q10;Q10.1;Q10.1;Q101;F: o;F;o;;P;P;1;2;3;4;5;9;9;9999;9999;9;N;J;N;N\r\nUNDEF;x\r\n\
    01;Kapitel\r\nQ10;Q19;17;Gruppe\r\n";
const TABLE: &str = "Q10.0;Q10.0;A;A\r\nUNDEF;Q10.1;;A\r\nQ10.2;UNDEF;A;\r\nQ11.0;Q11.1;;;1;Q12.6-\r\n";

fn read_all(bytes: &[u8]) {
    let _ = claml::looks_like(bytes);
    let _ = claml::heading(bytes);
    if let Ok(all) = claml::read(bytes) {
        for label in all.classes.iter().flat_map(|c| &c.rubrics).flat_map(|r| &r.labels) {
            let opened = label.parts.iter().filter(|p| matches!(p, claml::Part::Open(_))).count();
            let closed = label.parts.iter().filter(|p| matches!(p, claml::Part::Close)).count();
            assert_eq!(opened, closed);
        }
    }
    let _ = mortality::looks_like(bytes);
    let _ = mortality::read(bytes);
    let _ = transition::looks_like(bytes);
    let _ = transition::records(bytes).count();
    let _ = icd_lists::detect(bytes);
    let _ = icd_lists::chapters(bytes).count();
    let _ = icd_lists::groups(bytes).count();
    let _ = icd_lists::titles(bytes).count();
    for list in [List::WhoCodes, List::GmCodes] {
        let _ = icd_lists::codes(bytes, list).count();
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes);
    }

    #[test]
    fn a_valid_file_with_bytes_changed(
        which in 0usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = [CLAML, MORTALITY, LISTS, TABLE][which].as_bytes().to_vec();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        read_all(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        read_all(&bytes);
    }

    #[test]
    fn every_row_of_a_table_comes_back(rows in proptest::collection::vec(
        ("[A-Z][0-9]{2}\\.[0-9]", "[A-Z][0-9]{2}\\.[0-9]{1,2}", any::<bool>(), any::<bool>()), 0..40,
    )) {
        let flag = |set: bool| if set { "A" } else { "" };
        let lines: Vec<String> =
            rows.iter().map(|(a, b, f, g)| format!("{a};{b};{};{}\r\n", flag(*f), flag(*g))).collect();
        let text = lines.concat();
        let read: Vec<_> = transition::records(text.as_bytes())
            .map(|r| r.map(|r| (r.old.to_owned(), r.new.to_owned(), r.forward, r.back)))
            .collect::<Result<_, _>>()
            .unwrap();
        prop_assert_eq!(read, rows);
    }
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let deep = 200_000;
    let text = CLAML.replace(
        "<Label>a</Label>",
        &format!("<Label>{}a{}</Label>", "<Term>".repeat(deep), "</Term>".repeat(deep)),
    );
    let all = claml::read(text.as_bytes()).unwrap();
    assert_eq!(all.modifier_classes[0].rubrics[0].labels[0].text(), "a");
}
