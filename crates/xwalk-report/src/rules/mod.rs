//! Value sets and rule sets: what was found, what they became, and the documents themselves.

mod agreement;
mod check;
mod migration;
mod policy;
mod sssom;
mod structured;
mod table;
mod workbook;
mod worklist;

use std::io;

use xwalk_model::{Edition, SetDocument, SetForm};
use xwalk_rules::Migration;

pub use agreement::write_agreement;
pub use check::{CheckedSet, Checks};
pub use migration::{MigratedSet, Migrations};
pub use policy::{PolicySet, policies_csv, policies_json, policies_text};
pub use sssom::{carried_text, write_decisions};
pub use worklist::{WORKLIST_COLUMNS, worklist_csv, worklist_workbook};

/// A migrated document in its author's own form: columns, order, notation. `migrations` has one for each set of the
/// document, in its order. With `marks`, tables get two columns that say what was changed and why.
pub fn migrated_document(
    document: &SetDocument,
    migrations: &[Migration],
    to: &Edition,
    marks: bool,
) -> io::Result<Vec<u8>> {
    match &document.form {
        SetForm::Workbook { grids, layout } => {
            let mut grids = grids.clone();
            let grid = table::migrated(document, &grids[layout.sheet], layout, migrations, to, marks)?;
            grids[layout.sheet] = grid;
            workbook::write_grids(&grids)
        }
        SetForm::Text { grid, layout } => {
            let grid = table::migrated(document, grid, layout, migrations, to, marks)?;
            let mut bytes = Vec::new();
            table::write_text(&grid, &mut bytes)?;
            Ok(bytes)
        }
        SetForm::Fhir { json } => match migrations.first() {
            Some(migration) => structured::fhir(document, json, migration, to).map(String::into_bytes),
            None => Ok(json.clone().into_bytes()),
        },
        SetForm::Toml { toml } => structured::toml(document, toml, migrations).map(String::into_bytes),
    }
}
