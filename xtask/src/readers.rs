//! Every reader by name, for `cargo xtask fuzz` and for the cargo-fuzz target.

use xwalk_formats::{
    addenda, claml, codes, conversion, cpt, fhir_map, fhir_value_set, gem, grid, hcpcs, hcpcs_changes,
    icd_lists, icd_maps, icd9, icd11, map_csv, mortality, omop, order, pcs_definitions, pcs_tables, poa,
    rule_toml, sssom, tabular, transition, umls,
};

/// A reader's name, and how many good records it finds.
pub(crate) type Reader = (&'static str, fn(&[u8]) -> usize);

/// Good records in an iterator or list of results.
fn good<T, E>(records: impl IntoIterator<Item = Result<T, E>>) -> usize {
    records.into_iter().flatten().count()
}

/// The readers.
pub(crate) const READERS: &[Reader] = &[
    ("order", |b| good(order::records(b))),
    ("codes", |b| good(codes::records(b))),
    ("addenda", |b| addenda::Layout::detect(b).map_or(0, |layout| good(addenda::records(b, layout)))),
    ("tabular", |b| tabular::read(b).map_or(0, |t| t.items.len())),
    ("poa", |b| poa::records(b).map_or(0, good)),
    ("gem", |b| good(gem::records(b))),
    ("conversion", |b| conversion::records(b).map_or(0, |r| r.len())),
    ("sssom", |b| sssom::read(b).map_or(0, |s| s.rows.len())),
    ("fhir_map", |b| fhir_map::read(b).map_or(0, |m| m.group.len())),
    ("map_csv", |b| map_csv::records(b).map_or(0, good)),
    ("grid", |b| {
        grid::read_text(b).map_or(0, |g| g.rows.len()) + grid::read_workbook(b).map_or(0, |g| g.len())
    }),
    ("fhir_value_set", |b| fhir_value_set::read(b).map_or(0, |s| s.compose.include.len())),
    ("rule_toml", |b| rule_toml::read(b).map_or(0, |s| s.len())),
    ("claml", |b| usize::from(claml::read(b).is_ok())),
    ("icd_lists", |b| {
        let codes = icd_lists::detect(b).map_or(0, |list| good(icd_lists::codes(b, list)));
        codes + good(icd_lists::titles(b)) + good(icd_lists::chapters(b)) + good(icd_lists::groups(b))
    }),
    ("icd_maps", |b| usize::from(icd_maps::read_text(b).is_ok())),
    ("mortality", |b| usize::from(mortality::read(b).is_ok())),
    ("transition", |b| good(transition::records(b))),
    ("icd11", |b| usize::from(icd11::read_text(b).is_ok())),
    ("icd9", |b| icd9::volume_of(b).map_or(0, |volume| good(icd9::records(b, volume)))),
    ("hcpcs", |b| good(hcpcs::records(b))),
    ("hcpcs_changes", |b| hcpcs_changes::listings(b).map_or(0, |l| l.len())),
    ("pcs_tables", |b| usize::from(pcs_tables::read(b).is_ok())),
    ("pcs_definitions", |b| usize::from(pcs_definitions::read(b).is_ok())),
    ("cpt", |b| {
        let records = cpt::layout_of(b).map_or(0, |layout| good(cpt::records(b, layout)));
        records + cpt::descriptors(b).map_or(0, good) + cpt::events(b).map_or(0, good)
    }),
    ("umls", |b| good(umls::records(b))),
    ("omop", |b| omop::concepts(b).map_or(0, good) + omop::relationships(b).map_or(0, good)),
];
