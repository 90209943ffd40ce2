//! The one place that decides what is shown and where.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use xwalk_report::Look;

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Data goes to stdout; progress and diagnostics go to stderr.
#[derive(Debug)]
pub(crate) struct Printer {
    colour: ColourChoice,
    progress: bool,
    pub(crate) all_diagnostics: bool,
}

impl Printer {
    pub(crate) fn new(colour: ColourChoice, no_progress: bool, all_diagnostics: bool) -> Self {
        let progress = !no_progress && io::stderr().is_terminal();
        Self { colour, progress, all_diagnostics }
    }

    fn coloured(&self, terminal: bool) -> bool {
        match self.colour {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }

    /// The look of stdout.
    pub(crate) fn look(&self) -> Look {
        Look { colour: self.coloured(io::stdout().is_terminal()) }
    }

    /// Data on stdout.
    #[expect(clippy::unused_self, reason = "whoever prints has to hold the printer")]
    pub(crate) fn data(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// A line on stderr.
    #[expect(clippy::unused_self, reason = "whoever prints has to hold the printer")]
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        // Nobody is left to tell when stderr is closed.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// An error with its causes on stderr.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let mut text = format!("error: {error}");
        let mut last = error.to_string();
        for cause in error.chain().skip(1) {
            let cause = cause.to_string();
            // Wrappers that repeat their cause in their own message say nothing new.
            if !last.contains(&cause) {
                text.push_str("\n  cause: ");
                text.push_str(&cause);
            }
            last = cause;
        }
        self.note(text);
    }

    /// A bar for work of `length` steps, hidden where there is no terminal.
    pub(crate) fn bar(&self, length: u64, what: &'static str) -> ProgressBar {
        let target = if self.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what);
        bar
    }

    /// A bar for work of so many bytes, with rate and time left; hidden where there is no terminal.
    pub(crate) fn bytes_bar(&self, length: u64, what: &'static str) -> ProgressBar {
        let bar = self.bar(length, what);
        let template = "{prefix} [{bar:30}] {bytes}/{total_bytes} {msg} {bytes_per_sec} {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar
    }
}
