//! Clusters: ICD-11 codes that are used together, written `stem&extension&extension/stem&extension`.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::code::CodeError;
use crate::{Code, CodeSystem, Edition};

/// A stem code with its extension codes.
///
/// WHO writes the extension codes of a stem in any order, so two stems are equal when they have the same ones.
#[derive(Clone, Debug)]
pub struct Stem {
    /// The stem code.
    pub code: Code,
    /// Its extension codes, in the order in which they were written.
    pub extensions: Vec<Code>,
}

impl Stem {
    fn set(&self) -> BTreeSet<&Code> {
        self.extensions.iter().collect()
    }
}

impl PartialEq for Stem {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.set() == other.set()
    }
}

impl Eq for Stem {}

impl Hash for Stem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.code.hash(state);
        self.set().hash(state);
    }
}

/// A cluster of ICD-11 codes. The order of its stems counts: the first one is the main condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cluster {
    stems: Vec<Stem>,
}

/// Why a text is not a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A part is not written like a code.
    #[error("`{part}` in the cluster is not a code")]
    Part {
        /// The part as it stands.
        part: String,
        /// What is wrong with it.
        #[source]
        source: CodeError,
    },
    /// An extension code stands where a stem code has to.
    #[error("`{0}` is an extension code and cannot stand alone; it follows a stem code and `&`")]
    ExtensionAlone(Code),
    /// A stem code stands behind `&`.
    #[error(
        "`{0}` is a stem code; stem codes are joined by `/`, and `&` joins an extension code to its stem"
    )]
    StemAfterAmpersand(Code),
}

/// What is wrong with a part of a cluster in an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterProblem {
    /// The edition does not hold the code.
    Unknown(Code),
    /// The edition holds the code, but it may not be used as a stem.
    NotAssignable(Code),
}

impl Cluster {
    /// A cluster of stems; `None` without any.
    pub fn new(stems: Vec<Stem>) -> Option<Self> {
        (!stems.is_empty()).then_some(Self { stems })
    }

    /// Its stems, in the order in which they were written.
    pub fn stems(&self) -> &[Stem] {
        &self.stems
    }

    /// All its codes, each stem before its extension codes.
    pub fn codes(&self) -> impl Iterator<Item = &Code> {
        self.stems.iter().flat_map(|s| std::iter::once(&s.code).chain(&s.extensions))
    }

    /// The code, where the cluster is a single one.
    pub fn single(&self) -> Option<&Code> {
        match &self.stems[..] {
            [stem] if stem.extensions.is_empty() => Some(&stem.code),
            _ => None,
        }
    }

    /// Looks up each part in an edition; empty when all may be used as they are.
    pub fn problems(&self, edition: &Edition) -> Vec<ClusterProblem> {
        let mut problems = Vec::new();
        for stem in &self.stems {
            match edition.get(&stem.code) {
                None => problems.push(ClusterProblem::Unknown(stem.code.clone())),
                Some(concept) if !concept.assignable() => {
                    problems.push(ClusterProblem::NotAssignable(stem.code.clone()));
                }
                Some(_) => {}
            }
            let unknown = stem.extensions.iter().filter(|code| edition.get(code).is_none());
            problems.extend(unknown.cloned().map(ClusterProblem::Unknown));
        }
        problems
    }
}

/// Extension codes are the codes of chapter X, and no other code begins with that letter.
fn is_extension(code: &Code) -> bool {
    code.as_str().starts_with('X')
}

fn part(text: &str) -> Result<Code, ClusterError> {
    Code::parse(CodeSystem::Icd11mms, text)
        .map_err(|source| ClusterError::Part { part: text.trim().to_owned(), source })
}

impl FromStr for Cluster {
    type Err = ClusterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut stems = Vec::new();
        for group in text.split('/') {
            let mut parts = group.split('&');
            let code = part(parts.next().unwrap_or_default())?;
            if is_extension(&code) {
                return Err(ClusterError::ExtensionAlone(code));
            }
            let extensions = parts
                .map(|text| {
                    let code = part(text)?;
                    if is_extension(&code) { Ok(code) } else { Err(ClusterError::StemAfterAmpersand(code)) }
                })
                .collect::<Result<_, _>>()?;
            stems.push(Stem { code, extensions });
        }
        Ok(Self { stems })
    }
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, stem) in self.stems.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            f.write_str(&stem.code.display(CodeSystem::Icd11mms))?;
            for extension in &stem.extensions {
                write!(f, "&{}", extension.display(CodeSystem::Icd11mms))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConceptKind, EditionBuilder};

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let seen = text.parse::<Cluster>().map(|c| c.to_string()).map_err(|e| e.to_string());
        match (seen, expected) {
            (Ok(seen), Ok(expected)) => assert_eq!(seen, expected),
            (Err(seen), Err(expected)) => assert!(seen.contains(expected), "{seen}"),
            (seen, _) => panic!("{text}: {seen:?}"),
        }
    }

    #[test]
    fn written_and_read() {
        check(" 1z00.1&xz0a / 2Z00.1&XZ0C&XZ0B", Ok("1Z00.1&XZ0A/2Z00.1&XZ0C&XZ0B"));
        check("1Z00", Ok("1Z00"));
        check("XZ0A", Err("cannot stand alone"));
        check("1Z00&2Z00", Err("joined by `/`"));
        check("1Z00/", Err("is not a code"));
        check("", Err("is not a code"));
        check("é&ü", Err("is not a code"));
    }

    #[test]
    fn the_order_of_extensions_does_not_count() {
        let read = |text: &str| text.parse::<Cluster>().unwrap();
        assert_eq!(read("1Z00&XZ0A&XZ0B/2Z00"), read("1Z00&XZ0B&XZ0A/2Z00"));
        assert_ne!(read("1Z00&XZ0A/2Z00"), read("2Z00/1Z00&XZ0A"));
        assert_ne!(read("1Z00&XZ0A/2Z00"), read("1Z00/2Z00&XZ0A"));
        assert_eq!(read("1Z00").single(), Some(&Code::from_official("1Z00")));
        assert_eq!(read("1Z00&XZ0A").single(), None);
    }

    #[test]
    fn parts_are_looked_up() {
        let mut b = EditionBuilder::new("icd11mms@2024-01".parse().unwrap(), "en");
        b.concept(Code::from_official("1Z00"), ConceptKind::Code, true);
        b.concept(Code::from_official("1Z01"), ConceptKind::Code, false);
        b.concept(Code::from_official("XZ0A"), ConceptKind::Code, false);
        let edition = b.build().unwrap();
        let cluster: Cluster = "1Z00&XZ0A&XZ0B/1Z01/1Z02".parse().unwrap();
        let code = Code::from_official;
        assert_eq!(
            cluster.problems(&edition),
            [
                ClusterProblem::Unknown(code("XZ0B")),
                ClusterProblem::NotAssignable(code("1Z01")),
                ClusterProblem::Unknown(code("1Z02")),
            ]
        );
    }
}
