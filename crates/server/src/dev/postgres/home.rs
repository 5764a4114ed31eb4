//! Where a private cluster lives: in the state directory, unless its user cannot get there.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::dev::programs::RunAs;
use crate::dev::secrets;

const OUTSIDE: &str = "/var/lib/souk-dev";

/// Longer paths of sockets do not fit into the system's address type.
const LONGEST_SOCKET_PATH: usize = 100;

/// The cluster's directory, made if needed, and who runs it.
pub fn find(state: &Path) -> anyhow::Result<(PathBuf, RunAs)> {
    let chosen = RunAs::choose()?;
    let state = &fs::canonicalize(state).with_context(|| format!("there is no {}", state.display()))?;
    let inside = state.join("postgres");
    let record = state.join("postgres.path");
    let home = match fs::read_to_string(&record) {
        Ok(recorded) => PathBuf::from(recorded.trim()),
        Err(_) if chosen.reaches(state) => inside,
        Err(_) => {
            let outside = Path::new(OUTSIDE).join(secrets::random_hex(8));
            fs::write(&record, outside.display().to_string())
                .with_context(|| format!("cannot write {}", record.display()))?;
            outside
        }
    };
    let run_as = owner(&home.join("data"), chosen);
    run_as.make_private_directory(&home)?;
    // PostgreSQL names its directory by its real path.
    let home = fs::canonicalize(&home)?;
    Ok((home, run_as))
}

/// Root starts a cluster as the user who made it.
fn owner(data: &Path, chosen: RunAs) -> RunAs {
    match (chosen, fs::metadata(data)) {
        (RunAs::User { .. }, Ok(of_data)) if of_data.uid() != 0 => {
            RunAs::User { uid: of_data.uid(), gid: of_data.gid() }
        }
        (chosen, _) => chosen,
    }
}

/// A short directory for the socket; none if somebody else has taken its name, for TCP is enough.
pub fn socket_directory(home: &Path, run_as: &RunAs) -> anyhow::Result<Option<PathBuf>> {
    if fits(home) {
        return Ok(Some(home.to_owned()));
    }
    let short = short_directory(home);
    match fs::create_dir(&short) {
        Ok(()) => {
            run_as.own(&short, 0o700)?;
            Ok(Some(short))
        }
        Err(_) => {
            let ours = fs::symlink_metadata(&short)?;
            let same = ours.is_dir() && ours.uid() == fs::metadata(home)?.uid() && ours.mode() & 0o077 == 0;
            Ok(same.then_some(short))
        }
    }
}

/// The files by which PostgreSQL claims its sockets.
pub fn socket_locks(home: &Path) -> Vec<PathBuf> {
    let directory = if fits(home) { home.to_owned() } else { short_directory(home) };
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let files = entries.flatten().map(|entry| entry.path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "lock")).collect()
}

pub fn remove_socket_directory(home: &Path) {
    if !fits(home)
        && let Err(error) = fs::remove_dir(short_directory(home))
    {
        tracing::debug!(%error, "the socket's directory stays");
    }
}

fn fits(home: &Path) -> bool {
    home.as_os_str().len() + "/.s.PGSQL.65535".len() <= LONGEST_SOCKET_PATH
}

fn short_directory(home: &Path) -> PathBuf {
    let hash = Sha256::digest(home.as_os_str().as_encoded_bytes());
    let name: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Path::new("/tmp").join(format!("souk-{name}"))
}
