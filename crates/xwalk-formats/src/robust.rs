//! No reader panics on any bytes, and every reader ends.

use proptest::prelude::*;

use crate::icd9::Volume;
use crate::{cells, hcpcs, hcpcs_changes, icd9, pcs_definitions, pcs_tables};

const TABLES: &[u8] = b"<ICD10PCS.tabular><version>2026</version><pcsTable><axis pos=\"1\" values=\"1\">\
    <title>Section</title><label code=\"0\">M &amp; S</label></axis><pcsRow codes=\"1\"><axis pos=\"4\" \
    values=\"1\"><title>Body Part</title><label code=\"6\">Ventricle</label></axis></pcsRow></pcsTable>\
    </ICD10PCS.tabular>";
const DEFINITIONS: &[u8] = b"<ICD10PCS.definitions><section code=\"0\"><title>Medical</title><axis pos=\"3\">\
    <title>Operation</title><terms><title>Bypass</title><definition>Altering</definition><includes>x</includes>\
    </terms></axis></section></ICD10PCS.definitions>";
const TITLES: &[u8] =
    b"0010  Cholera due to vibrio\r\n38600 M\xE9ni\xE8re's disease\nV010  Contact\nE8000 Train\n";

fn contractor() -> Vec<u8> {
    let mut text = b"***Disclaimers\xA0\r\n\r\n".to_vec();
    for (code, id) in [("A1", '7'), ("A0021", '3'), ("A0021", '4')] {
        text.extend(format!("{code:>5}00100{id}{:<80}{:<229}\r\n", "Ambulance", "Ambulance").bytes());
    }
    text
}

fn read_all(bytes: &[u8]) {
    for volume in [Volume::Diagnoses, Volume::Procedures] {
        let _ = icd9::records(bytes, volume).count();
        let _ = icd9::rows(bytes, volume);
    }
    let _ = icd9::volume_of(bytes);
    for record in hcpcs::records(bytes).flatten() {
        let _ = (record.code(), record.field("ACTION CD"));
    }
    let _ = (hcpcs::looks_like(bytes), hcpcs::workbook(bytes), hcpcs_changes::listings(bytes));
    let _ = (pcs_tables::looks_like(bytes), pcs_tables::read(bytes));
    let _ = (pcs_definitions::looks_like(bytes), pcs_definitions::read(bytes));
    let _ = cells::sheets(bytes, 10);
}

/// A valid sample with some bytes replaced and its end cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let samples = vec![TABLES.to_vec(), DEFINITIONS.to_vec(), TITLES.to_vec(), contractor()];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    (prop::sample::select(samples), edits, any::<prop::sample::Index>()).prop_map(
        |(mut bytes, edits, end)| {
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(end.index(bytes.len() + 1));
            bytes
        },
    )
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_files(bytes in damaged()) {
        read_all(&bytes);
    }
}
