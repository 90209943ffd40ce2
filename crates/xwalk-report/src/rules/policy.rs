//! Policy lists in another system: what was found in which phase, and on which rows it rests.

use std::io;

use serde_json::json;
use xwalk_model::{Code, CodeSystem, EditionId};
use xwalk_rules::Policy;

use crate::{Look, safe_cell};

/// A policy list and what it became.
#[derive(Debug)]
pub struct PolicySet {
    /// Its name.
    pub name: String,
    /// What was found.
    pub policy: Policy,
}

fn codes(list: &[Code], system: CodeSystem) -> Vec<String> {
    list.iter().map(|c| c.display(system)).collect()
}

/// For people.
pub fn policies_text(
    sets: &[PolicySet],
    from: &EditionId,
    to: &EditionId,
    look: Look,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    writeln!(out, "{} to {}", look.bold(from), look.bold(to))?;
    for set in sets {
        let policy = &set.policy;
        let review = policy.found.iter().filter(|f| f.review).count();
        writeln!(out, "\n{}", look.bold(&set.name))?;
        writeln!(
            out,
            "  {} codes before; {} found, {review} of them to review, {} left over",
            policy.before,
            policy.found.len(),
            policy.left_over.len()
        )?;
        for found in &policy.found {
            let mark = if found.review { "review" } else { "" };
            writeln!(
                out,
                "  {:<9} phase {} {:<15} {:<6} {}",
                found.code.display(to.system),
                found.phase.number(),
                found.phase.id(),
                look.warning(mark),
                found.title
            )?;
            let besides = if found.besides.is_empty() {
                String::new()
            } else {
                format!("; also from {}, not in the list", codes(&found.besides, from.system).join(" "))
            };
            let why = format!(
                "from {}{besides} ({})",
                codes(&found.from, from.system).join(" "),
                found.evidence.join(", ")
            );
            writeln!(out, "            {}", look.faint(why))?;
        }
        for (code, reason) in &policy.left_over {
            writeln!(out, "  {:<9} left over: {reason}", code.display(from.system))?;
        }
    }
    Ok(())
}

/// For spreadsheets: a row for each code of the new list and for each code that was left over.
pub fn policies_csv(
    sets: &[PolicySet],
    from: &EditionId,
    to: &EditionId,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["set", "code", "title", "phase", "review", "from", "not_in_list", "evidence"])?;
    for set in sets {
        for found in &set.policy.found {
            table.write_record([
                &*safe_cell(&set.name),
                &found.code.display(to.system),
                &*safe_cell(&found.title),
                found.phase.id(),
                if found.review { "true" } else { "false" },
                &codes(&found.from, from.system).join(" "),
                &codes(&found.besides, from.system).join(" "),
                &found.evidence.join("; "),
            ])?;
        }
        for (code, reason) in &set.policy.left_over {
            let code = code.display(from.system);
            table.write_record([&*safe_cell(&set.name), "", "", "left-over", "true", &code, "", reason])?;
        }
    }
    table.flush()
}

/// For programs: schema `xwalk.rules-policy/1`.
pub fn policies_json(
    sets: &[PolicySet],
    from: &EditionId,
    to: &EditionId,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let set_out = |set: &PolicySet| {
        let found: Vec<_> = set
            .policy
            .found
            .iter()
            .map(|f| {
                json!({
                    "code": f.code.display(to.system), "title": f.title, "phase": f.phase.id(), "review": f.review,
                    "from": codes(&f.from, from.system), "not_in_list": codes(&f.besides, from.system),
                    "evidence": f.evidence,
                })
            })
            .collect();
        let left: Vec<_> = set
            .policy
            .left_over
            .iter()
            .map(|(code, reason)| json!({ "code": code.display(from.system), "reason": reason }))
            .collect();
        json!({ "set": set.name, "before": set.policy.before, "found": found, "left_over": left })
    };
    let document = json!({
        "schema": "xwalk.rules-policy/1", "from": from.to_string(), "to": to.to_string(),
        "sets": sets.iter().map(set_out).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}
