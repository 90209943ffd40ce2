//! When releases come into effect, and which are known to have been published.
//!
//! The authority counts the changes of an October release from the last release before it, which may be one of
//! January or April. Whoever compares two October files has to be told.

use jiff::civil::{Date, date};

use crate::{CodeSystem, EditionId, Period, Version};

/// A release within a fiscal year, apart from the one of 1 October.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MidYearRelease {
    /// The code system.
    pub system: CodeSystem,
    /// Its version.
    pub version: &'static str,
    /// A code that it was the first to hold; `None` where its codes are those of October.
    pub marker: Option<&'static str>,
}

/// The releases of ICD-10-CM within a year, from the mid-year rows of the NCHS conversion table FY2026 and from the
/// releases themselves. In April 2024 and April 2025 the files of October were published again without a change.
/// The two codes of April 2020 were announced without new files, and the FY2021 addenda count them as added.
pub const MID_YEAR: &[MidYearRelease] = &[
    MidYearRelease { system: CodeSystem::Icd10cm, version: "2021-01", marker: Some("J1282") },
    MidYearRelease { system: CodeSystem::Icd10cm, version: "2022-04", marker: Some("Z28310") },
    MidYearRelease { system: CodeSystem::Icd10cm, version: "2023-04", marker: Some("T74A1XA") },
    MidYearRelease { system: CodeSystem::Icd10cm, version: "2024-04", marker: None },
    MidYearRelease { system: CodeSystem::Icd10cm, version: "2025-04", marker: None },
];

/// The days on which a version of a United States code set by fiscal year is in effect: `2026` from 1 October 2025
/// to 30 September 2026, `2025-04` from 1 April 2025.
///
/// ICD-10-CM and ICD-10-PCS came into use on 1 October 2015; what was published before was never in effect.
pub fn fiscal_year(version: &Version) -> Option<Period> {
    let (year, month) = version.year_month()?;
    if year < 2016 {
        return None;
    }
    let from = match month {
        None => Date::new(year - 1, 10, 1).ok()?,
        Some(month) => Date::new(year, month, 1).ok()?,
    };
    Some(Period { from: Some(from), to: Date::new(year, 9, 30).ok() })
}

/// The days on which a version of a code set by calendar year is in effect: `2025` from 1 January to 31 December 2025.
pub fn calendar_year(version: &Version) -> Option<Period> {
    let (year, None) = version.year_month()? else { return None };
    Some(Period { from: Some(Date::new(year, 1, 1).ok()?), to: Date::new(year, 12, 31).ok() })
}

/// The days on which a version of ICD-9-CM is in effect: `32` from 1 October 2014 to 30 September 2015.
///
/// CMS counts versions with its grouper; version 23 was that of fiscal year 2006, and 32 is the last.
pub fn icd9_version(version: &Version) -> Option<Period> {
    let number: i16 = version.as_str().parse().ok().filter(|n| (1..=32).contains(n))?;
    let year = number + 1983;
    Some(Period { from: Date::new(year - 1, 10, 1).ok(), to: Date::new(year, 9, 30).ok() })
}

/// The days on which a version of HCPCS Level II is in effect: `2019` in 2019, `2020-07` from 1 July 2020.
///
/// From 2020 a release replaces the one of the quarter before, and none says when it ends.
pub fn hcpcs_version(version: &Version) -> Option<Period> {
    let (year, month) = version.year_month()?;
    let to = match month {
        None if year < 2020 => Date::new(year, 12, 31).ok(),
        _ => None,
    };
    Some(Period { from: Some(Date::new(year, month.unwrap_or(1), 1).ok()?), to })
}

/// Releases known to have come into effect after `from` and before `to` that changed the codes.
pub fn releases_between(from: &EditionId, to: &EditionId) -> Vec<EditionId> {
    let start = |v: &Version| fiscal_year(v).and_then(|p| p.from);
    if from.system != to.system {
        return Vec::new();
    }
    let (Some(first), Some(last)) = (start(&from.version), start(&to.version)) else { return Vec::new() };
    MID_YEAR
        .iter()
        .filter(|r| r.system == from.system && r.marker.is_some())
        .filter_map(|r| EditionId::new(r.system, r.version).ok())
        .filter(|id| start(&id.version).is_some_and(|d| first < d && d < last))
        .collect()
}

/// From this day on the diagnosis codes of ICD-9-CM did not change any more: the lists of versions 29 to 32 are the
/// same (CMS, "ICD-9-CM and ICD-10 code freeze": the last regular update was that of 1 October 2011).
pub const ICD9CM_FREEZE: Date = date(2011, 10, 1);

/// The first day on which ICD-10-CM and ICD-10-PCS were in effect.
pub const ICD10_IMPLEMENTATION: Date = date(2015, 10, 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fiscal_years() {
        let show = |v: &str| fiscal_year(&Version::new(v).unwrap()).map(|p| p.to_string());
        assert_eq!(show("2026").as_deref(), Some("2025-10-01 to 2026-09-30"));
        assert_eq!(show("2025-04").as_deref(), Some("2025-04-01 to 2025-09-30"));
        assert_eq!(show("2016").as_deref(), Some("2015-10-01 to 2016-09-30"));
        assert_eq!((show("2014"), show("32")), (None, None));
    }

    #[test]
    fn calendar_years() {
        let show = |v: &str| calendar_year(&Version::new(v).unwrap()).map(|p| p.to_string());
        assert_eq!(show("2025").as_deref(), Some("2025-01-01 to 2025-12-31"));
        assert_eq!((show("2025-04"), show("cdc-2023")), (None, None));
    }

    #[test]
    fn versions_of_other_systems() {
        let version = |v: &str| Version::new(v).unwrap();
        let icd9 = |v: &str| icd9_version(&version(v)).map(|p| p.to_string());
        assert_eq!(icd9("32").as_deref(), Some("2014-10-01 to 2015-09-30"));
        assert_eq!(icd9("23").as_deref(), Some("2005-10-01 to 2006-09-30"));
        assert_eq!((icd9("33"), icd9("2010")), (None, None));
        let hcpcs = |v: &str| hcpcs_version(&version(v)).map(|p| p.to_string());
        assert_eq!(hcpcs("2018").as_deref(), Some("2018-01-01 to 2018-12-31"));
        assert_eq!(hcpcs("2020-07").as_deref(), Some("from 2020-07-01"));
    }

    #[test]
    fn what_lies_between() {
        let between = |a: &str, b: &str| {
            let ids = releases_between(&a.parse().unwrap(), &b.parse().unwrap());
            ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(between("icd10cm@2023", "icd10cm@2024"), "icd10cm@2023-04");
        assert_eq!(between("icd10cm@2024", "icd10cm@2025"), "");
        assert_eq!(
            between("icd10cm@2018", "icd10cm@2026"),
            "icd10cm@2021-01 icd10cm@2022-04 icd10cm@2023-04"
        );
    }
}
