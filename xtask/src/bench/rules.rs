//! `cargo xtask bench rules`: ten thousand sets of five hundred codes against one update, and sets that have official
//! successors held against these.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use xwalk_import::discover;
use xwalk_model::{CodeSystem, Edition, HeaderMeaning, Period, Position, Selector, SetLine, ValueSet};
use xwalk_rules::{EditionIndex, Transition, Update, check};

use super::{build, millis, scratch};
use crate::target;

const SETS: usize = 10_000;
const CODES: usize = 500;

pub(super) fn run(releases: &Path) -> anyhow::Result<()> {
    speed(&releases.join("icd10cm"))?;
    official(releases)
}

/// The comorbidity definitions of AHRQ and the list of codes exempt from present-on-admission reporting, of 2025 to
/// 2026, migrated by the program and held against the official ones.
fn official(releases: &Path) -> anyhow::Result<()> {
    build()?;
    let scratch = scratch()?;
    let icd = releases.join("icd10cm");
    let set = "CMR-Reference-File-v2025-1.xlsx";
    let elixhauser = releases.join("rulesets/elixhauser");
    let mut zip = zip::ZipArchive::new(fs_err::File::open(elixhauser.join("CMR_v2025.1.zip"))?)?;
    let mut member = zip.by_name(&format!("CMR_v2025.1/{set}"))?;
    std::io::copy(&mut member, &mut fs_err::File::create(scratch.path().join(set))?)?;
    for (name, ours, theirs) in [
        ("Elixhauser", scratch.path().join(set), elixhauser.join("CMR-Reference-File-v2026-1.xlsx")),
        (
            "POA-exempt",
            icd.join("2025/poa_exempt/POAexemptCodesFY25.txt"),
            icd.join("2026/poa_exempt/POAexemptCodesFY26.txt"),
        ),
    ] {
        let output = Command::new(target().join("release/xwalk"))
            .args(["rules", "migrate", "--format", "json", "--from"])
            .args([&icd.join("2025-04"), Path::new("--to"), &icd.join("2026-04")])
            .args([Path::new("--against"), &theirs, &ours])
            .args([Path::new("--library"), scratch.path()])
            .output()?;
        let json: serde_json::Value = serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let score = &json["score"];
        let percent = |name: &str| score[name].as_f64().unwrap_or(0.0) * 100.0;
        println!(
            "{name}: recall {:.2} % automatic, {:.2} % with choices; precision {:.2} % automatic",
            percent("recall"),
            percent("recall_with_choices"),
            percent("precision")
        );
        println!(
            "  of {} official additions {} automatic, {} offered ({} offers); wrong {}, missed {}, not removed {}",
            score["official_added"],
            score["added_right"],
            score["offered_right"].as_array().map_or(0, Vec::len),
            score["offered"],
            score["added_wrong"],
            score["missed"],
            score["not_removed"]
        );
    }
    Ok(())
}

/// Times the checks, after everything was loaded.
fn speed(releases: &Path) -> anyhow::Result<()> {
    let from = edition(&releases.join("2025/icd10cm_order_2025.txt"))?;
    let to = edition(&releases.join("2026/icd10cm_order_2026.txt"))?;
    let table = releases.join("2026/ICD-10-CM-CONVERSION-TABLE-FY2026.xlsx");
    let mut maps = Vec::new();
    for file in discover(&[table], None)?.maps {
        maps.extend(file.import()?.maps);
    }
    let last: Vec<_> = maps.iter().filter(|m| m.id.source == *to.id()).collect();
    let start = Instant::now();
    let changes = xwalk_diff::diff(&from, &to, &|_| None)?;
    let (old, new) = (EditionIndex::new(&from), EditionIndex::new(&to));
    let transition = Transition::new(&old, &new, &last);
    let update = Update::new(old, new, changes, transition);
    println!("what an update means to any set {:>8.1} ms", millis(start.elapsed()));
    let sets = sets(&from);
    let (start, before) = (Instant::now(), processor_ms());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let found: usize = std::thread::scope(|scope| {
        let work: Vec<_> = sets
            .chunks(SETS.div_ceil(threads))
            .map(|part| {
                let update = &update;
                scope.spawn(move || -> usize {
                    part.iter().map(|s| check(update, s, HeaderMeaning::Itself).findings.len()).sum()
                })
            })
            .collect();
        work.into_iter().map(|w| w.join().unwrap_or(0)).sum()
    });
    println!(
        "rules check of {SETS} sets of {CODES} codes {:>6.0} ms  {found} findings, {threads} threads; allowed: 2000 ms",
        millis(start.elapsed())
    );
    if let (Some(before), Some(after)) = (before, processor_ms()) {
        // On a machine that others use the clock tells about them.
        println!("  of which processor time, all threads     {:>6} ms", after - before);
    }
    Ok(())
}

/// Processor time of this process in milliseconds, where the kernel tells it, in ticks of 10 ms.
fn processor_ms() -> Option<u64> {
    let stat = fs_err::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) * 10)
}

fn edition(path: &Path) -> anyhow::Result<Edition> {
    let found = discover(&[path.to_owned()], None)?;
    let release = found.releases.first().with_context(|| format!("{} is no release", path.display()))?;
    release.import()?.edition.with_context(|| format!("{} lists no codes", path.display()))
}

/// Sets as people have them: runs of neighbours from several places, the same on every machine.
fn sets(edition: &Edition) -> Vec<ValueSet> {
    let codes: Vec<_> =
        edition.concepts().filter(|c| c.assignable()).map(xwalk_model::Concept::code).collect();
    let mut state = 20_260_401u64;
    let mut next = move |below: usize| {
        // Knuth's MMIX generator; its upper half is even enough for this.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    (0..SETS)
        .map(|number| {
            let mut lines = Vec::with_capacity(CODES);
            while lines.len() < CODES {
                let start = next(codes.len());
                for code in codes[start..].iter().take(25.min(CODES - lines.len())) {
                    lines.push(SetLine {
                        text: code.display(CodeSystem::Icd10cm).into(),
                        selector: Selector::Code((*code).clone()),
                        exclude: false,
                        valid: Period::default(),
                        sheet: 0,
                        item: lines.len() as u32,
                        at: Position::default(),
                    });
                }
            }
            ValueSet {
                name: format!("set {number}"),
                owner: String::new(),
                system: CodeSystem::Icd10cm,
                lines,
            }
        })
        .collect()
}
