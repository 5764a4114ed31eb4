//! A connection that closes itself when its client is too slow.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::Limits;

/// How many requests of a connection are being worked on, and how many there were.
#[derive(Debug, Default)]
pub struct Activity {
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// The connection's task: its patience with the client starts when the last answer is out.
    reader: AtomicWaker,
}

/// One request, from its headers to the last byte of its answer.
#[derive(Debug)]
pub struct Running(Arc<Activity>);

impl Activity {
    pub fn begin(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::AcqRel);
        Running(Arc::clone(self))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
        self.0.reader.wake();
    }
}

/// Between requests a client may be silent for a while; once it has begun a request it must finish the headers soon,
/// and it must take the answer that it asked for.
#[derive(Debug)]
pub struct GuardedStream {
    stream: TcpStream,
    activity: Arc<Activity>,
    header: Duration,
    keep_alive: Duration,
    wait: Wait,
    deadline: Pin<Box<Sleep>>,
    /// When the client stopped taking our bytes.
    stuck: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// For the headers of a request, some of which may have come.
    Headers,
    /// For a first byte, after this many requests.
    Idle(usize),
    /// For nothing of the client's.
    Busy,
}

impl GuardedStream {
    pub fn new(stream: TcpStream, activity: Arc<Activity>, limits: &Limits) -> Self {
        Self {
            stream,
            activity,
            header: limits.header,
            keep_alive: limits.keep_alive,
            wait: Wait::Headers,
            deadline: Box::pin(sleep(limits.header)),
            stuck: None,
        }
    }

    fn watch_reading(&mut self, bytes_came: bool) {
        let (begun, ended) = (self.activity.begun.load(Ordering::Acquire), self.activity.ended.load(Ordering::Acquire));
        let next = if begun != ended {
            Wait::Busy
        } else {
            match self.wait {
                Wait::Busy => Wait::Idle(ended),
                // A whole request came and went between two looks.
                Wait::Idle(before) if before != ended => Wait::Idle(ended),
                Wait::Idle(_) if bytes_came => Wait::Headers,
                unchanged @ (Wait::Idle(_) | Wait::Headers) => unchanged,
            }
        };
        if next == self.wait {
            return;
        }
        self.wait = next;
        let patience = match next {
            Wait::Headers => self.header,
            Wait::Idle(_) => self.keep_alive,
            Wait::Busy => return,
        };
        self.deadline.as_mut().reset(Instant::now() + patience);
    }

    fn watch_writing<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let patience = self.keep_alive;
        ready!(self.stuck.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer")))
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.activity.reader.register(cx.waker());
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.watch_reading(buf.filled().len() > before);
        if read.is_ready() || self.wait == Wait::Busy {
            return read;
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client is too slow")))
    }
}

impl AsyncWrite for GuardedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch_writing(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch_writing(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
