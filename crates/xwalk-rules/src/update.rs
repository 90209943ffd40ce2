//! What an update of a code system means to every set at once, computed a single time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xwalk_model::{
    Change, ChangeSet, Code, CodeSystem, Concept, ConceptKind, EditionId, NoteChange, NoteKind, Revision,
    Selector,
};

use crate::code_set::{CodeSet, number};
use crate::expand::{EditionIndex, Named};
use crate::transition::{Origin, Transition};

/// What happened to one code of the old edition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// It may not be used any more: it is gone, or a header now.
    pub retired: Option<Retired>,
    /// New codes that were carved out of it while it stayed.
    pub scope_lost: Vec<u32>,
    /// A title says something else now.
    pub revised: Option<Revision>,
    /// Notes that say which codes are not used together with it: came, went or moved.
    pub notes: Vec<ChangedNote>,
}

/// How a code was retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retired {
    /// The later edition does not hold it.
    Deleted,
    /// The later edition holds it as a header.
    Header,
}

/// A note that came, went or moved to another heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedNote {
    /// What happened.
    pub change: NoteChange,
    /// Its heading, now or, when it is gone, before.
    pub kind: NoteKind,
    /// Its text.
    pub text: String,
    /// Where it stands: the code itself or a concept above it.
    pub stands_at: Code,
    /// Codes of the old edition that it names.
    pub names: Vec<u32>,
}

/// Codes of the old edition that speak for a new code to belong where they belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// What kind of ground.
    pub kind: GroundKind,
    /// The codes.
    pub members: Members,
    /// How many there are.
    pub total: usize,
    /// How many of them have to be in a set, at least.
    pub needed: usize,
    /// What it is, in words.
    pub about: String,
}

/// The codes that a ground rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// A run of the tabular list, by its number in [`Update::groups`]: many new codes share one.
    Group(usize),
    /// Codes one by one.
    List(Vec<u32>),
}

/// A run of the tabular list of the old edition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The first concept.
    pub first: u32,
    /// The last concept.
    pub last: u32,
    /// The codes of one kind of encounter among them; `None` for all.
    pub of_encounter: Option<Vec<u32>>,
}

impl Group {
    /// How many of its codes a set holds.
    pub fn held_by(&self, codes: &CodeSet) -> usize {
        let all = codes.count_between(self.first, self.last);
        match &self.of_encounter {
            Some(list) if all > 0 => list.iter().filter(|ix| codes.contains(**ix)).count(),
            _ => all,
        }
    }
}

/// Groups by their number, while they are found.
type Groups = BTreeMap<Group, usize>;

fn number_of(groups: &mut Groups, group: Group) -> usize {
    let next = groups.len();
    *groups.entry(group).or_insert(next)
}

/// Kinds of grounds, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroundKind {
    /// The set holds all or most of the codes of the same category, section or chapter.
    Siblings,
    /// A note at the new code names codes of the set, or a new note at codes of the set names the new code.
    Note,
    /// The title of the new code holds all words of the title of a code in the set.
    Title,
}

impl GroundKind {
    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Siblings => "siblings",
            Self::Note => "note",
            Self::Title => "title",
        }
    }
}

/// A code that may be used on a claim from the later edition on.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Its number in the later edition.
    pub ix: u32,
    /// Where it comes from; `previous` as numbers of the old edition beside it.
    pub origin: Option<Origin>,
    /// Whether all that it was coded as before is known and held by the old edition.
    pub complete: bool,
    /// Whether it stands in another category than all that it was coded as before, and some of these stay: it is then
    /// another kind of code (a disease in remission that was a history of the disease), and not a part of an old one.
    pub moved: bool,
    /// Numbers of the codes of [`Origin::previous`].
    pub previous: Vec<u32>,
    /// What else speaks for it.
    pub grounds: Vec<Ground>,
}

/// Two editions of one system and all that differs between them, made ready for any number of sets.
#[derive(Debug)]
pub struct Update<'e> {
    /// The old edition.
    pub from: EditionIndex<'e>,
    /// The later edition.
    pub to: EditionIndex<'e>,
    /// What differs.
    pub changes: ChangeSet,
    /// Where new codes come from.
    pub transition: Transition,
    impacts: HashMap<u32, Impact>,
    /// The new codes in tabular order.
    pub new_codes: Vec<NewCode>,
    /// Runs of the old edition that grounds rest on.
    pub groups: Vec<Group>,
    /// For each concept of the old edition its number in the later one, where it is assignable there.
    carried: Vec<u32>,
    /// Numbers of the codes to which something happened, in tabular order.
    touched: Vec<u32>,
    history: Vec<EditionIndex<'e>>,
}

impl NewCode {
    /// Whether a set of the old edition held its whole meaning: every code that it was coded as before.
    pub fn was_in(&self, codes: &CodeSet) -> bool {
        self.complete && !self.previous.is_empty() && self.previous.iter().all(|p| codes.contains(*p))
    }

    /// How much of what it was coded as before a set of the old edition held, in words.
    pub fn share_in(&self, codes: &CodeSet) -> String {
        let held = self.previous.iter().filter(|p| codes.contains(**p)).count();
        let beyond = if self.complete {
            ""
        } else {
            "; the authority names further codes that the old edition does not hold"
        };
        format!("the set held {held} of {}{beyond}", self.previous.len())
    }
}

/// Marks a code that the later edition does not hold as assignable.
const GONE: u32 = u32::MAX;
/// A chapter or section speaks for a new code when the set holds nearly all of it: nineteen in twenty.
const NEARLY_ALL: (usize, usize) = (19, 20);
/// Words of titles that do not tell what a code is about.
const EMPTY_WORDS: [&str; 24] = [
    "a",
    "an",
    "and",
    "as",
    "at",
    "by",
    "due",
    "elsewhere",
    "for",
    "from",
    "in",
    "is",
    "it",
    "not",
    "of",
    "on",
    "or",
    "other",
    "specified",
    "the",
    "to",
    "unspecified",
    "with",
    "without",
];

impl<'e> Update<'e> {
    /// Works out what an update means.
    pub fn new(
        from: EditionIndex<'e>,
        to: EditionIndex<'e>,
        changes: ChangeSet,
        transition: Transition,
    ) -> Self {
        let carried = from
            .edition()
            .concepts()
            .map(|c| to.find_assignable(c.code()).filter(|_| c.assignable()).unwrap_or(GONE))
            .collect();
        let mut update = Self {
            from,
            to,
            changes,
            transition,
            impacts: HashMap::new(),
            new_codes: Vec::new(),
            groups: Vec::new(),
            carried,
            touched: Vec::new(),
            history: Vec::new(),
        };
        update.find_impacts();
        update.find_new_codes();
        update
    }

    /// Names earlier editions, so that codes retired before the old edition are known for what they are.
    #[must_use]
    pub fn with_history(mut self, history: Vec<EditionIndex<'e>>) -> Self {
        self.history = history;
        self
    }

    /// The last of the earlier editions in which a code was assignable.
    pub fn last_assignable(&self, code: &Code) -> Option<&EditionId> {
        let held = self.history.iter().filter(|e| e.find_assignable(code).is_some());
        held.map(|e| e.edition().id()).max()
    }

    /// Numbers of the codes between two concepts to which something happened.
    pub fn touched(&self, first: u32, last: u32) -> &[u32] {
        let start = self.touched.partition_point(|ix| *ix < first);
        let rest = &self.touched[start..];
        &rest[..rest.partition_point(|ix| *ix <= last)]
    }

    /// The new codes between two concepts of the later edition.
    pub fn new_between(&self, first: u32, last: u32) -> &[NewCode] {
        let start = self.new_codes.partition_point(|n| n.ix < first);
        let rest = &self.new_codes[start..];
        &rest[..rest.partition_point(|n| n.ix <= last)]
    }

    /// The system of both editions.
    pub fn system(&self) -> CodeSystem {
        self.to.edition().id().system
    }

    /// What happened to a code of the old edition; `None` where nothing did.
    pub fn impact(&self, ix: u32) -> Option<&Impact> {
        self.impacts.get(&ix)
    }

    /// The number in the later edition of an assignable code that stayed assignable.
    pub fn carry(&self, ix: u32) -> Option<u32> {
        self.carried.get(ix as usize).copied().filter(|to| *to != GONE)
    }

    /// The new codes that took over from a code of the old edition or were carved out of it.
    pub fn successors(&self, ix: u32) -> Vec<u32> {
        let found = self.transition.successors.get(self.from.code(ix));
        found.into_iter().flatten().filter_map(|c| self.to.find(c)).collect()
    }

    fn find_impacts(&mut self) {
        let mut impacts: BTreeMap<u32, Impact> = BTreeMap::new();
        for concept in self.from.edition().concepts() {
            if concept.kind() != ConceptKind::Code || !concept.assignable() {
                continue;
            }
            let ix = number(concept.ix());
            if self.carry(ix).is_none() {
                let header = self.to.find(concept.code()).is_some();
                let how = if header { Retired::Header } else { Retired::Deleted };
                impacts.entry(ix).or_default().retired = Some(how);
            } else {
                let carved = self.successors(ix);
                if !carved.is_empty() {
                    impacts.entry(ix).or_default().scope_lost = carved;
                }
            }
        }
        for (code, changes) in &self.changes.changes {
            for change in changes {
                match change {
                    Change::Revision { revision, kind: ConceptKind::Code, .. }
                        if !revision.class.is_editorial()
                            && self.changes.headline_roles.contains(&revision.role) =>
                    {
                        let Some(ix) = self.from.find(code) else { continue };
                        let revised = &mut impacts.entry(ix).or_default().revised;
                        // The title people read counts before abbreviations of it.
                        if revised.as_ref().is_none_or(|r| revision.role < r.role) {
                            *revised = Some(revision.clone());
                        }
                    }
                    Change::Note { change, kind, text } if forbids_pairs(*kind, *change) => {
                        let note = self.changed_note(code, *change, *kind, text);
                        let Some(ix) = self.from.find(code) else { continue };
                        let below: Vec<u32> = self.from.assignable_below(ix).collect();
                        for ix in below {
                            impacts.entry(ix).or_default().notes.push(note.clone());
                        }
                    }
                    _ => {}
                }
            }
        }
        self.touched = impacts.keys().copied().collect();
        self.impacts = impacts.into_iter().collect();
    }

    fn changed_note(&self, code: &Code, change: NoteChange, kind: NoteKind, text: &str) -> ChangedNote {
        let (edition, moved) = match change {
            NoteChange::Removed => (self.from.edition(), kind),
            _ => (self.to.edition(), kind),
        };
        let refs = edition.get(code).into_iter().flat_map(Concept::notes);
        let refs: Vec<&String> =
            refs.filter(|n| n.kind == moved && n.text == text).flat_map(|n| n.refs).collect();
        let mut names: BTreeSet<u32> = BTreeSet::new();
        for reference in refs {
            names.extend(self.referenced(reference));
        }
        ChangedNote {
            change,
            kind,
            text: text.to_owned(),
            stands_at: code.clone(),
            names: names.into_iter().collect(),
        }
    }

    /// The codes of the old edition that a reference of a note names.
    fn referenced(&self, reference: &str) -> Vec<u32> {
        let selector = match Selector::parse(self.system(), reference) {
            Ok(Selector::Code(code)) => Selector::IsA(code),
            Ok(other) => other,
            Err(_) => return Vec::new(),
        };
        match self.from.named(&selector) {
            Named::Run { first, last, .. } => {
                (first..=last).filter(|ix| self.from.is_assignable(*ix)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn find_new_codes(&mut self) {
        let mut new_codes = Vec::new();
        let mut groups = Groups::new();
        for concept in self.to.edition().concepts() {
            let code = concept.code();
            let new = concept.kind() == ConceptKind::Code
                && concept.assignable()
                && self.from.find_assignable(code).is_none();
            if !new {
                continue;
            }
            let origin = self.transition.origins.get(code).cloned();
            let previous: Vec<u32> = origin
                .iter()
                .flat_map(|o| &o.previous)
                .filter_map(|c| self.from.find_assignable(c))
                .collect();
            let moved = self.moved(concept, &previous);
            let complete = origin.as_ref().is_some_and(|o| !o.incomplete);
            let mut grounds = self.siblings(concept, &mut groups);
            grounds.extend(self.notes_at(concept));
            new_codes.push(NewCode { ix: number(concept.ix()), complete, moved, origin, previous, grounds });
        }
        self.add_title_grounds(&mut new_codes);
        self.add_new_notes(&mut new_codes);
        self.new_codes = new_codes;
        let mut numbered: Vec<(usize, Group)> = groups.into_iter().map(|(g, n)| (n, g)).collect();
        numbered.sort_unstable_by_key(|(number, _)| *number);
        self.groups = numbered.into_iter().map(|(_, group)| group).collect();
    }

    fn moved(&self, new: Concept<'_>, previous: &[u32]) -> bool {
        let category = |c: Concept<'_>| {
            let above = c.ancestors().take_while(|a| a.kind() == ConceptKind::Code).last().unwrap_or(c);
            above.code().clone()
        };
        let own = category(new);
        previous.iter().any(|p| self.carry(*p).is_some())
            && previous.iter().all(|p| category(self.from.edition().nth(*p)) != own)
    }

    /// The nearest codes of the old edition: those of the same encounter (7th character) in the same category, those
    /// of each category, section and chapter above.
    fn siblings(&self, concept: Concept<'_>, groups: &mut Groups) -> Vec<Ground> {
        let mut grounds = Vec::new();
        let seventh = (self.system() == CodeSystem::Icd10cm)
            .then(|| concept.code().as_str().as_bytes().get(6).copied())
            .flatten();
        for above in concept.ancestors() {
            let Some(ix) = self.from.find(above.code()) else { continue };
            let total = self.from.assignable_below(ix).count();
            if total < 2 {
                continue;
            }
            let last = self.from.last_below(ix);
            let narrow = above.kind() == ConceptKind::Code;
            let name = above.display();
            if let (Some(seventh), true) = (seventh, narrow) {
                let below = self.from.assignable_below(ix);
                let same: Vec<u32> = below
                    .filter(|ix| self.from.code(*ix).as_str().as_bytes().get(6) == Some(&seventh))
                    .collect();
                if same.len() > 1 {
                    let total = same.len();
                    let group = Group { first: ix, last, of_encounter: Some(same) };
                    let about = format!("codes of {name} with 7th character {}", char::from(seventh));
                    grounds.push(Ground {
                        kind: GroundKind::Siblings,
                        needed: total / 2 + 1,
                        total,
                        members: Members::Group(number_of(groups, group)),
                        about,
                    });
                }
            }
            let needed = if narrow { total / 2 + 1 } else { (total * NEARLY_ALL.0).div_ceil(NEARLY_ALL.1) };
            let about = match above.kind() {
                ConceptKind::Chapter => format!("codes of chapter {name}"),
                _ => format!("codes of {name}"),
            };
            let group = Group { first: ix, last, of_encounter: None };
            let members = Members::Group(number_of(groups, group));
            grounds.push(Ground { kind: GroundKind::Siblings, members, total, needed, about });
        }
        grounds
    }

    /// Notes at the new code, and at new headers above it, that name codes of the old edition.
    fn notes_at(&self, concept: Concept<'_>) -> Vec<Ground> {
        let mut grounds = Vec::new();
        let new_above = concept.ancestors().take_while(|c| self.from.find(c.code()).is_none());
        for place in std::iter::once(concept).chain(new_above) {
            for note in place.notes() {
                let together = [NoteKind::CodeFirst, NoteKind::UseAdditionalCode, NoteKind::CodeAlso]
                    .contains(&note.kind);
                if !together {
                    continue;
                }
                for reference in note.refs {
                    let members = self.referenced(reference);
                    if !members.is_empty() {
                        let about = format!("{} at {}: {}", note.kind.label(), place.display(), note.text);
                        grounds.push(all_of(GroundKind::Note, members, about));
                    }
                }
            }
        }
        grounds
    }

    /// New exclusion notes at codes that stayed, which name new codes: who looked here has to look there now.
    fn add_new_notes(&self, new_codes: &mut [NewCode]) {
        let at: BTreeMap<u32, usize> = new_codes.iter().enumerate().map(|(i, n)| (n.ix, i)).collect();
        for (code, changes) in &self.changes.changes {
            for change in changes {
                let Change::Note { change: NoteChange::Added, kind, text } = change else { continue };
                if !matches!(kind, NoteKind::Excludes1 | NoteKind::Excludes2 | NoteKind::Exclusion) {
                    continue;
                }
                let (Some(old), Some(new)) = (self.from.find(code), self.to.edition().get(code)) else {
                    continue;
                };
                let members: Vec<u32> = self.from.assignable_below(old).collect();
                let notes = new.notes().filter(|n| n.kind == *kind && n.text == *text);
                for reference in notes.flat_map(|n| n.refs) {
                    for ix in self.named_in_later(reference) {
                        let Some(new_code) = at.get(&ix).and_then(|i| new_codes.get_mut(*i)) else {
                            continue;
                        };
                        let about = format!("new {} note at {}: {text}", kind.label(), new.display());
                        let members = members.clone();
                        if !members.is_empty() {
                            new_code.grounds.push(all_of(GroundKind::Note, members, about));
                        }
                    }
                }
            }
        }
    }

    fn named_in_later(&self, reference: &str) -> Vec<u32> {
        let selector = match Selector::parse(self.system(), reference) {
            Ok(Selector::Code(code)) => Selector::IsA(code),
            Ok(other) => other,
            Err(_) => return Vec::new(),
        };
        match self.to.named(&selector) {
            Named::Run { first, last, .. } => (first..=last).collect(),
            _ => Vec::new(),
        }
    }

    /// Old codes all of whose words stand in the title of a new code: "liver disease" in "Fontan-associated liver
    /// disease". One word alone says too little.
    fn add_title_grounds(&self, new_codes: &mut [NewCode]) {
        let titles: Vec<BTreeSet<String>> =
            new_codes.iter().map(|n| words(self.to.edition().nth(n.ix).title())).collect();
        let mut wanted: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, title) in titles.iter().enumerate() {
            for word in title {
                wanted.entry(word).or_default().push(i);
            }
        }
        for concept in self.from.edition().concepts() {
            if concept.kind() != ConceptKind::Code || !concept.assignable() {
                continue;
            }
            let all = words(concept.title());
            if all.len() < 2 {
                continue;
            }
            let mut lists: Vec<&Vec<usize>> = Vec::new();
            let known = all.iter().all(|word| match wanted.get(word.as_str()) {
                Some(list) => {
                    lists.push(list);
                    true
                }
                None => false,
            });
            let Some(shortest) = lists.iter().min_by_key(|l| l.len()).filter(|_| known) else { continue };
            for &i in *shortest {
                if all.iter().all(|word| titles[i].contains(word)) {
                    let about =
                        format!("its title holds all words of {} {}", concept.display(), concept.title());
                    let members = vec![number(concept.ix())];
                    new_codes[i].grounds.push(all_of(GroundKind::Title, members, about));
                }
            }
        }
    }
}

/// A ground that holds when all of its codes are in a set.
fn all_of(kind: GroundKind, members: Vec<u32>, about: String) -> Ground {
    Ground { kind, total: members.len(), needed: members.len(), members: Members::List(members), about }
}

/// Notes that decide which codes may stand together on a claim.
fn forbids_pairs(kind: NoteKind, change: NoteChange) -> bool {
    let pairs = |kind| matches!(kind, NoteKind::Excludes1 | NoteKind::Exclusion);
    pairs(kind) || matches!(change, NoteChange::Moved { from } if pairs(from))
}

fn words(title: &str) -> BTreeSet<String> {
    title
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|w| !w.is_empty() && !EMPTY_WORDS.contains(&w.as_str()))
        .collect()
}
