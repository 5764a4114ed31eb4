//! Finds programs, and runs them as a user that may run a database.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, bail, ensure};

/// The oldest PostgreSQL that the migrations run on.
const OLDEST: u32 = 15;

/// One installation of PostgreSQL.
#[derive(Debug, Clone)]
pub struct Postgres {
    bin: PathBuf,
    pub version: u32,
}

impl Postgres {
    /// The newest installation; with `made_by`, the one that can open a cluster made by that version.
    pub fn find(made_by: Option<u32>) -> anyhow::Result<Self> {
        let mut found: Vec<Self> = directories().into_iter().filter_map(Self::at).collect();
        found.sort_by_key(|postgres| std::cmp::Reverse(postgres.version));
        if let Some(version) = made_by {
            return found.into_iter().find(|postgres| postgres.version == version).with_context(|| {
                format!(
                    "the data was made by PostgreSQL {version}, which is not installed any more: install it again, \
                     or remove .souk to start with an empty database"
                )
            });
        }
        match found.into_iter().next() {
            Some(newest) if newest.version >= OLDEST => Ok(newest),
            Some(old) => bail!("PostgreSQL {} is too old: {OLDEST} or newer is needed", old.version),
            None => bail!(
                "no PostgreSQL found: install it (Debian, Ubuntu: apt install postgresql; macOS: brew install \
                 postgresql@17), or set POSTGRES_BIN to the directory that holds initdb and postgres"
            ),
        }
    }

    fn at(bin: PathBuf) -> Option<Self> {
        // A directory of links, such as /usr/local/bin, need not hold all of the programs: the real one does.
        let bin = fs::canonicalize(bin.join("postgres")).ok()?.parent()?.to_owned();
        if !bin.join("initdb").is_file() || !bin.join("pg_ctl").is_file() {
            return None;
        }
        let said = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
        let version = String::from_utf8(said.stdout).ok()?;
        let version = version.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())?;
        Some(Self { bin, version })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

fn directories() -> Vec<PathBuf> {
    if let Some(named) = std::env::var_os("POSTGRES_BIN").filter(|named| !named.is_empty()) {
        return vec![PathBuf::from(named)];
    }
    let mut all: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ] {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        let names = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        all.extend(names.map(|entry| entry.path().join("bin")));
    }
    all
}

/// The redis server's program.
pub fn redis_server() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(usual)
        .map(|directory| directory.join("redis-server"))
        .find(|file| file.is_file())
        .context(
            "no redis-server found: install it (Debian, Ubuntu: apt install redis-server; macOS: brew install redis)",
        )
}

/// Who runs the database: PostgreSQL refuses to run as root.
#[derive(Debug, Clone)]
pub enum RunAs {
    Ourselves,
    User { uid: u32, gid: u32 },
}

impl RunAs {
    pub fn choose() -> anyhow::Result<Self> {
        if number("id", &["-u"]) != Some(0) {
            return Ok(Self::Ourselves);
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (number("id", &["-u", name]), number("id", &["-g", name])) {
                return Ok(Self::User { uid, gid });
            }
        }
        bail!(
            "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: run this as another user"
        )
    }

    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        // Messages are read by us; and the directory we are in may be closed to the other user.
        command.env("LC_ALL", "C").current_dir("/");
        if let Self::User { uid, gid } = self {
            // The standard library empties the list of supplementary groups when root changes the user.
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// Makes a directory that only the one who runs the database may enter.
    pub fn make_private_directory(&self, path: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        self.own(path, 0o700)
    }

    pub fn own(&self, path: &Path, mode: u32) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .with_context(|| format!("cannot change the mode of {}", path.display()))?;
        if let Self::User { uid, gid } = self {
            chown(path, Some(*uid), Some(*gid)).with_context(|| format!("cannot give {} away", path.display()))?;
        }
        Ok(())
    }

    /// Whether the one who runs the database gets as far as this directory.
    pub fn reaches(&self, directory: &Path) -> bool {
        let Self::User { .. } = self else { return true };
        self.command("test").arg("-x").arg(directory).status().is_ok_and(|status| status.success())
    }
}

/// Runs a program to its end; what it said becomes the error.
pub fn run(command: &mut Command, what: &str) -> anyhow::Result<Output> {
    let output = command.output().with_context(|| format!("{what}: cannot run {:?}", command.get_program()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{what} failed: {}", said.trim());
    Ok(output)
}

/// Asks a process to end.
pub fn terminate(pid: u32) {
    signal("-TERM", pid);
}

pub fn is_alive(pid: u32) -> bool {
    signal("-0", pid)
}

/// Whether a process has ended without anybody having asked how.
pub fn is_undead(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

/// The number of a process that has just ended.
pub fn ended_process() -> anyhow::Result<u32> {
    let mut child = Command::new("true").spawn()?;
    child.wait()?;
    Ok(child.id())
}

fn signal(name: &str, pid: u32) -> bool {
    let quiet = std::process::Stdio::null;
    Command::new("kill")
        .args([name, &pid.to_string()])
        .stdout(quiet())
        .stderr(quiet())
        .status()
        .is_ok_and(|status| status.success())
}

fn number(program: &str, arguments: &[&str]) -> Option<u32> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok()?.trim().parse().ok())?
}
