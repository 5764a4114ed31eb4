//! The command line, as a person or a script meets it: what it prints where, and with which exit code.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Output};

/// Runs `souk` with nothing in its environment but these.
fn souk(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
    command.args(arguments).env_clear().envs(environment.iter().copied()).current_dir(std::env::temp_dir());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_names_every_command() {
    let help = souk(&["--help"], &[]);
    assert!(help.status.success());
    for command in ["serve", "work", "dev", "migrate", "tenant", "checkout", "admin", "openapi"] {
        assert!(text(&help.stdout).contains(&format!("\n  {command}")), "{command} in {}", text(&help.stdout));
    }
}

#[test]
fn a_missing_setting_stops_the_start_with_one_line() {
    let failed = souk(&["serve"], &[]);
    assert!(!failed.status.success());
    let said = text(&failed.stderr);
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(said.contains("database.url") && said.contains("DATABASE_URL"), "{said}");
}

#[test]
fn an_unknown_setting_stops_the_start_with_one_line() {
    let failed = souk(&["serve"], &[("SOUK__CHECKOUT__TTL", "15"), ("DATABASE_URL", "postgres://a@127.0.0.1:1/a")]);
    assert!(!failed.status.success());
    let said = text(&failed.stderr);
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(said.contains("checkout.ttl"), "{said}");
}

#[test]
fn production_refuses_the_secret_that_everybody_knows() {
    let environment = [
        ("SOUK_ENV", "production"),
        ("DATABASE_URL", "postgres://a@127.0.0.1:1/a"),
        ("SOUK__AUTH__SECRET", "for-development-only-never-in-production"),
    ];
    let failed = souk(&["serve"], &environment);
    assert!(!failed.status.success());
    let said = text(&failed.stderr);
    assert!(said.contains("auth.secret") && !said.contains("for-development-only"), "{said}");
}

#[test]
fn each_face_of_the_api_is_printed_for_scripts() {
    for face in ["platform", "shop", "staff"] {
        let printed = souk(&["openapi", face], &[]);
        assert!(printed.status.success());
        let described: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
        assert_eq!(described["openapi"], "3.1.0");
    }
    assert!(!souk(&["openapi", "sideways"], &[]).status.success());
}
