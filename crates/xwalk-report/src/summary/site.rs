//! Several years as a small static site: a page for each step, and an index.

use maud::html;

use super::Summary;
use super::html::{PageShell, SiteLinks, page, shell, years_body};
use crate::grouped;

/// One file of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its name in the folder.
    pub name: String,
    /// What is in it.
    pub content: String,
}

/// The pages of a site over steps of one system, oldest first. The last page is the index.
pub fn write_site(summaries: &[Summary]) -> Vec<Page> {
    let name = |s: &Summary| format!("{}-to-{}.html", s.from.version, s.to.version);
    let words = |s: &Summary| format!("{} to {}", s.from.version, s.to.version);
    let mut pages: Vec<Page> = Vec::new();
    let names: Vec<(String, String)> = summaries.iter().map(|s| (name(s), words(s))).collect();
    for (i, summary) in summaries.iter().enumerate() {
        let link = |i: Option<usize>| i.and_then(|i| names.get(i)).map(|(n, w)| (n.as_str(), w.as_str()));
        let links =
            SiteLinks { index: "index.html", before: link(i.checked_sub(1)), after: link(Some(i + 1)) };
        pages.push(Page { name: names[i].0.clone(), content: page(summary, Some(&links)) });
    }
    pages.push(index(summaries, &names));
    pages
}

fn index(summaries: &[Summary], names: &[(String, String)]) -> Page {
    let system = summaries.first().map_or("", |s| s.system_name);
    let title = format!("{system}: changes by year");
    let description = names.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join(", ");
    let years: Vec<_> = summaries.last().map(|s| s.years.clone()).unwrap_or_default();
    let body = html! {
        a.skip href="#main" { "Skip to the content" }
        (super::html::patterns())
        header.top {
            p.kicker { (system) " \u{b7} change summaries" }
            h1 { "Changes by year" }
            p.deck { "A page for each step, with every change, computed from the official releases and held against the official counts." }
        }
        div.page.single {
            main #main tabindex="-1" {
                section #pages {
                    h2 { "Steps" }
                    table.plain {
                        caption.visually-hidden { "Steps with their counts" }
                        thead { tr {
                            th scope="col" { "Step" } th.num scope="col" { "Added" } th.num scope="col" { "Deleted" }
                            th.num scope="col" { "Revised" } th scope="col" { "Official counts" }
                        } }
                        tbody {
                            @for (summary, (name, words)) in summaries.iter().zip(names).rev() {
                                @let [added, deleted, revised] = summary.headline.computed();
                                tr {
                                    th scope="row" { a href=(name) { (words) } }
                                    td.num { (grouped(added)) } td.num { (grouped(deleted)) } td.num { (grouped(revised)) }
                                    td { (agreement(summary)) }
                                }
                            }
                        }
                    }
                }
                @if years.len() > 1 {
                    section #years { h2 { "Over the years" } (years_body(&years)) }
                }
            }
        }
        footer {
            @if let Some(summary) = summaries.last() { @for line in &summary.attributions { p { (line) } } }
            p { "Made with xwalk " (env!("CARGO_PKG_VERSION")) " from official files, which each page names." }
        }
    };
    let content = shell(&PageShell { title: &title, description: &description, script: None, body });
    Page { name: "index.html".into(), content }
}

fn agreement(summary: &Summary) -> &'static str {
    let agrees: Vec<_> = summary.headline.numbers.iter().map(super::HeadlineNumber::agrees).collect();
    if agrees.iter().all(|a| *a == Some(true)) {
        "\u{2713} agree"
    } else if agrees.contains(&Some(false)) {
        "differ, see the page"
    } else {
        "none held"
    }
}
