//! End to end, conformance and full-release tests, in one binary.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, with the place")]
#![expect(clippy::print_stderr, reason = "a test that does nothing says so")]
#![expect(clippy::format_collect, clippy::format_push_string, reason = "tests favour the short form")]

mod audit;
mod bad_input;
mod check;
mod chromium;
mod cpt;
mod diff;
mod help;
mod icd10;
mod icd11mms;
mod laws;
mod library;
mod map;
mod map_releases;
mod maps;
mod pages;
mod parquet_tables;
mod program;
mod releases;
mod remap;
mod remap_ndjson;
mod remap_releases;
mod report;
mod review;
mod rule_laws;
mod rules;
mod rules_official;
mod show_history;
mod tidy;
mod us_supply;
