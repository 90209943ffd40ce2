//! The transaction report lowered to a value.

use std::collections::HashMap;

use xwalk_formats::hcpcs_changes::{Listing, listings};
use xwalk_model::{ActionCode, Code, Diagnostic, Rule, Transaction, TransactionReport};

use crate::error::ImportError;
use crate::input::{InputFile, sha256};
use crate::recognise::FileKind;
use crate::release::{Imported, Release, bad_record};

/// Reads the transaction report of a release.
pub(crate) fn import(release: &Release, imported: &mut Imported) -> Result<(), ImportError> {
    let Some(file) = release.file(FileKind::HcpcsChanges) else { return Ok(()) };
    let bytes = file.bytes()?;
    let found = match listings(&bytes) {
        Ok(found) => found,
        Err(error) => {
            imported.diagnostics.push(bad_record(file.name(), &error));
            return Ok(());
        }
    };
    let mut lists = found.iter().map(|listing| lower(file, listing, &mut imported.diagnostics));
    let Some(entries) = lists.next() else { return Ok(()) };
    // The second sheet is the first in another order.
    let others: Vec<Vec<Transaction>> = lists.collect();
    for other in &others {
        compare(file, &entries, other, &mut imported.diagnostics);
    }
    imported.transactions.push(TransactionReport {
        to: release.id.clone(),
        file: file.name().to_string(),
        sha256: sha256(&bytes),
        entries,
    });
    Ok(())
}

fn lower(file: &InputFile, listing: &Listing, diagnostics: &mut Vec<Diagnostic>) -> Vec<Transaction> {
    let mut all = Vec::with_capacity(listing.rows.len());
    for row in &listing.rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                diagnostics.push(bad_record(file.name(), error));
                continue;
            }
        };
        match ActionCode::of_words(&row.change).or_else(|| ActionCode::of_letter(&row.change)) {
            Some(action) => {
                all.push(Transaction { code: Code::from_official(&row.code), action, at: row.at });
            }
            None => {
                let message =
                    format!("\"{}\" of \"{}\" is not a type of change that is known", row.change, row.code);
                let bad = Diagnostic::new(Rule::BadFlag, file.name(), message).at(row.at);
                diagnostics.push(bad.hint("compare it with the sheet Action Code Key"));
            }
        }
    }
    all
}

fn compare(
    file: &InputFile,
    entries: &[Transaction],
    other: &[Transaction],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let of = |all: &[Transaction]| -> HashMap<Code, ActionCode> {
        all.iter().map(|t| (t.code.clone(), t.action)).collect()
    };
    let (one, two) = (of(entries), of(other));
    let differs = |a: &HashMap<Code, ActionCode>, b: &[Transaction]| {
        b.iter()
            .filter(|t| a.get(&t.code) != Some(&t.action))
            .map(|t| (t.code.clone(), t.at))
            .collect::<Vec<_>>()
    };
    let mut all = differs(&one, other);
    all.extend(entries.iter().filter(|t| !two.contains_key(&t.code)).map(|t| (t.code.clone(), t.at)));
    for (code, at) in all {
        let message = format!("the sheets of the report disagree on \"{code}\"; the first was followed");
        diagnostics.push(Diagnostic::new(Rule::CodesDisagree, file.name(), message).at(at));
    }
}
