//! Full releases of ICD-11 MMS against the numbers counted from WHO's files with an independent script.

use std::collections::BTreeSet;
use std::path::PathBuf;

use xwalk_import::discover;
use xwalk_model::{Change, Code, Concept, ConceptKind, Edition, Revision, Role};

use crate::program::release;

fn read(place: &str, id: &str) -> Option<Edition> {
    let path: PathBuf = release(place)?;
    let found = discover(&[path], None).unwrap();
    assert_eq!(found.releases.len(), 1, "{:?}", found.diagnostics);
    let imported = found.releases[0].import().unwrap();
    assert!(imported.diagnostics.is_empty(), "{:?}", imported.diagnostics);
    let edition = imported.edition.unwrap();
    assert_eq!(edition.id().to_string(), id);
    Some(edition)
}

fn count(edition: &Edition, kind: ConceptKind) -> usize {
    edition.concepts().filter(|c| c.kind() == kind).count()
}

#[track_caller]
fn check_sizes(edition: &Edition, blocks: usize, stems: u64, extensions: u64, residuals: usize) {
    assert_eq!(count(edition, ConceptKind::Chapter), 28);
    assert_eq!(count(edition, ConceptKind::Block), blocks);
    assert_eq!((edition.totals().assignable, edition.totals().headers), (stems, extensions));
    let residual = edition.concepts().filter(|c| c.attribute("is-residual").is_some()).count();
    assert_eq!(residual, residuals);
    // Every entity has its own id, and everything but the chapters stands below something.
    let ids: BTreeSet<_> = edition.concepts().filter_map(|c| c.attribute("foundation-id")).collect();
    assert_eq!(ids.len(), edition.len());
    assert!(edition.concepts().all(|c| c.parent().is_none() == (c.kind() == ConceptKind::Chapter)));
}

#[test]
fn sizes_and_step() {
    let Some(a) = read("icd11mms/2023-01", "icd11mms@2023-01") else { return };
    let Some(b) = read("icd11mms/2024-01", "icd11mms@2024-01") else { return };
    check_sizes(&a, 1_352, 17_710, 16_484, 5_107);
    check_sizes(&b, 1_353, 17_822, 16_841, 5_217);
    assert_eq!(b.len(), 36_044);
    let cholera = b.get(&Code::from_official("1A00")).unwrap();
    assert_eq!(cholera.attribute("foundation-id"), Some("257068234"));
    assert_eq!(cholera.ancestors().count(), 3);
    assert_eq!(cholera.designation(Role::Long), Some("Cholera"));

    let set = xwalk_diff::diff(&a, &b, &|_| None).unwrap();
    let counts = set.counts();
    assert_eq!((counts.assignable.added, counts.headers.added), (142, 371));
    assert_eq!((counts.assignable.deleted, counts.headers.deleted), (30, 14));
    assert_eq!(counts.assignable.revised.total + counts.headers.revised.total, 157);
    assert_eq!(counts.recoded, 5);
    assert_eq!((counts.became_header, counts.became_assignable), (0, 0));
    let reparented = set.changes.values().flatten().filter(|c| matches!(c, Change::Move { .. })).count();
    assert_eq!(reparented as u64, counts.moved);
    // Each revised title says what the tabulations say.
    for (code, changes) in &set.changes {
        for change in changes {
            if let Change::Revision { revision: Revision { from, to, .. }, .. } = change {
                assert_eq!(from.as_deref(), a.get(code).map(Concept::title));
                assert_eq!(to.as_deref(), b.get(code).map(Concept::title));
            }
        }
    }
    assert!(xwalk_diff::apply(&a, &set).unwrap().same_content(&b));
}
