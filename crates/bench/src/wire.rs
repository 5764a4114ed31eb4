//! One connection that sends one request after the other: little work for the generator, which shares the cores with
//! what it measures.

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// An open connection to the platform.
#[derive(Debug)]
pub struct Wire {
    address: String,
    sender: SendRequest<Full<Bytes>>,
}

/// What goes into a request beside its path.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The store's host, with its port.
    pub host: &'a str,
    /// `(name, value)`.
    pub headers: &'a [(&'a str, &'a str)],
    /// JSON; `None`: a GET without a body.
    pub body: Option<&'a [u8]>,
}

impl Wire {
    /// Connects to `host:port`.
    pub async fn connect(address: &str) -> anyhow::Result<Self> {
        Ok(Self { address: address.to_owned(), sender: open(address).await? })
    }

    /// Sends a request and reads the whole answer. A connection that the other side has closed is made anew once.
    pub async fn ask(&mut self, path: &str, ask: Ask<'_>) -> anyhow::Result<(StatusCode, Bytes)> {
        if self.sender.ready().await.is_err() {
            self.sender = open(&self.address).await?;
        }
        let mut request = Request::builder().uri(path).header("host", ask.host);
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        let request = match ask.body {
            None => request.method(Method::GET).body(Full::default())?,
            Some(body) => {
                let request = request.method(Method::POST).header("content-type", "application/json");
                request.body(Full::new(Bytes::copy_from_slice(body)))?
            }
        };
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Posts a form.
    pub async fn form(&mut self, path: &str, host: &str, form: String) -> anyhow::Result<(StatusCode, Bytes)> {
        if self.sender.ready().await.is_err() {
            self.sender = open(&self.address).await?;
        }
        let request =
            Request::post(path).header("host", host).header("content-type", "application/x-www-form-urlencoded");
        let response = self.sender.send_request(request.body(Full::from(form))?).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Sends a request; anything but success is an error.
    pub async fn expect(&mut self, path: &str, ask: Ask<'_>) -> anyhow::Result<Value> {
        let (status, body) = self.ask(path, ask).await?;
        if !status.is_success() {
            bail!("{path}: {status} {}", String::from_utf8_lossy(&body));
        }
        serde_json::from_slice(&body).with_context(|| path.to_owned())
    }
}

async fn open(address: &str) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("{address}: is the platform running?"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // Whoever sends next hears of it.
        let _ = connection.await;
    });
    Ok(sender)
}
