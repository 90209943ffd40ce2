//! Change summaries that reconcile: what educators and coding departments publish each year.
//!
//! [`Summary`] is the model: plain values, computed from two editions, their change set, the authority's own lists and
//! the steps that lead from old codes to new ones. Each form (HTML, workbook, Markdown, JSON, site) is a renderer of
//! its own over the same values, so that no two of them can tell different numbers.

mod build;
mod chapters;
mod cpt_marks;
mod flow;
mod glossary;
mod headline;
mod html;
mod json;
mod licence;
mod markdown;
mod rows;
mod selection;
mod site;
mod succession;
mod workbook;

use serde::Serialize;
use xwalk_model::{CodeSystem, Mark, Period, RevisionClass, Role, SourceFile, Totals};

pub use build::{Input, TabularLists};
pub(crate) use chapters::Chapters;
pub use glossary::Term;
pub use headline::{Headline, HeadlineNumber, OfficialList, Reconciliation};
pub(crate) use html::{PageShell, in_words, shell};
pub use licence::attributions;
pub use selection::{Selection, SelectionError, Volumes};
pub use site::{Page, write_site};
pub use succession::{Step, Succession};

/// A change set made ready for readers. All codes are in display form.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Version of the JSON form: `xwalk.report/1`. Fields may be added, these stay.
    pub schema: &'static str,
    /// The code system.
    pub system: CodeSystem,
    /// Its name in prose.
    pub system_name: &'static str,
    /// The baseline.
    pub from: Side,
    /// The edition compared with it.
    pub to: Side,
    /// Counts with the official ones beside them.
    pub headline: Headline,
    /// What the authority's own lists say of the computed change.
    pub reconciliation: Reconciliation,
    /// Where the chapters of this summary come from.
    pub chapter_source: String,
    /// The counts by chapter, in tabular order; their sums are the headline.
    pub chapters: Vec<Chapter>,
    /// Changes of codes: by kind, then in tabular order, or by use where volumes were given.
    pub changes: Vec<ChangeRow>,
    /// Codes that stayed while new codes were carved out of them.
    pub scope_loss: Vec<ScopeLoss>,
    /// Whether an official table of new codes and those used before was held for this step.
    pub successors_from: Vec<String>,
    /// Splits and merges by category.
    pub flows: Vec<Flow>,
    /// The tabular lists whose notes are compared, where these are not the two editions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes_from: Option<[String; 2]>,
    /// Notes by heading.
    pub note_counts: Vec<NoteCount>,
    /// Notes that moved from one heading to another.
    pub note_moves: Vec<NoteMove>,
    /// Changed notes.
    pub notes: Vec<NoteRow>,
    /// Changed attributes.
    pub attributes: Vec<AttributeRow>,
    /// The steps up to and with this one, oldest first, where more editions are held.
    pub years: Vec<Year>,
    /// What was selected, where the tables do not show everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionShown>,
    /// What a reader of the counts has to know.
    pub caveats: Vec<String>,
    /// BCP 47 tag of the titles.
    pub language: String,
    /// Whether titles were left out, since they are licensed.
    pub text_withheld: bool,
    /// Source lines that the owners of the code sets ask for.
    pub attributions: Vec<&'static str>,
    /// The words a student meets here.
    pub glossary: Vec<Term>,
}

/// One of the two editions.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// Its id, `icd10cm@2026`.
    pub id: String,
    /// Its version, `2026`.
    pub version: String,
    /// When it is in effect.
    pub effective: Period,
    /// Number of codes.
    pub totals: Totals,
    /// Whether it is a part of the release only.
    pub excerpt: bool,
    /// How it was made, where that matters.
    pub remarks: Vec<String>,
    /// The files it was read from.
    pub sources: Vec<SourceFile>,
}

/// What happened to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// It was assignable and is a header now.
    BecameHeader,
    /// It was a header and is assignable now.
    BecameAssignable,
    /// A title says something else.
    Revised,
    /// A title is written otherwise and says the same.
    Editorial,
    /// It stands below another concept.
    Moved,
}

impl Kind {
    /// Every kind, in the order in which a summary tells them.
    pub const ALL: [Self; 7] = [
        Self::Added,
        Self::Deleted,
        Self::BecameHeader,
        Self::BecameAssignable,
        Self::Revised,
        Self::Editorial,
        Self::Moved,
    ];

    /// The word in outputs and in ids of sections.
    pub fn id(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Deleted => "deleted",
            Self::BecameHeader => "became-header",
            Self::BecameAssignable => "became-assignable",
            Self::Revised => "revised",
            Self::Editorial => "editorial",
            Self::Moved => "moved",
        }
    }

    /// The heading of its table.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Added => "Added codes",
            Self::Deleted => "Deleted codes",
            Self::BecameHeader => "Codes that became headers",
            Self::BecameAssignable => "Headers that became codes",
            Self::Revised => "Revised titles",
            Self::Editorial => "Editorial revisions",
            Self::Moved => "Moved in the hierarchy",
        }
    }

    /// A sign that tells it without colour.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Deleted => "\u{2212}",
            Self::BecameHeader => "\u{25b8}",
            Self::BecameAssignable => "\u{25c2}",
            Self::Revised => "\u{394}",
            Self::Editorial => "\u{2248}",
            Self::Moved => "\u{21c4}",
        }
    }
}

/// What a changed concept is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// May be used on a claim.
    Assignable,
    /// A header; in ICD-11 an extension code, in HCPCS a terminated one.
    Header,
    /// A modifier.
    Modifier,
    /// A chapter or block.
    Grouping,
}

/// A code with its title.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Named {
    /// The code in display form.
    pub code: String,
    /// Its title; `None` where it is licensed and left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A title before and after.
#[derive(Clone, Debug, Serialize)]
pub struct RevisedTitle {
    /// Which title.
    pub role: Role,
    /// How it differs.
    pub class: RevisionClass,
    /// The title before; `None` where there was none or it is left out.
    pub before: Option<String>,
    /// The title now.
    pub after: Option<String>,
    /// The pieces, word by word; empty where the texts are left out.
    pub marks: Vec<Mark>,
}

/// What takes over from a code, or what was used before it: one code from each list, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The codes. Several stand for a combination, all of them needed.
    pub codes: Vec<Named>,
    /// Codes that have to be on the record as well, where the authority states it for several codes together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<Named>,
    /// Who says so: `official`, `derived` from the hierarchy, or `inferred`.
    pub basis: &'static str,
    /// File and line that state it; empty where it follows from the editions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// One changed code: one row for the reader, however many of its titles changed.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeRow {
    /// The code in display form.
    pub code: String,
    /// What happened.
    pub kind: Kind,
    /// What it is.
    pub status: Status,
    /// Whether it is in the headline.
    pub counted: bool,
    /// Index of its chapter in [`Summary::chapters`].
    pub chapter: usize,
    /// Its title now, or where it is gone its last one; `None` where it is left out.
    pub title: Option<String>,
    /// Titles before and after.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub titles: Vec<RevisedTitle>,
    /// The concept above, and for a moved code the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Named>,
    /// The concept above before, for a moved code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_before: Option<Named>,
    /// The edition in which it stood last before it came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reinstated_from: Option<String>,
    /// The code under which the same entity stood before (ICD-11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recoded_from: Option<String>,
    /// What takes over; alternatives are OR.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<Alternative>,
    /// What was used before, by the official table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<Alternative>,
    /// New codes below one that became a header.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Named>,
    /// The marks that CPT prints beside a code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpt_marks: Vec<CptMark>,
    /// How often the reader's organisation used it, where volumes were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Count>,
}

/// A count of uses. Small ones are not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "number")]
pub enum Count {
    /// The number.
    Exactly(u64),
    /// More than none and fewer than this.
    Under(u64),
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(number) => f.write_str(&crate::grouped(*number)),
            Self::Under(limit) => write!(f, "under {limit}"),
        }
    }
}

/// The marks that CPT prints, as far as the data files tell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CptMark {
    /// A new code.
    New,
    /// A code with a substantially altered descriptor.
    Revised,
    /// New or altered text that the AMA does not mark as a revision.
    RevisedText,
    /// A deleted code.
    Deleted,
    /// A code that stands out of numeric order.
    Resequenced,
    /// A code that is only reported together with another.
    AddOn,
}

impl CptMark {
    /// The sign in the book.
    pub fn sign(self) -> &'static str {
        match self {
            Self::New => "\u{25cf}",
            Self::Revised => "\u{25b2}",
            Self::RevisedText => "\u{25b6}\u{25c0}",
            Self::Deleted => "\u{2715}",
            Self::Resequenced => "#",
            Self::AddOn => "+",
        }
    }

    /// What it means.
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "new code",
            Self::Revised => "revised code",
            Self::RevisedText => "new or revised text",
            Self::Deleted => "deleted code",
            Self::Resequenced => "resequenced code",
            Self::AddOn => "add-on code",
        }
    }
}

/// The counts of one chapter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chapter {
    /// The authority's number or key; empty for codes in no chapter.
    pub key: String,
    /// Its codes, `A00-B99`; empty where it has no range.
    pub range: String,
    /// Its title without the range.
    pub title: String,
    /// Codes in the headline: added, deleted, revised.
    pub added: u64,
    /// Deleted codes, those that became headers included.
    pub deleted: u64,
    /// Revised codes.
    pub revised: u64,
    /// Of the deleted, those that became headers.
    pub became_header: u64,
    /// Of the revised, those whose titles say the same as before.
    pub editorial: u64,
    /// Codes of the headline's kind before.
    pub before: u64,
    /// And after.
    pub after: u64,
}

impl Chapter {
    /// The key with its word, for people: `Chapter 12`.
    pub fn name(&self, system: CodeSystem) -> String {
        match system {
            _ if self.key.is_empty() => self.title.clone(),
            CodeSystem::Icd10pcs => format!("Section {}", self.key),
            CodeSystem::Hcpcs => format!("{} codes", self.key),
            CodeSystem::Cpt => self.title.clone(),
            _ => format!("Chapter {}", self.key),
        }
    }
}

/// A code that stayed and means less than before.
#[derive(Clone, Debug, Serialize)]
pub struct ScopeLoss {
    /// The code.
    pub code: Named,
    /// Index of its chapter.
    pub chapter: usize,
    /// The new codes that the official table leads back to it.
    pub into: Vec<Named>,
    /// How often the reader's organisation used it, where volumes were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Count>,
}

/// The splits and merges of one category, for a picture.
#[derive(Clone, Debug, Serialize)]
pub struct Flow {
    /// The category.
    pub category: Named,
    /// The codes before.
    pub before: Vec<Named>,
    /// The codes after.
    pub after: Vec<Named>,
    /// Index of a code before, index of a code after, whether an authority states it.
    pub links: Vec<(usize, usize, bool)>,
}

/// Notes under one heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteCount {
    /// The heading.
    pub kind: &'static str,
    /// The heading as printed.
    pub label: &'static str,
    /// New under it.
    pub added: u64,
    /// Gone from it.
    pub removed: u64,
}

/// Notes that moved from one heading to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteMove {
    /// The heading before.
    pub from: &'static str,
    /// The heading now.
    pub to: &'static str,
    /// How many.
    pub count: u64,
}

/// One changed note.
#[derive(Clone, Debug, Serialize)]
pub struct NoteRow {
    /// The code or grouping at which it stands.
    pub code: String,
    /// The title there.
    pub title: Option<String>,
    /// Index of its chapter.
    pub chapter: usize,
    /// `added`, `removed` or `moved`.
    pub action: &'static str,
    /// Its heading, now or where it is gone before.
    pub kind: &'static str,
    /// The heading before, of one that moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<&'static str>,
    /// Its text.
    pub text: String,
}

/// One changed attribute.
#[derive(Clone, Debug, Serialize)]
pub struct AttributeRow {
    /// The code.
    pub code: String,
    /// Its title.
    pub title: Option<String>,
    /// Index of its chapter.
    pub chapter: usize,
    /// Name of the attribute.
    pub name: String,
    /// The value before.
    pub from: Option<String>,
    /// The value now.
    pub to: Option<String>,
}

/// One step between two editions, for the charts over the years.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Year {
    /// The baseline.
    pub from: String,
    /// The edition.
    pub to: String,
    /// Its version.
    pub version: String,
    /// Added codes, as in the headline.
    pub added: u64,
    /// Deleted codes.
    pub deleted: u64,
    /// Revised codes.
    pub revised: u64,
    /// Codes before.
    pub before: u64,
    /// Codes after.
    pub after: u64,
    /// Releases in between that are not held.
    pub missing: Vec<String>,
}

/// What was selected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SelectionShown {
    /// In words: `within I00-I99`, `codes of cardiology.csv`.
    pub words: String,
    /// Rows of the headline that the selection holds: added, deleted, revised.
    pub added: u64,
    /// Deleted codes.
    pub deleted: u64,
    /// Revised codes.
    pub revised: u64,
    /// Rows that `--top` left out.
    pub cut: u64,
}

impl Summary {
    /// The title of the page: `ICD-10-CM: 2025 to 2026`.
    pub fn title(&self) -> String {
        format!("{} {} to {}", self.system_name, self.from.version, self.to.version)
    }

    /// The rows of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &ChangeRow> {
        self.changes.iter().filter(move |row| row.kind == kind)
    }

    /// What a part of the code set is called, in a heading.
    pub fn chapter_word(&self) -> &'static str {
        match self.system {
            CodeSystem::Icd10pcs => "Section",
            CodeSystem::Hcpcs => "Letter",
            CodeSystem::Cpt => "Category",
            _ => "Chapter",
        }
    }

    /// The heading of the counts by part.
    pub fn by_chapter(&self) -> &'static str {
        match self.system {
            CodeSystem::Icd10pcs => "By section",
            CodeSystem::Hcpcs => "By letter",
            CodeSystem::Cpt => "By category",
            _ => "By chapter",
        }
    }

    /// Whether there is more than one chapter to tell apart.
    pub fn has_chapters(&self) -> bool {
        self.chapters.iter().filter(|c| !c.key.is_empty()).count() > 1
    }

    /// The words for codes that are counted in the headline, and for the others.
    pub fn words(&self) -> [&'static str; 2] {
        match self.system {
            CodeSystem::Icd11mms => ["stem codes", "extension codes"],
            CodeSystem::Hcpcs => ["active codes", "terminated codes"],
            _ => ["assignable codes", "headers"],
        }
    }

    /// For programs.
    pub fn write_json(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        json::write(self, out)
    }

    /// For wikis and mails.
    pub fn write_markdown(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        markdown::write(self, out)
    }

    /// For sending around: one file with everything in it.
    pub fn write_html(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        out.write_all(html::page(self, None).as_bytes())
    }

    /// For spreadsheets: a workbook (xlsx).
    pub fn write_workbook(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        workbook::write(self, out)
    }
}
