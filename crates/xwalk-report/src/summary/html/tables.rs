//! The tables of changes, with search and filters.

use std::collections::HashSet;

use maud::{Markup, html};
use xwalk_model::MarkKind;

use super::overview::sign;
use crate::grouped;
use crate::summary::{Alternative, ChangeRow, Kind, Named, RevisedTitle, Status, Summary};

/// A list of codes longer than this is folded.
const LISTED: usize = 8;
/// Of a list longer than this the rest is counted: a table that names whole categories leads to hundreds of codes.
const MOST: usize = 40;

/// Which codes have a row of their own that can be linked to.
pub(super) struct Links<'s> {
    anchored: HashSet<&'s str>,
}

impl<'s> Links<'s> {
    pub(super) fn new(summary: &'s Summary) -> Self {
        Self { anchored: summary.changes.iter().map(|r| r.code.as_str()).collect() }
    }

    /// A code, as a link where it has a row.
    pub(super) fn to(&self, code: &str) -> Markup {
        html! {
            @if self.anchored.contains(code) {
                a.code href=(format!("#{}", anchor(code))) { (code) }
            } @else {
                span.code { (code) }
            }
        }
    }

    fn named(&self, named: &Named) -> Markup {
        html! {
            (self.to(&named.code))
            @if let Some(title) = &named.title { " " span.title { (title) } }
        }
    }

    /// Codes with their titles under a word; a long list is folded.
    pub(super) fn list(&self, word: &str, codes: &[Named]) -> Markup {
        let items = html! {
            ul.codes {
                @for named in codes.iter().take(MOST) { li { (self.named(named)) } }
                (rest(codes.len()))
            }
        };
        html! {
            @if codes.len() > LISTED {
                details.more { summary { (word) " " (codes.len()) " codes" } (items) }
            } @else if !codes.is_empty() {
                div.relation { span.word { (word) ":" } (items) }
            }
        }
    }

    fn either(&self, codes: &[Named]) -> Markup {
        html! { @for (i, named) in codes.iter().enumerate() { @if i > 0 { " or " } (self.to(&named.code)) } }
    }

    /// Ways to carry a code, one of which applies.
    fn alternatives(&self, word: &str, ways: &[Alternative]) -> Markup {
        let items = html! {
            ul.codes {
                @for way in ways {
                    li title=[(!way.source.is_empty()).then_some(&way.source)] {
                        @for (i, named) in way.codes.iter().enumerate() {
                            @if i > 0 { b { " and " } }
                            (self.named(named))
                        }
                        @if !way.with.is_empty() {
                            span.word { " if together with " (self.either(&way.with)) }
                        }
                    }
                }
            }
        };
        html! {
            // A table that names whole categories is not told code by code.
            @if ways.len() > MOST {
                @let ends = [ways.first(), ways.last()].map(|w| w.and_then(|w| w.codes.first()));
                p.remark {
                    (word) " one of " (grouped(ways.len() as u64)) " codes"
                    @if let [Some(first), Some(last)] = ends { " from " (self.to(&first.code)) " to " (self.to(&last.code)) }
                    "; the workbook and the JSON hold all."
                }
            } @else if ways.len() > LISTED {
                details.more { summary { (word) " one of " (ways.len()) } (items) }
            } @else if !ways.is_empty() {
                div.relation { span.word { (word) @if ways.len() > 1 { ", one of" } ":" } (items) }
            }
        }
    }
}

/// How many items of a list are not named.
fn rest(number: usize) -> Markup {
    html! { @if number > MOST { li.none { "and " (grouped((number - MOST) as u64)) " more; the workbook and the JSON hold all" } } }
}

/// The id of a code's row.
fn anchor(code: &str) -> String {
    code.chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect()
}

/// A title, or a word on why there is none.
pub(super) fn title(text: Option<&str>) -> Markup {
    html! {
        @match text {
            Some("") => span.none { "without a title" },
            Some(text) => (text),
            None => span.none { "descriptor left out" },
        }
    }
}

/// Search and filters; shown only where the script runs.
pub(super) fn finder(summary: &Summary) -> Markup {
    let kinds: Vec<(&str, &str)> = Kind::ALL
        .into_iter()
        .filter(|kind| summary.of(*kind).next().is_some())
        .map(|kind| (kind.id(), short(kind)))
        .chain((!summary.scope_loss.is_empty()).then_some(("scope", "Scope loss")))
        .chain((!summary.notes.is_empty()).then_some(("notes", "Notes")))
        .chain((!summary.attributes.is_empty()).then_some(("attributes", "Attributes")))
        .collect();
    let first = summary.changes.first().map_or("", |row| row.code.as_str());
    let example = format!("{first}, or words of a title");
    html! {
        section #find.finder aria-labelledby="find-heading" hidden {
            h2.visually-hidden #find-heading { "Find a change" }
            form #filters role="search" {
                div.field.wide {
                    label for="q" { "Code or words" }
                    input #q type="search" autocomplete="off" spellcheck="false" placeholder=(example);
                }
                @if summary.has_chapters() {
                    div.field {
                        label for="chapter" { (summary.chapter_word()) }
                        select #chapter {
                            option value="" { "All" }
                            @for (i, chapter) in summary.chapters.iter().enumerate() {
                                option value=(i) { (chapter.key) @if !chapter.title.is_empty() { " " (clip(&chapter.title)) } }
                            }
                        }
                    }
                }
                div.field.last { button type="reset" { "Show all" } }
                fieldset {
                    legend.visually-hidden { "Kinds of change" }
                    @for (id, word) in &kinds {
                        label.chip { input type="checkbox" name="kind" value=(id) checked; span { (word) } }
                    }
                }
                p #status role="status" {}
            }
        }
    }
}

fn clip(text: &str) -> String {
    if text.chars().count() <= 48 {
        return text.to_owned();
    }
    let cut: String = text.chars().take(47).collect();
    format!("{}\u{2026}", cut.trim_end())
}

fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "Added",
        Kind::Deleted => "Deleted",
        Kind::BecameHeader => "Became headers",
        Kind::BecameAssignable => "Became codes",
        Kind::Revised => "Revised",
        Kind::Editorial => "Editorial",
        Kind::Moved => "Moved",
    }
}

fn intro(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "New in the later edition.",
        Kind::Deleted => "Not to be used any more from the first day of the later edition.",
        Kind::BecameHeader => {
            "These were assignable codes. New codes stand below them now, and one of those has to be chosen."
        }
        Kind::BecameAssignable => "These were headers and may be used now.",
        Kind::Revised => {
            "The code stayed and its title says something else. What went is struck through, what came is underlined."
        }
        Kind::Editorial => {
            "Set apart, since the meaning is the same: blanks, capitals, punctuation, spelling or the order of words."
        }
        Kind::Moved => "These stand below another heading than before.",
    }
}

/// The tables, one for each kind.
pub(super) fn changes(summary: &Summary, links: &Links<'_>) -> Markup {
    let mut linked: HashSet<&str> = HashSet::new();
    html! {
        @for kind in Kind::ALL {
            @let rows: Vec<&ChangeRow> = summary.of(kind).collect();
            @if !rows.is_empty() {
                section.changes id=(kind.id()) {
                    h2 { (sign(kind)) " " (kind.heading()) " " (counts(summary, &rows)) }
                    p.intro { (intro(kind)) }
                    (table(summary, links, &rows, &mut linked))
                }
            }
        }
        (scope_loss(summary, links))
    }
}

/// How many rows are in the headline, and how many are not.
fn counts(summary: &Summary, rows: &[&ChangeRow]) -> Markup {
    let counted = rows.iter().filter(|r| r.counted).count();
    if counted == rows.len() || counted == 0 {
        return count(rows.len());
    }
    let others = rows.iter().filter(|r| !r.counted);
    let headers = others.clone().all(|r| r.status == Status::Header);
    let word = if headers { summary.words()[1] } else { "outside the headline" };
    let text = format!("{} and {} {word}", grouped(counted as u64), grouped((rows.len() - counted) as u64));
    html! { span.n data-all=(text) { (text) } }
}

fn count(number: usize) -> Markup {
    html! { span.n data-all=(grouped(number as u64)) { (grouped(number as u64)) } }
}

fn table<'s>(
    summary: &'s Summary,
    links: &Links<'_>,
    rows: &[&'s ChangeRow],
    linked: &mut HashSet<&'s str>,
) -> Markup {
    let by_use = rows.iter().any(|r| r.volume.is_some());
    html! {
        table.rows {
            caption.visually-hidden { (rows.first().map_or("", |r| r.kind.heading())) }
            thead { tr { th.code-head scope="col" { "Code" } th scope="col" { "Change" } } }
            // A run of rows of one chapter and status is a group with a heading of its own.
            @for run in rows.chunk_by(|a, b| by_use || group_of(a) == group_of(b)) {
                @let first = run[0];
                tbody data-c=[(!by_use).then_some(first.chapter)] {
                    @if !by_use {
                        tr.group { th colspan="2" scope="rowgroup" { (group_words(summary, first)) " " span.n { (run.len()) } } }
                    }
                    @for row in run {
                        tr id=[linked.insert(&row.code).then(|| anchor(&row.code))] data-c=[by_use.then_some(row.chapter)] {
                            (cells(summary, links, row, by_use))
                        }
                    }
                }
            }
        }
        p.empty hidden { "Nothing here matches." }
    }
}

fn group_of(row: &ChangeRow) -> (usize, bool, Status) {
    (row.chapter, row.counted, row.status)
}

fn chapter_words(summary: &Summary, chapter: usize) -> String {
    let chapter = &summary.chapters[chapter];
    let mut words = chapter.name(summary.system);
    if !chapter.title.is_empty() && words != chapter.title {
        words.push_str(" \u{b7} ");
        words.push_str(&chapter.title);
    }
    words
}

fn group_words(summary: &Summary, row: &ChangeRow) -> String {
    let mut words = chapter_words(summary, row.chapter);
    if !row.counted {
        words.push_str(match row.status {
            Status::Header if summary.system == xwalk_model::CodeSystem::Hcpcs => ": terminated codes",
            Status::Header => ": headers",
            Status::Modifier => ": modifiers",
            Status::Grouping => ": chapters and sections",
            Status::Assignable => ": outside the headline",
        });
    }
    words
}

fn cells(summary: &Summary, links: &Links<'_>, row: &ChangeRow, by_use: bool) -> Markup {
    html! {
        th scope="row" {
            a.code href=(format!("#{}", anchor(&row.code))) { (row.code) }
            @for mark in &row.cpt_marks {
                span.cpt title=(mark.label()) { span aria-hidden="true" { (mark.sign()) } span.visually-hidden { (mark.label()) } }
            }
        }
        td {
            @if row.titles.is_empty() || row.kind == Kind::BecameHeader || row.kind == Kind::BecameAssignable {
                div.title { (title(row.title.as_deref())) }
            }
            (titles(row))
            @if by_use {
                p.volume { (summary.chapters[row.chapter].name(summary.system)) }
                @if let Some(volume) = row.volume { p.volume { "used " (volume) " times" @if row.kind == Kind::Added { " under the codes before" } } }
            }
            @if let Some(id) = &row.reinstated_from { p.remark { "Reinstated; it stood last in " (id) "." } }
            @if let Some(code) = &row.recoded_from { p.remark { "The same entity was " (links.to(code)) " before." } }
            (links.alternatives("Before", &row.previous))
            @if row.kind == Kind::BecameHeader {
                @if row.children.is_empty() { (links.alternatives("Use", &row.successors)) }
                @else { (links.list("New codes below", &row.children)) }
            } @else if row.kind == Kind::Deleted {
                (links.alternatives("Use", &row.successors))
                @if row.successors.is_empty() && row.counted && !summary.successors_from.is_empty() {
                    p.remark { "No successor is stated." }
                }
            } @else if row.kind == Kind::Moved {
                p.remark {
                    "From below " (place(links, row.parent_before.as_ref())) " to below " (place(links, row.parent.as_ref())) "."
                }
            }
        }
    }
}

fn place(links: &Links<'_>, named: Option<&Named>) -> Markup {
    html! { @match named { Some(named) => (links.named(named)), None => "the top" } }
}

/// Titles before and after; a short title only where nothing longer changed.
fn titles(row: &ChangeRow) -> Markup {
    let Some(first) = row.titles.first() else { return html! {} };
    let others: Vec<&str> = row.titles.iter().skip(1).map(|t| t.role.id()).collect();
    html! {
        (before_and_after(first))
        p.class {
            (first.role.id()) " title: " (class_words(first))
            @if !others.is_empty() { "; the " (others.join(" and ")) " title changed too" }
        }
    }
}

fn class_words(title: &RevisedTitle) -> &'static str {
    use xwalk_model::RevisionClass as C;
    match title.class {
        C::Whitespace => "blanks only",
        C::CaseOrPunctuation => "capitals or punctuation",
        C::Spelling => "spelling",
        C::WordOrder => "order of words",
        C::WordsAdded => "words added",
        C::WordsRemoved => "words removed",
        C::WordsReplaced => "words replaced",
        C::Rewritten => "rewritten",
    }
}

/// A piece that came or went; blanks at its ends stay outside, so that no blank is underlined.
fn marked(text: &str, came: bool) -> Markup {
    let inner = text.trim();
    let start = &text[..text.len() - text.trim_start().len()];
    let end = if inner.is_empty() { "" } else { &text[text.trim_end().len()..] };
    html! {
        (start)
        @if !inner.is_empty() { @if came { ins { (inner) } } @else { del { (inner) } } }
        (end)
    }
}

fn before_and_after(title: &RevisedTitle) -> Markup {
    if title.before.is_none() && title.after.is_none() {
        return html! { div.title { span.none { "descriptor left out" } } };
    }
    let side = |shown: MarkKind| {
        html! {
            @for mark in &title.marks {
                @match mark.kind {
                    MarkKind::Same => (mark.text),
                    MarkKind::Removed if shown == MarkKind::Removed => (marked(&mark.text, false)),
                    MarkKind::Added if shown == MarkKind::Added => (marked(&mark.text, true)),
                    _ => {},
                }
            }
        }
    };
    html! {
        div.pair {
            div.title { span.word { "Before" } " " (side(MarkKind::Removed)) }
            div.title { span.word { "After" } " " (side(MarkKind::Added)) }
        }
    }
}

/// Codes that mean less than before.
fn scope_loss(summary: &Summary, links: &Links<'_>) -> Markup {
    if summary.scope_loss.is_empty() {
        return html! {};
    }
    let by_use = summary.scope_loss.iter().any(|l| l.volume.is_some());
    html! {
        section #scope.changes {
            h2 { span.sign aria-hidden="true" { "\u{25d4}" } " Scope loss " (count(summary.scope_loss.len())) }
            p.intro {
                "These codes stayed, and still mean less than before: the official table says that the new codes were \
                 reported with them. A list or rule that holds one of them may need the new codes as well."
            }
            table.rows {
                caption.visually-hidden { "Codes that mean less than before, with the new codes" }
                thead { tr { th.code-head scope="col" { "Code" } th scope="col" { "What was carved out" } } }
                @for run in summary.scope_loss.chunk_by(|a, b| by_use || a.chapter == b.chapter) {
                    tbody data-c=[(!by_use).then_some(run[0].chapter)] {
                        @if !by_use {
                            tr.group { th colspan="2" scope="rowgroup" { (chapter_words(summary, run[0].chapter)) " " span.n { (run.len()) } } }
                        }
                        @for loss in run {
                            tr data-c=[by_use.then_some(loss.chapter)] {
                                th scope="row" { (links.to(&loss.code.code)) }
                                td {
                                    div.title { (title(loss.code.title.as_deref())) }
                                    @if let Some(volume) = loss.volume { p.volume { "used " (volume) " times" } }
                                    (links.list("now also", &loss.into))
                                }
                            }
                        }
                    }
                }
            }
            p.empty hidden { "Nothing here matches." }
        }
    }
}

/// Notes: counts by heading, moves, and the changed notes.
pub(super) fn notes(summary: &Summary, links: &Links<'_>) -> Markup {
    if summary.notes.is_empty() {
        return html! {};
    }
    let moved: Vec<_> = summary.notes.iter().filter(|n| n.action == "moved").collect();
    let mut kinds: Vec<&str> = summary.note_counts.iter().map(|n| n.label).collect();
    kinds.dedup();
    html! {
        section #notes.changes {
            h2 { span.sign aria-hidden="true" { "\u{a7}" } " Notes " (count(summary.notes.len())) }
            p.intro { "Instructions at codes, sections and chapters. They change what may be coded together without changing a code."
                @if let Some([from, to]) = &summary.notes_from { " Compared between the tabular lists " b { (from) } " and " b { (to) } ", since the files of codes hold no notes." }
            }
            table.plain.narrow {
                caption.visually-hidden { "Changed notes by heading" }
                thead { tr { th scope="col" { "Heading" } th.num scope="col" { "Added" } th.num scope="col" { "Removed" } } }
                tbody {
                    @for n in &summary.note_counts {
                        tr { th scope="row" { (n.label) } td.num { (grouped(n.added)) } td.num { (grouped(n.removed)) } }
                    }
                }
            }
            @for m in &summary.note_moves {
                p.intro { b { (grouped(m.count)) } " moved from " (m.from) " to " (m.to) "; each is in both columns above." }
            }
            @if !moved.is_empty() {
                h3 { "Moved from one heading to another" }
                (note_table(summary, links, "Notes that moved", &moved))
            }
            @for kind in kinds {
                @let rows: Vec<_> = summary.notes.iter().filter(|n| n.kind == kind && n.action != "moved").collect();
                @if !rows.is_empty() {
                    h3 { (kind) " " span.n { (rows.len()) } }
                    (note_table(summary, links, kind, &rows))
                }
            }
            p.empty hidden { "Nothing here matches." }
        }
    }
}

fn note_table(
    summary: &Summary,
    links: &Links<'_>,
    words: &str,
    rows: &[&crate::summary::NoteRow],
) -> Markup {
    html! {
        table.rows {
            caption.visually-hidden { (words) }
            thead { tr { th.code-head scope="col" { "Code" } th scope="col" { "Note" } } }
            @for run in rows.chunk_by(|a, b| a.code == b.code) {
                tbody data-c=(run[0].chapter) {
                    @for (i, row) in run.iter().enumerate() {
                        tr {
                            th scope="row" { (links.to(&row.code)) }
                            td {
                                @if i == 0 { div.where.title { (title(row.title.as_deref())) } }
                                @match row.action {
                                    "added" => { span.tag.added { "+ added" } " " ins.whole { (row.text) } },
                                    "removed" => { span.tag.deleted { "\u{2212} removed" } " " del.whole { (row.text) } },
                                    _ => {
                                        span.tag.revised { "\u{21c4} " (row.was.unwrap_or("")) " to " (row.kind) } " "
                                        span.title { (row.text) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if summary.notes.is_empty() { p.empty { "None." } }
    }
}

/// Attributes by name.
pub(super) fn attributes(summary: &Summary, links: &Links<'_>) -> Markup {
    if summary.attributes.is_empty() {
        return html! {};
    }
    let mut names: Vec<&str> = summary.attributes.iter().map(|a| a.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    html! {
        section #attributes.changes {
            h2 { span.sign aria-hidden="true" { "\u{2699}" } " Attributes " (count(summary.attributes.len())) }
            p.intro { "Facts about codes that stayed: the same code with another flag." }
            @for name in names {
                @let rows: Vec<_> = summary.attributes.iter().filter(|a| a.name == name).collect();
                h3 { (name) " " span.n { (rows.len()) } }
                table.rows {
                    caption.visually-hidden { (name) }
                    thead { tr { th.code-head scope="col" { "Code" } th scope="col" { "Before and after" } } }
                    tbody {
                        @for row in &rows {
                            tr data-c=(row.chapter) {
                                th scope="row" { (links.to(&row.code)) }
                                td {
                                    div.title { (title(row.title.as_deref())) }
                                    p.values {
                                        @match &row.from { Some(v) => del.whole { (v) }, None => span.none { "none" } }
                                        " \u{2192} "
                                        @match &row.to { Some(v) => ins.whole { (v) }, None => span.none { "none" } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.empty hidden { "Nothing here matches." }
        }
    }
}
