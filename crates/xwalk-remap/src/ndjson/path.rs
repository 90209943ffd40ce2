//! Places in a resource: keys from its root, arrays passed through.

use crate::error::RemapError;

/// A place such as `code`, `diagnosis.diagnosisCodeableConcept` or `Condition.recordedDate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// As it was written.
    pub(crate) text: String,
    /// The type of resource that it is meant for; any where nothing is said.
    pub(crate) resource: Option<String>,
    /// The keys.
    pub(crate) keys: Vec<String>,
}

impl Path {
    /// Reads a place. Types of resources begin with a capital letter, keys of resources with a small one.
    pub(crate) fn parse(text: &str) -> Result<Self, RemapError> {
        let wrong = |what: &str| {
            RemapError::Options(format!(
                "`{text}` is no place in a resource: {what}; expected keys with dots between them, such as \
                 diagnosis.diagnosisCodeableConcept or Condition.code"
            ))
        };
        let mut keys: Vec<String> = text.split('.').map(str::to_owned).collect();
        if keys.iter().any(String::is_empty) {
            return Err(wrong("a key is missing"));
        }
        if keys.iter().any(|key| key.contains(['[', ']', '(', ')', ' ', '"', '\\'])) {
            return Err(wrong("arrays are passed through, and nothing is written for them"));
        }
        let typed = keys[0].starts_with(|c: char| c.is_ascii_uppercase());
        let resource = typed.then(|| keys.remove(0));
        if keys.is_empty() {
            return Err(wrong("a type of resource is no key"));
        }
        Ok(Self { text: text.to_owned(), resource, keys })
    }

    /// Whether a place is this one or below it.
    pub(crate) fn holds<'k>(&self, mut keys: impl Iterator<Item = &'k [u8]>) -> bool {
        self.keys.iter().all(|key| keys.next() == Some(key.as_bytes()))
    }

    /// Whether it is meant for a type of resource.
    pub(crate) fn is_for(&self, resource: Option<&[u8]>) -> bool {
        self.resource.as_ref().is_none_or(|wanted| resource == Some(wanted.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let path = Path::parse("Claim.diagnosis.diagnosisCodeableConcept").unwrap();
        assert_eq!(path.keys, ["diagnosis", "diagnosisCodeableConcept"]);
        let keys = |text: &'static str| text.split('.').map(str::as_bytes);
        assert!(path.holds(keys("diagnosis.diagnosisCodeableConcept.coding")));
        assert!(!path.holds(keys("diagnosis")) && !path.holds(keys("item.diagnosis")));
        assert!(path.is_for(Some(b"Claim")) && !path.is_for(Some(b"Condition")) && !path.is_for(None));
        assert!(Path::parse("code").unwrap().is_for(None));
        for bad in ["", "a..b", "Condition", "item[0].code", "a b"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
