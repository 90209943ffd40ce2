//! The code systems xwalk knows, and how each is written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::EditionIdError;

/// A code system, named as in edition ids (`icd10cm`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CodeSystem {
    /// ICD-10-CM, diagnoses in the United States (CDC/NCHS).
    Icd10cm,
    /// ICD-10-PCS, inpatient procedures in the United States (CMS).
    Icd10pcs,
    /// ICD-9-CM volume 1, diagnoses in the United States to September 2015.
    Icd9cm,
    /// ICD-9-CM volume 3, inpatient procedures in the United States to September 2015.
    Icd9pcs,
    /// ICD-10 of the World Health Organization.
    Icd10,
    /// ICD-10-GM, the German modification (BfArM).
    Icd10gm,
    /// ICD-11 for Mortality and Morbidity Statistics (WHO).
    Icd11mms,
    /// HCPCS Level II, supplies and services in the United States (CMS).
    Hcpcs,
    /// Current Procedural Terminology (AMA).
    Cpt,
}

impl CodeSystem {
    /// Every system, in the order in which lists show them.
    pub const ALL: [Self; 9] = [
        Self::Icd10cm,
        Self::Icd10pcs,
        Self::Icd9cm,
        Self::Icd9pcs,
        Self::Icd10,
        Self::Icd10gm,
        Self::Icd11mms,
        Self::Hcpcs,
        Self::Cpt,
    ];

    /// The short name in edition ids.
    pub fn id(self) -> &'static str {
        match self {
            Self::Icd10cm => "icd10cm",
            Self::Icd10pcs => "icd10pcs",
            Self::Icd9cm => "icd9cm",
            Self::Icd9pcs => "icd9pcs",
            Self::Icd10 => "icd10",
            Self::Icd10gm => "icd10gm",
            Self::Icd11mms => "icd11mms",
            Self::Hcpcs => "hcpcs",
            Self::Cpt => "cpt",
        }
    }

    /// The name people use in prose.
    pub fn name(self) -> &'static str {
        match self {
            Self::Icd10cm => "ICD-10-CM",
            Self::Icd10pcs => "ICD-10-PCS",
            Self::Icd9cm => "ICD-9-CM",
            Self::Icd9pcs => "ICD-9-CM procedures",
            Self::Icd10 => "ICD-10",
            Self::Icd10gm => "ICD-10-GM",
            Self::Icd11mms => "ICD-11 MMS",
            Self::Hcpcs => "HCPCS Level II",
            Self::Cpt => "CPT",
        }
    }

    /// The addresses that name it as the `system` of a FHIR Coding, the canonical one first.
    ///
    /// Source: FHIR R5, "Code Systems used in FHIR", with the OIDs of HL7's registry in the form `urn:oid:`. The address
    /// of ICD-9-CM stands for diagnoses and procedures alike.
    pub fn uris(self) -> &'static [&'static str] {
        match self {
            Self::Icd10cm => &["http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"],
            Self::Icd10pcs => &[
                "http://www.cms.gov/Medicare/Coding/ICD10",
                "http://hl7.org/fhir/sid/icd-10-pcs",
                "urn:oid:2.16.840.1.113883.6.4",
            ],
            Self::Icd9cm => &[
                "http://hl7.org/fhir/sid/icd-9-cm",
                "http://hl7.org/fhir/sid/icd-9",
                "urn:oid:2.16.840.1.113883.6.103",
            ],
            Self::Icd9pcs => &["http://hl7.org/fhir/sid/icd-9-cm", "urn:oid:2.16.840.1.113883.6.104"],
            Self::Icd10 => &["http://hl7.org/fhir/sid/icd-10", "urn:oid:2.16.840.1.113883.6.3"],
            Self::Icd10gm => {
                &["http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://fhir.de/CodeSystem/dimdi/icd-10-gm"]
            }
            Self::Icd11mms => &["http://id.who.int/icd/release/11/mms"],
            Self::Hcpcs => &[
                "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
                "urn:oid:2.16.840.1.113883.6.285",
            ],
            Self::Cpt => &["http://www.ama-assn.org/go/cpt", "urn:oid:2.16.840.1.113883.6.12"],
        }
    }

    /// After how many characters of `code` (undotted) the authority writes a dot, if it writes one.
    pub(crate) fn dot_after(self, code: &str) -> Option<usize> {
        let at = match self {
            Self::Icd10cm | Self::Icd10 | Self::Icd10gm => 3,
            // External causes have a letter and three digits before the dot: E880.0.
            Self::Icd9cm if code.starts_with('E') => 4,
            Self::Icd9cm => 3,
            Self::Icd9pcs => 2,
            // Extension codes (chapter X) are written without a dot.
            Self::Icd11mms if code.starts_with('X') => return None,
            Self::Icd11mms => 4,
            Self::Icd10pcs | Self::Hcpcs | Self::Cpt => return None,
        };
        (code.len() > at).then_some(at)
    }
}

impl fmt::Display for CodeSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for CodeSystem {
    type Err = EditionIdError;

    /// Accepts the id (`icd10cm`) and the prose name in any case and punctuation (`ICD-10-CM`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain: String =
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match plain.as_str() {
            "icd10cm" => Ok(Self::Icd10cm),
            "icd10pcs" => Ok(Self::Icd10pcs),
            "icd9cm" => Ok(Self::Icd9cm),
            "icd9pcs" | "icd9proc" | "icd9cmprocedures" => Ok(Self::Icd9pcs),
            "icd10" | "icd10who" => Ok(Self::Icd10),
            "icd10gm" => Ok(Self::Icd10gm),
            "icd11mms" | "icd11" => Ok(Self::Icd11mms),
            "hcpcs" | "hcpcslevelii" => Ok(Self::Hcpcs),
            "cpt" => Ok(Self::Cpt),
            _ => Err(EditionIdError::UnknownSystem(text.to_owned())),
        }
    }
}
