//! How far reviewers of one list agree.
//!
//! Per cent: the share of the questions on which all gave the same answer (two reviewers) or of the pairs of answers
//! that are the same (more). Cohen's kappa for two reviewers (J. Cohen, Educational and Psychological Measurement 20,
//! 1960), Fleiss' kappa for more (J. L. Fleiss, Psychological Bulletin 76, 1971): agreement beyond what chance alone
//! would give. Questions that somebody left open are not counted.

use std::collections::{BTreeMap, BTreeSet};

/// Which kappa was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kappa {
    /// For two reviewers.
    Cohen,
    /// For three or more.
    Fleiss,
}

/// How far reviewers agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement<K> {
    /// Number of questions that all answered.
    pub questions: usize,
    /// Number of questions that somebody left open.
    pub open: usize,
    /// Observed agreement, 0 to 1.
    pub observed: f64,
    /// The kappa; `None` where all always gave the same single answer, and chance would have done as well.
    pub kappa: Option<f64>,
    /// Which one it is.
    pub method: Kappa,
    /// The questions on which they disagree.
    pub disagreements: Vec<K>,
}

/// Compares the answers of two or more reviewers; `None` with fewer, or with no question that all answered.
pub fn agreement<K: Ord + Clone>(reviewers: &[BTreeMap<K, String>]) -> Option<Agreement<K>> {
    if reviewers.len() < 2 {
        return None;
    }
    let all: BTreeSet<&K> = reviewers.iter().flat_map(BTreeMap::keys).collect();
    let answers =
        |key: &K| reviewers.iter().map(|r| r.get(key).map(String::as_str)).collect::<Option<Vec<_>>>();
    let rated: Vec<(&K, Vec<&str>)> = all.iter().filter_map(|k| Some((*k, answers(k)?))).collect();
    if rated.is_empty() {
        return None;
    }
    let disagreements: Vec<K> = rated
        .iter()
        .filter(|(_, answers)| answers.iter().any(|a| a != &answers[0]))
        .map(|(key, _)| (*key).clone())
        .collect();
    let (observed, expected, method) =
        if reviewers.len() == 2 { cohen(&rated) } else { fleiss(&rated, reviewers.len()) };
    let kappa = ((1.0 - expected).abs() > 1e-12).then(|| (observed - expected) / (1.0 - expected));
    Some(Agreement {
        questions: rated.len(),
        open: all.len() - rated.len(),
        observed,
        kappa,
        method,
        disagreements,
    })
}

fn cohen<K>(rated: &[(&K, Vec<&str>)]) -> (f64, f64, Kappa) {
    let n = rated.len() as f64;
    let same = rated.iter().filter(|(_, a)| a[0] == a[1]).count() as f64;
    let mut shares: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for (_, answers) in rated {
        for (i, answer) in answers.iter().take(2).enumerate() {
            shares.entry(answer).or_default()[i] += 1.0;
        }
    }
    let expected = shares.values().map(|[a, b]| (a / n) * (b / n)).sum();
    (same / n, expected, Kappa::Cohen)
}

fn fleiss<K>(rated: &[(&K, Vec<&str>)], reviewers: usize) -> (f64, f64, Kappa) {
    let (n, r) = (rated.len() as f64, reviewers as f64);
    let mut totals: BTreeMap<&str, f64> = BTreeMap::new();
    let mut observed = 0.0;
    for (_, answers) in rated {
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        for answer in answers {
            *counts.entry(answer).or_default() += 1.0;
            *totals.entry(answer).or_default() += 1.0;
        }
        observed += counts.values().map(|c| c * (c - 1.0)).sum::<f64>() / (r * (r - 1.0));
    }
    let expected = totals.values().map(|t| (t / (n * r)).powi(2)).sum();
    (observed / n, expected, Kappa::Fleiss)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reviewers(answers: &[&[&str]]) -> Vec<BTreeMap<usize, String>> {
        let count = answers[0].len();
        (0..count).map(|r| answers.iter().map(|a| a[r].to_owned()).enumerate().collect()).collect()
    }

    #[test]
    fn cohen_of_a_worked_table() {
        // 20 both yes, 15 both no, 5 yes and no, 10 no and yes: observed 0.7, expected 0.5, kappa 0.4.
        let mut answers: Vec<&[&str]> = vec![&["y", "y"]; 20];
        answers.extend([&["n", "n"] as &[&str]; 15]);
        answers.extend([&["y", "n"] as &[&str]; 5]);
        answers.extend([&["n", "y"] as &[&str]; 10]);
        let found = agreement(&reviewers(&answers)).unwrap();
        assert_eq!((found.method, found.disagreements.len(), found.questions), (Kappa::Cohen, 15, 50));
        assert!((found.observed - 0.7).abs() < 1e-12);
        assert!((found.kappa.unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn fleiss_of_three() {
        let answers: [&[&str]; 4] = [&["a", "a", "a"], &["a", "b", "b"], &["b", "b", "b"], &["a", "a", "b"]];
        let found = agreement(&reviewers(&answers)).unwrap();
        // Pairs that agree: 1, 1/3, 1, 1/3; shares 6/12 and 6/12.
        assert!((found.observed - 2.0 / 3.0).abs() < 1e-12);
        assert!((found.kappa.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(found.disagreements, [1, 3]);
    }

    #[test]
    fn nothing_to_compare() {
        assert!(agreement::<usize>(&[BTreeMap::new()]).is_none());
        let same: [&[&str]; 2] = [&["a", "a"], &["a", "a"]];
        assert_eq!(agreement(&reviewers(&same)).unwrap().kappa, None);
        let mut open = reviewers(&same);
        open[1].remove(&0);
        let found = agreement(&open).unwrap();
        assert_eq!((found.questions, found.open), (1, 1));
    }
}
