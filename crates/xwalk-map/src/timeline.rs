//! Which edition is in force on a day, and which system a text belongs to when nobody says.

use std::sync::Arc;

use jiff::civil::Date;
use xwalk_model::{Code, CodeSystem, Concept, Edition, EditionId, calendar};

/// A code that came into effect within a year, known from a table although the release of that day is not held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MidYear {
    /// The system.
    pub system: CodeSystem,
    /// The day.
    pub day: Date,
    /// The new code.
    pub code: Code,
    /// What was coded before.
    pub previous: Vec<Code>,
}

/// The editions that are held, ordered by the day on which they came into effect.
#[derive(Clone, Debug)]
pub struct Timeline {
    editions: Vec<Arc<Edition>>,
    mid_year: Vec<MidYear>,
}

/// In which edition a text has to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed {
    /// In this one.
    Edition(EditionId),
    /// In none: no edition that is held was in force on the day.
    NoneInForce,
    /// In several systems it could be meant.
    Ambiguous(Vec<EditionId>),
    /// In no system that is held it is written like a code.
    Malformed,
    /// It is written like a code, and no edition held has it.
    Unknown,
}

impl Timeline {
    /// A timeline of editions of any systems. `mid_year` tells of codes that came between two of them.
    pub fn new(editions: impl IntoIterator<Item = Arc<Edition>>, mid_year: Vec<MidYear>) -> Self {
        let mut editions: Vec<Arc<Edition>> = editions.into_iter().collect();
        editions.sort_by(|a, b| {
            a.id()
                .system
                .cmp(&b.id().system)
                .then_with(|| crate::order::chronological((a.id(), a.effective()), (b.id(), b.effective())))
        });
        Self { editions, mid_year }
    }

    /// The days on which the edition in force, or a code known within a year, may change, in order. Between two of
    /// them every text has one place.
    pub fn days_of_change(&self) -> Vec<Date> {
        let mut days: Vec<Date> = self.mid_year.iter().map(|m| m.day).collect();
        for edition in &self.editions {
            let period = edition.effective();
            days.extend(period.from);
            days.extend(period.to.and_then(|last| last.tomorrow().ok()));
        }
        // The systems of the United States took turns on a day of their own, and a frozen edition serves from the freeze.
        days.extend([calendar::ICD9CM_FREEZE, calendar::ICD10_IMPLEMENTATION]);
        days.sort();
        days.dedup();
        days
    }

    /// What is known of codes that came between two releases.
    pub fn mid_year(&self) -> impl Iterator<Item = &MidYear> {
        self.mid_year.iter()
    }

    /// The editions of a system, oldest first.
    pub fn of(&self, system: CodeSystem) -> impl DoubleEndedIterator<Item = &Edition> {
        self.editions.iter().map(Arc::as_ref).filter(move |e| e.id().system == system)
    }

    /// The edition of a system that was in force on a day. Of two the one that came later has replaced the other, as
    /// an April release does. A frozen edition of ICD-9-CM serves for every day of the freeze.
    pub fn in_force(&self, system: CodeSystem, day: Date) -> Option<&Edition> {
        let in_force = self.of(system).rfind(|e| e.effective().contains(day));
        let frozen = system == CodeSystem::Icd9cm
            && (calendar::ICD9CM_FREEZE..calendar::ICD10_IMPLEMENTATION).contains(&day);
        in_force.or_else(|| {
            let of_freeze = |e: &&Edition| e.effective().from >= Some(calendar::ICD9CM_FREEZE);
            if frozen { self.of(system).rfind(of_freeze) } else { None }
        })
    }

    /// The edition in which to look up a code on a day: the one in force, or the next one where a release within the
    /// year that is not held brought the code, or took it away, before the day.
    fn holding(&self, system: CodeSystem, code: &Code, day: Date) -> Option<&Edition> {
        let in_force = self.in_force(system, day)?;
        let begun = in_force.effective().from;
        let known = self.mid_year.iter().any(|m| {
            m.system == system
                && (m.code == *code || m.previous.contains(code))
                && begun < Some(m.day)
                && m.day <= day
        });
        if !known {
            return Some(in_force);
        }
        let next = self.of(system).find(|e| e.effective().from > begun);
        let assignable = |e: &Edition| e.get(code).is_some_and(Concept::assignable);
        // A code that survived the release is the same in both.
        Some(next.filter(|next| assignable(next) != assignable(in_force)).unwrap_or(in_force))
    }

    /// Where to look up a text on a day, in the systems that may be meant.
    pub fn place(&self, text: &str, day: Option<Date>, systems: &[CodeSystem]) -> Placed {
        let shaped: Vec<(CodeSystem, Code)> =
            systems.iter().filter_map(|s| Some((*s, Code::parse(*s, text).ok()?))).collect();
        if shaped.is_empty() {
            return Placed::Malformed;
        }
        if let Some(day) = day {
            let in_force: Vec<(&Edition, &Code)> =
                shaped.iter().filter_map(|(s, code)| Some((self.holding(*s, code, day)?, code))).collect();
            let holding: Vec<EditionId> = in_force
                .iter()
                .filter(|(e, code)| e.get(code).is_some_and(Concept::assignable))
                .map(|(e, _)| e.id().clone())
                .collect();
            return match (&holding[..], &in_force[..]) {
                ([one], _) => Placed::Edition(one.clone()),
                ([_, _, ..], _) => Placed::Ambiguous(holding),
                ([], []) => Placed::NoneInForce,
                // A header or an unknown code: the edition in force says which.
                ([], [(edition, _), ..]) => Placed::Edition(edition.id().clone()),
            };
        }
        let mut holding: Vec<EditionId> = Vec::new();
        for (system, code) in &shaped {
            let latest = self.of(*system).rfind(|e| e.get(code).is_some_and(Concept::assignable));
            holding.extend(latest.map(|e| e.id().clone()));
        }
        match &holding[..] {
            [] => match shaped.iter().find_map(|(s, code)| self.of(*s).rfind(|e| e.get(code).is_some())) {
                Some(edition) => Placed::Edition(edition.id().clone()),
                None => Placed::Unknown,
            },
            [one] => Placed::Edition(one.clone()),
            _ => Placed::Ambiguous(holding),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use xwalk_model::{ConceptKind, EditionBuilder, Period};

    fn edition(id: &str, codes: &[&str]) -> Edition {
        let id: EditionId = id.parse().unwrap();
        let effective: Option<Period> = match id.system {
            CodeSystem::Icd9cm => calendar::icd9_version(&id.version),
            _ => calendar::fiscal_year(&id.version),
        };
        let mut b = EditionBuilder::new(id, "en");
        b.effective(effective.unwrap());
        for code in codes {
            b.concept(Code::from_official(code), ConceptKind::Code, true);
        }
        b.build().unwrap()
    }

    #[test]
    fn dates_and_systems() {
        let all = [
            edition("icd9cm@32", &["E0300", "E030"]),
            edition("icd10cm@2018", &["E030", "A000"]),
            edition("icd10cm@2019", &["A000", "A0011"]),
            edition("icd10cm@2019-04", &["A000", "A001"]),
        ];
        let mid_year = MidYear {
            system: CodeSystem::Icd10cm,
            day: date(2018, 4, 1),
            code: Code::from_official("A0011"),
            previous: vec![Code::from_official("A000"), Code::from_official("E030")],
        };
        let timeline = Timeline::new(all.map(Arc::new), vec![mid_year]);
        let both = [CodeSystem::Icd9cm, CodeSystem::Icd10cm];
        let place = |text: &str, day: Option<Date>| timeline.place(text, day, &both);
        let at = |id: &str| Placed::Edition(id.parse().unwrap());
        let ids = |ids: &[&str]| ids.iter().map(|i| i.parse().unwrap()).collect();
        assert_eq!(place("E030", None), Placed::Ambiguous(ids(&["icd9cm@32", "icd10cm@2018"])));
        assert_eq!(place("E030", Some(date(2015, 1, 1))), at("icd9cm@32"));
        assert_eq!(place("E030", Some(date(2012, 1, 1))), at("icd9cm@32"));
        assert_eq!(place("E030", Some(date(2011, 9, 30))), Placed::NoneInForce);
        assert_eq!(place("E03.0", Some(date(2017, 12, 1))), at("icd10cm@2018"));
        assert_eq!(place("A00.1", Some(date(2019, 3, 31))), at("icd10cm@2019"));
        assert_eq!(place("A00.1", Some(date(2019, 4, 1))), at("icd10cm@2019-04"));
        assert_eq!(place("A00.1", Some(date(2030, 4, 1))), Placed::NoneInForce);
        // A release of April 2018 that is not held brought A00.11 and took E03.0 away.
        assert_eq!(place("A00.11", Some(date(2018, 3, 31))), at("icd10cm@2018"));
        assert_eq!(place("A00.11", Some(date(2018, 4, 1))), at("icd10cm@2019"));
        assert_eq!(place("E03.0", Some(date(2018, 3, 31))), at("icd10cm@2018"));
        assert_eq!(place("E03.0", Some(date(2018, 4, 1))), at("icd10cm@2019"));
        assert_eq!(place("?", None), Placed::Malformed);
        // Between two days of change nothing changes, from long before the first to long after the last.
        let changes = timeline.days_of_change();
        let mut day = date(2005, 1, 1);
        while day < date(2024, 1, 1) {
            let last = changes.iter().rev().find(|change| **change <= day).copied();
            let last = last.unwrap_or_else(|| changes[0].yesterday().unwrap());
            for text in ["E030", "A00.0", "A00.1", "A00.11"] {
                assert_eq!(place(text, Some(day)), place(text, Some(last)), "{text} on {day}");
            }
            day = day.tomorrow().unwrap();
        }
        assert_eq!(place("A99.9", None), Placed::Unknown);
    }
}
