//! Flash cards and questions for teaching, made from the changes of a year.
//!
//! Each question carries a [`Claim`], and is only asked when the claim holds in the two editions and in what is held
//! about the step between them: an answer that a learner is told is never taken from the page alone.

mod anki;
mod page;

use std::collections::BTreeSet;
use std::io;

use xwalk_model::{Code, CodeSystem, Concept, ConceptKind, Edition};

use crate::summary::{ChangeRow, Kind, Succession, Summary};

/// How many questions are made where nobody asks for a number.
const QUESTIONS: usize = 60;

/// Why no quiz could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuizError {
    /// The answer of a question is not what the editions say. This is a bug of xwalk.
    #[error("the answer to `{prompt}` does not hold in the editions; please report this")]
    WrongAnswer {
        /// The question.
        prompt: String,
    },
    /// There is no change to ask about.
    #[error("there is no changed code to ask about")]
    NothingChanged,
}

/// What an answer claims, in a form that can be checked against the editions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The code may be used in the later edition, or may not.
    Valid {
        /// The code.
        code: Code,
        /// Whether it may be used in the earlier edition.
        before: bool,
        /// Whether it may be used in the later one.
        now: bool,
    },
    /// Of the choices, exactly the right one takes over from the code.
    TakesOver {
        /// The old code.
        old: Code,
        /// The right choice.
        right: Code,
        /// The other choices.
        wrong: Vec<Code>,
    },
    /// Of the choices, exactly the right one is new.
    IsNew {
        /// The right choice.
        right: Code,
        /// Its title.
        title: String,
        /// The other choices.
        wrong: Vec<Code>,
    },
    /// The title read so before and reads so now.
    Reworded {
        /// The code.
        code: Code,
        /// The title before.
        before: String,
        /// The title now.
        now: String,
    },
    /// The code stayed, and the new code was carved out of it.
    CarvedOut {
        /// The code that stayed.
        old: Code,
        /// The new code.
        new: Code,
    },
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub prompt: String,
    /// Choices; empty for a flash card.
    pub choices: Vec<String>,
    /// Index of the right choice.
    pub right: usize,
    /// The answer in words.
    pub answer: String,
    /// `became-header`, `deleted`, `added`, `revised`, `scope-loss`.
    pub topic: &'static str,
    /// The chapter's key.
    pub chapter: String,
    /// What the answer claims.
    pub claim: Claim,
}

/// Questions about the changes of a year.
#[derive(Clone, Debug)]
pub struct Quiz {
    /// What it is about.
    pub title: String,
    /// The questions, mixed over topics.
    pub questions: Vec<Question>,
    /// Source lines that the owners of the code sets ask for.
    pub attributions: Vec<&'static str>,
}

impl Quiz {
    /// Makes at most `most` questions (60 where nobody says), spread over topics and chapters.
    pub fn new(
        summary: &Summary,
        from: &Edition,
        to: &Edition,
        succession: &Succession,
        most: Option<usize>,
    ) -> Result<Self, QuizError> {
        let maker = Maker { summary, from, to, succession, system: to.id().system };
        let mut topics: Vec<Vec<Question>> = vec![
            maker.of_rows(Kind::BecameHeader, Maker::became_header),
            maker.of_rows(Kind::Deleted, Maker::deleted),
            maker.of_rows(Kind::Added, Maker::added),
            maker.of_rows(Kind::Revised, Maker::revised),
            maker.scope_loss(),
        ];
        let most = most.unwrap_or(QUESTIONS);
        let mut questions = Vec::new();
        // One of each topic in turn, each topic spread evenly over its rows.
        let share = most.div_ceil(topics.iter().filter(|t| !t.is_empty()).count().max(1));
        let all: usize = topics.iter().map(Vec::len).sum();
        for topic in &mut topics {
            let wanted = if all <= most { topic.len() } else { share.max(most.saturating_sub(all)) };
            *topic = spread(std::mem::take(topic), wanted);
        }
        let longest = topics.iter().map(Vec::len).max().unwrap_or(0);
        for i in 0..longest {
            questions.extend(topics.iter().filter_map(|t| t.get(i)).cloned());
        }
        questions.truncate(most);
        if questions.is_empty() {
            return Err(QuizError::NothingChanged);
        }
        for question in &questions {
            if !holds(&question.claim, from, to, succession) {
                return Err(QuizError::WrongAnswer { prompt: question.prompt.clone() });
            }
        }
        Ok(Self {
            title: format!("{}: questions on what changed", summary.title()),
            questions,
            attributions: summary.attributions.clone(),
        })
    }

    /// A file that Anki imports: front, back, tags.
    pub fn write_anki(&self, out: &mut dyn io::Write) -> io::Result<()> {
        anki::write(self, out)
    }

    /// A page with the answers folded.
    pub fn write_html(&self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(page::page(self).as_bytes())
    }
}

/// Evenly spaced items of a list.
fn spread<T>(items: Vec<T>, wanted: usize) -> Vec<T> {
    let all = items.len();
    if all <= wanted || wanted == 0 {
        return items.into_iter().take(wanted).collect();
    }
    let picked: BTreeSet<usize> = (0..wanted).map(|i| i * all / wanted).collect();
    items.into_iter().enumerate().filter(|(i, _)| picked.contains(i)).map(|(_, item)| item).collect()
}

fn assignable(edition: &Edition, code: &Code) -> bool {
    edition.get(code).is_some_and(Concept::assignable)
}

fn title_of<'e>(edition: &'e Edition, code: &Code) -> &'e str {
    edition.get(code).map_or("", Concept::title)
}

/// The codes that take over: those that the tables state, else the new codes below a new header.
fn successors(succession: &Succession, code: &Code) -> Vec<Code> {
    let ways = succession.successors.get(code).into_iter().flatten();
    ways.flat_map(|w| w.slots.iter().flatten().cloned()).collect()
}

/// Whether a claim holds.
pub fn holds(claim: &Claim, from: &Edition, to: &Edition, succession: &Succession) -> bool {
    match claim {
        Claim::Valid { code, before, now } => {
            assignable(from, code) == *before && assignable(to, code) == *now
        }
        Claim::TakesOver { old, right, wrong } => {
            let all = successors(succession, old);
            !assignable(to, old)
                && assignable(to, right)
                && all.contains(right)
                && !wrong.contains(right)
                && wrong.iter().all(|w| !all.contains(w))
        }
        Claim::IsNew { right, title, wrong } => {
            !assignable(from, right)
                && assignable(to, right)
                && title_of(to, right) == title
                && wrong.iter().all(|w| assignable(from, w) && title_of(to, w) != title)
        }
        Claim::Reworded { code, before, now } => {
            let has = |e: &Edition, text: &str| {
                e.get(code).is_some_and(|c| c.designations().any(|d| d.text == text))
            };
            before != now && has(from, before) && has(to, now) && !has(to, before)
        }
        Claim::CarvedOut { old, new } => {
            assignable(from, old)
                && assignable(to, old)
                && !assignable(from, new)
                && assignable(to, new)
                && succession.scope_loss.get(old).is_some_and(|into| into.contains(new))
        }
    }
}

struct Maker<'a> {
    summary: &'a Summary,
    from: &'a Edition,
    to: &'a Edition,
    succession: &'a Succession,
    system: CodeSystem,
}

impl Maker<'_> {
    fn of_rows(
        &self,
        kind: Kind,
        make: impl Fn(&Self, &ChangeRow, Code) -> Option<Question>,
    ) -> Vec<Question> {
        self.summary
            .of(kind)
            .filter(|row| row.counted)
            .filter_map(|row| make(self, row, Code::parse(self.system, &row.code).ok()?))
            .collect()
    }

    /// The first day of the later edition, in words.
    fn day(&self) -> String {
        match self.to.effective().from {
            Some(day) => day.strftime("%-d %B %Y").to_string(),
            None => format!("edition {}", self.to.id().version),
        }
    }

    fn named(&self, code: &Code) -> String {
        let (edition, shown) = match self.to.get(code) {
            Some(_) => (self.to, code.display(self.system)),
            None => (self.from, code.display(self.system)),
        };
        if self.summary.text_withheld {
            return shown;
        }
        format!("{shown} {}", title_of(edition, code))
    }

    fn chapter(&self, row: &ChangeRow) -> String {
        self.summary.chapters.get(row.chapter).map(|c| c.key.clone()).unwrap_or_default()
    }

    fn question(
        &self,
        row: &ChangeRow,
        topic: &'static str,
        prompt: String,
        answer: String,
        claim: Claim,
    ) -> Question {
        Question { prompt, choices: Vec::new(), right: 0, answer, topic, chapter: self.chapter(row), claim }
    }

    fn became_header(&self, row: &ChangeRow, code: Code) -> Option<Question> {
        let day = self.day();
        let named = self.named(&code);
        let all: Vec<Code> =
            successors(self.succession, &code).into_iter().filter(|c| assignable(self.to, c)).collect();
        let right = all.first()?.clone();
        let list: Vec<String> = all.iter().map(|c| self.named(c)).collect();
        let answer = format!(
            "{} became a header on {day} and may not be reported any more. Choose among: {}.",
            row.code,
            list.join("; ")
        );
        let mut wrong = vec![code.clone()];
        wrong.extend(near(self.to, &code, 2, |c| !all.contains(c) && assignable(self.from, c)));
        if all.len() > 1 && wrong.len() < 3 {
            let claim = Claim::Valid { code, before: true, now: false };
            let prompt = format!("May {named} be reported from {day} on?");
            return Some(self.question(row, "became-header", prompt, format!("No. {answer}"), claim));
        }
        let prompt =
            format!("Which of these may be reported from {day} on in place of {}?", self.named(&code));
        let (choices, at) = choices(&right, &wrong, |c| self.named(c));
        let claim = Claim::TakesOver { old: code, right, wrong };
        let question = self.question(row, "became-header", prompt, answer, claim);
        Some(Question { choices, right: at, ..question })
    }

    fn deleted(&self, row: &ChangeRow, code: Code) -> Option<Question> {
        let day = self.day();
        let all = successors(self.succession, &code);
        let Some(right) = all.iter().find(|c| assignable(self.to, c)).cloned() else {
            if !assignable(self.from, &code) {
                return None;
            }
            let prompt = format!("May {} be reported from {day} on?", self.named(&code));
            let answer = format!("No. It was deleted on {day}.");
            let claim = Claim::Valid { code, before: true, now: false };
            return Some(self.question(row, "deleted", prompt, answer, claim));
        };
        let wrong = near(self.to, &right, 3, |c| !all.contains(c));
        let prompt = format!("{} was deleted on {day}. Which code takes over?", self.named(&code));
        let list: Vec<String> = all.iter().map(|c| self.named(c)).collect();
        let answer = if all.len() == 1 {
            format!("{}.", list.join(""))
        } else {
            format!(
                "Among the choices, {}. All that are stated: {}.",
                right.display(self.system),
                list.join("; ")
            )
        };
        let (choices, at) = choices(&right, &wrong, |c| self.named(c));
        let claim = Claim::TakesOver { old: code, right, wrong };
        let question = self.question(row, "deleted", prompt, answer, claim);
        Some(Question { choices, right: at, ..question })
    }

    fn added(&self, row: &ChangeRow, code: Code) -> Option<Question> {
        let day = self.day();
        if self.summary.text_withheld {
            let claim = Claim::Valid { code, before: false, now: true };
            let prompt = format!("Was {} valid before {day}?", row.code);
            return Some(self.question(row, "added", prompt, format!("No. It is new on {day}."), claim));
        }
        let title = title_of(self.to, &code).to_owned();
        let wrong = near(self.to, &code, 3, |c| assignable(self.from, c) && title_of(self.to, c) != title);
        if title.is_empty() || wrong.len() < 2 {
            return None;
        }
        let prompt = format!("Which code is new from {day} on for: {title}?");
        let answer = format!("{}. The other codes were valid before.", self.named(&code));
        let (choices, at) = choices(&code, &wrong, |c| c.display(self.system));
        let claim = Claim::IsNew { right: code, title, wrong };
        let question = self.question(row, "added", prompt, answer, claim);
        Some(Question { choices, right: at, ..question })
    }

    fn revised(&self, row: &ChangeRow, code: Code) -> Option<Question> {
        let first = row.titles.first()?;
        let (before, now) = (first.before.clone()?, first.after.clone()?);
        let prompt = format!(
            "The title of {} was \u{201c}{before}\u{201d}. How does it read from {} on?",
            row.code,
            self.day()
        );
        let answer = format!("\u{201c}{now}\u{201d}");
        Some(self.question(row, "revised", prompt, answer, Claim::Reworded { code, before, now }))
    }

    fn scope_loss(&self) -> Vec<Question> {
        let mut found = Vec::new();
        for loss in &self.summary.scope_loss {
            let (Ok(old), Some(new)) = (
                Code::parse(self.system, &loss.code.code),
                loss.into.first().and_then(|n| Code::parse(self.system, &n.code).ok()),
            ) else {
                continue;
            };
            let claim = Claim::CarvedOut { old: old.clone(), new: new.clone() };
            // A row may hold further codes than those that may be used in both editions.
            if self.summary.text_withheld || !holds(&claim, self.from, self.to, self.succession) {
                continue;
            }
            let day = self.day();
            found.push(Question {
                prompt: format!(
                    "Until {day}, {} was reported with {}. Which code is it from then on?",
                    title_of(self.to, &new),
                    self.named(&old)
                ),
                choices: Vec::new(),
                right: 0,
                answer: format!(
                    "{}. {} stays valid and means less than before.",
                    new.display(self.system),
                    old.display(self.system)
                ),
                topic: "scope-loss",
                chapter: self.summary.chapters.get(loss.chapter).map(|c| c.key.clone()).unwrap_or_default(),
                claim,
            });
        }
        found
    }
}

/// The right choice among the others, at a place that follows from the code alone.
fn choices(right: &Code, wrong: &[Code], words: impl Fn(&Code) -> String) -> (Vec<String>, usize) {
    let mut choices: Vec<String> = wrong.iter().map(&words).collect();
    let at = right.as_str().bytes().map(usize::from).sum::<usize>() % (choices.len() + 1);
    choices.insert(at, words(right));
    (choices, at)
}

/// Assignable codes near another, of the same category first, that pass a test.
fn near(edition: &Edition, code: &Code, number: usize, test: impl Fn(&Code) -> bool) -> Vec<Code> {
    let text = code.as_str();
    let mut found: Vec<Code> = Vec::new();
    for length in (1..=text.len().min(4)).rev() {
        let begins = text.get(..length).unwrap_or(text);
        for concept in edition.concepts().filter(|c| c.kind() == ConceptKind::Code && c.assignable()) {
            let other = concept.code();
            if found.len() == number {
                return found;
            }
            if other.as_str().starts_with(begins) && other != code && !found.contains(other) && test(other) {
                found.push(other.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_spread() {
        assert_eq!(spread((0..10).collect(), 3), [0, 3, 6]);
        assert_eq!(spread((0..2).collect(), 3), [0, 1]);
        assert!(spread((0..2).collect::<Vec<i32>>(), 0).is_empty());
    }
}
