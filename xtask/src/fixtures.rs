//! `cargo xtask fixtures RELEASES`: small excerpts of public-domain releases, under their official names.
//!
//! From two order files every line is kept whose code is touched by the change between them, with its ancestors and
//! its direct siblings; the addenda are kept whole, so that an audit of the excerpt has the authority's own list.
//! From the tabular XML a few categories are kept in which every kind of note changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use xwalk_import::discover;
use xwalk_model::{Code, Concept, Edition};

use crate::root;

/// Make the excerpts under fixtures/ from full releases
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of full releases, with icd10cm/2025 and so on in it
    releases: PathBuf,
    /// Write nothing; fail where a file differs
    #[arg(long)]
    check: bool,
}

/// Categories of the tabular list whose notes and codes change between April 2025 and April 2026.
const TABULAR_CATEGORIES: [&str; 7] = ["B88", "D65", "E11", "G35", "I10", "L02", "S06"];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let icd10cm = args.releases.join("icd10cm");
    let mut made = Vec::new();
    let names = ["2025/icd10cm_order_2025.txt", "2026/icd10cm_order_2026.txt"];
    let paths = names.map(|name| icd10cm.join(name));
    let [from, to] = [read(&paths[0])?, read(&paths[1])?];
    let kept = touched(&from, &to)?;
    for (name, path) in names.iter().zip(&paths) {
        made.push((format!("icd10cm/{name}"), order_excerpt(path, &kept)?));
    }
    for name in ["2025/icd10cm_order_addenda_2025.txt", "2026/icd10cm_order_addenda_2026.txt"] {
        // The FY2025 addendum leads to the baseline and cannot be held against an excerpt of it.
        if name.starts_with("2026") {
            made.push((format!("icd10cm/{name}"), fs_err::read(icd10cm.join(name))?));
        }
    }
    for name in ["2025-04/icd10cm-tabular-April-2025.xml", "2026-04/icd10c-tabular-April-1-2026.xml"] {
        let text = fs_err::read_to_string(icd10cm.join(name))?;
        made.push((format!("icd10cm/{name}"), tabular_excerpt(&text)?.into_bytes()));
    }
    let folder = root().join("fixtures");
    for (name, bytes) in made {
        let path = folder.join(&name);
        if args.check {
            let held = fs_err::read(&path).unwrap_or_default();
            ensure!(
                held == bytes,
                "fixtures/{name} is not what `cargo xtask fixtures` makes; run it without --check"
            );
        } else {
            fs_err::create_dir_all(path.parent().context("a fixture lies in a folder")?)?;
            fs_err::write(&path, &bytes)?;
            println!("fixtures/{name}  {} bytes", bytes.len());
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Edition> {
    let found = discover(&[path.to_owned()], None)?;
    let release = found.releases.first().with_context(|| format!("{} is not a release", path.display()))?;
    release.import()?.edition.with_context(|| format!("{} lists no codes", path.display()))
}

/// Codes that change, with their ancestors and siblings in both editions.
fn touched(from: &Edition, to: &Edition) -> anyhow::Result<BTreeSet<Code>> {
    let set = xwalk_diff::diff(from, to, &|_| None)?;
    let mut kept = BTreeSet::new();
    for code in set.changes.keys() {
        for concept in [from.get(code), to.get(code)].into_iter().flatten() {
            let mut keep = |c: Concept<'_>| kept.insert(c.code().clone());
            keep(concept);
            for above in concept.ancestors() {
                keep(above);
            }
            for sibling in concept.parent().map(Concept::children).unwrap_or_default() {
                keep(sibling);
            }
        }
    }
    Ok(kept)
}

/// The lines of an order file whose codes are kept, unaltered: with their order numbers and line ends.
fn order_excerpt(path: &Path, kept: &BTreeSet<Code>) -> anyhow::Result<Vec<u8>> {
    let bytes = fs_err::read(path)?;
    let mut out = Vec::new();
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let code = line.get(6..13).and_then(|c| std::str::from_utf8(c).ok()).map(str::trim);
        if code.is_some_and(|c| kept.contains(&Code::from_official(c))) {
            out.extend_from_slice(line);
        }
    }
    Ok(out)
}

/// The tabular list with the chosen categories only; chapters and sections without any are left out.
fn tabular_excerpt(text: &str) -> anyhow::Result<String> {
    let mut out = String::new();
    let head = text.find("<chapter>").context("the tabular list has no chapter")?;
    let intro = text.find("<introduction>").context("the tabular list has no introduction")?;
    out.push_str(&text[..intro]);
    let mut rest = &text[head..];
    while let Some(chapter) = element(rest, "<chapter>", "</chapter>") {
        let mut sections = String::new();
        let mut inside = chapter;
        let first = chapter.find("<section id").unwrap_or(chapter.len());
        while let Some(section) = element(inside, "<section id", "</section>") {
            let diags: String = categories(section).into_iter().collect();
            if !diags.is_empty() {
                let before = section.find("<diag").unwrap_or(0);
                sections.push_str(&section[..before]);
                sections.push_str(&diags);
                sections.push_str("</section>\r\n");
            }
            inside = after(inside, section);
        }
        if !sections.is_empty() {
            out.push_str(&chapter[..first]);
            out.push_str(&sections);
            out.push_str("</chapter>\r\n");
        }
        rest = after(rest, chapter);
    }
    out.push_str("</ICD10CM.tabular>\r\n");
    if out.len() > 400_000 {
        bail!("the excerpt has {} bytes; choose fewer categories", out.len());
    }
    Ok(out)
}

/// The chosen categories of a section, each a `diag` element with all below it.
fn categories(section: &str) -> Vec<&str> {
    TABULAR_CATEGORIES
        .iter()
        .filter_map(|category| {
            let name = section.find(&format!("<name>{category}</name>"))?;
            let start = section[..name].rfind("<diag")?;
            let mut depth = 0usize;
            let mut at = start;
            loop {
                let open = section[at..].find("<diag").map(|i| at + i);
                let close = section[at..].find("</diag>").map(|i| at + i)?;
                match open {
                    Some(open) if open < close => {
                        depth += 1;
                        at = open + 5;
                    }
                    _ => {
                        depth -= 1;
                        at = close + 7;
                        if depth == 0 {
                            return Some(&section[start..at]);
                        }
                    }
                }
            }
        })
        .collect()
}

fn element<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let start = text.find(open)?;
    let end = start + text[start..].find(close)? + close.len();
    Some(&text[start..end])
}

/// What follows a part of a text.
fn after<'t>(text: &'t str, part: &str) -> &'t str {
    let end = part.as_ptr() as usize - text.as_ptr() as usize + part.len();
    &text[end..]
}
