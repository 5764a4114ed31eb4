//! A server that dies in the middle of what it does.

use std::process::{Child, Stdio};
use std::time::Duration;

use kernel::clock::Clock;
use reqwest::Method;
use server::config::{Config, Environment};
use server::run::Souk;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::{Platform, Store, program};

/// A second server on the same database, with a runtime of its own, so that it can be stopped between any two steps:
/// whatever it was waiting for never comes.
pub struct Doomed {
    address: String,
    runtime: Option<Runtime>,
    process: Option<Child>,
}

impl Platform {
    /// Starts a server that is going to die.
    pub async fn doomed(&self) -> Doomed {
        let mut environment: Environment = self.environment.clone();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let local = listener.local_addr().unwrap();
        environment.set("SOUK__SERVER__LISTEN", local.to_string());
        environment.set("SOUK__DATABASE__MAX_CONNECTIONS", "4");
        let clock: Clock = self.clock.clone();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move {
            let souk = Souk::new(Config::from_environment(&environment).unwrap(), clock).unwrap();
            let listener = TcpListener::from_std(listener).unwrap();
            souk.serve(listener, CancellationToken::new()).await
        });
        Doomed { address: format!("http://{local}"), runtime: Some(runtime), process: None }
    }

    /// Starts a server in a process of its own, to be killed; it is ready.
    pub async fn doomed_process(&self) -> Doomed {
        let local = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = program(&self.environment);
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.env("SOUK__SERVER__LISTEN", local.to_string()).spawn().unwrap();
        let doomed = Doomed { address: format!("http://{local}"), runtime: None, process: Some(process) };
        for _ in 0..500 {
            let ready = self.client.get(format!("{}/health/ready", doomed.address)).header("host", "localhost");
            if ready.send().await.is_ok_and(|response| response.status() == 200) {
                return doomed;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("a server of its own does not become ready");
    }
}

impl Doomed {
    /// `kill -9`, or what comes nearest to it.
    fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// A request to a store through this server.
    pub fn request(&self, store: &Store<'_>, method: Method, path: &str) -> reqwest::RequestBuilder {
        // A client of its own: connections to the dead are not to be used again.
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        client.request(method, format!("{}{path}", self.address)).header("host", store.host())
    }

    /// Sends the request and dies so long after it; the answer, if there was one before that.
    pub async fn die_during(self, request: reqwest::RequestBuilder, after: Duration) -> Option<reqwest::Response> {
        self.die_upon(request, tokio::time::sleep(after)).await
    }

    /// Sends the request and dies when `moment` has come; the answer, if there was one before that.
    pub async fn die_upon(
        mut self,
        request: reqwest::RequestBuilder,
        moment: impl Future<Output = ()>,
    ) -> Option<reqwest::Response> {
        let sent = tokio::spawn(request.send());
        moment.await;
        self.kill();
        sent.await.ok().and_then(Result::ok)
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        self.kill();
    }
}
