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
