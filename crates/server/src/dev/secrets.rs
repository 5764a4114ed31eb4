//! Generated secrets that stay the same from run to run, readable by their owner alone.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub fn random_hex(bytes: usize) -> String {
    (0..bytes).map(|_| format!("{:02x}", rand::random::<u8>())).collect()
}

/// What this file holds; if there is none, it is made first.
pub fn keep<T: Serialize + DeserializeOwned>(file: &Path, make: impl FnOnce() -> T) -> anyhow::Result<T> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let made = make();
            write_private(file, &made)?;
            Ok(made)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Writes the file as a whole or not at all, for its owner alone.
pub fn write_private<T: Serialize>(file: &Path, content: &T) -> anyhow::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(content)?;
    bytes.push(b'\n');
    let new = file.with_extension("new");
    let write = || {
        if new.exists() {
            fs::remove_file(&new)?;
        }
        let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        opened.write_all(&bytes)?;
        opened.sync_all()?;
        fs::rename(&new, file)
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}
