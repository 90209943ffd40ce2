//! Tables of claims for benches: made from codes alone, and the same each time.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

/// Share of cells without a code, and of codes that no edition has, in hundredths.
const EMPTY: u64 = 30;
const UNKNOWN: u64 = 2;
/// Number of code columns.
pub(crate) const COLUMNS: usize = 5;

/// Numbers that look random (splitmix64), the same on every machine.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }
}

/// Codes with the frequencies of Zipf's law: the second is half as frequent as the first.
pub(crate) struct Zipf {
    draws: Vec<u32>,
}

impl Zipf {
    #[expect(clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "shares of a million draws")]
    pub(crate) fn new(count: usize) -> Self {
        let total: f64 = (1..=count).map(|rank| 1.0 / rank as f64).sum();
        let size = 1usize << 20;
        let mut draws = Vec::with_capacity(size);
        let mut sum = 0.0;
        for rank in 0..count {
            sum += 1.0 / (rank + 1) as f64;
            let until = ((sum / total) * size as f64).round() as usize;
            draws.resize(until.max(draws.len()).min(size), rank as u32);
        }
        draws.resize(size, 0);
        Self { draws }
    }

    pub(crate) fn draw(&self, numbers: &mut Numbers) -> usize {
        self.draws[numbers.below(self.draws.len() as u64) as usize] as usize
    }
}

/// The order in which codes are frequent: shuffled, since the first codes of a classification are not the commonest.
pub(crate) fn shuffled(mut codes: Vec<String>) -> Vec<String> {
    let mut numbers = Numbers::new(7);
    for i in (1..codes.len()).rev() {
        codes.swap(i, numbers.below(i as u64 + 1) as usize);
    }
    codes
}

/// A period of days with the codes that were in use.
pub(crate) struct Era {
    /// The first day, as days since 1 January 1970.
    pub(crate) first: i64,
    /// Number of days.
    pub(crate) days: u64,
    /// Codes in the order of their frequency.
    pub(crate) codes: Vec<String>,
}

/// Writes a table of claims: id, patient, date, code columns, amount.
pub(crate) fn write(path: &Path, rows: u64, eras: &[Era]) -> anyhow::Result<()> {
    let context = || format!("failed to write {}", path.display());
    let mut out = BufWriter::with_capacity(1 << 20, fs_err::File::create(path)?);
    let mut numbers = Numbers::new(1);
    let zipf: Vec<Zipf> = eras.iter().map(|era| Zipf::new(era.codes.len())).collect();
    let dates: Vec<Vec<String>> =
        eras.iter().map(|e| (0..).take(e.days as usize).map(|day| date(e.first + day)).collect()).collect();
    writeln!(out, "claim_id,patient_id,dos,dx1,dx2,dx3,dx4,dx5,amount").with_context(context)?;
    let mut line = Vec::new();
    for row in 0..rows {
        let at = numbers.below(eras.len() as u64) as usize;
        let (era, zipf) = (&eras[at], &zipf[at]);
        line.clear();
        let patient = numbers.below(2_000_000);
        let day = &dates[at][numbers.below(era.days) as usize];
        write!(line, "{},{},{day}", 100_000_000 + row, 1_000_000 + patient)?;
        for _ in 0..COLUMNS {
            line.push(b',');
            let roll = numbers.below(100);
            if roll < EMPTY {
                continue;
            }
            if roll < EMPTY + UNKNOWN {
                write!(line, "Q{:04}", numbers.below(300))?;
            } else {
                line.extend_from_slice(era.codes[zipf.draw(&mut numbers)].as_bytes());
            }
        }
        writeln!(line, ",{}.{:02}", numbers.below(3000), numbers.below(100))?;
        out.write_all(&line).with_context(context)?;
    }
    out.flush().with_context(context)
}

/// The date of a day, counted from 1 January 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn date(days: i64) -> String {
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
