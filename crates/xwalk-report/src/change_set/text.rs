//! A change set for people, in a terminal.

use std::io;

use xwalk_diff::RevisedBasis;
use xwalk_model::{Change, Code, CodeSystem, ConceptKind, NoteChange, Role, Tally};

use super::{Filter, View};
use crate::marks::before_and_after;
use crate::style::{Look, grouped};

pub(super) fn write(view: &View<'_>, filter: &Filter, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    write_summary(view, look, out)?;
    let section = |word: &str| filter.shows(word);
    if section("added") {
        write_added(view, look, out)?;
    }
    if section("deleted") {
        write_deleted(view, look, out)?;
    }
    if section("status") {
        write_status(view, look, out)?;
    }
    if section("scope") {
        write_scope(view, look, out)?;
    }
    if section("revised") {
        write_revised(view, look, out)?;
    }
    if section("recoded") || section("moved") {
        write_moved(view, filter, look, out)?;
    }
    if section("note") {
        write_notes(view, look, out)?;
    }
    if section("attribute") {
        write_attributes(view, look, out)?;
    }
    Ok(())
}

fn write_summary(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let set = view.set;
    let counts = set.counts();
    let system = set.to.system.name();
    writeln!(
        out,
        "{} {} to {}",
        look.bold(system),
        look.bold(&set.from.version),
        look.bold(&set.to.version)
    )?;
    writeln!(out, "  baseline  {}  in effect {}", set.from, view.from.effective())?;
    writeln!(out, "  compared  {}  in effect {}", set.to, view.to.effective())?;
    writeln!(out)?;
    let a = &counts.assignable;
    let h = &counts.headers;
    // WHO counts stem codes and extension codes together; no code of ICD-11 changes from one to the other.
    let all = set.to.system == CodeSystem::Icd11mms;
    let number = |assignable: u64, header: u64| grouped(if all { assignable + header } else { assignable });
    let (added, deleted) = (number(a.added, h.added), number(a.deleted, h.deleted));
    let revised = number(a.revised.total, h.revised.total);
    writeln!(out, "{}", look.bold(format!("{added} added, {deleted} deleted, {revised} revised")))?;
    if let Some(ama) = xwalk_diff::cpt_headline(view.from, view.to) {
        let basis = match ama.basis {
            RevisedBasis::History => "by the history file",
            RevisedBasis::Text => "by the descriptors, no history file being given",
        };
        let (new, deleted, revised) = (grouped(ama.new), grouped(ama.deleted), grouped(ama.revised));
        let (total, editorial) = (grouped(ama.total), grouped(ama.editorial));
        let counted =
            format!("As the AMA counts: {new} new, {deleted} deleted, {revised} revised, {total} in all");
        writeln!(out, "{counted} (revised {basis}; {editorial} editorial changes set apart)")?;
        let part = ama.new_by_part;
        writeln!(
            out,
            "New by part: Category I {}, II {}, III {}, PLA {}, other {}",
            part.category_1, part.category_2, part.category_3, part.pla, part.other
        )?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "            {:>9} {:>8} {:>8} {:>8} {:>9}",
        "before", "added", "deleted", "revised", "after"
    )?;
    let (from, to) = (set.from_totals, set.to_totals);
    let line = |name: &str, before: u64, t: &Tally, after: u64| {
        format!(
            "{name:<11} {:>9} {:>8} {:>8} {:>8} {:>9}",
            grouped(before),
            grouped(t.added),
            grouped(t.deleted),
            grouped(t.revised.total),
            grouped(after)
        )
    };
    let names = match set.to.system {
        CodeSystem::Icd11mms => ["stem codes", "extensions"],
        CodeSystem::Hcpcs => ["active", "terminated"],
        _ => ["assignable", "headers"],
    };
    writeln!(out, "{}", line(names[0], from.assignable, &counts.assignable, to.assignable))?;
    writeln!(out, "{}", line(names[1], from.headers, &counts.headers, to.headers))?;
    writeln!(out)?;
    let r = a.revised;
    if r.total > 0 {
        writeln!(
            out,
            "Revised titles of assignable codes: {} long and short, {} long only, {} short only; {} of them editorial",
            r.both, r.long, r.short, r.editorial
        )?;
    }
    let facts = [
        (
            counts.became_header,
            "assignable codes became headers (counted as deleted above, and as added headers)",
        ),
        (
            counts.became_assignable,
            "headers became assignable (counted as added above, and as deleted headers)",
        ),
        (counts.reinstated, "of the added codes stood in an earlier edition (reinstated)"),
        (counts.moved, "stand below another concept than before"),
        (counts.recoded, "entities have another code than before"),
        (counts.scope, "codes stay and mean less: new codes were carved out of them"),
        (counts.other_titles, "with a revision outside the headline (tabular titles, chapters, sections)"),
    ];
    for (number, what) in facts.into_iter().filter(|(n, _)| *n > 0) {
        writeln!(out, "{} {what}", grouped(number))?;
    }
    if !counts.notes.is_empty() {
        let (added, removed) = counts.notes.values().fold((0, 0), |(a, r), n| (a + n.0, r + n.1));
        writeln!(out, "Notes: {} added, {} removed", grouped(added), grouped(removed))?;
        for (kind, (added, removed)) in &counts.notes {
            writeln!(out, "  {:<24} +{added} -{removed}", kind.label())?;
        }
        for ((from, to), count) in &counts.notes_moved {
            writeln!(out, "  {count} of these moved from {} to {}", from.label(), to.label())?;
        }
    }
    for (name, (came, went, changed)) in &counts.attributes {
        writeln!(out, "Attribute {name}: {came} came, {went} went, {changed} changed")?;
    }
    for caveat in &set.caveats {
        writeln!(out, "{} {caveat}", look.warning("note:"))?;
    }
    for edition in [view.from, view.to] {
        for remark in edition.remarks() {
            writeln!(out, "{} {}: {remark}", look.faint("note:"), edition.id())?;
        }
    }
    Ok(())
}

fn heading(title: &str, number: usize, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "\n{}", look.bold(format!("{title} ({})", grouped(number as u64))))
}

fn of<'v, T>(view: &View<'v>, pick: impl Fn(&'v Code, &'v Change) -> Option<T>) -> Vec<T> {
    view.set
        .changes
        .iter()
        .flat_map(|(code, all)| all.iter().filter_map(|c| pick(code, c)).collect::<Vec<_>>())
        .collect()
}

fn write_added(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    for (title, wanted) in
        [("Added codes", Some(true)), ("Added headers", Some(false)), ("Added groupings", None)]
    {
        let rows = of(view, |code, change| match change {
            Change::Addition { kind, assignable, titles, reinstated_from, .. } => {
                let group = (*kind == ConceptKind::Code).then_some(*assignable);
                let best = Role::ALL.iter().find_map(|r| titles.iter().find(|(role, _)| role == r));
                let title = best.map_or("", |(_, t)| t.as_str());
                (group == wanted).then_some((code, title, reinstated_from))
            }
            _ => None,
        });
        if rows.is_empty() {
            continue;
        }
        heading(title, rows.len(), look, out)?;
        for (code, title, reinstated) in rows {
            let code = view.display(code);
            write!(out, "  {} {title}", look.added(format!("{code:<9}")))?;
            match reinstated {
                Some(id) => writeln!(out, "  {}", look.faint(format!("(reinstated, last in {id})")))?,
                None => writeln!(out)?,
            }
        }
    }
    Ok(())
}

fn write_deleted(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    for (title, wanted) in
        [("Deleted codes", Some(true)), ("Deleted headers", Some(false)), ("Deleted groupings", None)]
    {
        let rows = of(view, |code, change| match change {
            Change::Deletion { kind, assignable, title, successors } => {
                let group = (*kind == ConceptKind::Code).then_some(*assignable);
                (group == wanted).then_some((code, title, successors))
            }
            _ => None,
        });
        if rows.is_empty() {
            continue;
        }
        heading(title, rows.len(), look, out)?;
        for (code, title, successors) in rows {
            let code = view.display(code);
            writeln!(out, "  {} {title}", look.removed(format!("{code:<9}")))?;
            if !successors.is_empty() {
                let list: Vec<String> = successors.iter().map(|c| view.display(c)).collect();
                writeln!(out, "            now {}", list.join(", "))?;
            }
        }
    }
    Ok(())
}

fn write_status(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    for (title, wanted) in [("Became a header", false), ("Became assignable", true)] {
        let rows = of(view, |code, change| match change {
            Change::Assignability { now, revisions, successors, .. } if *now == wanted => {
                Some((code, revisions, successors))
            }
            _ => None,
        });
        if rows.is_empty() {
            continue;
        }
        heading(title, rows.len(), look, out)?;
        for (code, revisions, successors) in rows {
            let now = view.to.get(code).map_or("", xwalk_model::Concept::title);
            writeln!(out, "  {} {now}", look.warning(format!("{:<9}", view.display(code))))?;
            if let Some(before) =
                revisions.iter().find(|r| r.role == Role::Long).and_then(|r| r.from.as_deref())
            {
                writeln!(out, "            {} {before}", look.faint("was"))?;
            }
            let children = view.new_children(code);
            let stated: Vec<String> = successors.iter().map(|c| view.display(c)).collect();
            if !stated.is_empty() && stated != children {
                writeln!(out, "            {} {}", look.faint("now"), stated.join(", "))?;
            }
            if !children.is_empty() && !wanted {
                writeln!(out, "            {} {}", look.faint("new codes below:"), children.join(", "))?;
            }
        }
    }
    Ok(())
}

fn write_scope(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let rows = of(view, |code, change| match change {
        Change::Scope { into } => Some((code, into)),
        _ => None,
    });
    if rows.is_empty() {
        return Ok(());
    }
    heading("Stay and mean less", rows.len(), look, out)?;
    for (code, into) in rows {
        let title = view.to.get(code).map_or("", xwalk_model::Concept::title);
        writeln!(out, "  {} {title}", look.warning(format!("{:<9}", view.display(code))))?;
        let list: Vec<String> = into.iter().map(|c| view.display(c)).collect();
        writeln!(out, "            {} {}", look.faint("carved out:"), list.join(", "))?;
    }
    Ok(())
}

fn write_revised(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let groups = [
        ("Revised titles of codes", Some((true, false))),
        ("Editorial revisions of codes", Some((true, true))),
        ("Revised titles of headers", Some((false, false))),
        ("Editorial revisions of headers", Some((false, true))),
        ("Revisions outside the headline", None),
    ];
    for (title, wanted) in groups {
        let rows = of(view, |code, change| match change {
            // A title that one of the two editions does not state is no revision of it.
            Change::Revision { revision, .. } if revision.from.is_none() || revision.to.is_none() => None,
            Change::Revision { kind, assignable, revision } => {
                let headline = *kind == ConceptKind::Code && view.set.headline_roles.contains(&revision.role);
                let group = headline.then_some((*assignable, revision.class.is_editorial()));
                (group == wanted).then_some((code, revision))
            }
            _ => None,
        });
        if rows.is_empty() {
            continue;
        }
        let codes: std::collections::BTreeSet<&Code> = rows.iter().map(|(code, _)| *code).collect();
        heading(title, codes.len(), look, out)?;
        for (code, revision) in rows {
            let (before, after) = before_and_after(revision, look);
            let what = format!("{}, {}", revision.role.id(), revision.class.id());
            writeln!(out, "  {} {}", look.bold(format!("{:<9}", view.display(code))), look.faint(what))?;
            writeln!(out, "    {} {before}", look.removed("-"))?;
            writeln!(out, "    {} {after}", look.added("+"))?;
        }
    }
    Ok(())
}

fn write_moved(view: &View<'_>, filter: &Filter, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let name = |code: &Option<Code>| code.as_ref().map_or("the top".to_owned(), |c| view.display(c));
    let moved = of(view, |code, change| match change {
        Change::Move { from, to } if filter.shows("moved") => Some((code, name(from), name(to))),
        _ => None,
    });
    let recoded = of(view, |code, change| match change {
        Change::Recoded { from } if filter.shows("recoded") => Some((code, view.display(from))),
        _ => None,
    });
    if !moved.is_empty() {
        heading("Moved", moved.len(), look, out)?;
        for (code, from, to) in moved {
            writeln!(
                out,
                "  {} from below {from} to below {to}",
                look.bold(format!("{:<9}", view.display(code)))
            )?;
        }
    }
    if !recoded.is_empty() {
        heading("Recoded", recoded.len(), look, out)?;
        for (code, from) in recoded {
            writeln!(out, "  {} was {from}", look.bold(format!("{:<9}", view.display(code))))?;
        }
    }
    Ok(())
}

fn write_notes(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let rows = of(view, |code, change| match change {
        Change::Note { change, kind, text } => Some((code, *change, *kind, text)),
        _ => None,
    });
    if rows.is_empty() {
        return Ok(());
    }
    heading("Notes", rows.len(), look, out)?;
    for (code, change, kind, text) in rows {
        let code = look.bold(format!("{:<9}", view.display(code)));
        match change {
            NoteChange::Added => writeln!(out, "  {code} {} {}: {text}", look.added("+"), kind.label())?,
            NoteChange::Removed => writeln!(out, "  {code} {} {}: {text}", look.removed("-"), kind.label())?,
            NoteChange::Moved { from } => {
                let (from, to) = (from.label(), kind.label());
                writeln!(out, "  {code} {} {from} > {to}: {text}", look.warning("~"))?;
            }
        }
    }
    Ok(())
}

fn write_attributes(view: &View<'_>, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
    let rows = of(view, |code, change| match change {
        Change::Attribute { name, from, to } => Some((code, name, from, to)),
        _ => None,
    });
    if rows.is_empty() {
        return Ok(());
    }
    heading("Attributes", rows.len(), look, out)?;
    for (code, name, from, to) in rows {
        let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "none".to_owned());
        let code = look.bold(format!("{:<9}", view.display(code)));
        writeln!(out, "  {code} {name}: {} > {}", value(from), value(to))?;
    }
    Ok(())
}
