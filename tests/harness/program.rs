//! The program, as an operator starts it.

use std::process::{Command, Output};

use server::config::Environment;

use crate::Platform;

/// What of the tests' settings it is told.
const SETTINGS: &[&str] = &[
    "DATABASE_URL",
    "DATABASE_ADMIN_URL",
    "SOUK__AUTH__SECRET",
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "SOUK__STRIPE__API_BASE",
    "SOUK__PROVISIONING__SPARE_SCHEMAS",
    "SOUK__LOG__LEVEL",
    "SOUK__METRICS__LISTEN",
    "SOUK__REVIEW__PENDING_ORDERS",
    "SOUK__REVIEW__HOURLY_ORDERS",
    "SOUK__REVIEW__DUPLICATE_MINUTES",
    "SOUK__DATABASE__ACQUIRE_TIMEOUT_MS",
    "SOUK__DATABASE__MAX_CONNECTIONS",
];

/// `souk`, with these settings.
pub fn program(environment: &Environment) -> Command {
    // Cargo names binaries to the tests of their own package alone: ours lies beside the folder of this program.
    let here = std::env::current_exe().unwrap();
    let program = here.parent().and_then(|deps| deps.parent()).unwrap().join("souk");
    assert!(program.is_file(), "{} is missing: build it with `cargo build -p server`", program.display());
    let mut command = Command::new(program);
    for name in SETTINGS {
        if let Some(value) = environment.get(name) {
            command.env(name, value);
        }
    }
    command.env_remove("REDIS_URL");
    command
}

impl Platform {
    /// Runs `souk` with this platform's settings to its end: its exit code, and what it printed.
    pub async fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = program(&self.environment);
        command.args(arguments);
        let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let Output { status, stdout, stderr } = done;
        let (told, complained) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        let code = status.code().unwrap();
        (code, if told.is_empty() { complained } else { told })
    }
}
