//! The quality of a map as a whole.

use std::io;

use serde::Serialize;
use xwalk_map::{MapStatistics, Resolver};

use crate::{Look, grouped};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    from: String,
    to: String,
    route: Vec<String>,
    method: &'static str,
    #[serde(flatten)]
    statistics: &'a MapStatistics,
}

/// For programs.
pub fn write_statistics_json(
    resolver: &Resolver,
    statistics: &MapStatistics,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let document = Document {
        schema: "xwalk.map-statistics/1",
        from: resolver.from().to_string(),
        to: resolver.to().to_string(),
        route: resolver.steps().iter().map(|s| format!("{} > {} {}", s.from, s.to, s.name)).collect(),
        method: resolver.steps().first().map_or("", |s| s.method.id()),
        statistics,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// For people.
pub fn write_statistics_text(
    resolver: &Resolver,
    s: &MapStatistics,
    look: Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    writeln!(out, "{} to {}", look.bold(resolver.from()), look.bold(resolver.to()))?;
    let mut line = |label: &str, value: usize, of: Option<usize>| -> io::Result<()> {
        let share = of
            .filter(|of| *of > 0)
            .map_or(String::new(), |of| format!("  {:.1} %", 100.0 * value as f64 / of as f64));
        writeln!(out, "  {label:<46}{:>9}{share}", grouped(value as u64))
    };
    line("source codes", s.sources, None)?;
    for (outcome, count) in &s.outcomes {
        line(&format!("  {}", outcome.id()), *count, Some(s.sources))?;
    }
    line("alternatives", s.alternatives, None)?;
    line("  of them combinations", s.combinations, None)?;
    line("sources with a combination", s.combination_sources, None)?;
    line("  of them with single codes as well", s.mixed_sources, None)?;
    line("most alternatives of one source", s.widest, None)?;
    line("sources without a target", s.unmapped_sources, Some(s.sources))?;
    if let Some(unreached) = s.unreached_targets {
        line("target codes that no source leads to", unreached, None)?;
    }
    line("pairs of source and target", s.pairs, None)?;
    if let (Some(reverse), Some(both)) = (s.reverse_pairs, s.reciprocal_pairs) {
        line("pairs of the other direction", reverse, None)?;
        line("pairs stated in both directions", both, None)?;
    }
    if let (Some(round), Some(exact)) = (s.round_trip_sources, s.exact_round_trip_sources) {
        line("sources that come back to themselves", round, Some(s.sources))?;
        line("  and to nothing else", exact, Some(s.sources))?;
    }
    let c = s.cardinality;
    if s.reverse_pairs.is_none() {
        writeln!(out, "  components of the pairs of this direction alone:")?;
    }
    let mut line = |label: &str, value: usize, of: Option<usize>| -> io::Result<()> {
        let _ = of;
        writeln!(out, "  {label:<46}{:>9}", grouped(value as u64))
    };
    line("components 1:1", c.one_to_one, None)?;
    line("components 1:n", c.one_to_many, None)?;
    line("components n:1", c.many_to_one, None)?;
    line("components n:m", c.many_to_many, None)?;
    writeln!(
        out,
        "  {:<46}{:>9}",
        "largest component, sources by targets",
        format!("{} x {}", grouped(c.largest.0 as u64), grouped(c.largest.1 as u64))
    )
}
