//! Whatever bytes a reader is given, it answers.

use proptest::prelude::*;

use crate::{cpt, icd_maps, icd11, omop, umls, workbook};

fn read_all(bytes: &[u8]) {
    let _ = (icd11::looks_like(bytes), icd11::read_text(bytes), icd11::read_workbook(bytes));
    let _ = (icd_maps::looks_like(bytes), icd_maps::read_text(bytes), icd_maps::read_workbook(bytes));
    let _ = (workbook::first_texts(bytes), workbook::row_count(bytes));
    let _ = (cpt::layout_of(bytes), cpt::headed(bytes), cpt::descriptors(bytes), cpt::events(bytes));
    for layout in [cpt::Layout::Tab, cpt::Layout::Continued, cpt::Layout::Fixed, cpt::Layout::Modifiers] {
        let _ = cpt::records(bytes, layout);
    }
    let _ = (umls::looks_like(bytes), umls::records(bytes).count());
    let _ = (omop::is_concepts(bytes), omop::is_relationships(bytes));
    let _ = omop::concepts(bytes).map(Iterator::count);
    let _ = omop::relationships(bytes).map(Iterator::count);
}

fn changed(sample: &[u8], at: usize, junk: &[u8]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    let at = at % (bytes.len() + 1);
    let end = (at + junk.len() / 2).min(bytes.len());
    bytes.splice(at..end, junk.iter().copied());
    bytes
}

const SAMPLES: [&str; 5] = [
    "\u{feff}Foundation URI\tLinearization URI\tCode\tBlockId\tTitle\tClassKind\tIsResidual\tChapterNo\t\
     Version:2024 Jan 21\r\nu/1\tu/1\t1Z00\t\t\"- x\"\tcategory\tFalse\t01\r\n",
    "10ClassKind\ticd10Code\ticd10Title\t11ClassKind\ticd11Code\ticd11Title\t2024-Jan-21\r\ncategory\tZ99\tx\t\
     category\t1Z00&XZ00\ty\r\n",
    "Notice\r\n\r\n0999001 Invented\r\n0999002 more\r\n\r\n0999T01 x\r\n",
    "C1|ENG|P|L1|PF|S1|Y|A1||M1|D1|CPT|PT|09990|Invented|9|N|256|\n",
    "concept_id\tconcept_name\tvocabulary_id\tconcept_code\n1\tx\tICD10CM\tZ99\n",
];

proptest! {
    #[test]
    fn bytes_of_any_kind(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn samples_with_changes(which in 0usize..6, at in any::<usize>(), junk in proptest::collection::vec(any::<u8>(), 0..30)) {
        let bytes = match SAMPLES.get(which) {
            Some(sample) => changed(sample.as_bytes(), at, &junk),
            None => changed(&workbook::tests::workbook(&[&["icd10Code", "x"], &["1", "2"]], "x:"), at, &junk),
        };
        read_all(&bytes);
    }
}
