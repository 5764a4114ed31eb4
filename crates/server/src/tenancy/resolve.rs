//! Which host a request is for. The host alone decides, so there must be exactly one, and no doubt about it.

use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use kernel::problem::Problem;

/// A host in lower case, without port and final dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host(pub String);

/// Why a request is for no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// None was sent, or several.
    #[error("send exactly one Host header")]
    NotOne,
    /// It is no host name.
    #[error("the Host header is not a host name")]
    NotAHost,
    /// The request line and the header name different hosts.
    #[error("the request line and the Host header differ")]
    Differs,
}

impl From<HostError> for Problem {
    fn from(error: HostError) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "host.invalid", error)
    }
}

/// The host of a request. No other header has a say.
pub fn host_of(parts: &Parts) -> Result<Host, HostError> {
    let mut headers = parts.headers.get_all(header::HOST).iter();
    let header = headers.next();
    if headers.next().is_some() {
        return Err(HostError::NotOne);
    }
    let header = match header {
        Some(value) => Some(normalise(value.to_str().map_err(|_| HostError::NotAHost)?)?),
        None => None,
    };
    let line = parts.uri.authority().map(|authority| normalise(authority.as_str())).transpose()?;
    match (header, line) {
        (Some(header), Some(line)) if header != line => Err(HostError::Differs),
        (Some(host), _) | (None, Some(host)) => Ok(host),
        (None, None) => Err(HostError::NotOne),
    }
}

fn normalise(text: &str) -> Result<Host, HostError> {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let port_is_good = port.is_none_or(|port| {
        !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let label_is_good = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if port_is_good && name.len() <= 253 && name.split('.').all(label_is_good) {
        Ok(Host(name))
    } else {
        Err(HostError::NotAHost)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn host(uri: &str, hosts: &[&str]) -> Result<Host, HostError> {
        let mut request = Request::builder().uri(uri);
        for host in hosts {
            request = request.header("host", *host);
        }
        host_of(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn one_name_has_many_spellings() {
        for spelling in ["a.shop.test", "A.Shop.Test", "a.shop.test.", "a.shop.test:443", "a.shop.test.:8080"] {
            assert_eq!(host("/", &[spelling]), Ok(Host("a.shop.test".into())), "{spelling}");
        }
        assert_eq!(host("http://a.shop.test/", &["a.shop.test"]), Ok(Host("a.shop.test".into())));
        assert_eq!(host("http://a.shop.test/", &[]), Ok(Host("a.shop.test".into())));
    }

    #[test]
    fn what_is_doubtful_is_refused() {
        let long = "a".repeat(300);
        for wrong in [
            "",
            ".",
            "a.shop.test:99999",
            "a.shop.test:",
            "a.shop.test:0",
            "a.shop.test:80x",
            "a.shop.test/../b",
            "a b",
            "a_b.test",
            "-a.test",
            "a..test",
            "[::1]",
            "user@a.test",
            &long,
        ] {
            assert_eq!(host("/", &[wrong]), Err(HostError::NotAHost), "{wrong}");
        }
        assert_eq!(host("/", &["a.test", "b.test"]), Err(HostError::NotOne));
        assert_eq!(host("/", &["a.test", "a.test"]), Err(HostError::NotOne));
        assert_eq!(host("/", &[]), Err(HostError::NotOne));
        assert_eq!(host("http://b.shop.test/", &["a.shop.test"]), Err(HostError::Differs));
    }
}
