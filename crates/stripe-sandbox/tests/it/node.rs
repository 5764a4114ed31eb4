//! Stripe's official Node SDK drives the sandbox.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::harness::{KEY, Rig};

async fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output().await.unwrap_or_else(
            |error| panic!("this test needs Node.js 18 or newer with npm: cannot run {program}: {error}"),
        );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} failed\n{said}\n{complained}");
    said
}

#[tokio::test]
async fn the_official_sdk_accepts_every_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/stripe-sdk");
    run(&folder, "node", &["--version"]).await;
    run(&folder, "npm", &["ci", "--no-audit", "--no-fund"]).await;
    let rig = Rig::start().await;
    let said = run(&folder, "node", &["drive.mjs", &rig.url(""), KEY]).await;
    assert!(said.contains("18 passed"), "{said}");
}
