//! Computes a summary from two editions and what is held about the step between them.

use std::collections::{BTreeMap, HashSet};

use xwalk_diff::{Audit, CptHeadline};
use xwalk_model::{
    Addendum, AddendumKind, Change, ChangeSet, Code, CodeSystem, Concept, ConceptKind, Edition,
    TransactionReport,
};

use super::headline::{counts_all, reconcile};
use super::{
    Alternative, AttributeRow, ChangeRow, Chapters, Headline, Kind, Named, NoteCount, NoteMove, NoteRow,
    ScopeLoss, Selection, SelectionShown, Side, Status, Step, Succession, Summary, Year, cpt_marks, flow,
    glossary, licence,
};

/// What a summary is made of.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The baseline.
    pub from: &'a Edition,
    /// The edition compared with it.
    pub to: &'a Edition,
    /// What differs.
    pub set: &'a ChangeSet,
    /// The authority's own lists that lead to the later edition.
    pub addenda: &'a [Addendum],
    /// Its reports of what it did to each code (HCPCS Level II).
    pub transactions: &'a [TransactionReport],
    /// What leads from old codes to new ones.
    pub succession: &'a Succession,
    /// The tabular lists whose notes are compared, where the two editions hold none.
    pub notes: Option<TabularLists<'a>>,
    /// The steps up to this one, for the charts over the years; may be empty.
    pub years: &'a [Year],
    /// What is shown.
    pub selection: &'a Selection,
    /// Whether licensed descriptors (CPT) are shown.
    pub with_licensed_text: bool,
}

/// Two tabular lists of the same years as the editions, for their notes.
#[derive(Clone, Copy)]
pub struct TabularLists<'a> {
    /// The earlier one.
    pub from: &'a Edition,
    /// The later one.
    pub to: &'a Edition,
    /// What differs between them.
    pub set: &'a ChangeSet,
}

impl Summary {
    /// Computes the summary.
    pub fn new(input: &Input<'_>) -> Self {
        Builder::new(input).build()
    }
}

pub(super) struct Builder<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) system: CodeSystem,
    pub(super) withheld: bool,
    /// Whether headers count in the headline too.
    pub(super) all: bool,
    pub(super) chapters: Chapters<'a>,
    /// Those of the tabular lists that the notes are of, where these are others.
    pub(super) note_chapters: Option<Chapters<'a>>,
    pub(super) cpt: Option<CptHeadline>,
    pub(super) resequenced: HashSet<Code>,
    /// For codes that only changed their name (ICD-11): the new code by the old one.
    pub(super) recoded: BTreeMap<&'a Code, &'a Code>,
}

impl<'a> Builder<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let system = input.to.id().system;
        let mut recoded = BTreeMap::new();
        for (code, changes) in &input.set.changes {
            for change in changes {
                if let Change::Recoded { from } = change {
                    recoded.insert(from, code);
                }
            }
        }
        Self {
            input,
            system,
            withheld: licence::withholds_text(system) && !input.with_licensed_text,
            all: counts_all(system),
            chapters: Chapters::new(input.from, input.to),
            note_chapters: input.notes.map(|lists| Chapters::new(lists.from, lists.to)),
            cpt: xwalk_diff::cpt_headline(input.from, input.to),
            resequenced: cpt_marks::resequenced(input.to),
            recoded,
        }
    }

    fn build(mut self) -> Summary {
        let input = self.input;
        let audits = self.audits();
        let mut rows: Vec<(ChangeRow, Code)> = Vec::new();
        let (mut notes, mut attributes) = (Vec::new(), Vec::new());
        for (code, changes) in &input.set.changes {
            self.code_rows(code, changes, &mut rows);
            self.attribute_rows(code, changes, &mut attributes);
        }
        let note_set = input.notes.map_or(input.set, |lists| lists.set);
        for (code, changes) in &note_set.changes {
            self.note_rows(code, changes, &mut notes);
        }
        self.revised_by_history(&mut rows);
        self.count_chapters(&rows);
        let counts = input.set.counts();
        let note_counts = note_set.counts();
        let totals = [input.set.from_totals, input.set.to_totals];
        let mut headline = Headline::new(self.system, &counts, totals, self.cpt, &audits);
        if let Some(cpt) = self.cpt {
            // The AMA's own way of counting, not that of the files: editorial changes are no revisions.
            for (number, computed) in headline.numbers.iter_mut().zip([cpt.new, cpt.deleted, cpt.revised]) {
                number.computed = computed;
            }
            headline.editorial = cpt.editorial;
        }
        if self.system == CodeSystem::Hcpcs {
            // A terminated code is deleted, not a header.
            (headline.became_header, headline.became_assignable) = (0, 0);
        }
        let sums = self
            .chapters
            .rows
            .iter()
            .fold([0; 3], |sum, c| [sum[0] + c.added, sum[1] + c.deleted, sum[2] + c.revised]);
        let add_up = sums == headline.computed();
        let mut reconciliation = reconcile(self.system, &headline, add_up, &audits);
        if let Some(sentence) = self.span_sentence() {
            reconciliation.sentence = sentence;
        }
        let selection = self.selection(&rows);
        let total = rows.len();
        rows.retain(|(_, code)| input.selection.shows(code));
        self.sort(&mut rows);
        let before_cut = rows.len();
        if let Some(top) = input.selection.top {
            let mut shown: BTreeMap<Kind, usize> = BTreeMap::new();
            rows.retain(|(row, _)| {
                let number = shown.entry(row.kind).or_default();
                *number += 1;
                *number <= top
            });
        }
        debug_assert!(rows.len() <= before_cut && before_cut <= total);
        let selection = selection.map(|s| SelectionShown { cut: (before_cut - rows.len()) as u64, ..s });
        let scope_loss = self.scope_loss();
        let shows = |code: &Code| input.selection.shows(code);
        let flows = flow::flows(&self.succession(), input.to, shows, |c| self.named(c));
        let excerpts: Vec<String> = [input.from, input.to]
            .iter()
            .filter(|e| e.is_excerpt())
            .map(|e| {
                format!(
                    "{} is an excerpt of the release, so its totals are not those of the authority",
                    e.id()
                )
            })
            .collect();
        let chapter_source = self.chapters.source.clone();
        // The last row holds what is in no chapter, and is shown only if there is something.
        let mut chapters = std::mem::take(&mut self.chapters.rows);
        if chapters.last().is_some_and(|c| c.added + c.deleted + c.revised + c.before + c.after == 0)
            && !rows.iter().any(|(row, _)| row.chapter + 1 == chapters.len())
        {
            let last = chapters.len() - 1;
            let used = |c: usize| c == last;
            let elsewhere = notes.iter().any(|n: &NoteRow| used(n.chapter))
                || attributes.iter().any(|a: &AttributeRow| used(a.chapter));
            if !elsewhere {
                chapters.pop();
            }
        }
        Summary {
            schema: "xwalk.report/1",
            system: self.system,
            system_name: self.system.name(),
            from: side(input.from),
            to: side(input.to),
            headline,
            reconciliation,
            chapter_source,
            chapters,
            changes: rows.into_iter().map(|(row, _)| row).collect(),
            scope_loss,
            successors_from: self.input.succession.sources.iter().map(|s| s.name.clone()).collect(),
            flows,
            note_counts: note_counts
                .notes
                .iter()
                .map(|(kind, &(added, removed))| NoteCount {
                    kind: kind.id(),
                    label: kind.label(),
                    added,
                    removed,
                })
                .collect(),
            note_moves: note_counts
                .notes_moved
                .iter()
                .map(|((from, to), &count)| NoteMove { from: from.label(), to: to.label(), count })
                .collect(),
            notes,
            attributes,
            years: input.years.to_vec(),
            selection,
            notes_from: input.notes.map(|l| [l.from.id().to_string(), l.to.id().to_string()]),
            caveats: self.caveats(excerpts),
            language: input.to.languages().first().cloned().unwrap_or_default(),
            text_withheld: self.withheld,
            attributions: licence::attributions(self.system, !self.withheld),
            glossary: glossary::terms(self.system),
        }
    }

    /// What a reader has to know; where notes of other lists are shown, not that these editions have none.
    fn caveats(&self, excerpts: Vec<String>) -> Vec<String> {
        let own = self.input.set.caveats.iter();
        let kept = own.filter(|c| self.input.notes.is_none() || !c.starts_with("notes were not compared"));
        kept.cloned().chain(excerpts).collect()
    }

    /// Whether both editions are next to each other, as the authority's own lists count.
    fn is_one_step(&self) -> bool {
        match (self.input.from.effective().from, self.input.to.effective().from) {
            (Some(a), Some(b)) => a.until(b).is_ok_and(|span| span.get_days() <= 366),
            _ => true,
        }
    }

    /// What to say where the official lists count from another edition than this summary.
    fn span_sentence(&self) -> Option<String> {
        if self.is_one_step() || self.input.addenda.is_empty() {
            return None;
        }
        Some(format!(
            "These numbers are counted from {}. The official lists of {} count from the release before it, so there \
             is no official number to hold them against.",
            self.input.from.id(),
            self.input.to.id()
        ))
    }

    fn audits(&self) -> Vec<(Audit, String)> {
        if !self.is_one_step() {
            return Vec::new();
        }
        let (from, to) = (self.input.from, self.input.to);
        let mut audits: Vec<(Audit, String)> = Vec::new();
        for addendum in self.input.addenda {
            if addendum.kind == AddendumKind::Transition {
                continue;
            }
            audits.push((xwalk_diff::audit(addendum, Some(from), to), addendum.sha256.clone()));
        }
        if self.system == CodeSystem::Hcpcs {
            match self.input.transactions {
                [] => audits.push((xwalk_diff::audit_hcpcs(Some(from), to, None), String::new())),
                reports => audits.extend(
                    reports.iter().map(|r| (xwalk_diff::audit_hcpcs(Some(from), to, Some(r)), String::new())),
                ),
            }
        }
        audits
    }

    pub(super) fn title(&self, text: &str) -> Option<String> {
        (!self.withheld).then(|| text.to_owned())
    }

    pub(super) fn concept(&self, code: &Code) -> Option<Concept<'a>> {
        self.input.to.get(code).or_else(|| self.input.from.get(code))
    }

    pub(super) fn display(&self, code: &Code) -> String {
        self.concept(code).map_or_else(|| code.display(self.system), Concept::display)
    }

    pub(super) fn named(&self, code: &Code) -> Named {
        let title = self.concept(code).and_then(|c| self.title(c.title())).filter(|t| !t.is_empty());
        Named { code: self.display(code), title }
    }

    pub(super) fn alternatives(&self, steps: Option<&Vec<Step>>) -> Vec<Alternative> {
        let mut found: Vec<Alternative> = Vec::new();
        for step in steps.into_iter().flatten() {
            // A slot with several codes is a choice; each choice is shown as a way of its own where it is the only one.
            let ways: Vec<Vec<Named>> = match &step.slots[..] {
                [only] => only.iter().map(|c| vec![self.named(c)]).collect(),
                slots => vec![slots.iter().flatten().map(|c| self.named(c)).collect()],
            };
            for codes in ways {
                if !found.iter().any(|a| a.codes == codes) {
                    let with = step.with.iter().map(|c| self.named(c)).collect();
                    found.push(Alternative { codes, with, basis: step.basis, source: step.source.clone() });
                }
            }
        }
        found
    }

    /// The steps that are held, and those that follow from the editions alone.
    fn succession(&self) -> Succession {
        let mut all = self.input.succession.clone();
        for (code, changes) in &self.input.set.changes {
            if all.successors.contains_key(code) {
                continue;
            }
            for change in changes {
                match change {
                    Change::Assignability { now: false, .. } if self.system != CodeSystem::Hcpcs => {
                        let below = self.new_children(code);
                        if !below.is_empty() {
                            let slots = vec![below];
                            let step =
                                Step { slots, with: Vec::new(), basis: "derived", source: String::new() };
                            all.successors.insert(code.clone(), vec![step]);
                        }
                    }
                    Change::Deletion { successors, .. } if !successors.is_empty() => {
                        let slots = vec![successors.clone()];
                        let step = Step { slots, with: Vec::new(), basis: "official", source: String::new() };
                        all.successors.insert(code.clone(), vec![step]);
                    }
                    _ => {}
                }
            }
        }
        all
    }

    pub(super) fn new_children(&self, code: &Code) -> Vec<Code> {
        let below = self.input.to.get(code).map(Concept::children).unwrap_or_default();
        below.iter().map(|c| c.code()).filter(|c| self.input.from.get(c).is_none()).cloned().collect()
    }

    pub(super) fn row(&self, code: &Code, kind: Kind, status: Status, counted: bool) -> ChangeRow {
        let concept = self.concept(code);
        ChangeRow {
            code: self.display(code),
            kind,
            status,
            counted,
            chapter: self.chapters.of(code),
            title: concept.and_then(|c| self.title(c.title())),
            titles: Vec::new(),
            parent: None,
            parent_before: None,
            reinstated_from: None,
            recoded_from: None,
            successors: Vec::new(),
            previous: Vec::new(),
            children: Vec::new(),
            cpt_marks: Vec::new(),
            volume: self.volume(code),
        }
    }

    /// The uses of a code; of a new one those of the codes used before it.
    fn uses(&self, code: &Code) -> Option<u64> {
        let own = self.input.selection.uses(code)?;
        if own > 0 {
            return Some(own);
        }
        let before = self.input.succession.previous.get(code).into_iter().flatten();
        let codes: HashSet<&Code> = before.flat_map(|s| s.slots.iter().flatten()).collect();
        Some(codes.into_iter().filter_map(|c| self.input.selection.uses(c)).sum())
    }

    fn volume(&self, code: &Code) -> Option<super::Count> {
        self.uses(code).map(|n| self.input.selection.told(n))
    }

    fn count_chapters(&mut self, rows: &[(ChangeRow, Code)]) {
        for (row, _) in rows.iter().filter(|(row, _)| row.counted) {
            let chapter = &mut self.chapters.rows[row.chapter];
            match row.kind {
                Kind::Added => chapter.added += 1,
                Kind::Deleted => chapter.deleted += 1,
                Kind::BecameHeader => {
                    chapter.deleted += 1;
                    chapter.became_header += 1;
                    chapter.added += u64::from(self.all);
                }
                Kind::BecameAssignable => {
                    chapter.added += 1;
                    chapter.deleted += u64::from(self.all);
                }
                Kind::Revised => chapter.revised += 1,
                Kind::Editorial => {
                    chapter.revised += 1;
                    chapter.editorial += 1;
                }
                Kind::Moved => {}
            }
        }
        for (edition, later) in [(self.input.from, false), (self.input.to, true)] {
            for concept in edition.concepts().filter(|c| c.kind() == ConceptKind::Code) {
                if concept.assignable() || self.all {
                    let at = self.chapters.of_concept(concept, later);
                    let chapter = &mut self.chapters.rows[at];
                    *(if later { &mut chapter.after } else { &mut chapter.before }) += 1;
                }
            }
        }
    }

    fn selection(&self, rows: &[(ChangeRow, Code)]) -> Option<SelectionShown> {
        let selection = self.input.selection;
        if !selection.is_partial() && selection.volumes.is_none() {
            return None;
        }
        let shown = rows.iter().filter(|(row, code)| row.counted && selection.shows(code));
        let mut numbers = [0; 3];
        for (row, _) in shown {
            match row.kind {
                Kind::Added | Kind::BecameAssignable => numbers[0] += 1,
                Kind::Deleted | Kind::BecameHeader => numbers[1] += 1,
                _ => numbers[2] += 1,
            }
        }
        let [added, deleted, revised] = numbers;
        Some(SelectionShown { words: selection.words(), added, deleted, revised, cut: 0 })
    }

    fn scope_loss(&self) -> Vec<ScopeLoss> {
        let input = self.input;
        let mut found: Vec<(u64, usize, ScopeLoss)> = Vec::new();
        for (code, into) in &input.succession.scope_loss {
            if !input.selection.shows(code) && !into.iter().any(|c| input.selection.shows(c)) {
                continue;
            }
            let at = input.to.get(code).map_or(usize::MAX, |c| c.ix().index());
            found.push((
                input.selection.uses(code).unwrap_or(0),
                at,
                ScopeLoss {
                    code: self.named(code),
                    chapter: self.chapters.of(code),
                    into: into.iter().map(|c| self.named(c)).collect(),
                    volume: self.volume(code),
                },
            ));
        }
        found.sort_by_key(|(uses, at, _)| (std::cmp::Reverse(*uses), *at));
        let top = input.selection.top.unwrap_or(usize::MAX);
        found.into_iter().map(|(_, _, loss)| loss).take(top).collect()
    }

    /// By kind, what is counted before what is not, by use where volumes are given, then in tabular order.
    fn sort(&self, rows: &mut [(ChangeRow, Code)]) {
        let place = |code: &Code| {
            let from = || self.input.from.get(code).map_or(usize::MAX, |c| c.ix().index());
            self.input.to.get(code).map_or_else(from, |c| c.ix().index())
        };
        rows.sort_by_cached_key(|(row, code)| {
            let status = match row.status {
                _ if row.counted => 0,
                Status::Assignable => 1,
                Status::Header => 2,
                Status::Modifier => 3,
                Status::Grouping => 4,
            };
            (row.kind, status, std::cmp::Reverse(self.uses(code)), row.chapter, place(code), code.clone())
        });
    }
}

impl Year {
    /// The counts of a step, as its headline has them. `missing` are releases in between that are not held.
    pub fn new(set: &ChangeSet, from: &Edition, to: &Edition, missing: &[xwalk_model::EditionId]) -> Self {
        let totals = [set.from_totals, set.to_totals];
        let cpt = xwalk_diff::cpt_headline(from, to);
        let headline = Headline::new(to.id().system, &set.counts(), totals, cpt, &[]);
        let [added, deleted, revised] = match cpt {
            Some(cpt) => [cpt.new, cpt.deleted, cpt.revised],
            None => headline.computed(),
        };
        Self {
            from: from.id().to_string(),
            to: to.id().to_string(),
            version: to.id().version.to_string(),
            added,
            deleted,
            revised,
            before: headline.before,
            after: headline.after,
            missing: missing.iter().map(ToString::to_string).collect(),
        }
    }
}

fn side(edition: &Edition) -> Side {
    Side {
        id: edition.id().to_string(),
        version: edition.id().version.to_string(),
        effective: edition.effective(),
        totals: edition.totals(),
        excerpt: edition.is_excerpt(),
        remarks: edition.remarks().to_vec(),
        sources: edition.sources().to_vec(),
    }
}
