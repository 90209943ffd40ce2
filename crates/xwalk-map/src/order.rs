//! How the editions of a system follow each other, and which of them are missing.

use std::cmp::Ordering;

use xwalk_model::{CodeSystem, EditionId, Period, Version};

/// The order in which editions of a system follow each other: by the day, then by the number of the version.
pub fn chronological(a: (&EditionId, Period), b: (&EditionId, Period)) -> Ordering {
    let key = |(id, period): (&EditionId, Period)| {
        (period.from.or_else(|| first_day(id)), number(&id.version), id.version.clone())
    };
    key(a).cmp(&key(b))
}

fn first_day(id: &EditionId) -> Option<jiff::civil::Date> {
    match id.system {
        CodeSystem::Icd10cm | CodeSystem::Icd10pcs => {
            xwalk_model::calendar::fiscal_year(&id.version).and_then(|p| p.from)
        }
        _ => None,
    }
}

fn number(version: &Version) -> Option<(i32, i8)> {
    version
        .year_month()
        .map(|(year, month)| (i32::from(year), month.unwrap_or(0)))
        .or_else(|| version.as_str().parse::<i32>().ok().map(|n| (n, 0)))
}

/// Whether an edition is one within a year (an April release), beside the whole edition of the year. ICD-11 has one
/// release a year and names it by its month.
pub(crate) fn is_mid_year(id: &EditionId) -> bool {
    id.system != CodeSystem::Icd11mms && id.version.year_month().is_some_and(|(_, month)| month.is_some())
}

/// The whole editions that an authority published between two, by the numbers of their versions.
pub(crate) fn missing_between(from: &EditionId, to: &EditionId) -> Vec<EditionId> {
    let yearly = matches!(
        from.system,
        CodeSystem::Icd10cm
            | CodeSystem::Icd10pcs
            | CodeSystem::Icd10gm
            | CodeSystem::Hcpcs
            | CodeSystem::Cpt
            | CodeSystem::Icd9cm
            | CodeSystem::Icd9pcs
    );
    let (Some((first, _)), Some((last, month))) = (number(&from.version), number(&to.version)) else {
        return Vec::new();
    };
    if !yearly {
        return Vec::new();
    }
    // An edition within a year comes after the whole edition of that year.
    let end = if month == 0 { last } else { last + 1 };
    (first + 1..end).filter_map(|n| EditionId::new(from.system, &n.to_string()).ok()).collect()
}
