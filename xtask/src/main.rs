//! Project tasks: `cargo xtask crosswalks`, `cargo xtask fixtures`, `cargo xtask fuzz`, `cargo xtask tidy`, `cargo xtask bench`.
#![expect(clippy::print_stdout, reason = "tasks report on the terminal")]

mod bench;
mod crosswalks;
mod fixtures;
mod fuzz;
mod readers;
mod tables;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Crosswalks(crosswalks::Args),
    Fixtures(fixtures::Args),
    Fuzz(fuzz::Args),
    Tables(tables::Args),
    Tidy(tidy::Args),
    Bench(bench::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Crosswalks(args) => crosswalks::run(&args),
        Task::Fixtures(args) => fixtures::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Tables(args) => tables::run(&args),
        Task::Tidy(args) => tidy::run(&args),
        Task::Bench(args) => bench::run(&args),
    }
}

/// The root of the repository.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Into::into).unwrap_or_default()
}

/// Where cargo builds: `target` in the root, unless `CARGO_TARGET_DIR` says otherwise.
fn target() -> std::path::PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}
