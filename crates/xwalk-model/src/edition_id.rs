//! Names of editions and the time they are in effect.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::CodeSystem;

/// The version part of an edition id: `2026`, `2025-04`, `32`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

impl Version {
    /// Takes a version of letters, digits, `-`, `_` and `.`, so that it is safe as a folder name.
    pub fn new(text: &str) -> Result<Self, EditionIdError> {
        let ok = !text.is_empty()
            && text.len() <= 40
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            && !text.starts_with('.');
        if ok { Ok(Self(text.to_owned())) } else { Err(EditionIdError::Version(text.to_owned())) }
    }

    /// The version as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The leading year, and the month where the version has one: `2025-04` is `(2025, Some(4))`.
    pub fn year_month(&self) -> Option<(i16, Option<i8>)> {
        let (year, month) = match self.0.split_once('-') {
            Some((year, month)) => (year, Some(month.parse().ok()?)),
            None => (self.0.as_str(), None),
        };
        (year.len() == 4).then(|| year.parse().ok()).flatten().map(|year| (year, month))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an edition: `icd10cm@2026`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EditionId {
    /// The code system.
    pub system: CodeSystem,
    /// The version in the authority's own counting.
    pub version: Version,
}

impl EditionId {
    /// Joins a system and a version.
    pub fn new(system: CodeSystem, version: &str) -> Result<Self, EditionIdError> {
        Ok(Self { system, version: Version::new(version)? })
    }
}

/// Why a text does not name an edition or a system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditionIdError {
    /// There is no `@` between system and version.
    #[error("`{0}` is not an edition id; write system@version, for instance icd10cm@2026")]
    NoVersion(String),
    /// The system part is not one that xwalk knows.
    #[error(
        "`{0}` is not a code system; use icd10cm, icd10pcs, icd9cm, icd9pcs, icd10, icd10gm, icd11mms, hcpcs or cpt"
    )]
    UnknownSystem(String),
    /// The version part has characters that are not allowed.
    #[error("`{0}` is not a version; use letters, digits, `-`, `_` and `.`")]
    Version(String),
}

impl fmt::Display for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.system, self.version)
    }
}

impl FromStr for EditionId {
    type Err = EditionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (system, version) =
            text.split_once('@').ok_or_else(|| EditionIdError::NoVersion(text.to_owned()))?;
        Self::new(system.parse()?, version)
    }
}

impl Serialize for EditionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EditionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The days on which an edition is in effect, both ends included; an open end is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// First day, or `None` where the authority states none.
    pub from: Option<Date>,
    /// Last day, or `None` where it is open or not stated.
    pub to: Option<Date>,
}

impl Period {
    /// Whether `day` lies inside. A period without a first day contains no day.
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_some_and(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) => write!(f, "{from} to {to}"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(to)) => write!(f, "to {to}"),
            (None, None) => f.write_str("not stated"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_reject_paths() {
        let id: EditionId = "icd10cm@2025-04".parse().unwrap();
        assert_eq!(id.to_string(), "icd10cm@2025-04");
        assert_eq!(id.version.year_month(), Some((2025, Some(4))));
        assert_eq!("icd9cm@32".parse::<EditionId>().unwrap().version.year_month(), None);
        assert!("icd10cm@../x".parse::<EditionId>().is_err());
        assert!("icd10cm".parse::<EditionId>().is_err());
        assert!("icd12@1".parse::<EditionId>().is_err());
    }
}
