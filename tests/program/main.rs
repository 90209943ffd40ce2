//! The `xwalk` program, for the tests.

fn main() -> std::process::ExitCode {
    xwalk_cli::main()
}
