//! What a person has to decide, heaviest first.

use xwalk_map::{Outcome, Resolution};
use xwalk_model::{EditionId, Question, Subject};

use crate::answer::{AnswerBook, Choice, Resolve};
use crate::options::Policy;
use crate::tally::CodeCount;

/// The questions that a run leaves open: a row for each source code of one edition, with its alternatives as choices.
///
/// Texts that no edition knows are not asked about; the data have to be mended there.
pub fn questions(
    codes: &[CodeCount],
    book: &AnswerBook<'_>,
    resolver: &dyn Resolve,
    target: &EditionId,
    min_cell: Option<u64>,
) -> Vec<Question> {
    let open = |c: &&CodeCount| {
        let answer = &c.answer;
        let undecided = match answer.choice {
            Some(Choice::Chosen) => true,
            Some(_) => false,
            None => book.policy() != Policy::All || answer.count != 1,
        };
        let askable = answer.outcome.is_some_and(|o| {
            !matches!(
                o,
                Outcome::Unknown | Outcome::Malformed | Outcome::NotValidOnDate | Outcome::AmbiguousSystem
            )
        });
        undecided && askable && min_cell.is_none_or(|least| c.count >= least)
    };
    let mut questions: Vec<Question> = codes
        .iter()
        .filter(open)
        .filter_map(|c| {
            let code = c.answer.code.as_ref()?;
            let (resolution, whose) = resolver.resolve(c.context, code.as_str());
            // That there is no target was an answer, too.
            if resolution.outcome == Outcome::NoMap && resolver.decided(whose, code) {
                return None;
            }
            let source = resolution.edition.clone()?;
            Some(Question {
                subject: Subject::Code,
                owner: String::new(),
                code: code.display(source.system),
                title: resolver.source_title(c.context, code).unwrap_or_default(),
                source,
                target: target.clone(),
                outcome: resolution.outcome.id().to_owned(),
                count: c.count,
                evidence: evidence(&resolution, resolver, whose),
                choices: choices(&resolution, resolver),
                decision: String::new(),
                reviewer: String::new(),
                date: String::new(),
                comment: String::new(),
            })
        })
        .collect();
    // A code may stand in several contexts with the same edition; one row is enough, with the sum.
    questions.sort_by(|a, b| (&a.source, &a.code, &a.outcome).cmp(&(&b.source, &b.code, &b.outcome)));
    questions.dedup_by(|again, first| {
        let same = again.source == first.source && again.code == first.code && again.outcome == first.outcome;
        if same {
            first.count += again.count;
        }
        same
    });
    questions
        .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.source, &a.code).cmp(&(&b.source, &b.code))));
    questions
}

/// The alternatives as choices. One that needs several codes cannot be chosen as one; it is told in the evidence.
fn choices(resolution: &Resolution, resolver: &dyn Resolve) -> Vec<String> {
    let system = resolver.target_system();
    let text = |code: &xwalk_model::Code| {
        let title = resolver.target_title(code).unwrap_or_default();
        format!("{} {title}", code.display(system)).trim_end().to_owned()
    };
    let singles = resolution.alternatives.iter().filter_map(|a| a.single());
    singles.map(text).chain(std::iter::once("none".to_owned())).collect()
}

fn evidence(resolution: &Resolution, resolver: &dyn Resolve, whose: usize) -> String {
    let system = resolver.target_system();
    let mut parts = Vec::new();
    if !resolution.reason.is_empty() {
        parts.push(resolution.reason.clone());
    }
    for alternative in resolution.alternatives.iter().take(5) {
        let slots: Vec<String> = alternative
            .targets
            .iter()
            .map(|slot| slot.iter().map(|c| c.display(system)).collect::<Vec<_>>().join(" or "))
            .collect();
        let hops: Vec<String> = alternative.hops.iter().map(|h| resolver.hop(whose, h)).collect();
        parts.push(format!("{}: {}", slots.join(" with "), hops.join(", ")));
    }
    if resolution.count > 5 {
        parts.push(format!("{} alternatives in all", resolution.count));
    }
    parts.join("; ")
}
