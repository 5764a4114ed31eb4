//! A private Redis that keeps nothing, for tests.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::postgres::free_port;
use super::programs::{redis_server, terminate};

const START_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    pub async fn start(state: &Path) -> anyhow::Result<Self> {
        let program = redis_server()?;
        // Somebody may take the port between our look and the start.
        for _ in 0..3 {
            let port = free_port()?;
            let log = File::create(state.join("redis.log")).context("cannot write the log of Redis")?;
            let process = Command::new(&program)
                .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
                .arg("--dir")
                .arg(state)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .spawn()
                .context("cannot start redis-server")?;
            let mut redis = Self { process, port };
            if redis.answers().await? {
                fs::write(state.join("redis.port"), port.to_string())?;
                return Ok(redis);
            }
        }
        bail!("redis-server does not start: see {}", state.join("redis.log").display())
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub fn stop(&mut self) -> anyhow::Result<()> {
        terminate(self.process.id());
        self.process.wait()?;
        Ok(())
    }

    async fn answers(&mut self) -> anyhow::Result<bool> {
        let deadline = Instant::now() + START_PATIENCE;
        while self.process.try_wait()?.is_none() && Instant::now() < deadline {
            if ping(self.port).await.is_ok() {
                return Ok(true);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(false)
    }
}

/// Ends the server that a killed run left behind in this directory.
pub async fn stop_leftover(state: &Path) {
    let port = fs::read_to_string(state.join("redis.port")).ok().and_then(|text| text.trim().parse().ok());
    let Some(port) = port else { return };
    if let Err(error) = shut_down_if_ours(port, state).await {
        tracing::debug!(%error, "no Redis was left behind");
    }
}

async fn shut_down_if_ours(port: u16, state: &Path) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"CONFIG GET dir\r\n").await?;
    let mut answer = vec![0; 4096];
    let length = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut answer)).await??;
    let answer = String::from_utf8_lossy(&answer[..length]);
    anyhow::ensure!(answer.lines().any(|line| Path::new(line) == state), "the port has another owner by now");
    stream.write_all(b"SHUTDOWN NOSAVE\r\n").await?;
    Ok(())
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::debug!(%error, "redis-server was gone already");
        }
    }
}

async fn ping(port: u16) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await?;
    anyhow::ensure!(&answer == b"+PONG\r\n", "that is not Redis");
    Ok(())
}
