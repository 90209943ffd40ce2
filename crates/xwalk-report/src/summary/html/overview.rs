//! The upper part of the page: headline, chapters, years, splits, scope loss.

use maud::{Markup, html};
use xwalk_diff::{RevisedBasis, Verdict};

use super::tables::Links;
use super::{charts, tables};
use crate::grouped;
use crate::summary::{Flow, HeadlineNumber, Kind, Summary};

/// How many pictures of splits and merges are drawn; the tables hold all.
const FLOWS_DRAWN: usize = 12;

/// The three numbers with the official ones beside them.
pub(super) fn headline(summary: &Summary) -> Markup {
    let h = &summary.headline;
    let [counted, others] = summary.words();
    html! {
        section #summary {
            h2.visually-hidden { "Summary" }
            dl.figures {
                @for number in &h.numbers {
                    div.figure.(number.what) {
                        dt { (number.what) }
                        dd {
                            strong { (grouped(number.computed)) }
                            (official(number, summary))
                        }
                    }
                }
            }
            p.verdict.(verdict_class(summary)) {
                span.sign aria-hidden="true" { (verdict_sign(summary)) }
                " " (summary.reconciliation.sentence)
                @if !summary.reconciliation.chapters_add_up {
                    " The chapters below do not add up to them; please report this."
                }
            }
            @if let Some(selection) = &summary.selection {
                p.selection {
                    b { "Selected: " } (selection.words) ". The tables below hold "
                    (grouped(selection.added)) " of the added, " (grouped(selection.deleted)) " of the deleted and "
                    (grouped(selection.revised)) " of the revised codes"
                    @if selection.cut > 0 { "; " (grouped(selection.cut)) " rows beyond the limit are left out" }
                    ". The numbers above cover everything."
                }
            }
            ul.facts {
                li {
                    b { (grouped(h.before)) } " " (counted) " before, " b { (grouped(h.after)) } " after"
                    @if h.official_totals == [Some(h.before), Some(h.after)] { " (as the trailer says)" }
                    "."
                }
                @if let Some(cpt) = &h.cpt {
                    li {
                        "As the AMA counts, " b { (grouped(cpt.total)) } " changes: new codes by part: Category I "
                        (cpt.new_by_part.category_1) ", II " (cpt.new_by_part.category_2) ", III "
                        (cpt.new_by_part.category_3) ", PLA " (cpt.new_by_part.pla) ", other "
                        (cpt.new_by_part.other) ". Revised codes are taken from "
                        @match cpt.basis {
                            RevisedBasis::History => "the history file.",
                            RevisedBasis::Text => "the descriptors, since no history file is held.",
                        }
                    }
                }
                @if h.became_header > 0 {
                    li {
                        b { (grouped(h.became_header)) } " of the deleted codes did not vanish: they "
                        a href="#became-header" { "became headers" } " with new codes below them."
                    }
                }
                @if h.became_assignable > 0 {
                    li { b { (grouped(h.became_assignable)) } " of the added codes were headers before." }
                }
                @if h.reinstated > 0 {
                    li { b { (grouped(h.reinstated)) } " of the added codes stood in an earlier edition: they were reinstated." }
                }
                @if h.recoded > 0 {
                    li { b { (grouped(h.recoded)) } " entities only have another code than before; they count as one addition and one deletion each." }
                }
                @if h.editorial > 0 {
                    li {
                        b { (grouped(h.editorial)) }
                        @if h.cpt.is_some() { " further codes have " } @else { " of the revised codes have only " }
                        a href="#editorial" { "editorial changes" } ": the title says the same as before."
                    }
                }
                @if !summary.scope_loss.is_empty() {
                    li {
                        b { (grouped(summary.scope_loss.len() as u64)) } " codes stayed and "
                        a href="#scope" { "mean less than before" } ", since new codes were carved out of them."
                    }
                }
                @if h.others != [0; 3] {
                    li {
                        "Among the " (others) ": " (grouped(h.others[0])) " added, " (grouped(h.others[1]))
                        " deleted, " (grouped(h.others[2])) " revised. They are not in the numbers above."
                    }
                }
                @let notes = summary.note_counts.iter().fold((0, 0), |s, n| (s.0 + n.added, s.1 + n.removed));
                @if notes != (0, 0) {
                    li {
                        a href="#notes" { "Notes" } ": " b { (grouped(notes.0)) } " added, " b { (grouped(notes.1)) } " removed"
                        @if let Some(moved) = summary.note_moves.iter().find(|m| m.from == "Excludes1" && m.to == "Excludes2") {
                            ", among them " b { (grouped(moved.count)) } " that moved from Excludes1 to Excludes2"
                        }
                        "."
                    }
                }
            }
            @for caveat in summary.caveats.iter().filter(|c| !is_minor(c)) {
                p.caveat { b { "To know: " } (sentence(caveat)) }
            }
        }
    }
}

/// Whether a caveat is about what the summary does not show anyway; it stands under Method.
pub(super) fn is_minor(caveat: &str) -> bool {
    caveat.starts_with("attribute")
}

/// A remark as a sentence of its own.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    // An edition id stays as it is.
    let text = if text.split_whitespace().next().is_some_and(|w| w.contains('@')) {
        text.to_owned()
    } else {
        format!("{first}{}", letters.as_str())
    };
    if text.ends_with('.') { text } else { format!("{text}.") }
}

fn official(number: &HeadlineNumber, summary: &Summary) -> Markup {
    html! {
        @match (number.official, number.agrees()) {
            (Some(official), Some(true)) => {
                span.official.good { span aria-hidden="true" { "\u{2713}" } " official: " (grouped(official)) }
            }
            (Some(official), _) => {
                span.official.other { "differs, official: " (grouped(official)) }
            }
            _ => span.official { @if summary.headline.cpt.is_some() { "as the AMA counts" } @else { "computed" } },
        }
    }
}

fn verdict_class(summary: &Summary) -> &'static str {
    let agrees = summary.headline.numbers.iter().map(HeadlineNumber::agrees).collect::<Vec<_>>();
    if !summary.reconciliation.chapters_add_up || agrees.contains(&Some(false)) {
        if summary.reconciliation.verdict == Some(Verdict::Disagrees) { "bad" } else { "other" }
    } else if agrees.iter().all(|a| *a == Some(true)) {
        "good"
    } else {
        "plain"
    }
}

fn verdict_sign(summary: &Summary) -> &'static str {
    match verdict_class(summary) {
        "good" => "\u{2713}",
        "bad" | "other" => "!",
        _ => "\u{2139}",
    }
}

/// The table by chapter with a bar in each row.
pub(super) fn chapters(summary: &Summary) -> Markup {
    if !summary.has_chapters() {
        return html! {};
    }
    let most = summary.chapters.iter().map(|c| c.added + c.deleted + c.revised).max().unwrap_or(1).max(1);
    let [added, deleted, revised] = summary.headline.computed();
    let [counted, _] = summary.words();
    let word = summary.by_chapter();
    html! {
        section #chapters {
            h2 { (word) }
            p.key aria-hidden="true" {
                span { (charts::swatch("added")) " added" }
                span { (charts::swatch("deleted")) " deleted" }
                span { (charts::swatch("revised")) " revised" }
            }
            table.chapters {
                caption.visually-hidden { "Added, deleted and revised " (counted) ", " (word.to_lowercase()) }
                thead {
                    tr {
                        th scope="col" { (summary.chapter_word()) }
                        th.num scope="col" { "Added" }
                        th.num scope="col" { "Deleted" }
                        th.num scope="col" { "Revised" }
                        th.num.wide scope="col" { "Codes now" }
                    }
                }
                tbody {
                    @for chapter in &summary.chapters {
                        @let quiet = chapter.added + chapter.deleted + chapter.revised == 0;
                        tr.quiet[quiet] {
                            th scope="row" {
                                div.chapter {
                                    span.chapter-key { (chapter.key) }
                                    div.chapter-name {
                                        (chapter.title)
                                        @if !chapter.range.is_empty() { " " span.range { (chapter.range) } }
                                        @if !quiet { (charts::chapter_bar(chapter, most)) }
                                    }
                                }
                            }
                            td.num { (dash(chapter.added)) }
                            td.num { (dash(chapter.deleted)) }
                            td.num { (dash(chapter.revised)) }
                            td.num.wide { (grouped(chapter.after)) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { "Sum, equal to the headline" }
                        td.num { (grouped(added)) }
                        td.num { (grouped(deleted)) }
                        td.num { (grouped(revised)) }
                        td.num.wide { (grouped(summary.headline.after)) }
                    }
                }
            }
            p.source { "Placed by " (summary.chapter_source) "." }
        }
    }
}

/// A number, or a dash for none.
fn dash(number: u64) -> String {
    if number == 0 { "\u{2013}".to_owned() } else { grouped(number) }
}

pub(super) fn years(summary: &Summary) -> Markup {
    if summary.years.len() < 2 {
        return html! {};
    }
    html! {
        section #years {
            h2 { "Over the years" }
            (years_body(&summary.years))
        }
    }
}

/// Two charts and the table behind them.
pub(in crate::summary) fn years_body(years: &[crate::summary::Year]) -> Markup {
    html! {
        div.charts {
            figure {
                figcaption { "Changes by year" }
                (charts::changes_by_year(years))
            }
            figure {
                figcaption { "Size of the code set" }
                (charts::size_by_year(years))
            }
        }
        table.plain {
            caption.visually-hidden { "Changes and size by year" }
            thead {
                tr {
                    th scope="col" { "Edition" }
                    th.num scope="col" { "Added" }
                    th.num scope="col" { "Deleted" }
                    th.num scope="col" { "Revised" }
                    th.num scope="col" { "Codes" }
                }
            }
            tbody {
                @for year in years {
                    tr {
                        th scope="row" {
                            (year.version)
                            @if !year.missing.is_empty() {
                                " " span.range { "counted without " (year.missing.join(", ")) }
                            }
                        }
                        td.num { (grouped(year.added)) }
                        td.num { (grouped(year.deleted)) }
                        td.num { (grouped(year.revised)) }
                        td.num { (grouped(year.after)) }
                    }
                }
            }
        }
        @if years.iter().any(|y| !y.missing.is_empty()) {
            p.source {
                "Where a release in between is not held, its changes are within the numbers of the year, and the \
                 published numbers, which count from that release, are others."
            }
        }
    }
}

pub(super) fn splits(summary: &Summary, links: &Links<'_>) -> Markup {
    if summary.flows.is_empty() {
        return html! {};
    }
    // One picture for a category, the largest: those of one category look alike.
    let mut drawn: Vec<(&Flow, usize)> = Vec::new();
    for flow in &summary.flows {
        match drawn.iter_mut().find(|(first, _)| first.category == flow.category) {
            Some((_, number)) => *number += 1,
            None => drawn.push((flow, 1)),
        }
    }
    let categories = drawn.len();
    drawn.truncate(FLOWS_DRAWN);
    html! {
        section #splits {
            h2 { "Splits and merges" }
            p {
                "Each picture joins the codes used before (left) with the codes to choose from now (right). "
                @if summary.successors_from.is_empty() {
                    "Dashed lines follow from the hierarchy: the new codes below a code that became a header."
                } @else {
                    "Solid lines are stated by " (summary.successors_from.join(", "))
                    "; dashed lines follow from the hierarchy."
                }
            }
            div.flows {
                @for (flow, alike) in &drawn {
                    figure {
                        figcaption {
                            (links.to(&flow.category.code))
                            @if let Some(title) = &flow.category.title { " " span.title { (title) } }
                            @if *alike > 1 { span.range { " (the largest of " (alike) " groups)" } }
                        }
                        (charts::flow(flow))
                        details {
                            summary { "The codes in words" }
                            dl.names {
                                @for named in flow.before.iter().chain(flow.after.iter().filter(|n| !flow.before.contains(n))) {
                                    dt { (links.to(&named.code)) }
                                    dd.title { (tables::title(named.title.as_deref())) }
                                }
                            }
                        }
                    }
                }
            }
            @if categories > FLOWS_DRAWN {
                p.source { "The " (FLOWS_DRAWN) " largest of " (grouped(categories as u64)) " categories are drawn; the tables below hold all." }
            }
        }
    }
}

/// The sign of a kind, hidden from screen readers, since the word stands beside it.
pub(super) fn sign(kind: Kind) -> Markup {
    html! { span.sign.(kind.id()) aria-hidden="true" { (kind.sign()) } }
}
