//! The `.souk/` folder: who runs in it, and what must stay the same from run to run.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::secrets;

/// The people of the demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Logins {
    pub demo_slug: String,
    pub demo_email: String,
    pub demo_password: String,
    pub admin_email: String,
    pub admin_password: String,
}

/// Made once, kept for good.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    pub auth: String,
    pub stripe_secret_key: String,
    pub stripe_publishable_key: String,
    pub stripe_webhook_secret: String,
    pub logins: Logins,
}

/// Kept where possible: bookmarks and open pages go on working.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ports {
    pub http: Option<u16>,
    pub stripe: Option<u16>,
}

pub struct State {
    directory: PathBuf,
    lock: File,
    pub secrets: Secrets,
    pub ports: Ports,
}

impl State {
    /// Takes the folder for this process; says who has it otherwise.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let directory = folder.join(".souk");
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let directory = fs::canonicalize(directory)?;
        let lock = lock(&directory)?;
        // Others may pass, to reach the database as its own user; each file in it is for its owner alone.
        fs::set_permissions(&directory, Permissions::from_mode(0o711))?;
        let secrets = secrets::keep(&directory.join("secrets.json"), generate)?;
        let ports = secrets::keep(&directory.join("ports.json"), Ports::default)?;
        let state = Self { directory, lock, secrets, ports };
        // What an earlier run announced is not true any more.
        match fs::remove_file(state.announcement()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(state),
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where everything that others want to know about this run is written.
    pub fn announcement(&self) -> PathBuf {
        self.directory.join("dev.json")
    }

    pub fn mail_directory(&self) -> anyhow::Result<PathBuf> {
        let mail = self.directory.join("mail");
        fs::create_dir_all(&mail)?;
        fs::set_permissions(&mail, Permissions::from_mode(0o700))?;
        Ok(mail)
    }

    /// Tells a second run where the first one is, and the next run which ports to prefer.
    pub fn announce(&mut self, address: SocketAddr, url: &str) -> anyhow::Result<()> {
        write_lock(&mut self.lock, &format!("process {}, {url}", std::process::id()))?;
        self.ports.http = Some(address.port());
        secrets::write_private(&self.directory.join("ports.json"), &self.ports)
    }
}

fn lock(directory: &Path) -> anyhow::Result<File> {
    let path = directory.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            write_lock(&mut file, &format!("process {}, still starting", std::process::id()))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut who = String::new();
            file.read_to_string(&mut who)?;
            bail!("`souk dev` runs already in this folder: {}", who.trim())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

fn write_lock(file: &mut File, text: &str) -> anyhow::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{text}")?;
    Ok(())
}

fn generate() -> Secrets {
    let key = || secrets::random_hex(16);
    Secrets {
        auth: secrets::random_hex(32),
        stripe_secret_key: format!("sk_test_{}", key()),
        stripe_publishable_key: format!("pk_test_{}", key()),
        stripe_webhook_secret: format!("whsec_{}", key()),
        logins: Logins {
            demo_slug: "demo".into(),
            demo_email: "merchant@demo.test".into(),
            demo_password: format!("demo-{}", secrets::random_hex(6)),
            admin_email: "admin@souk.test".into(),
            admin_password: format!("admin-{}", secrets::random_hex(6)),
        },
    }
}
