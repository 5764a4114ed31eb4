//! A private PostgreSQL: its own cluster, its own port, its own passwords, nothing of the system's.

mod accounts;
mod home;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use super::programs::{Postgres, RunAs, ended_process, is_alive, is_undead, run};
use accounts::Passwords;

const USUAL_PORT: u16 = 54320;
const START_PATIENCE: Duration = Duration::from_secs(60);

/// What a power cut may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Full,
    /// Everything: for tests, which start afresh.
    Off,
}

/// A running cluster with its roles and its database.
#[derive(Debug)]
pub struct Cluster {
    programs: Postgres,
    run_as: RunAs,
    home: PathBuf,
    passwords: Passwords,
    port: u16,
}

impl Cluster {
    /// Starts the cluster of this state directory, or finds it running; makes it first if there is none.
    pub async fn start(state: &Path, durability: Durability) -> anyhow::Result<Self> {
        let (home, run_as) = home::find(state)?;
        let data = home.join("data");
        let made_by = match fs::read_to_string(data.join("PG_VERSION")) {
            Ok(version) => Some(version.trim().parse().context("the database's directory is damaged: PG_VERSION")?),
            Err(_) => None,
        };
        let programs = Postgres::find(made_by)?;
        let passwords = Passwords::keep(&home.join("passwords.json"))?;
        let mut cluster = Self { programs, run_as, home, passwords, port: USUAL_PORT };
        if made_by.is_none() {
            cluster.make()?;
        }
        if !cluster.is_running_already().await? {
            cluster.launch(durability).await?;
        }
        cluster.passwords.apply(&mut cluster.connect().await?).await?;
        Ok(cluster)
    }

    /// The application's login: it owns nothing.
    pub fn app_url(&self) -> String {
        self.url("souk_app", &self.passwords.app, "souk")
    }

    /// The owner's login, for migrations and new stores.
    pub fn admin_url(&self) -> String {
        self.url("souk_admin", &self.passwords.admin, "souk")
    }

    pub fn superuser_url(&self) -> String {
        self.url("postgres", &self.passwords.superuser, "postgres")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// Ends it; what was committed is on disk.
    pub fn stop(&self) -> anyhow::Result<()> {
        let mut stop = self.run_as.command(self.programs.program("pg_ctl"));
        stop.arg("-D").arg(self.data()).args(["-m", "fast", "-w", "-t", "60", "stop"]);
        run(&mut stop, "stopping PostgreSQL").map(drop)
    }

    /// Ends it and forgets everything.
    pub fn destroy(self) -> anyhow::Result<()> {
        self.stop()?;
        home::remove_socket_directory(&self.home);
        fs::remove_dir_all(&self.home).with_context(|| format!("cannot remove {}", self.home.display()))
    }

    fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    async fn connect(&self) -> anyhow::Result<PgConnection> {
        let connecting = PgConnection::connect(&self.superuser_url());
        Ok(tokio::time::timeout(Duration::from_secs(5), connecting).await??)
    }

    /// Into another name first: a half made cluster, after a power cut, is not mistaken for a whole one.
    fn make(&self) -> anyhow::Result<()> {
        let half_made = self.home.join("data.new");
        if half_made.exists() {
            fs::remove_dir_all(&half_made)?;
        }
        let password = self.home.join("password.new");
        fs::write(&password, &self.passwords.superuser)?;
        self.run_as.own(&password, 0o600)?;

        // Sorting by code point is the same on every machine; knowing the case of all letters is not there everywhere.
        let mut locales: Vec<&[&str]> =
            vec![&["--locale=C.UTF-8"], &["--lc-collate=C", "--lc-ctype=UTF-8"], &["--locale=C"]];
        if self.programs.version >= 17 {
            locales.insert(0, &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
        }
        let mut made = Err(anyhow::anyhow!("no locale to try"));
        for locale in locales {
            let mut initdb = self.run_as.command(self.programs.program("initdb"));
            initdb.arg("-D").arg(&half_made).arg("--pwfile").arg(&password).args(locale);
            initdb.args(["-U", "postgres", "-E", "UTF8", "--auth=scram-sha-256", "--no-instructions"]);
            made = run(&mut initdb, "making the database");
            if made.is_ok() {
                break;
            }
        }
        fs::remove_file(&password)?;
        made?;
        let settings = half_made.join("postgresql.conf");
        let mut text = fs::read_to_string(&settings)?;
        text.push_str("\ninclude 'souk.conf'\n");
        fs::write(&settings, text)?;
        fs::rename(&half_made, self.data())?;
        Ok(())
    }

    /// Whether a cluster that an earlier run left behind, having been killed, still works.
    async fn is_running_already(&mut self) -> anyhow::Result<bool> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while let Some((pid, port)) = self.postmaster() {
            if !is_alive(pid) || is_free(port) {
                return Ok(false);
            }
            self.port = port;
            if let Ok(mut connection) = self.connect().await {
                let theirs: String = sqlx::query_scalar("show data_directory").fetch_one(&mut connection).await?;
                return Ok(Path::new(&theirs) == self.data());
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(false)
    }

    /// The processes of a killed cluster hold its port for a moment longer.
    async fn wait_for_the_killed(&self, port: u16) {
        let deadline = Instant::now() + Duration::from_secs(2);
        while self.postmaster().is_some() && !is_free(port) && Instant::now() < deadline {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A killed postmaster that nobody waits for, as in a container without an init, looks alive to PostgreSQL. It
    /// gets the number of a process that is gone; the rest of the files stays, for PostgreSQL's own safety checks.
    fn bury_the_undead(&self) -> anyhow::Result<()> {
        for file in home::socket_locks(&self.home).into_iter().chain([self.data().join("postmaster.pid")]) {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let (pid, rest) = text.split_once('\n').unwrap_or((&text, ""));
            if pid.parse().is_ok_and(is_undead) {
                fs::write(&file, format!("{}\n{rest}", ended_process()?))?;
            }
        }
        Ok(())
    }

    /// Process and port, as PostgreSQL wrote them down.
    fn postmaster(&self) -> Option<(u32, u16)> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        Some((lines.next()?.trim().parse().ok()?, lines.nth(2)?.trim().parse().ok()?))
    }

    async fn launch(&mut self, durability: Durability) -> anyhow::Result<()> {
        let remembered = self.home.join("port");
        let last = fs::read_to_string(&remembered).ok().and_then(|text| text.trim().parse().ok());
        let preferred = last.unwrap_or(USUAL_PORT);
        self.wait_for_the_killed(preferred).await;
        let mut said = String::new();
        for _ in 0..3 {
            self.bury_the_undead()?;
            self.port = if is_free(preferred) { preferred } else { free_port()? };
            fs::write(self.data().join("souk.conf"), self.settings(durability)?)?;
            self.run_as.own(&self.data().join("souk.conf"), 0o600)?;
            let mut start = self.run_as.command(self.programs.program("pg_ctl"));
            start.arg("-D").arg(self.data()).arg("-l").arg(self.log());
            start.args(["-w", "-t", &START_PATIENCE.as_secs().to_string(), "start"]);
            match run(&mut start, "starting PostgreSQL") {
                Ok(_) => {
                    fs::write(&remembered, self.port.to_string())?;
                    return self.wait_until_ready().await;
                }
                Err(error) => said = error.to_string(),
            }
            // Somebody took the port between our look and the start, or the processes of a killed cluster still end.
            sleep(Duration::from_millis(500)).await;
        }
        bail!("{said}\n{}", self.last_words())
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            match self.connect().await {
                Ok(_) => return Ok(()),
                Err(error) => {
                    ensure!(Instant::now() < deadline, "PostgreSQL does not answer: {error}\n{}", self.last_words());
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn settings(&self, durability: Durability) -> anyhow::Result<String> {
        let socket = home::socket_directory(&self.home, &self.run_as)?;
        let socket = socket.map(|path| path.display().to_string().replace('\'', "''")).unwrap_or_default();
        let mut text = format!(
            "# Written at every start.\nlisten_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{socket}'\n\
             max_connections = 200\nshared_buffers = '128MB'\nmax_locks_per_transaction = 256\njit = off\n\
             log_line_prefix = '%m [%p] %u@%d '\ntimezone = 'UTC'\n",
            self.port
        );
        if durability == Durability::Off {
            text.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
        }
        Ok(text)
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(8)..].join("\n");
        format!("the end of {}:\n{last}", self.log().display())
    }
}

pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
