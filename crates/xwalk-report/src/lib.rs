//! Change sets and summaries as text, JSON and CSV
