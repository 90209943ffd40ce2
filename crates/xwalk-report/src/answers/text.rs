//! Answers for people.

use std::io;

use xwalk_map::{Alternative, Outcome, Resolver, reasons, tally};
use xwalk_model::Code;

use super::{View, hops, systems, warning_text};
use crate::{Look, grouped};

/// Answers above this number are followed by counts.
const FEW: usize = 20;

pub(super) fn write(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    for resolver in view.resolvers {
        write_route(resolver, look, out)?;
    }
    writeln!(out)?;
    for (answer, which) in view.answers {
        let Some(resolver) = view.resolvers.get(*which) else {
            writeln!(
                out,
                "{}  {}  {}",
                look.bold(&answer.resolution.source),
                answer.resolution.outcome.id(),
                answer.resolution.reason
            )?;
            continue;
        };
        let (source, target) = systems(Some(resolver));
        let r = &answer.resolution;
        let name = r.code.as_ref().map_or_else(|| r.source.clone(), |c| c.display(source));
        let title = resolver.source().zip(r.code.as_ref()).and_then(|(e, c)| e.get(c));
        let title = title.map_or("", xwalk_model::Concept::title);
        let outcome = match r.outcome {
            Outcome::Unchanged | Outcome::Renamed => look.added(r.outcome.id()),
            Outcome::Replaced | Outcome::Split | Outcome::Merged | Outcome::Combination => {
                look.warning(r.outcome.id())
            }
            _ => look.removed(r.outcome.id()),
        };
        writeln!(out, "{}  {outcome}  {title}", look.bold(&name))?;
        if !r.reason.is_empty() {
            writeln!(out, "    {}", r.reason)?;
        }
        for (number, alternative) in r.alternatives.iter().enumerate() {
            let share = answer.shares.as_ref().and_then(|s| Some((s.shares.get(number)?, s.allocation)));
            let share = share.map_or(String::new(), |(share, allocation)| {
                let bounds = share.bounds.map_or(String::new(), |(low, high)| {
                    format!(" ({:.1} to {:.1})", 100.0 * low, 100.0 * high)
                });
                format!("  {:.1} %{bounds} by {}", 100.0 * share.share, allocation.id())
            });
            write_alternative(resolver, alternative, number, look, out)?;
            let why = reasons(alternative, view.with_volumes).join(", ");
            let more = match alternative.further_paths {
                0 => String::new(),
                1 => ", and 1 further way".to_owned(),
                n => format!(", and {n} further ways"),
            };
            writeln!(out, "       {}", look.faint(format!("{why}{more}{share}")))?;
            if view.explain {
                for hop in hops(resolver, alternative) {
                    let place = match (&hop.file, hop.line) {
                        (Some(file), Some(line)) => format!("  {file}:{line}"),
                        (Some(file), None) => format!("  {file}"),
                        _ => String::new(),
                    };
                    let reversed = if hop.reversed { ", read backward" } else { "" };
                    let flags =
                        if hop.flags.is_empty() { String::new() } else { format!("  [{}]", hop.flags) };
                    writeln!(out, "       {} > {}  {}{place}{flags}{reversed}", hop.from, hop.to, hop.map)?;
                }
            }
        }
        for warning in &r.warnings {
            writeln!(out, "    {} {}", look.warning("!"), warning_text(warning, source, target))?;
        }
        if let Some(c) = answer.comparability {
            writeln!(
                out,
                "    comparability ratio {:.4} ({:.4} to {:.4}) on {} records",
                c.ratio, c.bounds.0, c.bounds.1, c.records
            )?;
        }
    }
    if view.answers.len() > FEW {
        writeln!(out)?;
        let counts = tally(view.answers.iter().map(|(a, _)| &a.resolution));
        for (outcome, count) in counts {
            writeln!(out, "{:>9}  {}", grouped(count as u64), outcome.id())?;
        }
        writeln!(out, "{:>9}  codes", grouped(view.answers.len() as u64))?;
    }
    Ok(())
}

/// The route in one line, and the maps that it uses.
fn write_route(resolver: &Resolver, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    write!(out, "{} {}", look.bold("route"), resolver.from())?;
    for step in resolver.steps() {
        write!(out, " > {}", step.to)?;
    }
    writeln!(out)?;
    for step in resolver.steps().iter().filter(|s| s.kind == xwalk_map::StepKind::Map) {
        let files: Vec<&str> = step.sources.iter().map(|s| s.name.as_str()).collect();
        writeln!(out, "      {} read as {}: {}", step.name, step.method.id(), files.join(", "))?;
    }
    let annual: Vec<_> = resolver.steps().iter().filter(|s| s.kind == xwalk_map::StepKind::Annual).collect();
    if !annual.is_empty() {
        let mut files: Vec<&str> =
            annual.iter().flat_map(|s| s.sources.iter().map(|f| f.name.as_str())).collect();
        files.sort_unstable();
        files.dedup();
        let from = if files.is_empty() { "the editions alone".to_owned() } else { files.join(", ") };
        let steps = if annual.len() == 1 { "annual step" } else { "annual steps" };
        writeln!(out, "      {} {steps} from {from}", annual.len())?;
    }
    Ok(())
}

fn write_alternative(
    resolver: &Resolver,
    alternative: &Alternative,
    number: usize,
    look: Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let system = resolver.to().system;
    let title = |code: &Code| {
        let concept = resolver.target().and_then(|e| e.get(code));
        concept.map_or(String::new(), |c| format!("  {}", c.title()))
    };
    match &alternative.targets[..] {
        [slot] if slot.len() == 1 => {
            let code = &slot[0];
            writeln!(out, "  {:>3}. {}{}", number + 1, look.bold(code.display(system)), title(code))
        }
        slots => {
            writeln!(out, "  {:>3}. together, one of each list:", number + 1)?;
            for (at, slot) in slots.iter().enumerate() {
                for (i, code) in slot.iter().enumerate() {
                    let list = if i == 0 { format!("list {}", at + 1) } else { String::new() };
                    writeln!(out, "       {list:<7} {}{}", look.bold(code.display(system)), title(code))?;
                }
            }
            Ok(())
        }
    }
}
