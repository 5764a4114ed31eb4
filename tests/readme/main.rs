//! The README's walk, taken as it stands: every command is run, and what it prints is what the README shows.
#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use server::worker::Worker;
use souk_tests::Platform;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const README: &str = include_str!("../../README.md");
/// Printed between two steps, so that their outputs can be told apart.
const SEAM: &str = "~~~ the next step ~~~";

/// A block of commands and what it prints.
struct Step {
    commands: String,
    shown: String,
}

/// The `sh` blocks in order; each shows the block that follows it, if that is an output.
fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut block: Option<(&str, String)> = None;
    for line in README.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(language)) => block = Some((language, String::new())),
            (Some((language, text)), Some(_)) => {
                match *language {
                    "sh" => steps.push(Step { commands: std::mem::take(text), shown: String::new() }),
                    "json" | "text" => {
                        if let Some(step) = steps.last_mut() {
                            step.shown = std::mem::take(text);
                        }
                    }
                    _ => {}
                }
                block = None;
            }
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    steps
}

/// Without what differs from run to run.
fn comparable(output: &str, port: u16) -> String {
    let id = Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap();
    let output = output.replace(&format!(":{port}"), ":8080").replace('\r', "");
    let output = id.replace_all(&output, "<id>");
    time.replace_all(&output, "<time>").trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_says_what_happens() {
    let platform = Platform::start().await;
    let port: u16 = platform.address.rsplit(':').next().unwrap().parse().unwrap();
    let folder = std::env::temp_dir().join(souk_tests::unique("souk-readme"));
    std::fs::create_dir_all(folder.join(".souk")).unwrap();
    let announced = serde_json::json!({
        "platform_url": format!("http://localhost:{port}"),
        "stripe_sandbox_url": platform.sandbox.url(),
        "stripe_publishable_key": "pk_test_souk_tests_0123456789",
    });
    std::fs::write(folder.join(".souk/dev.json"), announced.to_string()).unwrap();
    let worker = tokio::spawn(hand_on_news(platform.souk.worker()));

    let steps = steps();
    assert!(steps.len() > 10, "the README has lost its walk: {} steps", steps.len());
    let script: String = steps.iter().map(|step| format!("{}\nprintf '\\n%s\\n' '{SEAM}'\n", step.commands)).collect();
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail", "-s"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    tokio::spawn(async move { input.write_all(script.as_bytes()).await });
    let ran = tokio::time::timeout(Duration::from_secs(120), shell.wait_with_output()).await;
    let ran = ran.expect("the walk came to no end").unwrap();
    worker.abort();

    let (printed, complaints) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let outputs: Vec<&str> = printed.split(SEAM).collect();
    for (step, output) in steps.iter().zip(&outputs) {
        assert_eq!(comparable(output, port), comparable(&step.shown, port), "after\n{}\n{complaints}", step.commands);
    }
    assert!(ran.status.success() && outputs.len() > steps.len(), "{printed}\n{complaints}");
}

/// What `souk dev` does all the time, for the store of the walk alone.
async fn hand_on_news(worker: Worker) {
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut tx = worker.landlord.db.begin().await.unwrap();
        let found = landlord::tenants::by_slug(&mut tx, "tea-house").await.unwrap();
        tx.commit().await.unwrap();
        if let Some(store) = found {
            let only = Worker { only: Some(Arc::from([store.id])), ..worker.clone() };
            only.news().await.unwrap();
        }
    }
}
