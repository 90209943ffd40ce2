//! The JSON manifest of a stored edition.

use serde::{Deserialize, Serialize};
use xwalk_model::{Edition, EditionId, Hierarchy, Period, SourceFile, Totals};

/// Version of the files in an edition's folder. Readers refuse what is newer than they are.
pub const FORMAT_VERSION: u32 = 1;

/// What `edition.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout of the folder.
    pub format_version: u32,
    /// Name of the edition.
    pub id: EditionId,
    /// When it is in effect.
    pub effective: Period,
    /// Where its hierarchy comes from.
    pub hierarchy: Hierarchy,
    /// Language tags; the first is that of the title columns.
    pub languages: Vec<String>,
    /// Number of codes.
    pub totals: Totals,
    /// Number of concepts, groupings included.
    pub concepts: u64,
    /// Whether only a part of the release was read.
    #[serde(default)]
    pub excerpt: bool,
    /// What a reader of its counts has to know.
    pub remarks: Vec<String>,
    /// The official files it was read from.
    pub sources: Vec<SourceFile>,
    /// The addenda stored with it: name and SHA-256 of each file.
    pub addenda: Vec<(String, String)>,
}

impl Manifest {
    /// The manifest of an edition.
    pub fn of(edition: &Edition, addenda: &[xwalk_model::Addendum]) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            id: edition.id().clone(),
            effective: edition.effective(),
            hierarchy: edition.hierarchy(),
            languages: edition.languages().to_vec(),
            totals: edition.totals(),
            concepts: edition.len() as u64,
            excerpt: edition.is_excerpt(),
            remarks: edition.remarks().to_vec(),
            sources: edition.sources().to_vec(),
            addenda: addenda.iter().map(|a| (a.file.clone(), a.sha256.clone())).collect(),
        }
    }

    /// The files and hashes, for people.
    pub(crate) fn content(&self) -> String {
        let edition = self.sources.iter().map(|s| (&s.name, &s.sha256));
        let addenda = self.addenda.iter().map(|(name, sha)| (name, sha));
        edition
            .chain(addenda)
            .map(|(name, sha)| format!("{name} sha256 {sha}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}
