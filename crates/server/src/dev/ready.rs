//! Waits until the platform says that it is ready.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::ensure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(60);

pub async fn wait(address: SocketAddr, host: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut last = String::new();
    loop {
        match timeout(Duration::from_secs(2), ask(address, host)).await {
            Ok(Ok(line)) if line.contains(" 200 ") => return Ok(()),
            Ok(Ok(line)) => last = line,
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => {}
        }
        ensure!(Instant::now() < deadline, "the platform does not become ready: /health/ready says {last:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn ask(address: SocketAddr, host: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health/ready HTTP/1.1\r\nhost: {host}:{}\r\nconnection: close\r\n\r\n", address.port());
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
