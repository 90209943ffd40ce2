//! What selectors name in an edition: codes in the edition's own tabular order.
//!
//! CMS defines a range by the order of its files, where C4A stands between C43 and C44, and J4A between J44 and J45.
//! A range therefore runs from the place of its first code to that of the last descendant of its second one; nothing
//! is ever compared as text, except to find the place of a bound that the edition does not hold.

use std::collections::HashMap;

use jiff::civil::Date;
use xwalk_model::{Code, ConceptKind, Edition, HeaderMeaning, Selector, SetLine, ValueSet};

use crate::code_set::{CodeSet, number};

/// An edition made ready to look codes up fast.
#[derive(Debug)]
pub struct EditionIndex<'e> {
    edition: &'e Edition,
    by_code: HashMap<&'e str, u32>,
    /// Numbers of the codes, ordered by code.
    sorted: Vec<u32>,
    /// For each concept the last one below it, itself where there is none.
    last: Vec<u32>,
    assignable: CodeSet,
    /// Codes that stand below no other code.
    categories: Vec<u32>,
}

/// What one line names in an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One assignable code.
    Code(u32),
    /// One header.
    Header(u32),
    /// A run of the tabular list, first and last concept.
    Run {
        /// The first concept.
        first: u32,
        /// The last concept.
        last: u32,
        /// The bound of a range that the edition does not hold: the lower, the upper.
        missing: [bool; 2],
    },
    /// Concepts that fit a prefix or pattern.
    Fitting(Vec<u32>),
    /// The edition does not hold the code, or nothing that fits.
    Nothing,
    /// A range whose second code stands before its first.
    Reversed,
}

/// The codes that a set names in an edition.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The assignable codes.
    pub codes: CodeSet,
    /// Headers that stand for themselves; they can be on no claim.
    pub headers: Vec<u32>,
    /// Numbers of lines that name nothing.
    pub empty: Vec<usize>,
}

impl<'e> EditionIndex<'e> {
    /// Makes an edition ready.
    pub fn new(edition: &'e Edition) -> Self {
        let mut by_code = HashMap::with_capacity(edition.len());
        let mut last: Vec<u32> = (0..edition.len() as u32).collect();
        let mut assignable = CodeSet::new(edition.len());
        for concept in edition.concepts() {
            let ix = number(concept.ix());
            by_code.insert(concept.code().as_str(), ix);
            if concept.kind() == ConceptKind::Code && concept.assignable() {
                assignable.insert(ix);
            }
        }
        for ix in (0..edition.len() as u32).rev() {
            if let Some(parent) = edition.nth(ix).parent() {
                let parent = parent.ix().index();
                last[parent] = last[parent].max(last[ix as usize]);
            }
        }
        let top = |c: &xwalk_model::Concept<'_>| {
            c.kind() == ConceptKind::Code && c.parent().is_none_or(|p| p.kind() != ConceptKind::Code)
        };
        let categories = edition.concepts().filter(top).map(|c| number(c.ix())).collect();
        let sorted =
            edition.by_code().filter(|c| c.kind() == ConceptKind::Code).map(|c| number(c.ix())).collect();
        Self { edition, by_code, sorted, last, assignable, categories }
    }

    /// The edition.
    pub fn edition(&self) -> &'e Edition {
        self.edition
    }

    /// The number of a code, where the edition holds it.
    pub fn find(&self, code: &Code) -> Option<u32> {
        self.by_code.get(code.as_str()).copied()
    }

    /// The code with a number.
    pub fn code(&self, ix: u32) -> &'e Code {
        self.edition.nth(ix).code()
    }

    /// Whether a concept may be used on a claim.
    pub fn is_assignable(&self, ix: u32) -> bool {
        self.assignable.contains(ix)
    }

    /// The number of an assignable code.
    pub fn find_assignable(&self, code: &Code) -> Option<u32> {
        self.find(code).filter(|ix| self.is_assignable(*ix))
    }

    /// The codes that stand below no other code, in tabular order.
    pub fn categories(&self) -> &[u32] {
        &self.categories
    }

    /// The last concept below one, itself where there is none.
    pub fn last_below(&self, ix: u32) -> u32 {
        self.last[ix as usize]
    }

    /// The assignable codes among a concept and those below it.
    pub fn assignable_below(&self, ix: u32) -> impl Iterator<Item = u32> + '_ {
        (ix..=self.last_below(ix)).filter(|i| self.is_assignable(*i))
    }

    /// What a selector names.
    pub fn named(&self, selector: &Selector) -> Named {
        match selector {
            Selector::Code(code) => match self.find(code) {
                Some(ix) if self.is_assignable(ix) => Named::Code(ix),
                Some(ix) => Named::Header(ix),
                None => Named::Nothing,
            },
            Selector::IsA(code) => match self.find(code) {
                Some(ix) => Named::Run { first: ix, last: self.last_below(ix), missing: [false; 2] },
                None => Named::Nothing,
            },
            Selector::DescendentOf(code) => match self.find(code) {
                Some(ix) if self.last_below(ix) > ix => {
                    Named::Run { first: ix + 1, last: self.last_below(ix), missing: [false; 2] }
                }
                _ => Named::Nothing,
            },
            Selector::Range(bounds) => self.range(&bounds.0, &bounds.1),
            Selector::Prefix(prefix) => fitting(self.with_prefix(prefix).to_vec()),
            Selector::Pattern(pattern) => {
                let stem = pattern.split(['*', '?']).next().unwrap_or("");
                let fits = |ix: &&u32| Selector::fits(pattern, self.code(**ix).as_str());
                fitting(self.with_prefix(stem).iter().filter(fits).copied().collect())
            }
        }
    }

    fn with_prefix(&self, prefix: &str) -> &[u32] {
        let start = self.sorted.partition_point(|ix| self.code(*ix).as_str() < prefix);
        let rest = &self.sorted[start..];
        let end = rest.partition_point(|ix| self.code(*ix).as_str().starts_with(prefix));
        &rest[..end]
    }

    fn range(&self, from: &Code, to: &Code) -> Named {
        let (first, last) = (self.find(from), self.find(to).map(|ix| self.last_below(ix)));
        let missing = [first.is_none(), last.is_none()];
        let first = first.or_else(|| self.neighbour(from, true));
        let last = last.or_else(|| self.neighbour(to, false).map(|ix| self.last_below(ix)));
        match (first, last) {
            (Some(first), Some(last)) if first <= last => Named::Run { first, last, missing },
            (Some(_), Some(_)) if missing == [false; 2] => Named::Reversed,
            _ => Named::Nothing,
        }
    }

    /// The place of a bound that is not held: among the codes of its length below the nearest code above it, the
    /// first that sorts after it, or the last that sorts before it.
    fn neighbour(&self, code: &Code, after: bool) -> Option<u32> {
        let text = code.as_str();
        let parent = (1..text.len()).rev().find_map(|end| self.by_code.get(text.get(..end)?).copied());
        let siblings: Vec<u32> = match parent {
            Some(parent) => self.edition.nth(parent).children().iter().map(|c| number(c.ix())).collect(),
            // Categories: those that begin alike, so that C97 is looked for among C9x and never among D.
            None => {
                let stem = text.get(..1)?;
                let same = |ix: &&u32| self.code(**ix).as_str().len() == text.len();
                self.with_prefix(stem).iter().filter(same).copied().collect()
            }
        };
        let mut siblings: Vec<u32> = siblings;
        siblings.sort_unstable();
        // Below a code that has nothing below it: right behind it.
        if let (Some(parent), true) = (parent, siblings.is_empty()) {
            let behind = parent + 1;
            return if after {
                ((behind as usize) < self.edition.len()).then_some(behind)
            } else {
                Some(parent)
            };
        }
        let later = |ix: &u32| self.code(*ix).as_str() > text;
        if after {
            siblings.iter().find(|ix| later(ix)).copied().or_else(|| {
                // Nothing comes after it below the same code: the next concept behind all of those.
                let behind = siblings.last().map(|ix| self.last_below(*ix) + 1)?;
                ((behind as usize) < self.edition.len()).then_some(behind)
            })
        } else {
            siblings.iter().rev().find(|ix| !later(ix)).copied().or_else(|| siblings.first()?.checked_sub(1))
        }
    }

    /// Adds the assignable codes that a line names, and the header that stands for itself.
    pub fn add(&self, named: &Named, headers: HeaderMeaning, codes: &mut CodeSet) -> Option<u32> {
        match named {
            Named::Code(ix) => {
                codes.insert(*ix);
            }
            Named::Header(ix) => match headers {
                HeaderMeaning::Itself => return Some(*ix),
                HeaderMeaning::Descendants => self.add_run(*ix, self.last_below(*ix), codes),
            },
            Named::Run { first, last, .. } => self.add_run(*first, *last, codes),
            Named::Fitting(found) => found.iter().filter(|ix| self.is_assignable(**ix)).for_each(|ix| {
                codes.insert(*ix);
            }),
            Named::Nothing | Named::Reversed => {}
        }
        None
    }

    fn add_run(&self, first: u32, last: u32, codes: &mut CodeSet) {
        for ix in first..=last {
            if self.is_assignable(ix) {
                codes.insert(ix);
            }
        }
    }

    /// Whether a line is in force on the first day of the edition, or on a day that is asked for.
    pub fn in_force(&self, line: &SetLine, on: Option<Date>) -> bool {
        let Some(day) = on.or(self.edition.effective().from) else { return true };
        line.valid.from.is_none_or(|from| from <= day) && line.valid.to.is_none_or(|to| day <= to)
    }

    /// Everything a set names.
    pub fn expand(&self, set: &ValueSet, headers: HeaderMeaning) -> Expansion {
        let named: Vec<Named> = set.lines.iter().map(|line| self.named(&line.selector)).collect();
        self.expand_named(set, headers, &named)
    }

    /// The codes that the exclusions of a set name.
    pub(crate) fn excluded(&self, set: &ValueSet) -> CodeSet {
        let mut codes = CodeSet::new(self.edition.len());
        for line in set.lines.iter().filter(|l| l.exclude && self.in_force(l, None)) {
            self.add(&self.named(&line.selector), HeaderMeaning::Descendants, &mut codes);
        }
        codes
    }

    /// Everything a set names, where it is known what each line names.
    pub(crate) fn expand_named(&self, set: &ValueSet, headers: HeaderMeaning, named: &[Named]) -> Expansion {
        let mut expansion =
            Expansion { codes: CodeSet::new(self.edition.len()), headers: Vec::new(), empty: Vec::new() };
        let mut excluded = CodeSet::new(self.edition.len());
        let mut excludes = false;
        for (i, (line, named)) in set.lines.iter().zip(named).enumerate() {
            if !self.in_force(line, None) {
                continue;
            }
            if matches!(named, Named::Nothing | Named::Reversed) {
                expansion.empty.push(i);
                continue;
            }
            if line.exclude {
                excludes = true;
                self.add(named, HeaderMeaning::Descendants, &mut excluded);
            } else if let Some(header) = self.add(named, headers, &mut expansion.codes) {
                expansion.headers.push(header);
            }
        }
        if excludes {
            expansion.codes.subtract(&excluded);
        }
        expansion
    }
}

fn fitting(found: Vec<u32>) -> Named {
    if found.is_empty() { Named::Nothing } else { Named::Fitting(found) }
}

#[cfg(test)]
mod tests {
    use xwalk_model::{CodeSystem, EditionBuilder};

    use super::*;

    /// Codes in the order in which CMS prints them.
    fn edition(id: &str, codes: &[&str]) -> Edition {
        let mut builder = EditionBuilder::new(id.parse().unwrap(), "en");
        let mut held: Vec<(String, xwalk_model::ConceptIx)> = Vec::new();
        for code in codes {
            let header = codes.iter().any(|c| c.len() > code.len() && c.starts_with(code));
            let ix = builder.concept(Code::from_official(code), ConceptKind::Code, !header);
            let parent = held.iter().filter(|(c, _)| code.starts_with(c)).max_by_key(|(c, _)| c.len());
            if let Some((_, parent)) = parent {
                builder.parent(ix, *parent);
            }
            held.push(((*code).to_owned(), ix));
        }
        builder.build().unwrap()
    }

    const CODES: [&str; 17] = [
        "C43", "C430", "C431", "C4A", "C4A0", "C4A9", "C44", "C440", "C45", "D00", "J44", "J440", "J4A",
        "J4A0", "J45", "QA0", "QA00",
    ];

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let edition = edition("icd10cm@2026", &CODES);
        let index = EditionIndex::new(&edition);
        let selector = Selector::parse(CodeSystem::Icd10cm, text).unwrap();
        let mut codes = CodeSet::new(edition.len());
        let named = index.named(&selector);
        index.add(&named, HeaderMeaning::Descendants, &mut codes);
        let codes: Vec<&str> = codes.iter().map(|ix| index.code(ix).as_str()).collect();
        let word = match named {
            Named::Nothing => " nothing",
            Named::Reversed => " reversed",
            Named::Run { missing: [true, _], .. } => " without lower bound",
            Named::Run { missing: [_, true], .. } => " without upper bound",
            _ => "",
        };
        assert_eq!(format!("{}{word}", codes.join(" ")), expected, "{text}");
    }

    #[test]
    fn ranges_run_in_the_order_of_the_tabular_list() {
        check("C43-C44", "C430 C431 C4A0 C4A9 C440");
        check("C43-C43", "C430 C431");
        // As text C4A would stand behind C45.
        check("C44-C45", "C440 C45");
        check("C43.1-C4A.0", "C431 C4A0");
        check("J44-J45", "J440 J4A0 J45");
        check("D00-QA0", "D00 J440 J4A0 J45 QA00");
        check("C44-C43", " reversed");
    }

    #[test]
    fn bounds_that_are_not_held_end_at_their_neighbours() {
        check("C40-C43", "C430 C431 without lower bound");
        check("C44-C49", "C440 C45 without upper bound");
        check("C43.05-C43.1", "C431 without lower bound");
        check("X00-X99", " nothing");
    }

    #[test]
    fn headers_prefixes_and_patterns() {
        check("C4A.-", "C4A0 C4A9");
        check("C4A", "C4A0 C4A9");
        check("C4*", "C430 C431 C4A0 C4A9 C440 C45");
        check("C4?.0", "C430 C4A0 C440");
        check("J45.*", "J45");
        check("Z*", " nothing");
    }
}
