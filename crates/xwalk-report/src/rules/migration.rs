//! What sets became and why, with the proof: for people, programs and spreadsheets.

use std::io;

use serde::Serialize;
use xwalk_model::{Code, CodeSystem, EditionId, ValueSet};
use xwalk_rules::{Action, Migration, Proof, Score};

use crate::{Look, safe_cell};

/// A set and what it became.
#[derive(Debug)]
pub struct MigratedSet<'a> {
    /// The file.
    pub place: String,
    /// The old set.
    pub set: &'a ValueSet,
    /// What it became.
    pub migration: &'a Migration,
    /// How near it comes to the official set, where one was given.
    pub score: Option<Score>,
}

/// All sets of a run.
#[derive(Debug)]
pub struct Migrations<'a> {
    /// The old edition.
    pub from: &'a EditionId,
    /// The later edition.
    pub to: &'a EditionId,
    /// What a reader has to know.
    pub remarks: Vec<String>,
    /// The sets, in the order of the files.
    pub sets: Vec<MigratedSet<'a>>,
}

#[derive(Serialize)]
struct SetOut<'a> {
    set: &'a str,
    owner: &'a str,
    file: &'a str,
    edits: Vec<EditOut<'a>>,
    choices: Vec<ChoiceOut<'a>>,
    proof: ProofOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<ScoreOut>,
}

#[derive(Serialize)]
struct ScoreOut {
    official: usize,
    ours: usize,
    both: usize,
    recall: f64,
    recall_with_choices: f64,
    precision: f64,
    official_added: usize,
    added_right: usize,
    added_wrong: Vec<String>,
    offered: usize,
    offered_right: Vec<String>,
    missed: Vec<String>,
    not_removed: Vec<String>,
    precision_of_additions: f64,
    recall_of_additions: f64,
    recall_of_additions_with_choices: f64,
}

fn score_out(score: &Score, system: CodeSystem) -> ScoreOut {
    ScoreOut {
        official: score.official,
        ours: score.ours,
        both: score.both,
        recall: score.recall(),
        recall_with_choices: score.recall_with_choices(),
        precision: score.precision(),
        official_added: score.official_added,
        added_right: score.added_right,
        added_wrong: codes(&score.added_wrong, system),
        offered: score.offered,
        offered_right: codes(&score.offered_codes, system),
        missed: codes(&score.missed, system),
        not_removed: codes(&score.not_removed, system),
        precision_of_additions: score.precision_of_additions(),
        recall_of_additions: score.recall_of_additions(),
        recall_of_additions_with_choices: score.recall_of_additions_with_choices(),
    }
}

#[derive(Serialize)]
struct EditOut<'a> {
    action: &'static str,
    code: String,
    title: &'a str,
    text: &'a str,
    row: Option<u32>,
    last_day: Option<String>,
    reason: &'a str,
}

#[derive(Serialize)]
struct ChoiceOut<'a> {
    code: String,
    title: &'a str,
    held: bool,
    ground: &'static str,
    previous: Vec<PreviousOut>,
    reason: &'a str,
}

#[derive(Serialize)]
struct PreviousOut {
    code: String,
    held: bool,
}

#[derive(Serialize)]
struct ProofOut {
    exact: bool,
    nothing_lost: bool,
    before: usize,
    after: usize,
    kept: usize,
    carried: usize,
    lost: Vec<String>,
    ended: Vec<String>,
    partly: Vec<PartlyOut>,
    gained: Vec<String>,
}

#[derive(Serialize)]
struct PartlyOut {
    code: String,
    not_in_set: Vec<String>,
}

fn codes(list: &[Code], system: CodeSystem) -> Vec<String> {
    list.iter().map(|c| c.display(system)).collect()
}

fn proof_out(proof: &Proof, system: CodeSystem) -> ProofOut {
    ProofOut {
        exact: proof.is_exact(),
        nothing_lost: proof.nothing_lost(),
        before: proof.before,
        after: proof.after,
        kept: proof.kept,
        carried: proof.carried,
        lost: codes(&proof.lost, system),
        ended: codes(&proof.ended, system),
        partly: proof
            .partly
            .iter()
            .map(|(code, missing)| PartlyOut {
                code: code.display(system),
                not_in_set: codes(missing, system),
            })
            .collect(),
        gained: codes(&proof.gained, system),
    }
}

/// The proof in one sentence.
fn sentence(proof: &Proof) -> String {
    let lost = if proof.nothing_lost() {
        "no code of the old set is lost".to_owned()
    } else {
        let mut parts = Vec::new();
        if !proof.lost.is_empty() {
            parts.push(format!("{} codes that are still valid are lost", proof.lost.len()));
        }
        if !proof.ended.is_empty() {
            parts.push(format!("{} retired codes have nothing in the new set", proof.ended.len()));
        }
        parts.join(", ")
    };
    let rest = if proof.is_exact() {
        "; the new set means what the old one meant".to_owned()
    } else {
        let partly = if proof.partly.is_empty() {
            String::new()
        } else {
            format!("; of {} codes a part went to codes that the new set does not hold", proof.partly.len())
        };
        let gained = if proof.gained.is_empty() {
            String::new()
        } else {
            format!("; {} codes come from outside the old set", proof.gained.len())
        };
        format!("{partly}{gained}")
    };
    format!("{lost}{rest}")
}

impl Migrations<'_> {
    /// Questions that are open.
    pub fn choices(&self) -> usize {
        self.sets.iter().map(|s| s.migration.choices.len()).sum()
    }

    /// Codes that are lost.
    pub fn lost(&self) -> usize {
        self.sets.iter().map(|s| s.migration.proof.lost.len() + s.migration.proof.ended.len()).sum()
    }

    /// All sets against the official ones.
    pub fn total(&self) -> Option<Score> {
        let mut scores = self.sets.iter().filter_map(|s| s.score.as_ref());
        let mut total = scores.next()?.clone();
        scores.for_each(|score| total.add(score));
        Some(total)
    }

    /// For programs: schema `xwalk.rules-migrate/1`.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let set_out = |s: &'_ MigratedSet<'_>| -> serde_json::Value {
            let system = s.set.system;
            let row = |line: Option<usize>| line.and_then(|i| s.set.lines.get(i)).map(|l| l.at.line);
            let edits = s.migration.edits.iter().map(|e| EditOut {
                action: e.action.id(),
                code: e.code.display(system),
                title: &e.title,
                text: &e.text,
                row: row(e.line),
                last_day: e.last_day.map(|d| d.to_string()),
                reason: &e.reason,
            });
            let choices = s.migration.choices.iter().map(|c| ChoiceOut {
                code: c.code.display(system),
                title: &c.title,
                held: c.held,
                ground: c.ground,
                previous: c
                    .previous
                    .iter()
                    .map(|(code, held)| PreviousOut { code: code.display(system), held: *held })
                    .collect(),
                reason: &c.reason,
            });
            let shown = SetOut {
                set: &s.set.name,
                owner: &s.set.owner,
                file: &s.place,
                edits: edits.collect(),
                choices: choices.collect(),
                proof: proof_out(&s.migration.proof, system),
                score: s.score.as_ref().map(|score| score_out(score, system)),
            };
            serde_json::to_value(shown).unwrap_or_default()
        };
        let document = serde_json::json!({
            "schema": "xwalk.rules-migrate/1",
            "from": self.from.to_string(),
            "to": self.to.to_string(),
            "remarks": &self.remarks,
            "sets": self.sets.iter().map(set_out).collect::<Vec<_>>(),
            "score": self.total().map(|score| score_out(&score, self.to.system)),
        });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        out.write_all(b"\n")
    }

    /// For spreadsheets: a row for each change and each open choice.
    pub fn write_csv(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["owner", "set", "file", "row", "action", "code", "title", "text", "reason"])?;
        for s in &self.sets {
            let system = s.set.system;
            let (owner, name, place) = (safe_cell(&s.set.owner), safe_cell(&s.set.name), safe_cell(&s.place));
            for edit in &s.migration.edits {
                let row = edit
                    .line
                    .and_then(|i| s.set.lines.get(i))
                    .map_or(String::new(), |l| l.at.line.to_string());
                table.write_record([
                    &*owner,
                    &*name,
                    &*place,
                    &row,
                    edit.action.id(),
                    &edit.code.display(system),
                    &*safe_cell(&edit.title),
                    &*safe_cell(&edit.text),
                    &*safe_cell(&edit.reason),
                ])?;
            }
            for choice in &s.migration.choices {
                let action = if choice.held { "open, held" } else { "open" };
                table.write_record([
                    &*owner,
                    &*name,
                    &*place,
                    "",
                    action,
                    &choice.code.display(system),
                    &*safe_cell(&choice.title),
                    "",
                    &*safe_cell(&format!("{}: {}", choice.ground, choice.reason)),
                ])?;
            }
        }
        table.flush()
    }

    /// For people.
    pub fn write_text(&self, look: Look, out: &mut dyn io::Write) -> io::Result<()> {
        writeln!(out, "{} to {}", look.bold(self.from), look.bold(self.to))?;
        for remark in &self.remarks {
            writeln!(out, "{} {remark}", look.warning("note:"))?;
        }
        for s in &self.sets {
            let system = s.set.system;
            let proof = &s.migration.proof;
            writeln!(out, "\n{}  {}", look.bold(&s.set.name), s.place)?;
            for edit in &s.migration.edits {
                let word = match edit.action {
                    Action::Add => look.added("added"),
                    Action::Remove => look.removed("removed"),
                    other => look.warning(other.id()),
                };
                writeln!(out, "  {word:<10} {:<9} {}", edit.code.display(system), edit.title)?;
                let written = if edit.text.as_str() == edit.code.display(system) {
                    String::new()
                } else {
                    format!(" (written {})", edit.text)
                };
                writeln!(out, "             {}{}", look.faint(&edit.reason), look.faint(&written))?;
            }
            for choice in &s.migration.choices {
                let held = if choice.held { " (held as it stands)" } else { "" };
                writeln!(
                    out,
                    "  {:<10} {:<9} {}{held}",
                    look.warning("open"),
                    choice.code.display(system),
                    choice.title
                )?;
                writeln!(
                    out,
                    "             {}",
                    look.faint(format!("{}: {}", choice.ground, choice.reason))
                )?;
            }
            writeln!(
                out,
                "  proof      {} codes before, {} after: {} kept, {} carried over",
                proof.before, proof.after, proof.kept, proof.carried
            )?;
            writeln!(out, "             {}", sentence(proof))?;
            for (word, list) in [("lost", &proof.lost), ("ended", &proof.ended), ("gained", &proof.gained)] {
                if !list.is_empty() {
                    writeln!(out, "             {word}: {}", codes(list, system).join(" "))?;
                }
            }
            for (code, missing) in &proof.partly {
                writeln!(
                    out,
                    "             partly: {}, not in the new set: {}",
                    code.display(system),
                    codes(missing, system).join(" ")
                )?;
            }
            if let Some(score) = &s.score {
                write_score("official", score, system, out)?;
            }
        }
        if let Some(total) = self.total().filter(|_| self.sets.len() > 1) {
            writeln!(out, "\n{}", look.bold("all sets"))?;
            write_score("official", &total, self.to.system, out)?;
        }
        Ok(())
    }
}

fn write_score(word: &str, score: &Score, system: CodeSystem, out: &mut dyn io::Write) -> io::Result<()> {
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    writeln!(
        out,
        "  {word:<10} {} codes: recall {} automatic, {} with choices; precision {} automatic",
        score.official,
        percent(score.recall()),
        percent(score.recall_with_choices()),
        percent(score.precision())
    )?;
    writeln!(
        out,
        "             additions {}: {} automatic ({}), {} offered ({} with choices); precision {} automatic, {} of \
         {} offered",
        score.official_added,
        score.added_right,
        percent(score.recall_of_additions()),
        score.offered_right,
        percent(score.recall_of_additions_with_choices()),
        percent(score.precision_of_additions()),
        score.offered_right,
        score.offered
    )?;
    for (word, list) in [
        ("offered, and official", &score.offered_codes),
        ("missed", &score.missed),
        ("added, and not official", &score.added_wrong),
        ("kept, and not official", &score.not_removed),
    ] {
        if !list.is_empty() {
            writeln!(out, "             {word}: {}", codes(list, system).join(" "))?;
        }
    }
    Ok(())
}
