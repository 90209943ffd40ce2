//! `cargo xtask tidy`: what no compiler checks.

use std::path::Path;

use anyhow::bail;
use xwalk_model::Rule;

use crate::root;

/// Check the shape of the repository: top level, file sizes, documented diagnostics, text hygiene
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Beside dotfiles these stand at the top, and nothing else.
const TOP: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "crates",
    "crosswalks",
    "fixtures",
    "tests",
    "xtask",
    "README.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];
/// A source file longer than this is two things.
const MAX_LINES: usize = 600;
/// Fixtures are excerpts.
const MAX_BYTES: u64 = 3_000_000;

pub(crate) fn run(_: &Args) -> anyhow::Result<()> {
    let root = root();
    let mut problems = Vec::new();
    for entry in fs_err::read_dir(&root)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name != "target" && !TOP.contains(&name.as_str()) {
            problems.push(format!("{name}: does not belong at the top level"));
        }
    }
    let visible = |e: &walkdir::DirEntry| {
        let name = e.file_name().to_string_lossy();
        e.depth() == 0 || (name != "target" && name != ".git" && name != "node_modules")
    };
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry?;
        if entry.file_type().is_file() {
            check_file(&root, entry.path(), entry.metadata()?.len(), &mut problems)?;
        }
    }
    let architecture = fs_err::read_to_string(root.join("crates/README.md"))?;
    for rule in Rule::ALL {
        if !architecture.contains(&format!("| `{}` |", rule.id())) {
            problems.push(format!("crates/README.md: the diagnostic `{}` is not in the table", rule.id()));
        }
    }
    for entry in fs_err::read_dir(root.join("crates"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !architecture.contains(&format!("`{name}`")) {
            problems.push(format!("crates/README.md: the crate `{name}` is not described"));
        }
    }
    if problems.is_empty() {
        println!("tidy: nothing found");
        return Ok(());
    }
    for problem in &problems {
        println!("{problem}");
    }
    bail!("{} problems", problems.len())
}

fn check_file(root: &Path, path: &Path, bytes: u64, problems: &mut Vec<String>) -> anyhow::Result<()> {
    let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
    if bytes > MAX_BYTES {
        problems.push(format!("{name}: {bytes} bytes; fixtures are excerpts"));
    }
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    if !["rs", "md", "toml", "sh", "py"].contains(&extension) {
        return Ok(());
    }
    let text = fs_err::read_to_string(path)?;
    if extension == "rs" {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            problems.push(format!("{name}: {lines} lines; which two things is it?"));
        }
    }
    for (i, line) in text.lines().enumerate() {
        let n = i + 1;
        if line.ends_with([' ', '\t']) {
            problems.push(format!("{name}:{n}: blanks at the end of the line"));
        }
        if line.contains('\t') && extension != "sh" {
            problems.push(format!("{name}:{n}: a tab"));
        }
        // Written in two halves, so that this file does not find itself.
        for stub in [
            concat!("to", "do!("),
            concat!("unimple", "mented!("),
            concat!("#[ig", "nore"),
            concat!("FIX", "ME"),
        ] {
            if line.contains(stub) {
                problems.push(format!("{name}:{n}: `{stub}` is left open"));
            }
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        problems.push(format!("{name}: no line end at the end"));
    }
    Ok(())
}
