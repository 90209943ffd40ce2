//! No release made of damaged files panics: it becomes an edition with diagnostics, or none.

use proptest::prelude::*;

use crate::recognise::recognise;
use crate::{FileKind, InputFile, Release};

fn samples() -> Vec<(FileKind, &'static str, Vec<u8>)> {
    let mut records = Vec::new();
    for (code, id) in [("A1", '7'), ("A0021", '3'), ("A0021", '4'), ("A0080", '3')] {
        let line = format!(
            "{code:>5}00100{id}{:<80}{:<177}2018010120180101{:<8}N{:<27}\r\n",
            "Long", "Short", "", ""
        );
        records.extend(line.bytes());
    }
    let tables = "<ICD10PCS.tabular><version>2026</version><pcsTable><axis pos=\"1\"><title>Section</title>\
        <label code=\"001\">M</label></axis><pcsRow codes=\"2\"><axis pos=\"4\" values=\"2\"><title>Body Part</title>\
        <label code=\"60A0\">V</label><label code=\"70A0\">W</label></axis></pcsRow></pcsTable></ICD10PCS.tabular>";
    let definitions = "<ICD10PCS.definitions><section code=\"001\"><axis pos=\"4\"><title>Body Part</title><terms>\
        <title>V in M</title><definition>d</definition></terms></axis></section></ICD10PCS.definitions>";
    let order = format!("00001 001     0 {:<60} Table\r\n00002 00160A0 1 {:<60} Code\r\n", "Table", "Code");
    vec![
        (FileKind::HcpcsText, "hcpcs@2018", records),
        (FileKind::Icd9Long, "icd9cm@32", b"0010  Cholera due to vibrio\n38600 M\xE9ni\xE8re's\n".to_vec()),
        (FileKind::Icd9Short, "icd9pcs@32", b"0001 Ther ult\n0001 Again\n".to_vec()),
        (FileKind::PcsTables, "icd10pcs@2026", tables.into()),
        (FileKind::PcsDefinitions, "icd10pcs@2026", definitions.into()),
        (FileKind::OrderFile, "icd10pcs@2026", order.into_bytes()),
    ]
}

proptest! {
    #[test]
    fn damaged_releases(
        system in 0usize..4,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let id = ["hcpcs@2018", "icd9cm@32", "icd9pcs@32", "icd10pcs@2026"][system];
        let mut files: Vec<_> = samples().into_iter().filter(|(_, of, _)| *of == id).collect();
        for (which, at, byte) in edits {
            let which = which.index(files.len());
            let bytes = &mut files[which].2;
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(end) = cut {
            let bytes = &mut files[0].2;
            bytes.truncate(end.index(bytes.len() + 1));
        }
        let files: Vec<_> = files
            .into_iter()
            .map(|(kind, _, bytes)| (kind, InputFile::from_bytes(kind.part(), &[], &bytes)))
            .collect();
        for (_, file) in &files {
            let _ = recognise(file);
        }
        let _ = Release { id: id.parse().unwrap(), files }.import();
    }
}

/// Files of sets in each layout, a worklist and decisions.
const SETS: [&str; 6] = [
    "Set;Code;Title;valid_from;mode\nms;G35;Multiple sclerosis;2020-10-01;\nms;E10-E14;x;;exclude\n",
    "'ICD-10-CM CODE','X','CCSR CATEGORY 1','D','CCSR CATEGORY 2','D'\n'A000',\"c\",'DIG001',\"i\",' ',\" \"\n",
    "{\"resourceType\":\"ValueSet\",\"compose\":{\"include\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\
     \"concept\":[{\"code\":\"G35\"}]},{\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\"filter\":[{\"property\":\
     \"concept\",\"op\":\"is-a\",\"value\":\"E11\"}]}]}}",
    "[[set]]\nname = \"a\"\ninclude = [\"G35\", { code = \"E11.-\", to = 2025-09-30 }]\nexclude = [\"E11.9\"]\n",
    "source_system,source_code,choice_1,decision,reviewer,source_edition,target_edition\n\
     icd10cm,G35,G35.A x,1,Kim,icd10cm@2025,icd10cm@2026\n",
    "#mapping_set_id: x\nsubject_id\tpredicate_id\tobject_id\tmapping_justification\tsubject_source\t\
     subject_source_version\tobject_source\tobject_source_version\treviewer_label\nA:G35\tskos:relatedMatch\tA:G35.A\t\
     semapv:ManualMappingCuration\ticd10cm\t2025\ticd10cm\t2026\tKim\n",
];

proptest! {
    #[test]
    fn damaged_sets(
        which in 0usize..6,
        at in any::<prop::sample::Index>(),
        junk in prop::collection::vec(any::<u8>(), 0..20),
        column in proptest::option::of("[A-Za-z0-9]{1,4}"),
    ) {
        let mut bytes = SETS[which].as_bytes().to_vec();
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..(at + junk.len() / 2).min(bytes.len()), junk);
        let file = InputFile::from_bytes("sets", &[], &bytes);
        let options = crate::SetOptions { code_column: column.clone(), set_column: column, ..Default::default() };
        let _ = crate::import_sets(&file, xwalk_model::CodeSystem::Icd10cm, &options);
        let _ = crate::import_worklist(&file, &crate::WorklistOptions::default());
        let _ = crate::import_decisions(&file);
    }
}
