//! Laws that hold for any input.

use proptest::prelude::*;
use xwalk_model::{Code, CodeSystem, ConceptKind, Edition, EditionBuilder, Hierarchy, NoteKind, Role};

#[derive(Clone, Debug)]
struct Line {
    code: String,
    assignable: bool,
    long: String,
    short: String,
    note: Option<(bool, String)>,
    exempt: bool,
}

fn line() -> impl Strategy<Value = Line> {
    let title = "[A-Ca-c ,]{0,12}";
    (
        "[AB][0-2]{2}[0-2]{0,2}",
        any::<bool>(),
        title,
        title,
        proptest::option::of((any::<bool>(), "[x-z]{1,2}")),
        any::<bool>(),
    )
        .prop_map(|(code, assignable, long, short, note, exempt)| Line {
            code,
            assignable,
            long,
            short,
            note,
            exempt,
        })
}

fn edition(id: &str, lines: &[Line]) -> Edition {
    let mut builder = EditionBuilder::new(id.parse().unwrap(), "en");
    builder.hierarchy(Hierarchy::DerivedFromCodes);
    // Every edition has the header, the note and the attribute that make headers, notes and attributes comparable.
    let top = builder.concept(Code::from_official("Z00"), ConceptKind::Code, false);
    builder.note(top, NoteKind::Note, "n", Vec::new());
    builder.attribute(top, "poa-exempt", "yes");
    builder.designation(top, Role::Long, "t");
    builder.designation(top, Role::Short, "t");
    let mut lines = lines.to_vec();
    lines.sort_by(|a, b| a.code.cmp(&b.code));
    lines.dedup_by(|a, b| a.code == b.code);
    for line in lines {
        let ix = builder.concept(Code::from_official(&line.code), ConceptKind::Code, line.assignable);
        builder.designation(ix, Role::Long, &line.long);
        builder.designation(ix, Role::Short, &line.short);
        if let Some((first, text)) = line.note {
            builder.note(
                ix,
                if first { NoteKind::Excludes1 } else { NoteKind::Excludes2 },
                &text,
                Vec::new(),
            );
        }
        if line.exempt {
            builder.attribute(ix, "poa-exempt", "yes");
        }
        if line.code.len() % 2 == 0 {
            builder.parent(ix, top);
        }
    }
    builder.build().unwrap()
}

proptest! {
    #[test]
    fn an_edition_does_not_differ_from_itself(lines in proptest::collection::vec(line(), 0..20)) {
        let a = edition("icd10cm@2025", &lines);
        prop_assert!(xwalk_diff::diff(&a, &a, &|_| None).unwrap().is_empty());
    }

    #[test]
    fn applying_a_diff_gives_the_second_edition(
        first in proptest::collection::vec(line(), 0..20),
        second in proptest::collection::vec(line(), 0..20),
    ) {
        let (a, b) = (edition("icd10cm@2025", &first), edition("icd10cm@2026", &second));
        let set = xwalk_diff::diff(&a, &b, &|_| None).unwrap();
        prop_assert!(xwalk_diff::apply(&a, &set).unwrap().same_content(&b));
        let counts = set.counts();
        let balance = |before: u64, t: &xwalk_model::Tally| before + t.added - t.deleted;
        prop_assert_eq!(balance(a.totals().assignable, &counts.assignable), b.totals().assignable);
        prop_assert_eq!(balance(a.totals().headers, &counts.headers), b.totals().headers);
    }

    #[test]
    fn a_code_reads_back_what_it_displays(text in "[A-Z][0-9][0-9A-Z]\\.?[0-9A-Z]{0,4}") {
        if let Ok(code) = Code::parse(CodeSystem::Icd10cm, &text) {
            prop_assert_eq!(Code::parse(CodeSystem::Icd10cm, &code.display(CodeSystem::Icd10cm)), Ok(code));
        }
    }

    #[test]
    fn no_text_makes_a_code_panic(text in "\\PC*") {
        for system in CodeSystem::ALL {
            if let Ok(code) = Code::parse(system, &text) {
                prop_assert_eq!(Code::parse(system, &code.display(system)), Ok(code));
            }
        }
    }

    #[test]
    fn any_bytes_into_any_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_with_everything(&bytes);
    }

    #[test]
    fn mutated_files_into_any_reader(
        which in 0usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = SAMPLES[which].as_bytes().to_vec();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        read_with_everything(&bytes);
    }
}

const SAMPLES: [&str; 4] = [
    "00001 A00     0 Cholera                                                      Cholera\r\n\
     00002 A000    1 Cholera due to Vibrio cholerae 01, biovar cholerae           Cholera due to Vibrio\r\n",
    "Add:         1 C810A   Nodular                                                      Nodular\r\n\r\nCodes\r\n  1 codes in a\r\n",
    "<?xml version=\"1.0\"?><ICD10CM.tabular><version>2026</version><chapter><name>9</name><desc>C</desc>\
     <section id=\"I10-I1A\"><desc>S</desc><diag><name>I10</name><desc>H &amp; x</desc><excludes1><note>a (I15.-)</note>\
     </excludes1><sevenChrDef><extension char=\"A\">i</extension></sevenChrDef></diag></section></chapter></ICD10CM.tabular>",
    "Order26\tPOAexemptCode\tDescription\r\n1\tB90.0\t\"a, b\"\r\n",
];

fn read_with_everything(bytes: &[u8]) {
    use xwalk_formats::{addenda, codes, order, poa, tabular};
    let _ = order::records(bytes).count();
    let _ = codes::records(bytes).count();
    for layout in [
        addenda::Layout::OrderWithFlag,
        addenda::Layout::Order,
        addenda::Layout::Codes,
        addenda::Layout::OldStyle,
    ] {
        let _ = addenda::records(bytes, layout).count();
    }
    let _ = addenda::Layout::detect(bytes);
    let _ = poa::records(bytes);
    let _ = tabular::read(bytes);
    for name in [
        "icd10cm_order_2026.txt",
        "icd10cm_codes_2026.txt",
        "icd10cm-tabular-2026.xml",
        "POAexemptCodesFY26.txt",
    ] {
        let file = xwalk_import::InputFile::from_bytes(name, &[], bytes);
        if let Ok(xwalk_import::Recognised::Part { kind, edition }) = xwalk_import::recognise(&file) {
            let release = xwalk_import::Release { id: edition, files: vec![(kind, file)] };
            let _ = release.import();
        }
    }
}
