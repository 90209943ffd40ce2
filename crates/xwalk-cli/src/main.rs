//! The `xwalk` binary.

fn main() -> std::process::ExitCode {
    xwalk_cli::main()
}
