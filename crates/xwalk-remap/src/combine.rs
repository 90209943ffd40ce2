//! Codes of one row that belong together: two that make one, and one that takes several.

use std::borrow::Cow;

use crate::answer::{Answer, Choice};
use crate::options::Field;
use crate::tally::Tally;

/// What a combination makes of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Combined {
    /// The target that stands in the cell now; `None` where the code went into that of another cell.
    pub(crate) target: Option<String>,
}

impl Combined {
    /// What a field says of the cell.
    pub(crate) fn text<'a>(&'a self, answer: &'a Answer, field: Field) -> Option<Cow<'a, str>> {
        match field {
            Field::Target => self.target.as_deref().map(Cow::Borrowed),
            Field::Choice => Some(Cow::Borrowed(Choice::Combined.id())),
            // Title, relationship and evidence are those of a target that does not stand here any more.
            Field::Title | Field::Relationship | Field::Evidence => None,
            Field::Outcome | Field::Count | Field::Alternatives => answer.text(field),
        }
    }
}

/// Combines the codes of a row, left to right: first several that make one, then one that takes several and finds room
/// in empty cells.
pub(crate) fn row<'a>(
    numbers: &[u32],
    answer: impl Fn(u32) -> &'a Answer,
    combined: &mut Vec<Option<Combined>>,
    tally: &mut Tally,
) {
    combined.clear();
    if !numbers.iter().any(|&n| answer(n).combines()) {
        return;
    }
    combined.resize(numbers.len(), None);
    let mut any = false;
    for i in 0..numbers.len() {
        if combined[i].is_some() {
            continue;
        }
        for together in answer(numbers[i]).together() {
            let mut partners = Vec::with_capacity(together.with.len());
            for slot in &together.with {
                let partner = (0..numbers.len()).find(|&j| {
                    j != i
                        && combined[j].is_none()
                        && !partners.contains(&j)
                        && answer(numbers[j]).code.as_ref().is_some_and(|code| slot.contains(code))
                });
                partners.extend(partner);
            }
            if partners.len() == together.with.len() && !partners.is_empty() {
                combined[i] = Some(Combined { target: Some(together.target.1.clone()) });
                for j in partners {
                    combined[j] = Some(Combined { target: None });
                }
                any = true;
                break;
            }
        }
    }
    for i in 0..numbers.len() {
        let cluster = answer(numbers[i]).cluster();
        if combined[i].is_some() || cluster.is_empty() {
            continue;
        }
        let free: Vec<usize> = (0..numbers.len())
            .filter(|&j| numbers[j] == 0 && combined[j].is_none())
            .take(cluster.len() - 1)
            .collect();
        if free.len() + 1 < cluster.len() {
            tally.no_room += 1;
            continue;
        }
        for (&j, target) in std::iter::once(&i).chain(&free).zip(cluster) {
            combined[j] = Some(Combined { target: Some(target.clone()) });
        }
        any = true;
    }
    tally.rows_combined += u64::from(any);
    for (&number, combined) in numbers.iter().zip(combined.iter()) {
        if combined.is_some() && number != 0 {
            tally.combined += 1;
            tally.rescued += u64::from(answer(number).target.is_none());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Together;
    use xwalk_model::Code;

    fn bilateral(code: &str, other: &str) -> Answer {
        let code = Code::from_official(code);
        let with = vec![vec![Code::from_official(other)]];
        let target = (Code::from_official("G5603"), "G56.03".to_owned());
        Answer::combining(Some(code), vec![Together { target, with }], Vec::new())
    }

    #[track_caller]
    #[expect(
        clippy::option_option,
        reason = "whether a cell is combined, and whether a target stands in it then"
    )]
    fn check(numbers: &[u32], expected: &[Option<Option<&str>>], no_room: u64) {
        let cluster = vec!["E08.39".to_owned(), "E08.65".to_owned()];
        let answers = [
            Answer::default(),
            bilateral("G5601", "G5602"),
            bilateral("G5602", "G5601"),
            Answer::combining(None, Vec::new(), cluster),
        ];
        let (mut combined, mut tally) = (Vec::new(), Tally::default());
        row(numbers, |n| &answers[n as usize], &mut combined, &mut tally);
        let seen: Vec<Option<Option<&str>>> =
            combined.iter().map(|c| c.as_ref().map(|c| c.target.as_deref())).collect();
        assert_eq!((&seen[..], tally.no_room), (expected, no_room));
    }

    #[test]
    fn two_make_one_and_one_takes_two_cells() {
        let (gone, both) = (Some(None), Some(Some("G56.03")));
        check(&[1, 0, 2], &[both, None, gone], 0);
        check(&[2, 1], &[both, gone], 0);
        check(&[1, 1], &[None, None], 0);
        check(&[1, 2, 1], &[both, gone, None], 0);
        check(&[0, 3], &[Some(Some("E08.65")), Some(Some("E08.39"))], 0);
        check(&[1, 3], &[None, None], 1);
        check(&[0, 0], &[], 0);
    }
}
