//! `cargo xtask fuzz`: every reader on damaged official files and on noise, with the number of executions.
//!
//! The property tests do the same on small samples in every `cargo test`; this runs for as long as it is told, on real
//! files where they are there. A panic ends it with the reader, the seed and the number of the execution.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::readers::READERS;

/// Feed damaged files and noise to every reader
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of full releases, from which files are taken to be damaged
    #[arg(env = "XWALK_RELEASES", default_value = "../shared/releases")]
    releases: PathBuf,
    /// Seconds for each reader
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// How much of a file is damaged at a time.
const PIECE: usize = 16 * 1024;

/// Invented samples for layouts of which no real file may be held.
const SAMPLES: &[&str] = &[
    "<?xml version=\"1.0\"?><ClaML version=\"2.0.0\"><Title name=\"ICD-10\" version=\"2019\"/><Class code=\"Q10\" \
     kind=\"category\"><SuperClass code=\"Q10-Q19\"/><Rubric kind=\"preferred\"><Label>X<Reference>Q11.-</Reference>\
     </Label></Rubric></Class></ClaML>",
    "Q10.0;Q10.0;A;A\r\nQ11.0;UNDEF;A;\r\nUNDEF;Q12.0;;A\r\n",
    "Copyright\r\n\r\n90001\tInvented descriptor\r\n90002\tAnother\r\n",
    "C1|ENG|P|L1|PF|S1|Y|A1|||90001|CPT|PT|90001|Invented|0|N|256|\n",
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\t\
     valid_start_date\tvalid_end_date\tinvalid_reason\n1\tX\tCondition\tICD10CM\tc\t\tA00.0\t19700101\t20991231\t\n",
    "#mapping_set_id: x\nsubject_id\tpredicate_id\tobject_id\nA:1\tskos:exactMatch\tB:2\n",
    "{\"resourceType\":\"ConceptMap\",\"group\":[{\"source\":\"a\",\"element\":[{\"code\":\"1\"}]}]}",
    "source,target\nA00,B00\n",
];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let corpus = corpus(&args.releases)?;
    println!("{} pieces of files; {} s for each reader, seed {}", corpus.len(), args.seconds, args.seed);
    // A panic is reported below, once.
    std::panic::set_hook(Box::new(|_| {}));
    for &(name, read) in READERS {
        // The pieces that a reader understands best are those worth damaging.
        let mut ranked: Vec<(usize, &Vec<u8>)> = corpus.iter().map(|piece| (read(piece), piece)).collect();
        ranked.sort_by_key(|(found, _)| std::cmp::Reverse(*found));
        let best: Vec<&Vec<u8>> = ranked.iter().take(6).map(|(_, piece)| *piece).collect();
        let mut random = Random(args.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let end = Instant::now() + Duration::from_secs(args.seconds);
        let mut executions = 0u64;
        while Instant::now() < end {
            let input =
                if executions.is_multiple_of(5) { noise(&mut random) } else { damaged(&best, &mut random) };
            if catch_unwind(AssertUnwindSafe(|| read(&input))).is_err() {
                bail!("{name} panicked at execution {executions} with seed {}", args.seed);
            }
            executions += 1;
        }
        println!("{name:<16} {executions:>9} executions, no panic");
    }
    Ok(())
}

/// The beginnings of all files of the releases, and the samples.
fn corpus(releases: &std::path::Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut pieces: Vec<Vec<u8>> = SAMPLES.iter().map(|s| s.as_bytes().to_vec()).collect();
    if !releases.exists() {
        println!("{} is not there: only the samples are damaged", releases.display());
        return Ok(pieces);
    }
    let files = xwalk_import::collect(releases)?;
    for file in files {
        let head = file.head()?;
        // A workbook cut in the middle is no workbook; small ones are taken whole.
        let workbook = head.starts_with(b"PK") && file.bytes()?.len() < 400 * 1024;
        pieces.push(if workbook {
            file.bytes()?.into_owned()
        } else {
            head[..head.len().min(PIECE)].to_vec()
        });
    }
    Ok(pieces)
}

fn noise(random: &mut Random) -> Vec<u8> {
    (0..random.below(400)).map(|_| random.next() as u8).collect()
}

fn damaged(pieces: &[&Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = pieces[random.below(pieces.len())].clone();
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(40)).min(bytes.len());
        match random.below(6) {
            0 => bytes[at] = random.next() as u8,
            1 => drop(bytes.drain(at..end)),
            2 => bytes.truncate(at),
            3 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            4 => drop(bytes.splice(at..at, [0xC3, 0xA9])),
            _ => bytes[at] = *b"\t;|,\"<>&\r\n 0\0".get(random.below(13)).unwrap_or(&b' '),
        }
    }
    bytes
}

/// Xorshift: the same seed gives the same inputs on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}
