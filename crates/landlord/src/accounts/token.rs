//! Tokens: what they say, how they are signed and checked. Pure but for randomness.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kernel::id::AccountId;
use kernel::idempotency::Fingerprint;
use kernel::secret::Possession;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{SessionId, Tokens};

/// How far the clocks of two nodes may differ: an expired token passes for so long.
const LEEWAY_SECONDS: i64 = 5;

const AUDIENCE: &str = "souk";
const ISSUER: &str = "souk";
const ACCESS: &str = "access";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessClaims {
    /// The account.
    pub sub: AccountId,
    /// The session.
    pub sid: SessionId,
    /// What the token is for: `access`.
    pub typ: String,
    /// Who it is for.
    pub aud: String,
    /// Who made it.
    pub iss: String,
    /// When it was made.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Its own id.
    pub jti: Uuid,
}

/// Why a token is not accepted, for our log alone: the client learns only that it is not.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum TokenError {
    #[error("the token cannot be read: {0}")]
    Unreadable(#[from] jsonwebtoken::errors::Error),
    #[error("the token is for another purpose")]
    WrongPurpose,
    #[error("the token has expired")]
    Expired,
}

/// Everything from which the first tokens of a session follow: with it they can be told again, and nobody needs to
/// store them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whose.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The access token's own id.
    pub jti: Uuid,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// Seconds that the access token lives.
    pub expires_in: i64,
}

impl Grant {
    /// A grant made now.
    pub fn new(account: AccountId, session: SessionId, now: DateTime<Utc>, access_minutes: u32) -> Self {
        let expires_in = Duration::minutes(i64::from(access_minutes)).num_seconds();
        Self { account, session, jti: Uuid::new_v4(), issued_at: now.timestamp(), expires_in }
    }
}

/// Signs and checks tokens. Everything is derived from one secret that never leaves the server.
#[derive(Clone)]
pub struct TokenKeys(Arc<Keys>);

struct Keys {
    sign: EncodingKey,
    check: DecodingKey,
    possession: Possession,
}

impl TokenKeys {
    /// Derives the keys; what is signed for one purpose proves nothing for another.
    pub fn new(auth_secret: &str) -> Self {
        let key = Sha256::digest(format!("souk access tokens\0{auth_secret}"));
        Self(Arc::new(Keys {
            sign: EncodingKey::from_secret(&key),
            check: DecodingKey::from_secret(&key),
            possession: Possession::new(auth_secret),
        }))
    }

    /// The access token of a grant. The same grant gives the same token.
    pub fn access(&self, grant: &Grant) -> Result<String, TokenError> {
        let claims = AccessClaims {
            sub: grant.account,
            sid: grant.session,
            typ: ACCESS.to_owned(),
            aud: AUDIENCE.to_owned(),
            iss: ISSUER.to_owned(),
            iat: grant.issued_at,
            exp: grant.issued_at + grant.expires_in,
            jti: grant.jti,
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.0.sign)?)
    }

    /// The secret of a row, such as the one in a letter's link. Follows from the row's id and our key, so it is stored
    /// nowhere but as a hash to find the row by.
    pub fn derived(&self, purpose: &str, row: Uuid) -> String {
        self.0.possession.token(purpose, &[row.as_bytes()])
    }

    /// A session's first refresh token; the later ones are random.
    pub fn first_refresh(&self, session: SessionId) -> String {
        self.0.possession.token("refresh", &[session.0.as_bytes()])
    }

    /// The first tokens of a session.
    pub fn first_tokens(&self, grant: &Grant) -> Result<Tokens, TokenError> {
        self.tokens(grant, self.first_refresh(grant.session))
    }

    /// Tokens with the given refresh token.
    pub fn tokens(&self, grant: &Grant, refresh_token: String) -> Result<Tokens, TokenError> {
        let access_token = self.access(grant)?;
        Ok(Tokens { access_token, refresh_token, token_type: "Bearer", expires_in: grant.expires_in })
    }

    /// Checks an access token: one algorithm, one purpose, one audience, whatever its header says.
    pub fn verify_access(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims, TokenError> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // Checked below, by a clock that tests can set.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &self.0.check, &rules)?.claims;
        if claims.typ != ACCESS {
            return Err(TokenError::WrongPurpose);
        }
        if now.timestamp() >= claims.exp.saturating_add(LEEWAY_SECONDS) {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    /// Makes a fingerprint that holds a password safe to store: without our key nobody can try passwords on it.
    pub fn seal(&self, fingerprint: &Fingerprint) -> Fingerprint {
        Sha256::digest(self.0.possession.token("fingerprint", &[fingerprint]).as_bytes()).into()
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(..)")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of the test";

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000)
    }

    fn grant() -> Grant {
        Grant::new(AccountId::new(), SessionId::new(), now(), 15)
    }

    /// A token with the right signature over any header and claims.
    fn signed(header: &Value, claims: &Value) -> String {
        let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let key = EncodingKey::from_secret(&Sha256::digest(format!("souk access tokens\0{SECRET}")));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    fn claims(grant: &Grant) -> Value {
        json!({"sub": grant.account, "sid": grant.session, "typ": "access", "aud": "souk", "iss": "souk",
               "iat": grant.issued_at, "exp": grant.issued_at + 900, "jti": grant.jti})
    }

    #[test]
    fn a_token_says_who_and_lives_fifteen_minutes() {
        let keys = TokenKeys::new(SECRET);
        let grant = grant();
        let token = keys.access(&grant).unwrap();
        assert_eq!(token, keys.access(&grant).unwrap(), "told again in the same bytes");
        let claims = keys.verify_access(&token, now()).unwrap();
        assert_eq!((claims.sub, claims.sid), (grant.account, grant.session));
        for (seconds, lives) in [(899, true), (904, true), (905, false), (3600, false)] {
            let answer = keys.verify_access(&token, now() + Duration::seconds(seconds));
            assert_eq!(answer.is_ok(), lives, "{seconds}");
        }
    }

    #[test]
    fn only_our_algorithm_purpose_and_audience_pass() {
        let keys = TokenKeys::new(SECRET);
        let grant = grant();
        let right = json!({"alg": "HS256", "typ": "JWT"});
        assert!(keys.verify_access(&signed(&right, &claims(&grant)), now()).is_ok());
        for alg in ["none", "None", "nOnE", "HS384", "HS512", "RS256", "ES256"] {
            let header = json!({"alg": alg, "typ": "JWT"});
            let token = signed(&header, &claims(&grant));
            assert!(keys.verify_access(&token, now()).is_err(), "{alg}");
            let unsigned = token[..=token.rfind('.').unwrap()].to_owned();
            assert!(keys.verify_access(&unsigned, now()).is_err(), "{alg} unsigned");
        }
        for (claim, value) in [
            ("typ", json!("refresh")),
            ("aud", json!("elsewhere")),
            ("aud", json!(["elsewhere"])),
            ("iss", json!("elsewhere")),
            ("sub", json!("nobody")),
            ("exp", json!("never")),
            ("tenant", json!("t")),
        ] {
            let mut claims = claims(&grant);
            claims[claim] = value;
            assert!(keys.verify_access(&signed(&right, &claims), now()).is_err(), "{claim}");
        }
        for claim in ["sub", "sid", "typ", "aud", "iss", "exp", "jti"] {
            let mut claims = claims(&grant);
            claims.as_object_mut().unwrap().remove(claim);
            assert!(keys.verify_access(&signed(&right, &claims), now()).is_err(), "without {claim}");
        }
    }

    #[test]
    fn a_changed_token_fails() {
        let keys = TokenKeys::new(SECRET);
        let grant = grant();
        let token = keys.access(&grant).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let mut other = claims(&grant);
        other["sub"] = json!(AccountId::new());
        let forged = URL_SAFE_NO_PAD.encode(other.to_string());
        for wrong in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            format!("{token}."),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{forged}.{}", parts[0], parts[2]),
            keys.first_refresh(grant.session),
            TokenKeys::new("another secret").access(&grant).unwrap(),
        ] {
            assert!(keys.verify_access(&wrong, now()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_sealed_fingerprint_needs_our_key() {
        let keys = TokenKeys::new(SECRET);
        assert_eq!(keys.seal(&[1; 32]), keys.seal(&[1; 32]));
        assert_ne!(keys.seal(&[1; 32]), keys.seal(&[2; 32]));
        assert_ne!(keys.seal(&[1; 32]), TokenKeys::new("another secret").seal(&[1; 32]));
    }
}
