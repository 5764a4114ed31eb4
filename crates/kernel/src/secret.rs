//! Secrets that prove possession: random ones that we store hashed, and derived ones that we store nowhere.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// 256 random bits as 43 URL-safe characters.
pub fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a random secret. Fast, because the secret is long and random; never for passwords.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Makes the secret that proves possession of one object, such as a guest's cart, from the object's name
/// and the server's own key. It needs no column, cannot leak from the database, and can be told again.
#[derive(Clone)]
pub struct Possession(Arc<[u8]>);

impl Possession {
    /// Derives from `key`, which never leaves the server.
    pub fn new(key: &str) -> Self {
        Self(Sha256::digest(format!("souk possession\0{key}")).as_slice().into())
    }

    /// The secret for `purpose` and the parts of the object's name.
    pub fn token(&self, purpose: &str, name: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, name))
    }

    /// Is `token` the secret for this object? Takes the same time whatever is wrong with it.
    pub fn proves(&self, token: &str, purpose: &str, name: &[&[u8]]) -> bool {
        self.token(purpose, name).as_bytes().ct_eq(token.as_bytes()).into()
    }

    fn mac(&self, purpose: &str, name: &[&[u8]]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length");
        mac.update(purpose.as_bytes());
        for part in name {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Possession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Possession(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_proves_one_object_only() {
        let key = Possession::new("a key");
        let token = key.token("cart", &[b"t1", b"c1"]);
        assert!(key.proves(&token, "cart", &[b"t1", b"c1"]));
        for (purpose, name) in [("order", [b"t1", b"c1"]), ("cart", [b"t2", b"c1"]), ("cart", [b"t1", b"c2"])] {
            assert!(!key.proves(&token, purpose, &[name[0], name[1]]));
        }
        assert!(!key.proves("", "cart", &[b"t1", b"c1"]));
        assert!(!Possession::new("another").proves(&token, "cart", &[b"t1", b"c1"]));
        assert_ne!(key.token("x", &[b"ab", b"c"]), key.token("x", &[b"a", b"bc"]));
    }
}
