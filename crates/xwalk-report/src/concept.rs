//! One code of an edition, as `show` prints it.

use std::io;

use serde::Serialize;
use xwalk_model::{Concept, Edition, NoteKind};

use crate::{Look, safe_cell};

/// What `show` says about a code.
#[derive(Debug, Serialize)]
pub struct Shown<'e> {
    /// The edition.
    pub edition: String,
    /// The code as the authority prints it.
    pub code: String,
    /// What it is.
    pub kind: xwalk_model::ConceptKind,
    /// Whether it may be used on a claim.
    pub assignable: bool,
    /// The title to show.
    pub title: &'e str,
    /// All titles.
    pub titles: Vec<Title<'e>>,
    /// The concepts above, nearest first.
    pub ancestors: Vec<Place<'e>>,
    /// The concepts directly below.
    pub children: Vec<Place<'e>>,
    /// Its own notes.
    pub notes: Vec<ShownNote<'e>>,
    /// Notes of the concepts above, which apply to it as well.
    pub inherited_notes: Vec<ShownNote<'e>>,
    /// Attributes.
    pub attributes: Vec<(&'e str, &'e str)>,
}

/// A title with its role.
#[derive(Debug, Serialize)]
pub struct Title<'e> {
    /// Which title.
    pub role: xwalk_model::Role,
    /// Its language.
    pub language: &'e str,
    /// The text.
    pub text: &'e str,
}

/// A place in the hierarchy.
#[derive(Debug, Serialize)]
pub struct Place<'e> {
    /// The code or grouping key.
    pub code: String,
    /// Its title.
    pub title: &'e str,
    /// Whether it may be used on a claim.
    pub assignable: bool,
}

/// A note, with the concept it stands at when it is inherited.
#[derive(Debug, Serialize)]
pub struct ShownNote<'e> {
    /// The heading.
    pub kind: &'static str,
    /// The text.
    pub text: &'e str,
    /// The codes that it names.
    pub refs: &'e [String],
    /// The concept above at which it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl<'e> Shown<'e> {
    /// Collects what an edition says about one of its concepts.
    pub fn new(edition: &'e Edition, concept: Concept<'e>) -> Self {
        let place =
            |c: Concept<'e>| Place { code: c.display(), title: c.title(), assignable: c.assignable() };
        let note = |n: xwalk_model::Note<'e>, at: Option<String>| ShownNote {
            kind: n.kind.label(),
            text: n.text,
            refs: n.refs,
            at,
        };
        Self {
            edition: edition.id().to_string(),
            code: concept.display(),
            kind: concept.kind(),
            assignable: concept.assignable(),
            title: concept.title(),
            titles: concept
                .designations()
                .map(|d| Title { role: d.role, language: d.language, text: d.text })
                .collect(),
            ancestors: concept.ancestors().map(place).collect(),
            children: concept.children().into_iter().map(place).collect(),
            notes: concept.notes().map(|n| note(n, None)).collect(),
            inherited_notes: concept
                .ancestors()
                .flat_map(|a| {
                    // An inclusion term names what its own code is for, not those below.
                    let inherited = a.notes().filter(|n| n.kind != NoteKind::InclusionTerm);
                    inherited.map(move |n| note(n, Some(a.display())))
                })
                .collect(),
            attributes: concept.attributes().map(|a| (a.name, a.value)).collect(),
        }
    }

    /// For people.
    pub fn write_text(&self, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
        let status = match (self.kind, self.assignable) {
            (xwalk_model::ConceptKind::Code, true) => "assignable",
            (xwalk_model::ConceptKind::Code, false) => "header, not assignable",
            (xwalk_model::ConceptKind::Chapter, _) => "chapter",
            (xwalk_model::ConceptKind::Block, _) => "section",
            _ => "modifier",
        };
        writeln!(
            out,
            "{} {}  {}",
            look.bold(&self.code),
            self.title,
            look.faint(format!("({status}, {})", self.edition))
        )?;
        for title in self.titles.iter().filter(|t| t.text != self.title) {
            writeln!(out, "  {:<9} {}", format!("{}:", title.role.id()), title.text)?;
        }
        if !self.ancestors.is_empty() {
            writeln!(out, "  above:")?;
            for place in &self.ancestors {
                writeln!(out, "    {:<9} {}", place.code, place.title)?;
            }
        }
        if !self.children.is_empty() {
            writeln!(out, "  below:")?;
            for place in &self.children {
                let mark = if place.assignable { " " } else { "+" };
                writeln!(out, "   {mark}{:<9} {}", place.code, place.title)?;
            }
        }
        for (heading, notes) in [("notes:", &self.notes), ("notes from above:", &self.inherited_notes)] {
            if notes.is_empty() {
                continue;
            }
            writeln!(out, "  {heading}")?;
            for note in notes {
                match &note.at {
                    Some(at) => writeln!(out, "    {} ({at}): {}", note.kind, note.text)?,
                    None => writeln!(out, "    {}: {}", note.kind, note.text)?,
                }
            }
        }
        for (name, value) in &self.attributes {
            writeln!(out, "  {name}: {value}")?;
        }
        Ok(())
    }
}

/// Several codes as CSV, a row each.
pub fn write_csv(all: &[Shown<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["edition", "code", "assignable", "title", "parent"])?;
    for shown in all {
        table.write_record([
            shown.edition.as_str(),
            &safe_cell(&shown.code),
            if shown.assignable { "true" } else { "false" },
            &safe_cell(shown.title),
            shown.ancestors.first().map_or("", |p| p.code.as_str()),
        ])?;
    }
    table.flush()
}
