//! Codes that a ClaML file does not list: a class with the digits of its modifiers.
//!
//! A modifier's name ends in the character that it supplies, `_4` or `_5`. What that makes depends on where it is
//! stated (the letters are those of the five patterns found in the editions of 2016 and 2019):
//!
//! ```text
//! A  _4 on a category without codes below it, digits `.0`          Q10    + .0  ->  Q10.0
//! B  _4 on a category with codes below it, digits `0`              Q20.1  + 0   ->  Q20.10
//! C  _5 on a category without codes below it and without a _4      Q30    + 0   ->  Q30.X0, filled up with X
//! D  _5 on a category with codes below it, or with a _4 as well    Q40.1  + 0   ->  Q40.10
//! E  _5 on a code of four characters                               Q50.2  + 0   ->  Q50.20
//! ```
//!
//! A modifier holds for everything below the class that states it, unless an `ExcludeModifier` on the way takes it
//! away. With `all="false"` only the classes named by `ValidModifierClass` apply. `Meta usage="optional"` says that the
//! codes may be used but need not: the code above stays assignable. `Meta excludeOnPrecedingModifier="M .1"` (BfArM)
//! forbids a digit after the digit `.1` of modifier `M`. A code that the file lists is never made again.
//!
//! Known defects of the WHO's files, repaired or followed here and told in a diagnostic:
//! - M13 says in a `modifierlink` rubric that the site digits apply, but has no `ModifiedBy`: `S13M00_5` is applied.
//! - `I70M10_4` supplies a fifth character in spite of its name: pattern B goes by its digits and the codes below I70.
//! - M14 is stated to be modified, but no browser of the WHO shows its codes: the file is followed.
//! - `S20W00_4`, the place of occurrence, has bare digits and applies to W00-Y34 except Y06 and Y07 although no class
//!   there states it. The codes are made as optional ones, for categories without codes below them; W26, X34 and X59
//!   list their own, and these are kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use xwalk_formats::claml::{Claml, Entry, Meta, ModifiedBy};
use xwalk_model::{CodeSystem, ConceptKind, Diagnostic, Rule};

use super::classes::Class;

/// ICD-10 nests seven classes deep at most; a file that nests deeper is not one of it.
const MAX_DEPTH: usize = 32;
/// What fills the place of a fourth character that a category does not have.
const FILLER: char = 'X';

/// A code that is made from a class and a modifier.
pub(super) struct Made<'c> {
    /// The code, undotted.
    pub(super) code: String,
    /// The modifier class that supplies its last character and its texts.
    pub(super) part: &'c Entry,
    /// The made code above it; otherwise it stands below the class itself.
    pub(super) below: Option<usize>,
    /// Whether it may be used but need not.
    pub(super) optional: bool,
}

/// The modifiers of a file and where they apply.
pub(super) struct Modifiers<'c> {
    classes: &'c [Class<'c>],
    parts: HashMap<&'c str, Vec<&'c Entry>>,
    optional: HashSet<&'c str>,
    listed: HashSet<&'c str>,
    repaired: HashMap<usize, ModifiedBy>,
}

/// A modifier that applies to a class.
struct Applied<'m> {
    by: &'m ModifiedBy,
    /// Which character it supplies.
    position: usize,
    /// Whether the class itself states it.
    own: bool,
}

impl<'c> Modifiers<'c> {
    pub(super) fn new(
        claml: &'c Claml,
        classes: &'c [Class<'c>],
        system: CodeSystem,
        name: &Arc<str>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut parts: HashMap<&str, Vec<&Entry>> = HashMap::new();
        for part in &claml.modifier_classes {
            parts.entry(part.modifier.trim()).or_default().push(part);
        }
        let optional =
            claml.modifiers.iter().filter(|m| is_optional(&m.meta)).map(|m| m.code.trim()).collect();
        let listed = classes.iter().map(|c| c.key.as_str()).collect();
        let mut all = Self { classes, parts, optional, listed, repaired: HashMap::new() };
        for class in classes {
            for by in &class.entry.modified_by {
                if !all.parts.contains_key(by.code.trim()) {
                    let message = format!(
                        "\"{}\" is modified by \"{}\", which has no classes",
                        class.entry.code, by.code
                    );
                    diagnostics.push(Diagnostic::new(Rule::UnknownCode, name, message).at(by.at));
                }
            }
        }
        if system == CodeSystem::Icd10 {
            all.repair(name, diagnostics);
        }
        all
    }

    /// The known defects of the WHO's files.
    fn repair(&mut self, name: &Arc<str>, diagnostics: &mut Vec<Diagnostic>) {
        let mut note = |ix: usize, message: &str| {
            let found = Diagnostic::new(Rule::OddValue, name, message);
            diagnostics.push(found.at(self.classes[ix].entry.at));
        };
        let site = "S13M00_5";
        let find = |key: &str| self.classes.iter().position(|c| c.key == key && c.kind == ConceptKind::Code);
        if let Some(ix) = find("M13").filter(|_| self.parts.contains_key(site)) {
            let linked = self.classes[ix].entry.rubrics.iter().any(|r| r.kind == "modifierlink");
            if linked && self.applied(ix).is_empty() {
                note(ix, "M13 points to the site digits without stating them; S13M00_5 was applied");
                self.repaired.insert(ix, ModifiedBy { code: site.to_owned(), ..ModifiedBy::default() });
            }
        }
        if let Some(ix) = find("M14").filter(|ix| !self.classes[*ix].entry.modified_by.is_empty()) {
            note(
                ix,
                "M14 is stated to be modified, though no browser of the WHO shows its codes; the file was followed",
            );
        }
        let place = "S20W00_4";
        let stated =
            self.classes.iter().any(|c| c.entry.modified_by.iter().any(|by| by.code.trim() == place));
        if !self.parts.contains_key(place) || stated {
            return;
        }
        let applies: Vec<usize> = (0..self.classes.len())
            .filter(|&ix| {
                let class = &self.classes[ix];
                class.kind == ConceptKind::Code
                    && class.key.len() == 3
                    && ("W00".."Y35").contains(&class.key.as_str())
                    && !matches!(class.key.as_str(), "Y06" | "Y07")
                    && !self.has_codes_below(ix)
                    && self.applied(ix).iter().all(|a| a.position != 4)
            })
            .collect();
        if let Some(&first) = applies.first() {
            let count = applies.len();
            note(
                first,
                &format!("the place of occurrence, S20W00_4, was applied to {count} categories as optional"),
            );
        }
        for ix in applies {
            let meta = vec![Meta { name: "usage".to_owned(), value: "optional".to_owned() }];
            self.repaired.insert(ix, ModifiedBy { code: place.to_owned(), meta, ..ModifiedBy::default() });
        }
    }

    fn has_codes_below(&self, ix: usize) -> bool {
        self.classes[ix].children.iter().any(|c| self.classes[*c].kind == ConceptKind::Code)
    }

    /// The modifiers that apply to a class, nearest first.
    fn applied(&self, ix: usize) -> Vec<Applied<'_>> {
        let mut found: Vec<Applied<'_>> = Vec::new();
        let mut excluded: HashSet<&str> = HashSet::new();
        let above = std::iter::successors(Some(ix), |at| self.classes[*at].parent).take(MAX_DEPTH);
        for at in above {
            let entry = self.classes[at].entry;
            for by in entry.modified_by.iter().chain(self.repaired.get(&at)) {
                let code = by.code.trim();
                if !excluded.contains(code) && found.iter().all(|a| a.by.code.trim() != code) {
                    found.push(Applied { by, position: self.position(by, at), own: at == ix });
                }
            }
            excluded.extend(entry.excluded_modifiers.iter().map(|code| code.trim()));
        }
        found
    }

    /// Which character a modifier supplies that a class states.
    fn position(&self, by: &ModifiedBy, stated: usize) -> usize {
        let code = by.code.trim();
        let class = &self.classes[stated];
        let dotted = self.parts.get(code).is_some_and(|p| p.iter().any(|p| p.code.trim().starts_with('.')));
        let below = self.has_codes_below(stated) && class.kind == ConceptKind::Code;
        let named = match () {
            () if dotted => 4,
            () if code.ends_with("_5") => 5,
            () if code.ends_with("_4") && !below => 4,
            () if code.ends_with("_4") => 5,
            () if below => 5,
            () => 4,
        };
        // A class cannot be given a character that it has.
        if class.kind == ConceptKind::Code { named.max(class.key.len() + 1) } else { named }
    }

    /// The classes of a modifier that its statement allows.
    fn allowed<'m>(&'m self, by: &'m ModifiedBy) -> impl Iterator<Item = &'c Entry> + 'm {
        let parts = self.parts.get(by.code.trim()).map_or(&[][..], Vec::as_slice);
        let some = by.all.trim() == "false";
        parts.iter().copied().filter(move |p| !some || by.valid.iter().any(|v| same(v, &p.code)))
    }

    /// The codes that are made from a class, each after the one above it.
    pub(super) fn made(&self, ix: usize) -> Vec<Made<'c>> {
        let class = &self.classes[ix];
        let mut made: Vec<Made<'c>> = Vec::new();
        if class.kind != ConceptKind::Code {
            return made;
        }
        let below = self.has_codes_below(ix);
        // Below a class with listed codes only what it states itself can be missing from the list.
        let applied: Vec<Applied<'_>> = self.applied(ix);
        let at =
            |position: usize| applied.iter().filter(move |a| a.position == position && (a.own || !below));
        let key = class.key.as_str();
        match key.len() {
            3 => {
                for a in at(4) {
                    self.push(&mut made, key, None, a.by);
                }
                if made.is_empty() && !below {
                    let filled = format!("{key}{FILLER}");
                    for a in at(5) {
                        self.push(&mut made, &filled, None, a.by);
                    }
                    return made;
                }
                for four in 0..made.len() {
                    // Made of a category, these stand below it like listed codes: pattern D.
                    let stem = made[four].code.clone();
                    for a in applied.iter().filter(|a| a.position == 5) {
                        self.push(&mut made, &stem, Some(four), a.by);
                    }
                }
            }
            4 => {
                for a in at(5) {
                    self.push(&mut made, key, None, a.by);
                }
            }
            _ => {}
        }
        made
    }

    fn push(&self, made: &mut Vec<Made<'c>>, stem: &str, below: Option<usize>, by: &ModifiedBy) {
        let preceding = below.map(|four| made[four].part);
        let optional = is_optional(&by.meta)
            || self.optional.contains(by.code.trim())
            || below.is_some_and(|four| made[four].optional);
        for part in self.allowed(by) {
            if preceding.is_some_and(|p| forbidden(part, p)) {
                continue;
            }
            let code = format!("{stem}{}", digit(&part.code));
            let Some(code) = super::draft::plain(&code).filter(|c| c.len() > stem.len()) else { continue };
            if self.listed.contains(code.as_str()) || made.iter().any(|m| m.code == code) {
                continue;
            }
            made.push(Made { code, part, below, optional: optional || is_optional(&part.meta) });
        }
    }
}

fn is_optional(meta: &[Meta]) -> bool {
    meta.iter()
        .any(|m| m.name.eq_ignore_ascii_case("usage") && m.value.trim().eq_ignore_ascii_case("optional"))
}

/// Whether a digit may not follow the digit that another modifier supplied.
fn forbidden(part: &Entry, preceding: &Entry) -> bool {
    part.meta.iter().filter(|m| m.name == "excludeOnPrecedingModifier").any(|m| {
        let mut words = m.value.split_whitespace();
        words.next() == Some(preceding.modifier.trim()) && words.any(|code| same(code, &preceding.code))
    })
}

fn digit(code: &str) -> &str {
    code.trim().trim_start_matches('.')
}

fn same(a: &str, b: &str) -> bool {
    digit(a) == digit(b)
}
