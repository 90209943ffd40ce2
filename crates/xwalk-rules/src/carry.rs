//! Decisions carried into a later year: never ask twice, and never keep what no longer rests on anything.
//!
//! Three things may have moved since a decision was made: the source edition, the crosswalk and the target edition. A
//! decision rests on the code and its title, on the choices that the crosswalk gave, and on the chosen code and its
//! title. While all of these are as they were, it is kept; the first that is not reopens it, and is named.

use xwalk_diff::classify;
use xwalk_model::{Chosen, Code, Decision, Subject};

use crate::expand::EditionIndex;

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The decision; a kept one names the editions of now.
    pub decision: Decision,
    /// Why it has to be made again; `None` where it is kept.
    pub reopened: Option<Reopened>,
}

/// Why a decision has to be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reopened {
    /// The code it was about is gone.
    SourceGone,
    /// The code it was about means something else.
    SourceRevised {
        /// Its title now.
        now: String,
    },
    /// The chosen code is gone.
    TargetGone,
    /// The chosen code is a header now.
    TargetHeader,
    /// The chosen code means something else.
    TargetRevised {
        /// Its title now.
        now: String,
    },
    /// There are choices that there were not.
    NewAlternatives {
        /// The new ones.
        codes: Vec<Code>,
    },
    /// The crosswalk no longer names what was chosen.
    Withdrawn,
}

impl Reopened {
    /// The word used in outputs.
    pub fn id(&self) -> &'static str {
        match self {
            Self::SourceGone => "source-gone",
            Self::SourceRevised { .. } => "source-revised",
            Self::TargetGone => "target-gone",
            Self::TargetHeader => "target-header",
            Self::TargetRevised { .. } => "target-revised",
            Self::NewAlternatives { .. } => "new-alternatives",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The reason in words.
    pub fn reason(&self, decision: &Decision) -> String {
        let code = decision.code.display(decision.source.system);
        let chosen = match &decision.chosen {
            Chosen::Code(code) => code.display(decision.target.system),
            _ => code.clone(),
        };
        match self {
            Self::SourceGone => format!("{code} may not be used any more"),
            Self::SourceRevised { now } => format!("{code} means something else now: {now}"),
            Self::TargetGone => format!("{chosen} is gone"),
            Self::TargetHeader => format!("{chosen} is a header now"),
            Self::TargetRevised { now } => format!("{chosen} means something else now: {now}"),
            Self::NewAlternatives { codes } => {
                let codes: Vec<String> = codes.iter().map(|c| c.display(decision.target.system)).collect();
                format!("there are new choices: {}", crate::migrate::list(&codes))
            }
            Self::Withdrawn => format!("the crosswalk no longer names {chosen}"),
        }
    }
}

/// Carries decisions to the editions of now. `alternatives` tells what the crosswalk of now gives for a code; `None`
/// where it says nothing about it, and then the choices are not held against those of before.
pub fn carry(
    decisions: &[Decision],
    source: &EditionIndex<'_>,
    target: &EditionIndex<'_>,
    alternatives: &dyn Fn(&Code) -> Option<Vec<Code>>,
) -> Vec<Carried> {
    let carried = |decision: &Decision| {
        let reopened = reopened(decision, source, target, alternatives);
        let mut decision = decision.clone();
        if reopened.is_none() {
            let set = matches!(decision.subject, Subject::Set(_));
            let edition = if set { target } else { source };
            decision.source = edition.edition().id().clone();
            decision.target = target.edition().id().clone();
        } else if let Some(now) = alternatives(&decision.code) {
            decision.alternatives = now;
        }
        Carried { decision, reopened }
    };
    decisions.iter().map(carried).collect()
}

fn reopened(
    decision: &Decision,
    source: &EditionIndex<'_>,
    target: &EditionIndex<'_>,
    alternatives: &dyn Fn(&Code) -> Option<Vec<Code>>,
) -> Option<Reopened> {
    // What a set holds is a code of the later edition.
    let source = if matches!(decision.subject, Subject::Set(_)) { target } else { source };
    let Some(ix) = source.find_assignable(&decision.code) else { return Some(Reopened::SourceGone) };
    if let Some(now) = revised(&decision.title, source, ix) {
        return Some(Reopened::SourceRevised { now });
    }
    if let Chosen::Code(code) = &decision.chosen {
        let Some(ix) = target.find(code) else { return Some(Reopened::TargetGone) };
        if !target.is_assignable(ix) {
            return Some(Reopened::TargetHeader);
        }
        if let Some(now) = revised(&decision.chosen_title, target, ix) {
            return Some(Reopened::TargetRevised { now });
        }
    }
    if decision.subject == Subject::Code && !decision.alternatives.is_empty() {
        let now = alternatives(&decision.code)?;
        if let Chosen::Code(code) = &decision.chosen
            && decision.alternatives.contains(code)
            && !now.contains(code)
        {
            return Some(Reopened::Withdrawn);
        }
        let new: Vec<Code> = now.iter().filter(|c| !decision.alternatives.contains(c)).cloned().collect();
        if !new.is_empty() {
            return Some(Reopened::NewAlternatives { codes: new });
        }
    }
    None
}

/// The title of now, where it says something else; a title that was not written down cannot.
fn revised(then: &str, index: &EditionIndex<'_>, ix: u32) -> Option<String> {
    let edition = index.edition();
    let now = edition.nth(ix).title();
    let differs = !then.is_empty() && then != now;
    (differs && !classify(then, now, |word| edition.has_word(word)).is_editorial()).then(|| now.to_owned())
}
