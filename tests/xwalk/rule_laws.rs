//! Laws of rule sets, for any set over the excerpts of two editions.

use std::sync::OnceLock;

use proptest::prelude::*;
use xwalk_import::discover;
use xwalk_map::{AnnualStep, Statements};
use xwalk_model::{
    Code, CodeSystem, Concept, Edition, HeaderMeaning, Period, Position, Selector, SetLine, ValueSet,
};
use xwalk_rules::{EditionIndex, FindingClass, Options, Transition, Update, check, migrate};

use crate::program::root;

fn editions() -> &'static (Edition, Edition) {
    static EDITIONS: OnceLock<(Edition, Edition)> = OnceLock::new();
    EDITIONS.get_or_init(|| {
        let read = |path: &str| {
            let found = discover(&[root().join("fixtures/icd10cm").join(path)], None).unwrap();
            found.releases[0].import().unwrap().edition.unwrap()
        };
        (read("2025/icd10cm_order_2025.txt"), read("2026/icd10cm_order_2026.txt"))
    })
}

fn update<'e>(from: &'e Edition, to: &'e Edition) -> Update<'e> {
    let step = AnnualStep::new(from, to, &Statements::default());
    let (old, new) = (EditionIndex::new(from), EditionIndex::new(to));
    let transition = Transition::new(&old, &new, &[&step.backward]);
    let changes = xwalk_diff::diff(from, to, &|_| None).unwrap();
    Update::new(old, new, changes, transition)
}

/// A line by the numbers of two concepts and a way of writing.
#[derive(Clone, Debug)]
struct Drawn(usize, usize, u8, bool);

fn lines() -> impl Strategy<Value = Vec<Drawn>> {
    let line = (any::<usize>(), 0usize..12, 0u8..8, prop::bool::weighted(0.15))
        .prop_map(|(at, more, way, exclude)| Drawn(at, more, way, exclude));
    proptest::collection::vec(line, 1..25)
}

fn set(edition: &Edition, drawn: &[Drawn]) -> ValueSet {
    let codes: Vec<Concept<'_>> = edition.concepts().collect();
    let line = |(i, drawn): (usize, &Drawn)| {
        let Drawn(at, more, way, exclude) = *drawn;
        let at = at % codes.len();
        let code = |i: usize| codes[i.min(codes.len() - 1)].code().clone();
        let prefix = |code: &Code| code.as_str()[..code.as_str().len().min(3 + more % 3)].to_owned();
        let selector = match way {
            0..=3 => Selector::Code(code(at)),
            4 => Selector::IsA(code(at)),
            5 => Selector::DescendentOf(code(at)),
            6 => Selector::Range(Box::new((code(at), code(at + more)))),
            _ => Selector::Prefix(prefix(&code(at)).into()),
        };
        SetLine {
            text: selector.to_string().into(),
            selector,
            exclude,
            valid: Period::default(),
            sheet: 0,
            item: i as u32,
            at: Position::default(),
        }
    };
    ValueSet {
        name: "drawn".into(),
        owner: String::new(),
        system: CodeSystem::Icd10cm,
        lines: drawn.iter().enumerate().map(line).collect(),
    }
}

/// Whether a selector names a code by itself.
fn names(index: &EditionIndex<'_>, selector: &Selector, code: &Code) -> bool {
    let line = SetLine {
        text: "".into(),
        selector: selector.clone(),
        exclude: false,
        valid: Period::default(),
        sheet: 0,
        item: 0,
        at: Position::default(),
    };
    let set = ValueSet {
        name: String::new(),
        owner: String::new(),
        system: CodeSystem::Icd10cm,
        lines: vec![line],
    };
    let codes = index.expand(&set, HeaderMeaning::Descendants).codes;
    index.find(code).is_some_and(|ix| codes.contains(ix))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_update_to_itself_touches_no_set(drawn in lines(), later in any::<bool>()) {
        let (from, to) = editions();
        let edition = if later { to } else { from };
        let found = check(&update(edition, edition), &set(edition, &drawn), HeaderMeaning::Itself);
        prop_assert!(found.findings.iter().all(|f| f.kind.class() != FindingClass::Update), "{found:?}");
        prop_assert_eq!(found.before, found.after);
    }

    #[test]
    fn a_migrated_set_covers_what_the_old_one_meant(drawn in lines(), historical in any::<bool>()) {
        let (from, to) = editions();
        let update = update(from, to);
        let old = set(from, &drawn);
        let options = Options { keep_historical: historical, ..Options::default() };
        let migration = migrate(&update, &old, &options);
        let proof = &migration.proof;
        prop_assert_eq!(&proof.lost, &Vec::<Code>::new(), "{:?}", migration.set);
        // What is not carried over is named as an open choice.
        let asked = |code: &Code| migration.choices.iter().any(|c| c.code == *code);
        for code in &proof.gained {
            prop_assert!(asked(code), "{code} was gained silently: {:?}", migration.set);
        }
        let held = update.to.expand(&migration.set, HeaderMeaning::Itself).codes;
        let before = update.from.expand(&old, HeaderMeaning::Itself).codes;
        for new in &update.new_codes {
            let code = update.to.code(new.ix);
            let excluded = migration.set.lines.iter().any(|l| {
                l.exclude && names(&update.to, &l.selector, code)
            });
            prop_assert!(!new.was_in(&before) || new.moved || excluded || held.contains(new.ix), "{} is missing", update.to.code(new.ix));
        }
    }

    #[test]
    fn a_migrated_set_has_nothing_new_to_tell(drawn in lines(), historical in any::<bool>()) {
        let (from, to) = editions();
        let first = update(from, to);
        let options = Options { keep_historical: historical, ..Options::default() };
        let migrated = migrate(&first, &set(from, &drawn), &options).set;
        let again = update(to, to);
        let found = check(&again, &migrated, HeaderMeaning::Itself);
        prop_assert!(found.findings.iter().all(|f| f.kind.class() != FindingClass::Update), "{found:?}");
        let twice = migrate(&again, &migrated, &Options::default());
        prop_assert_eq!(twice.edits.len(), 0, "{:?}", twice.edits);
        prop_assert!(twice.proof.is_exact(), "{:?}", twice.proof);
    }
}
