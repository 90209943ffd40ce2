//! Change sets: what differs between two editions, as a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Code, ConceptKind, EditionId, NoteKind, Role, Totals};

/// How a title differs from the one before. The first four are editorial: they do not change the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevisionClass {
    /// Blanks only.
    Whitespace,
    /// Upper and lower case, or punctuation.
    CaseOrPunctuation,
    /// Spelling or inflection of the same words.
    Spelling,
    /// The same words in another order.
    WordOrder,
    /// Words were added and none removed.
    WordsAdded,
    /// Words were removed and none added.
    WordsRemoved,
    /// Some words were replaced by others.
    WordsReplaced,
    /// Fewer than half of the words stayed.
    Rewritten,
}

impl RevisionClass {
    /// Every class, mildest first.
    pub const ALL: [Self; 8] = [
        Self::Whitespace,
        Self::CaseOrPunctuation,
        Self::Spelling,
        Self::WordOrder,
        Self::WordsAdded,
        Self::WordsRemoved,
        Self::WordsReplaced,
        Self::Rewritten,
    ];

    /// Whether the words say the same as before.
    pub fn is_editorial(self) -> bool {
        self <= Self::WordOrder
    }

    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Whitespace => "whitespace",
            Self::CaseOrPunctuation => "case-or-punctuation",
            Self::Spelling => "spelling",
            Self::WordOrder => "word-order",
            Self::WordsAdded => "words-added",
            Self::WordsRemoved => "words-removed",
            Self::WordsReplaced => "words-replaced",
            Self::Rewritten => "rewritten",
        }
    }
}

/// Whether a marked piece of text stayed, went or came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// In both texts.
    Same,
    /// Only in the text before.
    Removed,
    /// Only in the text after.
    Added,
}

/// A piece of a title with its mark. The pieces that are not `Added` make the title before, those that are not
/// `Removed` the title after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What happened to the piece.
    pub kind: MarkKind,
    /// The piece.
    pub text: String,
}

/// A title as it was and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Which title.
    pub role: Role,
    /// The title before, `None` where there was none.
    pub from: Option<String>,
    /// The title after, `None` where there is none any more.
    pub to: Option<String>,
    /// How they differ.
    pub class: RevisionClass,
    /// The pieces, word by word.
    pub marks: Vec<Mark>,
}

/// What happened to a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteChange {
    /// It is new at this code.
    Added,
    /// It is gone from this code.
    Removed,
    /// The same text stands under another heading now, for instance Excludes2 instead of Excludes1.
    Moved {
        /// The heading before.
        from: NoteKind,
    },
}

/// One difference at one code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The code is new.
    Addition {
        /// What it is.
        kind: ConceptKind,
        /// Whether it may be used on a claim.
        assignable: bool,
        /// The concept above it.
        parent: Option<Code>,
        /// Its titles in the main language.
        titles: Vec<(Role, String)>,
        /// The edition in which it stood last, where it had been deleted before: a reinstatement.
        reinstated_from: Option<EditionId>,
    },
    /// The code is gone.
    Deletion {
        /// What it was.
        kind: ConceptKind,
        /// Whether it could be used on a claim.
        assignable: bool,
        /// Its title.
        title: String,
        /// What takes over from it, where an authority says so.
        successors: Vec<Code>,
    },
    /// A title changed while the status stayed.
    Revision {
        /// What the concept is.
        kind: ConceptKind,
        /// Whether it may be used on a claim, before and after.
        assignable: bool,
        /// The title before and after.
        revision: Revision,
    },
    /// The code stands below another concept now.
    Move {
        /// The concept above it before.
        from: Option<Code>,
        /// The concept above it now.
        to: Option<Code>,
    },
    /// The same entity has another code now (ICD-11). Stands at the new code.
    Recoded {
        /// The code before.
        from: Code,
    },
    /// A header became assignable, or an assignable code became a header. Among the assignable codes this is an
    /// addition or a deletion, among the headers the opposite, as the official addenda count it.
    Assignability {
        /// What the concept is.
        kind: ConceptKind,
        /// Whether it is assignable now.
        now: bool,
        /// Its titles where they changed as well; the addenda do not count these as revisions.
        revisions: Vec<Revision>,
        /// What takes over from a code that became a header, where it is known.
        successors: Vec<Code>,
    },
    /// The code stays and means less than before: new codes were carved out of it.
    Scope {
        /// The new codes, in tabular order.
        into: Vec<Code>,
    },
    /// A note came, went or moved to another heading.
    Note {
        /// What happened.
        change: NoteChange,
        /// Its heading, now or, when it is gone, before.
        kind: NoteKind,
        /// Its text.
        text: String,
    },
    /// An attribute changed.
    Attribute {
        /// Its name.
        name: String,
        /// The value before.
        from: Option<String>,
        /// The value now.
        to: Option<String>,
    },
}

/// How many titles were revised, counted by code: a code counts once however many of its titles changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionCounts {
    /// Codes with any difference in a published title.
    pub total: u64,
    /// The long title only.
    pub long: u64,
    /// The short title only.
    pub short: u64,
    /// Both.
    pub both: u64,
    /// Of the total, those whose differences are all editorial.
    pub editorial: u64,
}

/// Counts for one kind of codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Codes that came, status changes included.
    pub added: u64,
    /// Codes that went, status changes included.
    pub deleted: u64,
    /// Codes that kept their status and had a title changed.
    pub revised: RevisionCounts,
}

/// The counts of a change set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Codes that may be used on a claim.
    pub assignable: Tally,
    /// Codes that may not.
    pub headers: Tally,
    /// Assignable codes that became headers; they are in `assignable.deleted` and `headers.added` too.
    pub became_header: u64,
    /// Headers that became assignable; they are in `headers.deleted` and `assignable.added` too.
    pub became_assignable: u64,
    /// Additions that stood in an earlier edition.
    pub reinstated: u64,
    /// Codes and groupings below another concept than before.
    pub moved: u64,
    /// Entities that kept their identity and changed their code.
    pub recoded: u64,
    /// Codes that stayed and lost scope to new ones.
    pub scope: u64,
    /// Codes of which only titles outside the headline changed, for instance in the tabular list alone.
    pub other_titles: u64,
    /// Notes by heading: added and removed. A note that moved counts as removed under one and added under another.
    pub notes: BTreeMap<NoteKind, (u64, u64)>,
    /// Of these, notes that moved from the first heading to the second.
    pub notes_moved: BTreeMap<(NoteKind, NoteKind), u64>,
    /// Attribute values that changed, by name: came, went, changed.
    pub attributes: BTreeMap<String, (u64, u64, u64)>,
}

/// What differs between two editions of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// The baseline.
    pub from: EditionId,
    /// The edition compared with it.
    pub to: EditionId,
    /// Number of codes in the baseline.
    pub from_totals: Totals,
    /// Number of codes after.
    pub to_totals: Totals,
    /// The titles whose differences count as revisions: those that both editions publish.
    pub headline_roles: Vec<Role>,
    /// What a reader of the counts has to know, for instance that notes are in one edition only.
    pub caveats: Vec<String>,
    /// The differences by code; within a code in a fixed order.
    pub changes: BTreeMap<Code, Vec<Change>>,
}

impl ChangeSet {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Counts as the authorities count: assignable codes and headers apart, a status change on both sides.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for changes in self.changes.values() {
            self.count_code(changes, &mut counts);
        }
        counts
    }

    fn count_code(&self, changes: &[Change], counts: &mut Counts) {
        let mut revised: Vec<&Revision> = Vec::new();
        let mut revised_status = None;
        for change in changes {
            match change {
                Change::Addition { kind: ConceptKind::Code, assignable, reinstated_from, .. } => {
                    counts.tally(*assignable).added += 1;
                    counts.reinstated += u64::from(reinstated_from.is_some());
                }
                Change::Deletion { kind: ConceptKind::Code, assignable, .. } => {
                    counts.tally(*assignable).deleted += 1;
                }
                Change::Addition { .. } | Change::Deletion { .. } => {}
                // A modifier that was terminated is no deleted code.
                Change::Assignability { kind, .. } if *kind != ConceptKind::Code => {}
                Change::Assignability { now, .. } => {
                    counts.tally(*now).added += 1;
                    counts.tally(!*now).deleted += 1;
                    if *now {
                        counts.became_assignable += 1;
                    } else {
                        counts.became_header += 1;
                    }
                }
                Change::Revision { kind, assignable, revision } => {
                    revised.push(revision);
                    revised_status = Some((*kind, *assignable));
                }
                Change::Move { .. } => counts.moved += 1,
                Change::Scope { .. } => counts.scope += 1,
                Change::Recoded { .. } => {
                    // A block that was renumbered is recoded too, and no code of its own.
                    let code = |c: &Change| matches!(c, Change::Addition { kind: ConceptKind::Code, .. });
                    counts.recoded += u64::from(changes.iter().any(code));
                }
                Change::Note { change, kind, .. } => match change {
                    NoteChange::Added => counts.notes.entry(*kind).or_default().0 += 1,
                    NoteChange::Removed => counts.notes.entry(*kind).or_default().1 += 1,
                    NoteChange::Moved { from } => {
                        counts.notes.entry(*kind).or_default().0 += 1;
                        counts.notes.entry(*from).or_default().1 += 1;
                        *counts.notes_moved.entry((*from, *kind)).or_default() += 1;
                    }
                },
                Change::Attribute { name, from, to } => {
                    let tally = counts.attributes.entry(name.clone()).or_default();
                    match (from, to) {
                        (None, _) => tally.0 += 1,
                        (_, None) => tally.1 += 1,
                        _ => tally.2 += 1,
                    }
                }
            }
        }
        let Some((kind, assignable)) = revised_status else { return };
        // A title that one of the two editions does not state is no revision of it.
        revised.retain(|r| r.from.is_some() && r.to.is_some());
        if revised.is_empty() {
            return;
        }
        revised.retain(|r| self.headline_roles.contains(&r.role));
        let changed = |role| revised.iter().any(|r| r.role == role);
        if revised.is_empty() || kind != ConceptKind::Code {
            counts.other_titles += 1;
            return;
        }
        let tally = &mut counts.tally(assignable).revised;
        tally.total += 1;
        tally.editorial += u64::from(revised.iter().all(|r| r.class.is_editorial()));
        match (changed(Role::Long), changed(Role::Short)) {
            (true, true) => tally.both += 1,
            (true, false) => tally.long += 1,
            (false, true) => tally.short += 1,
            (false, false) => {}
        }
    }
}

impl Counts {
    fn tally(&mut self, assignable: bool) -> &mut Tally {
        if assignable { &mut self.assignable } else { &mut self.headers }
    }
}
