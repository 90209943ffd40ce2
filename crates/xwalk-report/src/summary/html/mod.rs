//! A summary as one self-contained page.
//!
//! Styles and script are ours and stand in the page; a content security policy with their hashes forbids everything
//! else, so that a title cannot run a script even if escaping failed. Nothing is loaded from anywhere.

mod charts;
mod method;
mod overview;
mod tables;

use base64::Engine;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use xwalk_model::Period;

use super::{Kind, Summary};
use crate::grouped;

pub(super) use charts::patterns;
pub(super) use overview::years_body;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What every page of a report has around its content.
pub(crate) struct PageShell<'a> {
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
    /// BCP 47 tag of the page's own words.
    pub(crate) script: Option<&'a str>,
    pub(crate) body: Markup,
}

/// A whole page.
pub(crate) fn shell(page: &PageShell<'_>) -> String {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    let script_source = page.script.map_or("'none'".to_owned(), |s| format!("'sha256-{}'", hash(s)));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src {script_source}; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE)
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(concat!("xwalk ", env!("CARGO_PKG_VERSION")));
                meta name="description" content=(page.description);
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (page.body)
                @if let Some(script) = page.script {
                    script { (PreEscaped(script)) }
                }
            }
        }
    }
    .into_string()
}

/// Links from a page of a site to the others.
pub(super) struct SiteLinks<'a> {
    pub(super) index: &'a str,
    pub(super) before: Option<(&'a str, &'a str)>,
    pub(super) after: Option<(&'a str, &'a str)>,
}

/// The page of a summary.
pub(super) fn page(summary: &Summary, site: Option<&SiteLinks<'_>>) -> String {
    let title = format!("{}: what changed", summary.title());
    let [added, deleted, revised] = summary.headline.computed().map(grouped);
    let description = format!(
        "{added} added, {deleted} deleted, {revised} revised from {} to {}.",
        summary.from.id, summary.to.id
    );
    let links = tables::Links::new(summary);
    let sections = sections(summary);
    let body = html! {
        a.skip href="#main" { "Skip to the content" }
        (patterns())
        header.top {
            @if let Some(site) = site {
                nav.years aria-label="Years" {
                    a href=(site.index) { "All years" }
                    @if let Some((href, text)) = site.before { a href=(href) rel="prev" { "\u{2190} " (text) } }
                    @if let Some((href, text)) = site.after { a href=(href) rel="next" { (text) " \u{2192}" } }
                }
            }
            p.kicker { (summary.system_name) " \u{b7} change summary" }
            h1 { "What changed from " (summary.from.version) " to " (summary.to.version) }
            p.deck { (deck(summary)) }
        }
        div.page {
            nav.contents aria-label="Contents" {
                details open {
                    summary { "Contents" }
                    ol {
                        @for (id, text, number) in &sections {
                            li {
                                a href=(format!("#{id}")) { (text) }
                                @if let Some(number) = number { " " span.n { (grouped(*number as u64)) } }
                            }
                        }
                    }
                }
            }
            main #main tabindex="-1" {
                (overview::headline(summary))
                (overview::chapters(summary))
                (overview::years(summary))
                (overview::splits(summary, &links))
                (tables::finder(summary))
                div #tables lang=[(summary.language != "en").then_some(&summary.language)] {
                    (tables::changes(summary, &links))
                    (tables::notes(summary, &links))
                    (tables::attributes(summary, &links))
                }
                (method::glossary(summary))
                (method::method(summary))
            }
        }
        footer {
            @for line in &summary.attributions { p { (line) } }
            p { "Made with xwalk " (env!("CARGO_PKG_VERSION")) " from the official files named above." }
        }
    };
    shell(&PageShell { title: &title, description: &description, script: Some(SCRIPT), body })
}

/// Id, words and number of rows of the sections that the page has.
fn sections(summary: &Summary) -> Vec<(&'static str, &'static str, Option<usize>)> {
    let mut found = vec![("summary", "Summary", None)];
    if summary.has_chapters() {
        found.push(("chapters", summary.by_chapter(), None));
    }
    if summary.years.len() > 1 {
        found.push(("years", "Over the years", None));
    }
    if !summary.flows.is_empty() {
        found.push(("splits", "Splits and merges", None));
    }
    for kind in Kind::ALL {
        let number = summary.of(kind).count();
        if number > 0 {
            let counted = summary.of(kind).filter(|r| r.counted).count();
            found.push((kind.id(), kind.heading(), Some(if counted > 0 { counted } else { number })));
        }
    }
    if !summary.scope_loss.is_empty() {
        found.push(("scope", "Scope loss", Some(summary.scope_loss.len())));
    }
    if !summary.notes.is_empty() {
        found.push(("notes", "Notes", Some(summary.notes.len())));
    }
    if !summary.attributes.is_empty() {
        found.push(("attributes", "Attributes", Some(summary.attributes.len())));
    }
    found.push(("glossary", "Glossary", None));
    found.push(("method", "Method and sources", None));
    found
}

fn deck(summary: &Summary) -> Markup {
    html! {
        @match in_words(summary.to.effective) {
            Some(period) => { "In effect " (period) ". " }
            None => {}
        }
        "Counted from " b { (summary.from.id) }
        @if let Some(period) = in_words(summary.from.effective) { ", in effect " (period) }
        "."
    }
}

/// A period for people: `from 1 October 2025 to 30 September 2026`.
pub(crate) fn in_words(period: Period) -> Option<String> {
    let day = |d: jiff::civil::Date| d.strftime("%-d %B %Y").to_string();
    match (period.from, period.to) {
        (Some(from), Some(to)) => Some(format!("from {} to {}", day(from), day(to))),
        (Some(from), None) => Some(format!("from {}", day(from))),
        _ => None,
    }
}
