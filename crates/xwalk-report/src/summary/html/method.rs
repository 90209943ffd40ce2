//! The lower part of the page: glossary, method, sources.

use maud::{Markup, html};
use xwalk_diff::Verdict;

use super::overview::{is_minor, sentence};
use crate::grouped;
use crate::summary::{OfficialList, Summary};

pub(super) fn glossary(summary: &Summary) -> Markup {
    html! {
        section #glossary {
            h2 { "Glossary" }
            dl.glossary {
                @for term in &summary.glossary {
                    div { dt { (term.term) } dd { (term.meaning) } }
                }
            }
        }
    }
}

pub(super) fn method(summary: &Summary) -> Markup {
    let [counted, _] = summary.words();
    html! {
        section #method {
            h2 { "Method and sources" }
            p {
                "Both releases were read from the files named below and compared code by code. The headline counts "
                (counted) ". A code that became a header counts as a deletion; a header that became a code as an \
                 addition. A code counts as revised once, however many of its titles changed."
            }
            p { "The baseline is " (summary.from.id) ". Codes are placed by " (summary.chapter_source) "." }
            @if let Some([from, to]) = &summary.notes_from {
                p { "Notes are those of the tabular lists " (from) " and " (to) "." }
            }
            @if !summary.successors_from.is_empty() {
                p { "Successors, codes used before and scope loss are those of " (summary.successors_from.join(", ")) "." }
            } @else if !summary.flows.is_empty() {
                p { "No official table of successors was held for this step; what is shown follows from the hierarchy of the codes." }
            }
            @for caveat in summary.caveats.iter().filter(|c| is_minor(c)) { p.remark { (sentence(caveat)) } }
            @for side in [&summary.from, &summary.to] {
                @for remark in &side.remarks {
                    p.caveat { b { (side.id) ": " } (sentence(remark)) }
                }
            }
            h3 { "Official lists" }
            @if summary.reconciliation.lists.is_empty() {
                p { (summary.reconciliation.sentence) }
            }
            @for list in &summary.reconciliation.lists { (official_list(list)) }
            h3 { "Files" }
            @for side in [&summary.from, &summary.to] {
                h4 { (side.id) }
                @if side.sources.is_empty() { p { "The files are not named." } }
                dl.files {
                    @for source in &side.sources {
                        div {
                            dt { (source.name) " " span.range { (source.part) ", " (grouped(source.bytes)) " bytes" } }
                            dd { "sha256 " code { (source.sha256) } }
                        }
                    }
                }
            }
        }
    }
}

fn official_list(list: &OfficialList) -> Markup {
    html! {
        div.list {
            h4 {
                (list.file) " "
                @match list.verdict {
                    Verdict::Agrees => span.tag.added { "\u{2713} agrees" },
                    Verdict::Explained => span.tag.revised { "\u{2248} differs for a known cause" },
                    Verdict::Disagrees => span.tag.deleted { "! disagrees" },
                }
            }
            p.source { (sentence(list.about)) " " (grouped(list.lines as u64)) " lines." @if !list.sha256.is_empty() { " sha256 " code { (list.sha256) } } }
            @if !list.counts.is_empty() {
                table.plain {
                    caption.visually-hidden { "Trailer of " (list.file) }
                    thead { tr { th scope="col" { "Trailer" } th.num scope="col" { "Official" } th.num scope="col" { "Computed" } th.num scope="col" { "Line" } } }
                    tbody {
                        @for (name, official, computed, line) in &list.counts {
                            tr {
                                th scope="row" { (name) }
                                td.num { (grouped(*official)) }
                                td.num {
                                    @match computed {
                                        Some(n) if n == official => { (grouped(*n)) },
                                        Some(n) => { b { (grouped(*n)) " (differs)" } },
                                        None => "\u{2013}",
                                    }
                                }
                                td.num { (line) }
                            }
                        }
                    }
                }
            }
            @for (reason, number) in &list.reasons {
                p.remark { b { (grouped(*number as u64)) @if *number == 1 { " difference: " } @else { " differences: " } } (sentence(reason)) }
            }
            @for message in &list.unexplained { p.remark { b { "Not explained: " } (sentence(message)) } }
            @for remark in &list.remarks { p.remark { (sentence(remark)) } }
        }
    }
}
