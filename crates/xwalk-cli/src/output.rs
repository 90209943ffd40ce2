//! Where data goes: stdout, or a file that appears whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::printer::Printer;
use xwalk_report::Look;

/// The forms in which lists are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// The options that every listing command has.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// Form of the output (default: by the name of the output file, else text)
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Write to a file instead of stdout; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl OutputArgs {
    /// The form that was asked for, by option or by file name.
    pub(crate) fn format(&self) -> anyhow::Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(path) = self.file() else { return Ok(Format::Text) };
        match path.extension().and_then(|e| e.to_str()) {
            Some("json") => Ok(Format::Json),
            Some("csv") => Ok(Format::Csv),
            Some("txt") | None => Ok(Format::Text),
            Some(other) => {
                anyhow::bail!("`.{other}` names no form of output; use .txt, .json or .csv, or say --format")
            }
        }
    }

    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|p| p.as_os_str() != "-")
    }

    /// Runs `write` on stdout, or on a file that takes its name only when everything is in it.
    pub(crate) fn write(
        &self,
        printer: &Printer,
        write: impl FnOnce(Look, &mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let Some(path) = self.file() else {
            let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
            write(printer.look(), &mut out)?;
            out.flush()?;
            return Ok(());
        };
        write_file(path, |out| write(Look { colour: false }, out))
    }
}

/// Writes a file that takes its name only when everything is in it. A link stays, and the file that it leads to is
/// replaced; a device or a pipe is written to as it is.
pub(crate) fn write_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let held = std::fs::metadata(path).ok();
    if held.as_ref().is_some_and(|m| !m.is_file() && !m.is_dir()) {
        let context = || format!("failed to write {}", path.display());
        let file = std::fs::OpenOptions::new().write(true).open(path).with_context(context)?;
        let mut out = BufWriter::new(file);
        write(&mut out).with_context(context)?;
        return out.flush().with_context(context);
    }
    let real = if held.is_some() { std::fs::canonicalize(path).ok() } else { None };
    let path = real.as_deref().unwrap_or(path);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let context = || format!("failed to write {}; nothing was left at that place", path.display());
    let file = tempfile::Builder::new().prefix(".xwalk-").tempfile_in(folder).with_context(context)?;
    let mut out = BufWriter::new(file);
    write(&mut out).with_context(context)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error).with_context(context)?;
    set_ordinary_permissions(file.as_file()).with_context(context)?;
    file.persist(path).map_err(|e| e.error).with_context(context)?;
    Ok(())
}

/// Temporary files are private; an output is as readable as any other new file.
#[cfg(unix)]
fn set_ordinary_permissions(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_ordinary_permissions(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}
