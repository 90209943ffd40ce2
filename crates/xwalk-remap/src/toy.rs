//! A small map for tests of this crate: four codes, each with another outcome, in two contexts.

use std::io::{self, Write};
use std::sync::Mutex;

use xwalk_map::{Alternative, Basis, Hop, Outcome, Rank, Resolution, Warning};
use xwalk_model::{Code, CodeSystem, Relationship};

use crate::{
    ColumnName, Context, DateFormat, Dots, Field, OnError, Options, Place, Policy, Ragged, Resolve, Shape,
};

/// The map.
pub(crate) struct Toy {
    contexts: Vec<Context>,
}

impl Toy {
    pub(crate) fn new() -> Self {
        let context = |label: &str| Context { label: label.to_owned(), system: Some(CodeSystem::Icd9cm) };
        Self { contexts: vec![context("icd9cm@31"), context("icd9cm@32")] }
    }
}

fn alternative(slots: &[&str], relationship: Relationship) -> Alternative {
    Alternative {
        targets: slots.iter().map(|c| vec![Code::from_official(c)]).collect(),
        relationship,
        basis: Basis::Official,
        automatic: false,
        hops: vec![Hop {
            step: 0,
            file: 0,
            line: 7,
            flags: "10000".into(),
            basis: Basis::Official,
            reversed: false,
        }],
        further_paths: 0,
        rank: Rank::default(),
    }
}

impl Resolve for Toy {
    fn contexts(&self) -> &[Context] {
        &self.contexts
    }

    fn resolve(&self, context: u16, text: &str) -> (Resolution, usize) {
        use Relationship::{Equivalent, RelatedTo};
        let code = Code::parse(CodeSystem::Icd9cm, text).ok();
        let (outcome, alternatives) = match code.as_ref().map(Code::as_str) {
            None => (Outcome::Malformed, vec![]),
            Some("4019") => (Outcome::Renamed, vec![alternative(&["I10"], Equivalent)]),
            Some("25000") if context == 1 => (Outcome::Replaced, vec![alternative(&["E119"], RelatedTo)]),
            Some("25000") => (Outcome::NotValidOnDate, vec![]),
            Some("0010") => {
                let both = vec![alternative(&["A000"], RelatedTo), alternative(&["A001"], RelatedTo)];
                (Outcome::Split, both)
            }
            Some("24951") => (Outcome::Combination, vec![alternative(&["E0839", "E0865"], RelatedTo)]),
            Some("V700") => (Outcome::NoMap, vec![]),
            Some(_) => (Outcome::Unknown, vec![]),
        };
        let mut warnings = Vec::new();
        for (own, other) in [("0011", "0019"), ("0019", "0011")] {
            if code.as_ref().is_some_and(|c| c.as_str() == own) {
                let with = vec![vec![Code::from_official(other)]];
                warnings.push(Warning::Together { target: Code::from_official("A009"), with });
            }
        }
        let resolution = Resolution {
            source: text.to_owned(),
            code,
            edition: None,
            outcome,
            reason: String::new(),
            count: alternatives.len(),
            alternatives,
            warnings,
        };
        (resolution, 0)
    }

    fn target_system(&self) -> CodeSystem {
        CodeSystem::Icd10cm
    }

    fn target_title(&self, code: &Code) -> Option<String> {
        (code.as_str() == "I10").then(|| "Essential (primary) hypertension, \"plain\"".to_owned())
    }

    fn source_title(&self, _: u16, _: &Code) -> Option<String> {
        None
    }

    fn decided(&self, _: usize, _: &Code) -> bool {
        false
    }

    fn hop(&self, _: usize, hop: &Hop) -> String {
        format!("gem:{} {}", hop.line, hop.flags)
    }
}

/// Options for columns, with everything else as it is by default.
pub(crate) fn options(policy: Policy, columns: &[&str]) -> Options {
    Options {
        policy,
        shape: Shape::Columns,
        fields: vec![Field::Target, Field::Outcome],
        dots: Dots::With,
        place: Place::Beside,
        prefix: String::new(),
        columns: columns.iter().map(|c| ColumnName((*c).to_owned())).collect(),
        date_column: None,
        date_format: DateFormat::Iso,
        nulls: Vec::new(),
        combine: false,
        on_error: OnError::Fail,
        ragged: Ragged::Keep,
        threads: 2,
    }
}

/// Nobody watches.
pub(crate) struct Nobody;

impl crate::Watch for Nobody {
    fn advance(&self, _: u64, _: u64) {}

    fn stopped(&self) -> bool {
        false
    }
}

/// Keeps what is written to it.
#[derive(Default)]
pub(crate) struct Kept(pub(crate) Mutex<Vec<u8>>);

impl Write for &Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
