//! The command line as documented.

use crate::program::Program;

#[test]
fn every_help_is_as_reviewed() {
    let program = Program::new();
    let top = program.expect(0, &["--help"]);
    let mut all = format!("$ xwalk --help\n{}", top.stdout);
    let commands = commands(&top.stdout);
    assert!(commands.contains(&"diff") && commands.contains(&"import"), "{commands:?}");
    for command in commands {
        let help = program.expect(0, &[command, "--help"]);
        all.push_str(&format!("\n$ xwalk {command} --help\n{}", help.stdout));
        for below in self::commands(&help.stdout) {
            let help = program.expect(0, &[command, below, "--help"]);
            all.push_str(&format!("\n$ xwalk {command} {below} --help\n{}", help.stdout));
        }
    }
    insta::assert_snapshot!("help", all);
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<&str> {
    help.lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter(|l| !l.starts_with("    "))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|c| *c != "help")
        .collect()
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let program = Program::new();
    assert!(program.expect(2, &["diff"]).stderr.contains("required"));
    assert!(program.expect(2, &["frobnicate"]).stderr.contains("unrecognized"));
}
