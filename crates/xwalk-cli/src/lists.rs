//! Short lists that a user hands in: codes, counts, samples: columns by name, errors with the line.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};

/// A CSV file that lies in memory.
pub(crate) struct List {
    name: String,
    bytes: Vec<u8>,
    header: Vec<String>,
    records: Vec<csv::StringRecord>,
}

/// One row, with what is needed to tell where it stands.
pub(crate) struct Row<'t> {
    table: &'t List,
    record: &'t csv::StringRecord,
}

impl List {
    /// Reads a file; `-` is stdin.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        if path.as_os_str() == "-" {
            std::io::stdin().lock().read_to_end(&mut bytes).context("failed to read stdin")?;
        } else {
            bytes = std::fs::OpenOptions::new()
                .read(true)
                .open(path)
                .and_then(|mut file| file.read_to_end(&mut bytes).map(|_| bytes))
                .with_context(|| format!("failed to read {name}"))?;
        }
        let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).to_vec();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&content[..]);
        let header = reader.headers().with_context(|| format!("failed to read {name}"))?;
        let header = header.iter().map(|h| h.trim().to_ascii_lowercase()).collect();
        let records: Result<Vec<_>, _> = reader.records().collect();
        let records = records.with_context(|| format!("failed to read {name}"))?;
        Ok(Self { name, bytes: content, header, records })
    }

    /// The place of a column that goes by one of some names; an error that lists what is there.
    pub(crate) fn column(&self, names: &[&str]) -> anyhow::Result<usize> {
        match self.find(names) {
            Some(at) => Ok(at),
            None => bail!(
                "{}:1: expected a column {}, found {}",
                self.name,
                names.join(" or "),
                self.header.join(", ")
            ),
        }
    }

    /// The place of a column that need not be there.
    pub(crate) fn find(&self, names: &[&str]) -> Option<usize> {
        self.header.iter().position(|h| names.contains(&h.as_str()))
    }

    /// The rows below the header.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { table: self, record })
    }
}

impl Row<'_> {
    /// A cell without blanks around it; empty where the row is too short.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default().trim()
    }

    /// File, line and column, for an error about a cell.
    pub(crate) fn place(&self, column: usize) -> String {
        let name = self.table.header.get(column).map_or("", String::as_str);
        format!("{}:{}: column {name}", self.table.name, self.line())
    }

    /// The line on which the row begins. The csv crate counts the line feeds before it, and of a CR LF pair the LF
    /// belongs to the next record.
    fn line(&self) -> usize {
        let start = self.record.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(0));
        let rest = &self.table.bytes[start.min(self.table.bytes.len())..];
        let skipped = rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let before = &self.table.bytes[..(start + skipped).min(self.table.bytes.len())];
        1 + memchr::memchr_iter(b'\n', before).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_every_line_end() {
        let folder = tempfile::tempdir().unwrap();
        for (text, expected) in [
            ("code,n\nA,1\nB,x\n", [2, 3]),
            ("\u{feff}Code,n\r\nA,1\r\nB,x\r\n", [2, 3]),
            ("code,n\n\n\"A\n\",1\nB,x", [3, 5]),
        ] {
            let path = folder.path().join("t.csv");
            std::io::Write::write_all(&mut fs_err::File::create(&path).unwrap(), text.as_bytes()).unwrap();
            let table = List::read(&path).unwrap();
            assert_eq!(table.column(&["code"]).unwrap(), 0);
            let lines: Vec<usize> = table.rows().map(|r| r.line()).collect();
            assert_eq!(lines, expected, "{text:?}");
            assert!(table.column(&["m"]).unwrap_err().to_string().contains("t.csv:1: expected a column m"));
        }
    }
}
