//! A wire to the database that can be cut between a commit and its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use server::config::Environment;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A wire that loses the answer to one commit: the database has committed, and whoever asked for it never hears so.
#[derive(Clone)]
pub struct Wire {
    /// Waits for a transaction that sends this.
    sends: &'static str,
    armed: Arc<AtomicBool>,
}

impl Wire {
    /// Lays a wire in front of the database that these settings name. Once armed, it is cut at the commit of the
    /// first transaction that prepares a statement with these words.
    pub async fn lay(settings: &mut Environment, sends: &'static str) -> Self {
        let url = settings.get("DATABASE_URL").unwrap().to_owned();
        let (before, after) = url.split_once('@').unwrap();
        let (host, path) = after.split_once('/').unwrap();
        let host: SocketAddr = host.parse().expect("the tests' database is reached by an address and a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        settings.set("DATABASE_URL", format!("{before}@{}/{path}", listener.local_addr().unwrap()));
        let wire = Self { sends, armed: Arc::default() };
        let laid = wire.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(database) = TcpStream::connect(host).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_database, to_database) = database.into_split();
                let cut = Arc::new(AtomicBool::new(false));
                tokio::spawn(laid.clone().ask(from_client, to_database, cut.clone()));
                tokio::spawn(answer(from_database, to_client, cut));
            }
        });
        wire
    }

    /// From now on.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Has the answer been lost?
    pub fn is_cut(&self) -> bool {
        !self.armed.load(Ordering::SeqCst)
    }

    async fn ask(self, mut client: OwnedReadHalf, mut database: OwnedWriteHalf, cut: Arc<AtomicBool>) {
        let (mut seen, mut found) = (Vec::new(), false);
        let mut chunk = vec![0; 1 << 16];
        while let Ok(read @ 1..) = client.read(&mut chunk).await {
            if self.armed.load(Ordering::SeqCst) {
                seen.extend_from_slice(&chunk[..read]);
                found |= contains(&seen, self.sends);
                if found && contains(&seen, "COMMIT") && self.armed.swap(false, Ordering::SeqCst) {
                    cut.store(true, Ordering::SeqCst);
                }
                // Words may come in two pieces.
                seen.drain(..seen.len().saturating_sub(64));
            }
            if database.write_all(&chunk[..read]).await.is_err() {
                return;
            }
        }
    }
}

async fn answer(mut database: OwnedReadHalf, mut client: OwnedWriteHalf, cut: Arc<AtomicBool>) {
    let mut chunk = vec![0; 1 << 16];
    while let Ok(read @ 1..) = database.read(&mut chunk).await {
        // It answers a commit when that is done: from here on nobody hears anything.
        if cut.load(Ordering::SeqCst) || client.write_all(&chunk[..read]).await.is_err() {
            return;
        }
    }
}

fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}
