//! The command line as documented.

use crate::program::Program;

#[test]
fn every_help_is_as_reviewed() {
    let program = Program::new();
    let top = program.expect(0, &["--help"]);
    let mut all = format!("$ xwalk --help\n{}", top.stdout);
    let commands: Vec<&str> = top
        .stdout
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter_map(|l| l.split_whitespace().next())
        .filter(|c| *c != "help")
        .collect();
    assert!(commands.contains(&"diff") && commands.contains(&"import"), "{commands:?}");
    for command in commands {
        let help = program.expect(0, &[command, "--help"]);
        all.push_str(&format!("\n$ xwalk {command} --help\n{}", help.stdout));
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let program = Program::new();
    assert!(program.expect(2, &["diff"]).stderr.contains("required"));
    assert!(program.expect(2, &["frobnicate"]).stderr.contains("unrecognized"));
}
