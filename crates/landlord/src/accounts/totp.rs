//! Codes by time, RFC 6238: six digits, every 30 seconds, SHA-1, as every authenticator has them. Pure.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Seconds for which a code is shown.
const STEP_SECONDS: i64 = 30;
/// How many steps a person's clock may be off, or a code be typed late.
const DRIFT: i64 = 1;

/// The step of a code that is right around now. Takes the same time whatever is wrong with it.
pub(super) fn matching_step(secret: &[u8], code: &str, now: i64) -> Option<i64> {
    let current = now.div_euclid(STEP_SECONDS);
    let mut found = None;
    for step in current - DRIFT..=current + DRIFT {
        if bool::from(code_at(secret, step).as_bytes().ct_eq(code.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// The code of a moment, for those who have no authenticator at hand: development and tests.
pub fn code(secret: &[u8], now: i64) -> String {
    code_at(secret, now.div_euclid(STEP_SECONDS))
}

fn code_at(secret: &[u8], step: i64) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("any key length");
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let at = usize::from(digest[19] & 15);
    let word = digest[at..at + 4].iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

/// As people type it and as authenticators read it.
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut word, mut bits) = (String::new(), 0u32, 0);
    for byte in bytes {
        word = word << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(word >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(word << (5 - bits) & 31) as usize]));
    }
    text
}

/// What an authenticator reads from a QR code.
pub(super) fn uri(platform: &str, email: &str, secret: &[u8]) -> String {
    let plain = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let (platform, secret) = (plain(platform), base32(secret));
    format!(
        "otpauth://totp/{platform}:{}?secret={secret}&issuer={platform}&algorithm=SHA1&digits=6&period=30",
        plain(email)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_of_the_rfc() {
        // The last six of the eight digits in its appendix B.
        for (time, wanted) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, time), wanted, "{time}");
        }
    }

    #[test]
    fn a_code_holds_for_its_step_and_those_beside_it() {
        let code = code(SECRET, 1_000_000_000);
        let step = 1_000_000_000 / 30;
        for (seconds, holds) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let found = matching_step(SECRET, &code, 1_000_000_000 + seconds);
            assert_eq!(found, holds.then_some(step), "{seconds}");
        }
        for wrong in ["", "0", "000000", "1234567", "abcdef"] {
            assert_eq!(matching_step(SECRET, wrong, 59), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_spelt_as_the_rfc_spells() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(
            uri("Souk & Co", "a+b@x.com", b"foobar"),
            "otpauth://totp/Souk%20%26%20Co:a%2Bb%40x.com?secret=MZXW6YTBOI&issuer=Souk%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }
}
