//! How far reviewers agree, for people.

use std::io;

use xwalk_model::{EditionId, Subject};
use xwalk_rules::{Agreement, Kappa};

/// Agreement of reviewers by name.
pub fn write_agreement(
    reviewers: &[String],
    agreement: &Agreement<(Subject, String, EditionId)>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let method = match agreement.method {
        Kappa::Cohen => "Cohen's kappa",
        Kappa::Fleiss => "Fleiss' kappa",
    };
    writeln!(out, "{} reviewers: {}", reviewers.len(), reviewers.join(", "))?;
    writeln!(
        out,
        "{} questions that all answered, {} that somebody left open",
        agreement.questions, agreement.open
    )?;
    writeln!(out, "agreement {:.1} %", agreement.observed * 100.0)?;
    match agreement.kappa {
        Some(kappa) => writeln!(out, "{method} {kappa:.3}")?,
        None => writeln!(out, "{method} not defined: all answers are the same")?,
    }
    writeln!(out, "{} questions on which they disagree", agreement.disagreements.len())?;
    for (subject, code, edition) in &agreement.disagreements {
        match subject {
            Subject::Set(name) => writeln!(out, "  {code} in {name} ({edition})")?,
            Subject::Code => writeln!(out, "  {code} ({edition})")?,
        }
    }
    Ok(())
}
