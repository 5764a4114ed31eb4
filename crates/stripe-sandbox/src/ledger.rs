//! The durable ledger: one JSON line for all changes of one request, on disk before the answer leaves.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Context, bail};
use tokio::sync::oneshot;

use crate::state::{Change, State};

const MOST_AT_ONCE: usize = 512;

struct Line {
    text: Vec<u8>,
    durable: oneshot::Sender<()>,
}

/// Appends lines. Requests that arrive together share one flush to disk.
#[derive(Debug)]
pub struct Ledger {
    lines: Sender<Line>,
}

impl Ledger {
    /// Opens the ledger, takes it for this process alone, and plays it back.
    pub fn open(path: &Path) -> anyhow::Result<(Self, State)> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .with_context(|| format!("cannot open the ledger {}", path.display()))?;
        if file.try_lock().is_err() {
            bail!("another sandbox uses the ledger {}", path.display());
        }
        let state = replay(&mut file).with_context(|| format!("the ledger {} is damaged", path.display()))?;
        let (lines, received) = channel();
        std::thread::Builder::new().name("sandbox-ledger".to_owned()).spawn(move || write(file, &received))?;
        Ok((Self { lines }, state))
    }

    /// Queues the changes in order; the receiver resolves once they are on disk.
    pub fn append(&self, changes: &[Change]) -> anyhow::Result<oneshot::Receiver<()>> {
        let mut text = serde_json::to_vec(changes)?;
        text.push(b'\n');
        let (durable, wait) = oneshot::channel();
        if self.lines.send(Line { text, durable }).is_err() {
            bail!("the ledger can no longer be written");
        }
        Ok(wait)
    }
}

fn replay(file: &mut File) -> anyhow::Result<State> {
    let mut state = State::default();
    let mut reader = BufReader::new(&mut *file);
    let mut line = Vec::new();
    let mut whole = 0;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            break;
        }
        let changes: Vec<Change> = serde_json::from_slice(&line).with_context(|| format!("at byte {whole}"))?;
        for change in changes {
            state.apply(change);
        }
        whole += u64::try_from(read)?;
    }
    drop(reader);
    // Half a line is a request that was never answered.
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    Ok(state)
}

fn write(mut file: File, lines: &Receiver<Line>) {
    while let Ok(first) = lines.recv() {
        let mut batch = vec![first];
        batch.extend(lines.try_iter().take(MOST_AT_ONCE));
        let text: Vec<u8> = batch.iter().flat_map(|line| line.text.iter().copied()).collect();
        if let Err(error) = file.write_all(&text).and_then(|()| file.sync_data()) {
            tracing::error!(%error, "the ledger cannot be written; the sandbox stops answering");
            return;
        }
        for line in batch {
            // The request may have gone away; its line stays.
            let _ = line.durable.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn half_a_line_is_forgotten_and_the_rest_is_kept() {
        let path = std::env::temp_dir().join(format!("{}.jsonl", crate::ids::new_id("ledger")));
        let mark = Change::Delivered { event: "evt_1".to_owned(), target: "we_1".to_owned() };
        let (ledger, _) = Ledger::open(&path).unwrap();
        ledger.append(&[mark]).unwrap().await.unwrap();
        assert!(Ledger::open(&path).is_err(), "one process at a time");
        drop(ledger);

        let whole = std::fs::read(&path).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"[{\"intent\":").unwrap();
        let reopened = loop {
            // The writing thread lets go of the file a moment after the ledger is dropped.
            match Ledger::open(&path) {
                Ok(opened) => break opened,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        };
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        drop(reopened);
        std::fs::remove_file(&path).unwrap();
    }
}
