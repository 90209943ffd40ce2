//! Worklists out, decisions back in: what is asked, and whether an answer is one of the choices.

use jiff::civil::Date;
use xwalk_model::{Chosen, Code, Decision, EditionId, Question, Subject, ValueSet};

use crate::migrate::Migration;
use crate::update::Update;

/// The choice that takes a code into a set.
pub const ADD: &str = "add";
/// The choice that leaves a code out of a set.
pub const LEAVE_OUT: &str = "leave out";
/// The choice that nothing takes over from a code.
pub const NONE: &str = "none";

/// Why an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The answer is none of the choices.
    #[error("`{decision}` is none of the choices ({choices}); pass --allow-other to take it all the same")]
    NotAChoice {
        /// The answer.
        decision: String,
        /// The choices.
        choices: String,
    },
    /// There is an answer and nobody who gave it.
    #[error("there is a decision and no reviewer")]
    NoReviewer,
    /// The day is not a date.
    #[error("`{date}` is not a date; write it as 2025-08-31")]
    Date {
        /// The text as given.
        date: String,
    },
    /// The code is not one of its system.
    #[error("{0}")]
    Code(#[from] xwalk_model::CodeError),
}

/// The questions that a migration leaves open.
pub fn questions(update: &Update<'_>, set: &ValueSet, migration: &Migration) -> Vec<Question> {
    let (from, to) = (update.from.edition().id(), update.to.edition().id());
    let question = |choice: &crate::migrate::Choice| {
        let previous: Vec<String> = choice
            .previous
            .iter()
            .map(|(code, held)| {
                let word = if *held { "held" } else { "not held" };
                format!("{} ({word})", code.display(set.system))
            })
            .collect();
        let evidence = if previous.is_empty() {
            choice.reason.clone()
        } else {
            format!("{}; coded before as {}", choice.reason, previous.join(", "))
        };
        let choices = vec![ADD.to_owned(), LEAVE_OUT.to_owned()];
        Question {
            subject: Subject::Set(set.name.clone()),
            owner: set.owner.clone(),
            source: to.clone(),
            target: to.clone(),
            code: choice.code.display(set.system),
            title: choice.title.clone(),
            outcome: choice.ground.to_owned(),
            count: 0,
            evidence: format!("{evidence} ({from} to {to})"),
            choices,
            decision: String::new(),
            reviewer: String::new(),
            date: String::new(),
            comment: String::new(),
        }
    };
    migration.choices.iter().map(question).collect()
}

/// Reads the answer of a question; `None` where there is none.
pub fn answer(question: &Question, allow_other: bool) -> Result<Option<Decision>, AnswerError> {
    let text = question.decision.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let chosen_text = match chosen(text, &question.choices) {
        Some(choice) => choice,
        None if allow_other => text,
        None => {
            return Err(AnswerError::NotAChoice {
                decision: text.to_owned(),
                choices: question.choices.join(" | "),
            });
        }
    };
    if question.reviewer.trim().is_empty() {
        return Err(AnswerError::NoReviewer);
    }
    let day = question.date.trim();
    let date: Option<Date> = match day {
        "" => None,
        _ => Some(day.parse().map_err(|_| AnswerError::Date { date: day.to_owned() })?),
    };
    let (chosen, chosen_title) = match (&question.subject, chosen_text) {
        (Subject::Set(_), t) if t.eq_ignore_ascii_case(ADD) => (Chosen::Belongs, String::new()),
        (Subject::Set(_), t) if t.eq_ignore_ascii_case(LEAVE_OUT) => (Chosen::LeftOut, String::new()),
        (Subject::Set(_), other) => {
            // A set has these two answers and no other, whatever is allowed.
            return Err(AnswerError::NotAChoice {
                decision: other.to_owned(),
                choices: format!("{ADD} | {LEAVE_OUT}"),
            });
        }
        (Subject::Code, t) if t.eq_ignore_ascii_case(NONE) => (Chosen::Nothing, String::new()),
        (Subject::Code, text) => {
            let (code, title) = split(text);
            (Chosen::Code(Code::parse(question.target.system, code)?), title.to_owned())
        }
    };
    let alternatives = question
        .choices
        .iter()
        .filter_map(|c| Code::parse(question.target.system, split(c).0).ok())
        .collect();
    Ok(Some(Decision {
        subject: question.subject.clone(),
        source: question.source.clone(),
        target: question.target.clone(),
        code: Code::parse(question.source.system, &question.code)?,
        title: question.title.clone(),
        chosen,
        chosen_title,
        alternatives,
        outcome: question.outcome.clone(),
        reviewer: question.reviewer.trim().to_owned(),
        date,
        comment: question.comment.clone(),
    }))
}

/// The choice that an answer means: its text, its number from 1, or its code.
fn chosen<'q>(text: &str, choices: &'q [String]) -> Option<&'q str> {
    let plain = |t: &str| t.chars().filter(|c| *c != '.').collect::<String>().to_ascii_uppercase();
    if let Some(choice) = choices.iter().find(|c| c.trim().eq_ignore_ascii_case(text)) {
        return Some(choice);
    }
    if let Ok(number) = text.trim_end_matches(['.', ')']).parse::<usize>() {
        return number.checked_sub(1).and_then(|i| choices.get(i)).map(String::as_str);
    }
    choices.iter().find(|c| plain(split(c).0) == plain(split(text).0)).map(String::as_str)
}

/// The code and the title of a choice.
fn split(choice: &str) -> (&str, &str) {
    let choice = choice.trim();
    choice.split_once(char::is_whitespace).map_or((choice, ""), |(code, title)| (code, title.trim()))
}

/// A question without its answer, to be asked again.
#[must_use]
pub fn reopened(decision: &Decision, owner: &str, reason: &str, target: &EditionId) -> Question {
    let system = decision.target.system;
    let choices = match &decision.subject {
        Subject::Set(_) => vec![ADD.to_owned(), LEAVE_OUT.to_owned()],
        Subject::Code => decision.alternatives.iter().map(|c| c.display(system)).collect(),
    };
    let before = match &decision.chosen {
        Chosen::Code(code) => code.display(system),
        Chosen::Nothing => NONE.to_owned(),
        Chosen::Belongs => ADD.to_owned(),
        Chosen::LeftOut => LEAVE_OUT.to_owned(),
    };
    Question {
        subject: decision.subject.clone(),
        owner: owner.to_owned(),
        source: decision.source.clone(),
        target: target.clone(),
        code: decision.code.display(decision.source.system),
        title: decision.title.clone(),
        outcome: "reopened".to_owned(),
        count: 0,
        evidence: format!("{reason}; {} decided for {before} before", decision.reviewer),
        choices,
        decision: String::new(),
        reviewer: String::new(),
        date: String::new(),
        comment: decision.comment.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(decision: &str) -> Question {
        Question {
            subject: Subject::Code,
            owner: "Kim".into(),
            source: "icd10cm@2025".parse().unwrap(),
            target: "icd10cm@2026".parse().unwrap(),
            code: "B88.0".into(),
            title: "Other acariasis".into(),
            outcome: "split".into(),
            count: 3,
            evidence: String::new(),
            choices: vec![
                "B88.01 Infestation by Demodex mites".into(),
                "B88.09 Other acariasis".into(),
                NONE.into(),
            ],
            decision: decision.into(),
            reviewer: "Kim".into(),
            date: "2025-08-31".into(),
            comment: "=1+1".into(),
        }
    }

    #[test]
    fn answers_by_text_number_and_code() {
        for text in ["B88.09 Other acariasis", "2", "2.", "b8809", "B88.09"] {
            let decision = answer(&question(text), false).unwrap().unwrap();
            assert_eq!(decision.chosen, Chosen::Code(Code::from_official("B8809")), "{text}");
            assert_eq!(decision.alternatives.len(), 2);
        }
        assert_eq!(answer(&question("none"), false).unwrap().unwrap().chosen, Chosen::Nothing);
        assert_eq!(answer(&question(" "), false).unwrap(), None);
    }

    #[test]
    fn answers_that_are_refused() {
        assert!(matches!(answer(&question("A00.0"), false), Err(AnswerError::NotAChoice { .. })));
        assert!(answer(&question("A00.0"), true).is_ok());
        assert!(matches!(answer(&question("4"), false), Err(AnswerError::NotAChoice { .. })));
        let mut nobody = question("1");
        nobody.reviewer.clear();
        assert_eq!(answer(&nobody, false), Err(AnswerError::NoReviewer));
        let mut undated = question("1");
        undated.date = "yesterday".into();
        assert!(matches!(answer(&undated, false), Err(AnswerError::Date { .. })));
    }
}
