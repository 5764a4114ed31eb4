//! People at the platform: logging in, and reading the codes of their authenticators.

use kernel::clock::Clock;
use landlord::accounts;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Platform};

/// The password of everybody whom the harness signs up.
pub const PASSWORD: &str = "correct horse battery";

impl Platform {
    /// Any request to the platform's host as somebody.
    pub async fn ask(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, "localhost", path).bearer_auth(token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// Logs in with a password.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
    }

    /// A platform admin of this test's own: address, password and access token, the second factor shown.
    pub async fn admin(&self) -> (String, String) {
        let email = format!("{}@souk.test", crate::unique("admin"));
        let origin = kernel::origin::Origin::system();
        let landlord = &self.souk.landlord;
        let id = accounts::ensure_admin(landlord, &origin, &email, PASSWORD).await.unwrap();
        let secret = accounts::factor_by_operator(landlord, &origin, id).await.unwrap();
        let body = json!({ "email": email, "password": PASSWORD, "code": code(&secret, &self.clock) });
        let token = self.post("/api/v1/auth/login", &body).await.expect(200).str("/access_token");
        (email, token)
    }
}

/// What an authenticator shows.
pub fn code(secret: &str, clock: &Clock) -> String {
    let letter = |letter: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
    let bits: Vec<usize> =
        secret.bytes().flat_map(|byte| (0..5).rev().map(move |bit| letter(byte) >> bit & 1)).collect();
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|byte| u8::try_from(byte.iter().fold(0, |word, bit| word << 1 | bit)).unwrap())
        .collect();
    accounts::totp_code(&bytes, clock.now().timestamp())
}
