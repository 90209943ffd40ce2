//! Generators and checks of the repository itself.

use std::process::Command;

use crate::program::{releases, root};

#[track_caller]
fn check_task(args: &[&str]) {
    let output = Command::new(env!("CARGO")).args(["xtask"]).args(args).current_dir(root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "cargo xtask {args:?}\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_repository_is_tidy() {
    check_task(&["tidy"]);
}

#[test]
fn crosswalks_are_what_their_generator_makes() {
    if let Some(folder) = releases() {
        check_task(&["crosswalks", "--check", folder.to_str().unwrap()]);
    }
}

#[test]
fn fixtures_are_what_their_generator_makes() {
    if let Some(folder) = releases() {
        check_task(&["fixtures", "--check", folder.to_str().unwrap()]);
    }
}
