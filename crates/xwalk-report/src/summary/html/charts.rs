//! Charts as SVG. They are drawn at the width of a phone and scale up, so that their words stay readable.
//!
//! Added is a filled shape, deleted a hatched one, revised an outline: colour is never the only sign.

use maud::{Markup, html};

use crate::grouped;
use crate::summary::{Chapter, Flow, Year};

/// The hatching that the charts refer to.
pub(in crate::summary) fn patterns() -> Markup {
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                pattern #hatch width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect.hatch-back width="5" height="5" {}
                    rect.hatch-line width="2.4" height="5" {}
                }
            }
        }
    }
}

/// A sample of a shape for the key.
pub(super) fn swatch(what: &'static str) -> Markup {
    html! {
        svg.swatch viewBox="0 0 14 10" width="14" height="10" { rect.(what) x="0.5" y="0.5" width="13" height="9" {} }
    }
}

/// Rounds to a tenth, so that files stay small and the same everywhere.
fn r(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn share(part: u64, whole: u64, width: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of codes are far below 2^52")]
    let share = part as f64 / whole.max(1) as f64;
    share * width
}

/// One chapter as a bar of three pieces.
pub(super) fn chapter_bar(chapter: &Chapter, most: u64) -> Markup {
    let mut x = 0.0;
    let pieces: Vec<(&str, f64, f64)> =
        [("added", chapter.added), ("deleted", chapter.deleted), ("revised", chapter.revised)]
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(what, n)| {
                let width = share(n, most, 300.0).max(1.5);
                let at = x;
                x += width;
                (what, at, width)
            })
            .collect();
    html! {
        svg.bar viewBox="0 0 310 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @for (what, at, width) in pieces {
                rect.(what) x=(r(at)) y="0.5" width=(r(width)) height="7" {}
            }
        }
    }
}

const WIDTH: f64 = 360.0;

/// Added upwards, deleted downwards, by year.
pub(in crate::summary) fn changes_by_year(years: &[Year]) -> Markup {
    let up = years.iter().map(|y| y.added).max().unwrap_or(1).max(1);
    let down = years.iter().map(|y| y.deleted).max().unwrap_or(0);
    let height = 170.0;
    let lower = share(down, up, height).max(14.0);
    let slot = WIDTH / years.len() as f64;
    let bar = (slot * 0.62).min(44.0);
    let base = height + 16.0;
    let words: Vec<String> = years
        .iter()
        .map(|y| format!("{}: {} added, {} deleted", y.version, grouped(y.added), grouped(y.deleted)))
        .collect();
    let total = base + lower + 34.0;
    // Labels that would run into each other are left out, evenly; the table below has them all.
    let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(1) as f64 * 7.0 + 4.0;
    let values_every = every(longest(&mut years.iter().map(|y| grouped(y.added).len())), slot);
    let names_every = every(longest(&mut years.iter().map(|y| y.version.len())), slot);
    html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {}", r(total))) role="img" aria-label=(words.join("; ")) {
            @for (i, year) in years.iter().enumerate() {
                @let x = slot * i as f64 + (slot - bar) / 2.0;
                @let middle = r(slot * i as f64 + slot / 2.0);
                @let tall = share(year.added, up, height);
                rect.added x=(r(x)) y=(r(base - tall)) width=(r(bar)) height=(r(tall)) {}
                rect.deleted x=(r(x)) y=(r(base)) width=(r(bar)) height=(r(share(year.deleted, up, height))) {}
                @if i % values_every == 0 {
                    text.value x=(middle) y=(r(base - tall - 4.0)) text-anchor="middle" { (grouped(year.added)) }
                    text.value x=(middle) y=(r(base + share(year.deleted, up, height) + 11.0)) text-anchor="middle" { "\u{2212}" (grouped(year.deleted)) }
                }
                @if i % names_every == 0 {
                    text.axis x=(middle) y=(r(total - 3.0)) text-anchor="middle" { (year.version) }
                }
            }
            line.axis x1="0" x2=(WIDTH) y1=(r(base)) y2=(r(base)) {}
        }
    }
}

/// Every how many places a label fits that is so wide.
fn every(label: f64, slot: f64) -> usize {
    #[expect(clippy::cast_sign_loss, reason = "both are positive, and a chart has a few dozen places")]
    let every = (label / slot).ceil() as usize;
    every.max(1)
}

/// The number of codes by year. The axis does not begin at 0, and its ends are labelled.
pub(in crate::summary) fn size_by_year(years: &[Year]) -> Markup {
    let mut points: Vec<(String, u64)> = Vec::new();
    if let Some(first) = years.first() {
        let version = first.from.split_once('@').map_or(first.from.as_str(), |(_, v)| v);
        points.push((version.to_owned(), first.before));
    }
    points.extend(years.iter().map(|y| (y.version.clone(), y.after)));
    let low = points.iter().map(|p| p.1).min().unwrap_or(0);
    let high = points.iter().map(|p| p.1).max().unwrap_or(1).max(low + 1);
    let (top, height) = (24.0, 160.0);
    let inset = 30.0;
    let step = (WIDTH - 2.0 * inset) / (points.len().saturating_sub(1)).max(1) as f64;
    let place =
        |i: usize, n: u64| (inset + step * i as f64, top + height - share(n - low, high - low, height));
    let line: Vec<String> = points
        .iter()
        .enumerate()
        .map(|(i, (_, n))| {
            let (x, y) = place(i, *n);
            format!("{},{}", r(x), r(y))
        })
        .collect();
    let words: Vec<String> = points.iter().map(|(v, n)| format!("{v}: {} codes", grouped(*n))).collect();
    let every = points.len().div_ceil(7).max(1);
    let total = top + height + 44.0;
    html! {
        svg.chart viewBox=(format!("0 0 {WIDTH} {}", r(total))) role="img" aria-label=(words.join("; ")) {
            polyline.line points=(line.join(" ")) {}
            @for (i, (version, n)) in points.iter().enumerate() {
                @let (x, y) = place(i, *n);
                circle.dot cx=(r(x)) cy=(r(y)) r="3" {}
                @if i == 0 || i + 1 == points.len() || points.len() <= 4 {
                    @let below = i == 0 && points.len() > 1 && points[1].1 >= *n;
                    text.value x=(r(x)) y=(r(if below { y + 16.0 } else { y - 8.0 }))
                        text-anchor=(if i == 0 { "start" } else if i + 1 == points.len() { "end" } else { "middle" }) { (grouped(*n)) }
                }
                @if i % every == 0 || i + 1 == points.len() {
                    @if i + 1 == points.len() || points.len() - 1 - i >= every {
                        text.axis x=(r(x)) y=(r(total - 3.0)) text-anchor="middle" { (version) }
                    }
                }
            }
            line.axis x1="0" x2=(WIDTH) y1=(r(top + height + 24.0)) y2=(r(top + height + 24.0)) {}
        }
    }
}

/// Codes before on the left, codes after on the right, joined by bands.
pub(super) fn flow(flow: &Flow) -> Markup {
    let (width, line) = (340.0, 22.0);
    let rows = flow.before.len().max(flow.after.len());
    #[expect(clippy::cast_precision_loss, reason = "a picture has at most a few dozen codes on a side")]
    let height = rows as f64 * line + 8.0;
    // The shorter side is spread over the height of the longer one.
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    let y = |i: usize, n: usize| 4.0 + (rows as f64 * line) * (i as f64 + 0.5) / n.max(1) as f64;
    let (left, right) = (92.0, width - 92.0);
    let words: Vec<String> = flow
        .links
        .iter()
        .map(|&(a, b, _)| format!("{} to {}", flow.before[a].code, flow.after[b].code))
        .collect();
    html! {
        svg.flow viewBox=(format!("0 0 {width} {}", r(height))) role="img" aria-label=(words.join("; ")) {
            @for &(a, b, official) in &flow.links {
                @let (y1, y2) = (y(a, flow.before.len()), y(b, flow.after.len()));
                path.band.derived[!official]
                    d=(format!("M{left} {} C{} {} {} {} {right} {}", r(y1), width / 2.0, r(y1), width / 2.0, r(y2), r(y2))) {}
            }
            @for (i, named) in flow.before.iter().enumerate() {
                circle.dot cx=(left) cy=(r(y(i, flow.before.len()))) r="3" {}
                text.node x=(left - 9.0) y=(r(y(i, flow.before.len()) + 4.5)) text-anchor="end" { (named.code) }
            }
            @for (i, named) in flow.after.iter().enumerate() {
                circle.dot cx=(right) cy=(r(y(i, flow.after.len()))) r="3" {}
                text.node x=(right + 9.0) y=(r(y(i, flow.after.len()) + 4.5)) { (named.code) }
            }
        }
    }
}
