//! Successors inferred where no authority states any: from the likeness of titles and the place in the classification.
//!
//! An inference is never applied unless asked for, and is told as one, with its score and the reason.

use std::collections::{BTreeMap, HashMap};

use compact_str::CompactString;
use xwalk_model::{Code, Concept, Edition, EditionId, Targets};

use crate::annual::AnnualStep;

/// A successor that was inferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The code.
    pub code: Code,
    /// How sure it is, in thousandths.
    pub score: u16,
    /// Weighted likeness of the titles, in thousandths.
    pub titles: u16,
    /// Number of leading characters that the codes share.
    pub prefix: usize,
    /// Whether it is new in the later edition.
    pub is_new: bool,
}

impl Candidate {
    /// The score and the reason in short, as the flags of a hop.
    pub fn flags(&self) -> CompactString {
        let new = if self.is_new { ", new" } else { "" };
        CompactString::from(format!(
            "score 0.{:03}: titles 0.{:03}, first {} characters the same{new}",
            self.score.min(999),
            self.titles.min(999),
            self.prefix
        ))
    }
}

/// Candidates below this score, in thousandths, are not offered.
pub(crate) const LEAST_SCORE: u16 = 300;

/// Candidates that are further behind the best one, in thousandths, are not offered.
const MARGIN: u16 = 120;

/// Finds successors by title and place.
pub struct SuccessorFinder<'e> {
    from: &'e Edition,
    to: &'e Edition,
    /// Assignable concepts of the later edition by word.
    postings: HashMap<String, Vec<u32>>,
    /// The concepts that the postings number.
    concepts: Vec<Concept<'e>>,
    /// Weighted length of each concept's title.
    lengths: Vec<f64>,
    is_new: Vec<bool>,
    /// Whether a title denies something or leaves it open.
    is_open: Vec<bool>,
}

/// Words by which a title denies something or leaves it open.
const OPEN_WORDS: [&str; 4] = ["no", "not", "unspecified", "without"];
/// What such a word is worth beside the likeness of titles and the place.
const OPEN: f64 = 0.08;

fn is_open(words: &[String]) -> bool {
    OPEN_WORDS.iter().any(|open| words.iter().any(|w| w == open))
}

impl<'e> SuccessorFinder<'e> {
    /// An index over the assignable codes of the later edition.
    pub fn new(from: &'e Edition, to: &'e Edition) -> Self {
        let concepts: Vec<Concept<'e>> = to.concepts().filter(|c| c.assignable()).collect();
        let mut postings: HashMap<String, Vec<u32>> = HashMap::new();
        let mut words: Vec<Vec<String>> = Vec::with_capacity(concepts.len());
        for (number, concept) in concepts.iter().enumerate() {
            let title = terms(concept.title());
            for word in &title {
                postings.entry(word.clone()).or_default().push(number as u32);
            }
            words.push(title);
        }
        let all = concepts.len() as f64;
        let weight = |word: &String| weight(all, postings.get(word).map_or(0, Vec::len));
        let lengths = words.iter().map(|w| w.iter().map(|w| weight(w).powi(2)).sum::<f64>().sqrt()).collect();
        let is_new = concepts.iter().map(|c| !from.get(c.code()).is_some_and(Concept::assignable)).collect();
        let is_open = words.iter().map(|w| is_open(w)).collect();
        Self { from, to, postings, concepts, lengths, is_new, is_open }
    }

    /// The candidates for a code of the earlier edition, best first, at most `most`.
    pub fn candidates(&self, code: &Code, most: usize) -> Vec<Candidate> {
        let Some(source) = self.from.get(code) else { return Vec::new() };
        let title = terms(source.title());
        let source_is_open = is_open(&title);
        let all = self.concepts.len() as f64;
        let weights: Vec<f64> =
            title.iter().map(|w| weight(all, self.postings.get(w).map_or(0, Vec::len))).collect();
        let length = weights.iter().map(|w| w.powi(2)).sum::<f64>().sqrt();
        let mut dots: HashMap<u32, f64> = HashMap::new();
        for (word, weight) in title.iter().zip(&weights) {
            // Words of nearly every title tell nothing and would bring in everything.
            if let Some(list) = self.postings.get(word).filter(|l| l.len() * 4 < self.concepts.len().max(400))
            {
                for number in list {
                    *dots.entry(*number).or_default() += weight * weight;
                }
            }
        }
        // What stands below the code now, and beside it, is a candidate whatever its title says.
        let from_here = self.to.get(code).or_else(|| {
            source.ancestors().find_map(|a| self.to.get(a.code()).filter(|c| c.code().as_str().len() >= 3))
        });
        let mut near: Vec<u32> = Vec::new();
        if let Some(above) = from_here {
            let (first, last) = (above.ix(), above.descendants().last().map_or(above.ix(), |c| c.ix()));
            let start = self.concepts.partition_point(|c| c.ix() < first);
            let end = self.concepts.partition_point(|c| c.ix() <= last);
            near.extend((start..end).map(|n| n as u32));
        }
        for number in near {
            dots.entry(number).or_default();
        }
        let mut found: Vec<Candidate> = dots
            .into_iter()
            .filter_map(|(number, dot)| {
                let at = number as usize;
                let concept = self.concepts[at];
                if concept.code() == code {
                    return None;
                }
                let lengths = length * self.lengths[at];
                let titles = if lengths > 0.0 { dot / lengths } else { 0.0 };
                let prefix = common_prefix(code.as_str(), concept.code().as_str());
                let place = prefix as f64 / code.as_str().len().max(1) as f64;
                let new = if self.is_new[at] { 1.0 } else { 0.0 };
                // A code that does not mention a state goes on in the one that denies it or leaves it open.
                let open = if self.is_open[at] && !source_is_open { OPEN } else { 0.0 };
                let score = (0.5 * titles + 0.25 * place + 0.25 * new + open) / (1.0 + OPEN);
                Some(Candidate {
                    code: concept.code().clone(),
                    score: thousandths(score),
                    titles: thousandths(titles),
                    prefix,
                    is_new: self.is_new[at],
                })
            })
            .filter(|c| c.score >= LEAST_SCORE)
            .collect();
        found.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.code.cmp(&b.code)));
        // What is far behind the best is no successor beside it.
        let best = found.first().map_or(0, |c| c.score);
        found.retain(|c| c.score + MARGIN >= best);
        found.truncate(most);
        found
    }
}

#[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
fn thousandths(share: f64) -> u16 {
    (share.clamp(0.0, 1.0) * 1000.0).round() as u16
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count()
}

/// How telling a word is: the rarer, the more.
fn weight(all: f64, holding: usize) -> f64 {
    ((all + 1.0) / (holding as f64 + 0.5)).ln().max(0.0)
}

/// The words of a title in the form in which they are compared: lower case, plurals without their ending.
fn terms(title: &str) -> Vec<String> {
    let mut words: Vec<String> = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(|w| {
            let lower = w.to_lowercase();
            match lower.strip_suffix('s') {
                Some(stem) if stem.len() > 3 && !stem.ends_with('s') => stem.to_owned(),
                _ => lower,
            }
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Inferred successors of the codes of some steps for which nothing is stated or derived.
#[derive(Clone, Debug, Default)]
pub struct Inference {
    steps: BTreeMap<(EditionId, EditionId), BTreeMap<Code, Vec<Candidate>>>,
}

/// At most so many candidates are offered for a code.
pub(crate) const MOST_CANDIDATES: usize = 5;

impl Inference {
    /// Infers successors for a step, for the codes that end in it.
    pub fn add(&mut self, annual: &AnnualStep, from: &Edition, to: &Edition) {
        let mut found = BTreeMap::new();
        let ended: Vec<&Code> = annual
            .forward
            .elements
            .iter()
            .filter(|(_, mappings)| mappings.iter().all(|m| m.targets == Targets::NoMap))
            .map(|(code, _)| code)
            .collect();
        if !ended.is_empty() {
            let finder = SuccessorFinder::new(from, to);
            for code in ended {
                let candidates = finder.candidates(code, MOST_CANDIDATES);
                if !candidates.is_empty() {
                    found.insert(code.clone(), candidates);
                }
            }
        }
        self.steps.insert((annual.from.clone(), annual.to.clone()), found);
    }

    /// The candidates for a code that ends in a step, best first.
    pub fn successors(&self, from: &EditionId, to: &EditionId, code: &Code) -> &[Candidate] {
        self.steps.get(&(from.clone(), to.clone())).and_then(|step| step.get(code)).map_or(&[], Vec::as_slice)
    }
}
