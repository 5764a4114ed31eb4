//! A letter in words, as text and as HTML. Pure.

use std::fmt::Write;

use uuid::Uuid;

use crate::accounts::TokenKeys;
use crate::platform::LandlordSettings;

/// What letters are written on: the platform's name and addresses, and the key from which their secrets follow.
#[derive(Debug, Clone, Copy)]
pub struct Stationery<'a> {
    pub(super) settings: &'a LandlordSettings,
    pub(super) keys: &'a TokenKeys,
}

impl Stationery<'_> {
    /// The platform's name for people.
    pub fn platform(&self) -> &str {
        &self.settings.platform_name
    }

    /// An address on the platform's host, from the settings alone.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.platform_url())
    }

    /// The address of the store with this slug.
    pub fn store_url(&self, slug: &str) -> String {
        self.settings.store_url(slug)
    }

    /// An address with the secret of a row. It stands behind the `#`: browsers send that to nobody, and no log has it.
    pub fn secret_url(&self, path: &str, purpose: &str, row: Uuid) -> String {
        format!("{}#token={}", self.url(path), self.keys.derived(purpose, row))
    }
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    subject: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Paragraph(String),
    Link { label: String, url: String },
    Fact { name: String, value: String },
}

impl Letter {
    /// A letter about something.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: one_line(&subject.into()), parts: Vec::new() }
    }

    /// Adds a paragraph.
    pub fn say(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Paragraph(text.into()));
        self
    }

    /// Adds a link.
    pub fn link(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.parts.push(Part::Link { label: label.into(), url: url.into() });
        self
    }

    /// Adds a line such as `Plan: Growth`.
    pub fn fact(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parts.push(Part::Fact { name: name.into(), value: value.into() });
        self
    }

    /// What it is about, on one line.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// As plain text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            let together = matches!((part, parts.peek()), (Part::Fact { .. }, Some(Part::Fact { .. })));
            let end = if together { "\n" } else { "\n\n" };
            // Writing to a string cannot fail.
            let _ = match part {
                Part::Paragraph(words) => write!(text, "{}{end}", visible(words)),
                Part::Link { label, url } => write!(text, "{}:\n{}{end}", visible(label), visible(url)),
                Part::Fact { name, value } => write!(text, "{}: {}{end}", visible(name), one_line(value)),
            };
        }
        text
    }

    /// As HTML. Whatever came from outside is escaped here, and nowhere else.
    pub fn html(&self) -> String {
        let mut body = String::new();
        for part in &self.parts {
            let _ = match part {
                Part::Paragraph(words) => writeln!(body, "<p>{}</p>", escape(words).replace('\n', "<br>")),
                Part::Link { label, url } => {
                    let url = escape(url);
                    writeln!(
                        body,
                        "<p><a href=\"{url}\" style=\"{BUTTON}\">{}</a></p>\n<p style=\"{SMALL}\">{url}</p>",
                        escape(label)
                    )
                }
                Part::Fact { name, value } => {
                    writeln!(body, "<p style=\"margin:0\">{}: <b>{}</b></p>", escape(name), escape(value))
                }
            };
        }
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"{BODY}\">\n{body}</body></html>\n",
            escape(&self.subject)
        )
    }
}

const BODY: &str = "font:16px/1.5 sans-serif;color:#222;max-width:36em;margin:2em auto;padding:0 1em";
const BUTTON: &str =
    "display:inline-block;padding:.6em 1.2em;background:#222;color:#fff;border-radius:4px;text-decoration:none";
const SMALL: &str = "font-size:13px;color:#666;word-break:break-all";

/// A name that somebody chose, so that it can stand in a letter to another: mail programs make links of what looks like
/// an address, and a stranger's store may be called so.
pub fn name(chosen: &str) -> String {
    let line = one_line(chosen);
    let mut safe = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '/' | '\\' | '@' => safe.push(' '),
            '.' | ':' if letters.peek().is_some_and(|next| !next.is_whitespace()) => {
                safe.push(letter);
                safe.push(' ');
            }
            letter => safe.push(letter),
        }
    }
    safe.chars().take(120).collect()
}

/// Without what nobody sees: control characters, and those that turn the direction of text or have no width.
fn visible(text: &str) -> String {
    text.chars().filter(|letter| *letter == '\n' || !is_invisible(*letter)).collect()
}

fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect();
    visible(spaced.trim())
}

fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_the_same_words_in_both_forms() {
        let letter = Letter::new("Hello")
            .say("Good day.")
            .fact("Plan", "Growth")
            .fact("Price", "79")
            .link("Open", "https://x.test/a");
        assert_eq!(letter.text(), "Good day.\n\nPlan: Growth\nPrice: 79\n\nOpen:\nhttps://x.test/a\n\n");
        for words in ["Good day.", "Growth", "79", "Open", "https://x.test/a"] {
            assert!(letter.html().contains(words), "{words}");
        }
    }

    #[test]
    fn what_came_from_outside_stays_text() {
        let evil = "<script>alert('x')</script>\" onload=\"y";
        let letter = Letter::new(evil).say(evil).fact(evil, evil).link(evil, format!("https://x.test/{evil}"));
        let html = letter.html();
        assert!(!html.contains("<script>") && !html.contains("onload=\""), "{html}");
    }

    #[test]
    fn a_subject_is_one_line_that_reads_as_it_is() {
        let letter = Letter::new("Hello\r\nBcc: b@x.com \u{202e}moc.live\u{200b}");
        assert_eq!(letter.subject(), "Hello  Bcc: b@x.com moc.live");
    }

    #[test]
    fn a_name_makes_no_link() {
        assert_eq!(name("You won: https://evil.example/x"), "You won: https:   evil. example x");
        assert_eq!(name("St. John's"), "St. John's");
        assert_eq!(name("a@b.c"), "a b. c");
        assert_eq!(name("Mira's\r\nshop"), "Mira's  shop");
    }
}
