//! The mortality lists of the CDC against the numbers and codes that the files themselves show.

use std::collections::BTreeMap;

use xwalk_import::{Imported, discover};
use xwalk_model::{Code, Hierarchy};

use crate::program::release;

#[test]
fn mortality_lists_of_2020_and_2023() {
    let Some(folder) = release("icd10/cdc-allvalid") else { return };
    let found = discover(&[folder], None).unwrap();
    assert!(found.diagnostics.is_empty(), "{:?}", found.diagnostics);
    let ids: Vec<String> = found.releases.iter().map(|r| r.id.to_string()).collect();
    assert_eq!(ids, ["icd10@cdc-2020", "icd10@cdc-2023"]);
    let read: Vec<Imported> = found.releases.iter().map(|r| r.import().unwrap()).collect();
    for imported in &read {
        assert!(imported.diagnostics.is_empty(), "{:?}", imported.diagnostics);
    }
    let [old, new] = [0, 1].map(|i| read[i].edition.as_ref().unwrap());
    // 31 codes have a deletion as the last word of their status: 2003 4, 2006 4, 2007 2, 2009 11, 2011 10.
    let totals = |e: &xwalk_model::Edition| (e.totals().assignable, e.totals().headers);
    assert_eq!((totals(old), totals(new)), ((9464 - 31, 31), (9465 - 31, 31)));
    assert_eq!(
        (old.hierarchy(), new.effective().to_string().as_str()),
        (Hierarchy::DerivedFromCodes, "not stated")
    );
    // The codes that stand above others are those that were deleted when they were divided.
    let above: Vec<_> =
        new.concepts().filter(|c| !c.children().is_empty()).map(|c| (c.display(), c.assignable())).collect();
    let divided = ["A09", "K85", "L89", "O96", "O97", "X34", "X59"].map(|c| (c.to_owned(), false));
    assert_eq!(above, divided);

    let code = |edition, code: &str| {
        let edition: &xwalk_model::Edition = edition;
        let found = edition.get(&Code::from_official(code)).unwrap();
        (
            found.title().to_owned(),
            found.attribute("status").unwrap_or_default().to_owned(),
            found.assignable(),
        )
    };
    let barrett = code(new, "K227");
    assert_eq!((barrett.1.as_str(), barrett.2), ("Added in 2006\nTitle updated in 2017", true));
    assert_eq!(code(old, "A000").0, "Cholera due to Vibrio cholerae 01, biovar cholerae");
    assert_eq!(code(new, "U099").1, "MC ONLY - Added in 2023");
    let us_only = |e: &xwalk_model::Edition| {
        e.concepts()
            .filter(|c| c.attribute("us-only") == Some("yes"))
            .map(xwalk_model::Concept::display)
            .collect::<Vec<_>>()
    };
    assert_eq!(us_only(new).len(), 13);
    assert!(us_only(new).iter().all(|c| c.starts_with("U0")));
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for concept in old.concepts() {
        *statuses.entry(concept.attribute("status").unwrap_or_default()).or_default() += 1;
    }
    assert_eq!(
        [statuses["MC ONLY"], statuses["Title updated in 2017"], statuses["Deleted in 2009"]],
        [1317, 124, 11]
    );

    let changes = xwalk_diff::diff(old, new, &|_| None).unwrap();
    let added: Vec<String> = new
        .concepts()
        .filter(|c| old.get(c.code()).is_none())
        .map(xwalk_model::Concept::display)
        .chain(old.concepts().filter(|c| new.get(c.code()).is_none()).map(|c| format!("-{}", c.display())))
        .collect();
    assert_eq!(added, ["U09.9"]);
    assert_eq!((changes.counts().assignable.added, changes.counts().assignable.deleted), (1, 0));
}
