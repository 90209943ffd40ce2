//! The set that a set has to become.
//!
//! One rule decides what is added without asking: a new code all of whose meaning stood in the set before, because
//! the set held every code that it was coded as, belongs to the set. Everything else is a choice for a person, with
//! the ground on which it is offered.

use std::collections::BTreeMap;

use compact_str::CompactString;
use jiff::civil::Date;
use xwalk_model::{Code, HeaderMeaning, Position, Selector, SetLine, ValueSet};

use crate::check::nearness;
use crate::code_set::CodeSet;
use crate::expand::{Expansion, Named};
use crate::proof::{Proof, prove};
use crate::style::{Style, put_for};
use crate::update::{NewCode, Update};

/// How a set is migrated.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What a header in a list of codes means.
    pub headers: HeaderMeaning,
    /// Retired codes stay with their last day, for measures that look back.
    pub keep_historical: bool,
    /// What people decided about new codes: set and code, and whether the code belongs to it.
    pub decisions: BTreeMap<(String, Code), Decided>,
}

/// What a person decided about a new code and a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Whether the code belongs to the set.
    pub belongs: bool,
    /// Who, when and why.
    pub by: String,
}

/// What happens to a line or is added to a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The line goes.
    Remove,
    /// The line stays with its last day.
    Retire,
    /// The line is written anew.
    Rewrite,
    /// A code is added.
    Add,
    /// A code is taken out of what a range or prefix takes in.
    Exclude,
}

impl Action {
    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Remove => "removed",
            Self::Retire => "retired",
            Self::Rewrite => "rewritten",
            Self::Add => "added",
            Self::Exclude => "excluded",
        }
    }
}

/// One change to a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What happens.
    pub action: Action,
    /// Number of the line in the old set that it happens to, or behind which something is added; `None` at the end.
    pub line: Option<usize>,
    /// The code.
    pub code: Code,
    /// Its title.
    pub title: String,
    /// What is written.
    pub text: CompactString,
    /// Why.
    pub reason: String,
    /// The last day of a retired line.
    pub last_day: Option<Date>,
}

/// A question for a person: does a new code belong to the set?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The new code.
    pub code: Code,
    /// Its title.
    pub title: String,
    /// Whether the migrated set holds it as it stands now, because a range or prefix takes it in.
    pub held: bool,
    /// The codes that it was coded as before, and whether the set held each.
    pub previous: Vec<(Code, bool)>,
    /// On what ground it is asked: `partly-held`, `moved`, `siblings`, `note`, `title` or `gained`.
    pub ground: &'static str,
    /// The ground in words.
    pub reason: String,
}

/// A migrated set.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The new set.
    pub set: ValueSet,
    /// For each line of the new set the line of the old one that it was, where it was one.
    pub lines: Vec<Option<usize>>,
    /// What was changed, in the order of the new set.
    pub edits: Vec<Edit>,
    /// What people have to decide.
    pub choices: Vec<Choice>,
    /// What the new set does, held against the old one.
    pub proof: Proof,
}

/// Migrates a set.
pub fn migrate(update: &Update<'_>, set: &ValueSet, options: &Options) -> Migration {
    let old = update.from.expand(set, options.headers);
    let mut work = Work {
        update,
        set,
        options,
        excluded: update.from.excluded(set),
        style: Style::of(set),
        kept: vec![None; set.lines.len()],
        added: BTreeMap::new(),
        edits: Vec::new(),
        choices: Vec::new(),
        last_day: update.to.edition().effective().from.and_then(|day| day.yesterday().ok()),
        old,
    };
    for i in 0..set.lines.len() {
        work.line(i);
    }
    work.new_codes();
    work.finish()
}

struct Work<'w, 'e> {
    update: &'w Update<'e>,
    set: &'w ValueSet,
    options: &'w Options,
    old: Expansion,
    excluded: CodeSet,
    style: Style,
    /// What each old line becomes; `None` where it goes.
    kept: Vec<Option<SetLine>>,
    /// Lines to add behind a line of the old set; behind the last one at its length.
    added: BTreeMap<usize, Vec<(SetLine, Edit)>>,
    edits: Vec<Edit>,
    choices: Vec<Choice>,
    last_day: Option<Date>,
}

impl Work<'_, '_> {
    fn title(&self, code: &Code) -> String {
        let (from, to) = (self.update.from.edition(), self.update.to.edition());
        to.get(code).or_else(|| from.get(code)).map_or(String::new(), |c| c.title().to_owned())
    }

    fn line(&mut self, i: usize) {
        let update = self.update;
        let line = &self.set.lines[i];
        self.kept[i] = Some(line.clone());
        if !update.to.in_force(line, None) {
            return;
        }
        let (then, now) = (update.from.named(&line.selector), update.to.named(&line.selector));
        match (&line.selector, &then, &now) {
            (Selector::Code(code), Named::Code(ix), _) if update.carry(*ix).is_none() => {
                let code = code.clone();
                self.retire(i, &code, &self.why_retired(*ix, &now));
            }
            (Selector::Code(code), Named::Header(_), Named::Nothing) => {
                let code = code.clone();
                let reason = format!("not in {}", update.to.edition().id());
                self.retire(i, &code, &reason);
            }
            (
                Selector::Range(bounds),
                Named::Run { missing: [false, false], .. },
                Named::Run { first, last, missing },
            ) if *missing != [false; 2] => {
                self.move_bounds(i, bounds, (*first, *last), *missing);
            }
            (_, Named::Run { .. } | Named::Fitting(_), Named::Nothing | Named::Reversed) => {
                let code = match &line.selector {
                    Selector::Range(bounds) => bounds.0.clone(),
                    Selector::IsA(code) | Selector::DescendentOf(code) | Selector::Code(code) => code.clone(),
                    Selector::Prefix(text) | Selector::Pattern(text) => Code::from_official(text),
                };
                let reason = format!("names nothing in {}", update.to.edition().id());
                self.retire(i, &code, &reason);
            }
            _ => {}
        }
    }

    fn why_retired(&self, ix: u32, now: &Named) -> String {
        let id = self.update.to.edition().id();
        let successors: Vec<String> = self
            .update
            .successors(ix)
            .iter()
            .map(|s| self.update.to.code(*s).display(self.set.system))
            .collect();
        let what = if matches!(now, Named::Header(_)) { "a header in" } else { "not in" };
        if successors.is_empty() {
            format!("{what} {id}; no successor is stated")
        } else {
            format!("{what} {id}; its meaning went to {}", list(&successors))
        }
    }

    fn retire(&mut self, i: usize, code: &Code, reason: &str) {
        let text = self.set.lines[i].text.clone();
        let mut edit = Edit {
            action: Action::Remove,
            line: Some(i),
            code: code.clone(),
            title: self.title(code),
            text,
            reason: reason.to_owned(),
            last_day: None,
        };
        if let (true, Some(last_day), Some(line)) =
            (self.options.keep_historical, self.last_day, self.kept[i].as_mut())
        {
            line.valid.to = Some(last_day);
            edit.action = Action::Retire;
            edit.last_day = Some(last_day);
        } else {
            self.kept[i] = None;
        }
        self.edits.push(edit);
    }

    /// A range whose bound is gone ends at the code that now stands where the bound stood.
    fn move_bounds(&mut self, i: usize, bounds: &(Code, Code), run: (u32, u32), missing: [bool; 2]) {
        let update = self.update;
        let mut text = self.set.lines[i].text.clone();
        let mut new = bounds.clone();
        let mut reasons = Vec::new();
        if missing[0] {
            new.0 = update.to.code(run.0).clone();
            text = put_for(&text, &bounds.0, &new.0, self.set.system);
            reasons.push(format!("{} is gone", bounds.0.display(self.set.system)));
        }
        if missing[1] {
            new.1 = self.upper_bound(run, bounds.1.as_str().len());
            text = put_for(&text, &bounds.1, &new.1, self.set.system);
            reasons.push(format!("{} is gone", bounds.1.display(self.set.system)));
        }
        let Some(line) = self.kept[i].as_mut() else { return };
        line.text.clone_from(&text);
        line.selector = Selector::Range(Box::new(new.clone()));
        let reason = format!(
            "{}; the range runs from {} to {} in {}",
            reasons.join(", "),
            new.0.display(self.set.system),
            new.1.display(self.set.system),
            update.to.edition().id()
        );
        let code = if missing[0] { bounds.0.clone() } else { bounds.1.clone() };
        let title = self.title(&code);
        self.edits.push(Edit {
            action: Action::Rewrite,
            line: Some(i),
            code,
            title,
            text,
            reason,
            last_day: None,
        });
    }

    /// The concept that ends a run, as high up as the old bound was.
    fn upper_bound(&self, (first, last): (u32, u32), length: usize) -> Code {
        let edition = self.update.to.edition();
        let concept = edition.nth(last);
        let higher = concept.ancestors().take_while(|c| {
            let ix = c.ix().index() as u32;
            ix >= first && self.update.to.last_below(ix) == last && c.code().as_str().len() >= length
        });
        higher.last().unwrap_or(concept).code().clone()
    }

    /// What the lines that stay name in the later edition.
    fn naive(&self) -> Expansion {
        let lines = self.kept.iter().flatten().cloned().collect();
        self.update.to.expand(&ValueSet { lines, ..self.set.clone_head() }, self.options.headers)
    }

    fn new_codes(&mut self) {
        let update = self.update;
        let naive = self.naive();
        let excluded_now = update.to.excluded(self.set);
        let mut groups: Vec<Option<usize>> = vec![None; update.groups.len()];
        for new_code in &update.new_codes {
            let code = update.to.code(new_code.ix).clone();
            let inside = naive.codes.contains(new_code.ix);
            let held = new_code.previous.iter().any(|p| self.old.codes.contains(*p));
            let decided = self.options.decisions.get(&(self.set.name.clone(), code.clone()));
            if let Some(decided) = decided {
                let reason = format!("decided by {}", decided.by);
                match (decided.belongs, inside) {
                    (true, false) => self.add(new_code, &code, &reason),
                    (false, true) => self.exclude(new_code, &code, &reason),
                    _ => {}
                }
                continue;
            }
            let was_excluded = new_code.was_in(&self.excluded);
            if inside && was_excluded {
                let reason = format!("{}, all of which the set excludes", self.was_coded_as(new_code));
                self.exclude(new_code, &code, &reason);
            } else if !inside && (was_excluded || excluded_now.contains(new_code.ix)) {
                // The set takes it out by itself; the proof names what is lost by that.
            } else if new_code.was_in(&self.old.codes) && (inside || !new_code.moved) {
                if !inside {
                    let reason = format!("{}, all of which the set held", self.was_coded_as(new_code));
                    self.add(new_code, &code, &reason);
                }
            } else if inside {
                let why = if new_code.previous.is_empty() {
                    "what it was coded as before is not stated".to_owned()
                } else {
                    format!("{}; {}", self.was_coded_as(new_code), new_code.share_in(&self.old.codes))
                };
                let reason = format!("a range, prefix or header of the set takes it in; {why}");
                self.choose(new_code, &code, true, "gained", reason);
            } else if held && new_code.moved && new_code.was_in(&self.old.codes) {
                let reason = format!(
                    "{}, all of which the set held, and stands in another category",
                    self.was_coded_as(new_code)
                );
                self.choose(new_code, &code, false, "moved", reason);
            } else if held {
                let reason =
                    format!("{}; {}", self.was_coded_as(new_code), new_code.share_in(&self.old.codes));
                self.choose(new_code, &code, false, "partly-held", reason);
            } else if let Some(near) = nearness(update, new_code, &self.old.codes, &mut groups) {
                let (ground, reason) = (near.ground.kind.id(), near.message());
                self.choose(new_code, &code, false, ground, reason);
            }
        }
    }

    fn was_coded_as(&self, new_code: &NewCode) -> String {
        let Some(origin) = &new_code.origin else { return "it was coded as nothing known".to_owned() };
        let codes: Vec<String> = origin.previous.iter().map(|c| c.display(self.set.system)).collect();
        format!("it was coded as {} before ({})", list(&codes), origin.source)
    }

    fn choose(&mut self, new_code: &NewCode, code: &Code, held: bool, ground: &'static str, reason: String) {
        let previous = new_code
            .previous
            .iter()
            .map(|p| (self.update.from.code(*p).clone(), self.old.codes.contains(*p)))
            .collect();
        let title = self.title(code);
        self.choices.push(Choice { code: code.clone(), title, held, previous, ground, reason });
    }

    fn add(&mut self, new_code: &NewCode, code: &Code, reason: &str) {
        self.insert(new_code, code, reason, false);
    }

    fn exclude(&mut self, new_code: &NewCode, code: &Code, reason: &str) {
        self.insert(new_code, code, reason, true);
    }

    fn insert(&mut self, new_code: &NewCode, code: &Code, reason: &str, exclude: bool) {
        let behind = self.behind(new_code, exclude);
        let text = self.style.write(code, self.set.system);
        let sheet =
            behind.and_then(|i| self.set.lines.get(i)).or(self.set.lines.last()).map_or(0, |l| l.sheet);
        let valid = xwalk_model::Period {
            // A look-back needs to know from when on the code can be there.
            from: self.options.keep_historical.then(|| self.update.to.edition().effective().from).flatten(),
            to: None,
        };
        let line = SetLine {
            text: text.clone(),
            selector: Selector::Code(code.clone()),
            exclude,
            valid,
            sheet,
            item: u32::MAX,
            at: Position::default(),
        };
        let edit = Edit {
            action: if exclude { Action::Exclude } else { Action::Add },
            line: behind,
            code: code.clone(),
            title: self.title(code),
            text,
            reason: reason.to_owned(),
            last_day: None,
        };
        self.added.entry(behind.unwrap_or(self.set.lines.len())).or_default().push((line, edit));
    }

    /// The line behind which a new code is written: that of a code that it comes from, else the last line whose code
    /// stands before it in the tabular list.
    fn behind(&self, new_code: &NewCode, exclude: bool) -> Option<usize> {
        let update = self.update;
        let mut nearest: Option<(u32, usize)> = None;
        let mut from: Option<usize> = None;
        for (i, line) in self.set.lines.iter().enumerate() {
            let Selector::Code(code) = &line.selector else { continue };
            if line.exclude != exclude {
                continue;
            }
            let Some(ix) = update.from.find(code) else { continue };
            if new_code.previous.contains(&ix) {
                from = Some(i);
            }
            if let Some(now) = update.to.find(code).filter(|now| *now < new_code.ix)
                && nearest.is_none_or(|(best, _)| best <= now)
            {
                nearest = Some((now, i));
            }
        }
        from.or(nearest.map(|(_, i)| i))
    }

    fn finish(mut self) -> Migration {
        let mut lines = Vec::new();
        let mut numbers = Vec::new();
        let mut edits: Vec<Edit> = Vec::new();
        for i in 0..=self.set.lines.len() {
            if let Some(line) = self.kept.get(i).cloned().flatten() {
                lines.push(line);
                numbers.push(Some(i));
            }
            edits.extend(self.edits.iter().filter(|e| e.line == Some(i)).cloned());
            for (line, edit) in self.added.remove(&i).unwrap_or_default() {
                lines.push(line);
                numbers.push(None);
                edits.push(edit);
            }
        }
        let set = ValueSet { lines, ..self.set.clone_head() };
        let proof = prove(self.update, &self.old, &set, self.options.headers);
        Migration { set, lines: numbers, edits, choices: self.choices, proof }
    }
}

/// Some of a list and how many more.
pub(crate) fn list(texts: &[String]) -> String {
    const SHOWN: usize = 6;
    if texts.len() <= SHOWN + 1 {
        return texts.join(", ");
    }
    format!("{} and {} more", texts[..SHOWN].join(", "), texts.len() - SHOWN)
}
