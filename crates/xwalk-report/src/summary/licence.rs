//! What the owners of code sets ask of those who show their text.
//!
//! Sources: WHO, ICD-11 Terms of Use and License Agreement (CC BY-ND 3.0 IGO); BfArM, Downloadbedingungen for the
//! files of ICD-10-GM, which prescribe the sentence; AMA, CPT licence (any use in a product needs one).

use xwalk_model::CodeSystem;

/// The lines that have to stand below a summary of a system. `with_text` says whether CPT descriptors are shown.
pub fn attributions(system: CodeSystem, with_text: bool) -> Vec<&'static str> {
    match system {
        CodeSystem::Icd11mms => vec![
            "International Classification of Diseases, Eleventh Revision (ICD-11), World Health Organization (WHO), \
             https://icd.who.int. Licensed under Creative Commons Attribution-NoDerivatives 3.0 IGO licence \
             (CC BY-ND 3.0 IGO). Codes and titles are shown as WHO publishes them.",
        ],
        CodeSystem::Icd10gm => vec![
            "Die Erstellung erfolgt unter Verwendung der maschinenlesbaren Fassung des Bundesinstituts für \
             Arzneimittel und Medizinprodukte (BfArM).",
        ],
        CodeSystem::Icd10 => vec![
            "International Statistical Classification of Diseases and Related Health Problems, 10th Revision \
             (ICD-10), World Health Organization (WHO). The classification may not be passed on without WHO's \
             permission.",
        ],
        CodeSystem::Cpt if with_text => vec![
            "CPT is a registered trademark of the American Medical Association. CPT codes and descriptors are \
             copyright of the American Medical Association. All rights reserved. They are shown under the licence of \
             whoever made this page, and may only be passed on under it.",
        ],
        CodeSystem::Cpt => vec![
            "CPT is a registered trademark of the American Medical Association. Descriptors are left out of this \
             page, since they are licensed.",
        ],
        CodeSystem::Icd10cm | CodeSystem::Icd9cm => vec![
            "The classification is published by the National Center for Health Statistics (CDC) and the Centers for \
             Medicare & Medicaid Services as a work of the United States government, in the public domain.",
        ],
        _ => vec![
            "The code set is published by the Centers for Medicare & Medicaid Services as a work of the United \
             States government, in the public domain.",
        ],
    }
}

/// Whether titles of a system are left out unless the reader's licence covers showing them.
pub(super) fn withholds_text(system: CodeSystem) -> bool {
    system == CodeSystem::Cpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_owner_is_named() {
        let line = |system, with_text| attributions(system, with_text).join(" ");
        assert!(
            line(CodeSystem::Icd11mms, true).contains("World Health Organization (WHO), https://icd.who.int")
        );
        assert!(line(CodeSystem::Icd10gm, true).starts_with(
            "Die Erstellung erfolgt unter Verwendung der maschinenlesbaren Fassung des Bundesinstituts"
        ));
        assert!(line(CodeSystem::Cpt, true).contains("copyright of the American Medical Association"));
        assert!(line(CodeSystem::Cpt, false).contains("left out"));
        for system in CodeSystem::ALL {
            assert!(!attributions(system, false).is_empty());
            assert_eq!(withholds_text(system), system == CodeSystem::Cpt);
        }
    }
}
