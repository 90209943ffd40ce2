//! Questions for people, and what they decided.

use jiff::civil::Date;

use crate::{Code, EditionId};

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Which code takes over from a code.
    Code,
    /// Whether a code belongs to a set.
    Set(String),
}

/// One row of a worklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it is about.
    pub subject: Subject,
    /// Who has to decide.
    pub owner: String,
    /// The edition of the code.
    pub source: EditionId,
    /// The edition of the choices.
    pub target: EditionId,
    /// The code, as it was written.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Why it is asked: an outcome of a map, or a ground of a migration.
    pub outcome: String,
    /// How many records it stands for.
    pub count: u64,
    /// What speaks for which choice: files, lines, rules.
    pub evidence: String,
    /// The choices, best first; each begins with its code, or is `add` or `leave out`.
    pub choices: Vec<String>,
    /// What was chosen.
    pub decision: String,
    /// By whom.
    pub reviewer: String,
    /// On which day, as it was written.
    pub date: String,
    /// What else was said.
    pub comment: String,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chosen {
    /// A code.
    Code(Code),
    /// No code: nothing takes over.
    Nothing,
    /// The code belongs to the set.
    Belongs,
    /// The code does not belong to the set.
    LeftOut,
}

/// A decision with what it rested on, so that it need not be asked again while that stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it is about.
    pub subject: Subject,
    /// The edition of the code.
    pub source: EditionId,
    /// The edition of what was chosen.
    pub target: EditionId,
    /// The code.
    pub code: Code,
    /// Its title at that time.
    pub title: String,
    /// What was chosen.
    pub chosen: Chosen,
    /// The title of what was chosen, at that time.
    pub chosen_title: String,
    /// The codes that were to choose from; empty where it is not known.
    pub alternatives: Vec<Code>,
    /// Why it was asked.
    pub outcome: String,
    /// By whom.
    pub reviewer: String,
    /// On which day.
    pub date: Option<Date>,
    /// What else was said.
    pub comment: String,
}

impl Question {
    /// What makes two rows the same question.
    pub fn key(&self) -> (Subject, String, EditionId) {
        let code = self.code.chars().filter(|c| *c != '.').collect::<String>().to_ascii_uppercase();
        (self.subject.clone(), code, self.source.clone())
    }
}
