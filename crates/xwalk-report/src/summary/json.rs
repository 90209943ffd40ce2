//! A summary for programs.

use std::io;

use super::Summary;

pub(super) fn write(summary: &Summary, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, summary)?;
    out.write_all(b"\n")
}
