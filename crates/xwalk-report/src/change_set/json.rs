//! The JSON contract of `diff`.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use xwalk_diff::CptHeadline;
use xwalk_model::{Edition, Hierarchy, Period, Role, SourceFile, Tally, Totals};

use super::rows::Row;
use super::{Filter, View};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    from: Side<'a>,
    to: Side<'a>,
    counts: CountsOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpt_headline: Option<CptHeadline>,
    headline_titles: &'a [Role],
    caveats: &'a [String],
    changes: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Side<'a> {
    id: String,
    effective: Period,
    totals: Totals,
    hierarchy: Hierarchy,
    remarks: &'a [String],
    sources: &'a [SourceFile],
}

#[derive(Serialize)]
struct CountsOut {
    assignable: TallyOut,
    headers: TallyOut,
    codes: CodesOut,
    became_header: u64,
    became_assignable: u64,
    reinstated: u64,
    moved: u64,
    recoded: u64,
    scope: u64,
    other_titles: u64,
    notes: BTreeMap<&'static str, NotesOut>,
    notes_moved: Vec<MovedOut>,
    attributes: BTreeMap<String, AttributeOut>,
}

#[derive(Serialize)]
struct TallyOut {
    added: u64,
    deleted: u64,
    revised: u64,
    revised_split: Split,
}

/// Assignable codes and headers together; a code that changed its status counts on both sides.
#[derive(Serialize)]
struct CodesOut {
    added: u64,
    deleted: u64,
    revised: u64,
}

#[derive(Serialize)]
struct Split {
    long: u64,
    short: u64,
    both: u64,
    editorial: u64,
}

#[derive(Serialize)]
struct NotesOut {
    added: u64,
    removed: u64,
}

#[derive(Serialize)]
struct MovedOut {
    from: &'static str,
    to: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct AttributeOut {
    added: u64,
    removed: u64,
    changed: u64,
}

fn side(edition: &Edition) -> Side<'_> {
    Side {
        id: edition.id().to_string(),
        effective: edition.effective(),
        totals: edition.totals(),
        hierarchy: edition.hierarchy(),
        remarks: edition.remarks(),
        sources: edition.sources(),
    }
}

fn tally(tally: &Tally) -> TallyOut {
    let r = tally.revised;
    let revised_split = Split { long: r.long, short: r.short, both: r.both, editorial: r.editorial };
    TallyOut { added: tally.added, deleted: tally.deleted, revised: r.total, revised_split }
}

pub(super) fn write(view: &View<'_>, filter: &Filter, out: &mut dyn io::Write) -> io::Result<()> {
    let counts = view.set.counts();
    let document = Document {
        schema: "xwalk.diff/1",
        from: side(view.from),
        to: side(view.to),
        counts: CountsOut {
            assignable: tally(&counts.assignable),
            headers: tally(&counts.headers),
            codes: CodesOut {
                added: counts.assignable.added + counts.headers.added,
                deleted: counts.assignable.deleted + counts.headers.deleted,
                revised: counts.assignable.revised.total + counts.headers.revised.total,
            },
            became_header: counts.became_header,
            became_assignable: counts.became_assignable,
            reinstated: counts.reinstated,
            moved: counts.moved,
            recoded: counts.recoded,
            scope: counts.scope,
            other_titles: counts.other_titles,
            notes: counts
                .notes
                .iter()
                .map(|(kind, (added, removed))| (kind.id(), NotesOut { added: *added, removed: *removed }))
                .collect(),
            notes_moved: counts
                .notes_moved
                .iter()
                .map(|((from, to), count)| MovedOut { from: from.id(), to: to.id(), count: *count })
                .collect(),
            attributes: counts
                .attributes
                .iter()
                .map(|(name, &(added, removed, changed))| {
                    (name.clone(), AttributeOut { added, removed, changed })
                })
                .collect(),
        },
        cpt_headline: xwalk_diff::cpt_headline(view.from, view.to),
        headline_titles: &view.set.headline_roles,
        caveats: &view.set.caveats,
        changes: view.rows(filter).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}
