//! The way out for letters: a mail server, or a folder where there is none.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{Letter, MailId};
use crate::accounts::Email;

/// What can be set.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// `smtps://user:password@host`, or `smtp://…?tls=required`. Without it letters land in the folder.
    pub smtp_url: Option<String>,
    /// Who letters come from: `Souk <no-reply@souk.example>`.
    pub from: String,
    /// The folder.
    pub directory: PathBuf,
    /// How long one letter may take.
    pub timeout: Duration,
}

/// Why a letter did not go out.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum MailerError {
    #[error("the sender's address cannot be read: {0}")]
    From(lettre::address::AddressError),
    #[error("the recipient's address cannot be used: {0}")]
    Recipient(lettre::address::AddressError),
    #[error("the mail cannot be put together: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("the mail server: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("the mail server took longer than it may")]
    TimedOut,
    #[error("the mail cannot be written to its folder: {0}")]
    Folder(#[from] io::Error),
}

impl MailerError {
    /// Would the same letter be refused again?
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::From(_) | Self::Recipient(_) | Self::Message(_) => true,
            Self::Smtp(error) => error.is_permanent(),
            Self::TimedOut | Self::Folder(_) => false,
        }
    }
}

/// Sends letters. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Mailer {
    from: Mailbox,
    way: Way,
    timeout: Duration,
}

#[derive(Debug, Clone)]
enum Way {
    Server(AsyncSmtpTransport<Tokio1Executor>),
    Folder(Arc<Path>),
}

impl Mailer {
    /// Nothing is connected yet; a bad address is found out.
    pub fn new(settings: &MailSettings) -> Result<Self, MailerError> {
        let way = match &settings.smtp_url {
            Some(url) => Way::Server(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.timeout(Some(settings.timeout)).build(),
            ),
            None => Way::Folder(settings.directory.as_path().into()),
        };
        let from = settings.from.parse().map_err(MailerError::From)?;
        Ok(Self { from, way, timeout: settings.timeout })
    }

    /// Sends one letter. The same id makes the same `Message-ID`, by which mail programs know a letter that came twice.
    pub async fn send(
        &self,
        id: MailId,
        kind: &str,
        to: &Email,
        letter: &Letter,
        now: DateTime<Utc>,
    ) -> Result<(), MailerError> {
        let message = self.message(id, to, letter, now)?;
        match &self.way {
            Way::Server(server) => match tokio::time::timeout(self.timeout, server.send(message)).await {
                Ok(answer) => answer.map(drop).map_err(Into::into),
                Err(_) => Err(MailerError::TimedOut),
            },
            Way::Folder(folder) => {
                let name = format!("{}-{}", kind.replace(['.', '_'], "-"), file_name(to));
                let (folder, bytes) = (folder.clone(), message.formatted());
                let written = tokio::task::spawn_blocking(move || write(&folder, &name, now, &bytes));
                Ok(written.await.map_err(io::Error::other)??)
            }
        }
    }

    fn message(&self, id: MailId, to: &Email, letter: &Letter, now: DateTime<Utc>) -> Result<Message, MailerError> {
        let address: Address = to.as_str().parse().map_err(MailerError::Recipient)?;
        let parts = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, letter.text()))
            .singlepart(part(ContentType::TEXT_HTML, letter.html()));
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(letter.subject())
            .date(now.into())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(AutoSubmitted)
            .multipart(parts)?)
    }
}

/// Text that can go as it is goes as it is, so that a link in a file can be read and clicked.
fn part(kind: ContentType, text: String) -> SinglePart {
    let text = text.replace('\n', "\r\n");
    let builder = SinglePart::builder().header(kind);
    if text.is_ascii() && text.lines().all(|line| line.len() < 990) {
        builder.body(Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::SevenBit))
    } else {
        builder.body(text)
    }
}

/// Tells machines that no person wrote this, so that none of them answers.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn file_name(to: &Email) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "@.+-_".contains(letter);
    to.as_str().chars().map(|letter| if plain(letter) { letter } else { '_' }).collect()
}

/// `<time>-<name>.eml`, as a whole or not at all, for its owner alone, and never over another.
fn write(folder: &Path, name: &str, now: DateTime<Utc>, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{}", uuid::Uuid::new_v4()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    drop(file);
    let mut time = now;
    let placed = loop {
        let path = folder.join(format!("{}-{name}.eml", time.format("%Y%m%dT%H%M%S%3fZ")));
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => time += chrono::Duration::milliseconds(1),
            placed => break placed,
        }
    };
    fs::remove_file(&draft)?;
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(directory: PathBuf) -> Mailer {
        let settings = MailSettings {
            smtp_url: None,
            from: "Souk <no-reply@souk.test>".into(),
            directory,
            timeout: Duration::from_secs(1),
        };
        Mailer::new(&settings).unwrap()
    }

    #[tokio::test]
    async fn a_letter_in_the_folder_is_a_message_that_mail_programs_open() {
        let folder = std::env::temp_dir().join(format!("souk-mail-{}", uuid::Uuid::new_v4()));
        let mailer = mailer(folder.clone());
        let letter =
            Letter::new("Größe").say("Good day.").link("Open", format!("https://x.test/#token={}", "a".repeat(200)));
        let to = Email::parse("o'brien+x@x.com").unwrap();
        let id = MailId::new();
        let now = DateTime::UNIX_EPOCH + chrono::Duration::days(20_000);
        for _ in 0..2 {
            mailer.send(id, "account.verify_email", &to, &letter, now).await.unwrap();
        }
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "20241004T000000000Z-account-verify-email-o_brien+x@x.com.eml",
                "20241004T000000001Z-account-verify-email-o_brien+x@x.com.eml"
            ]
        );
        let text = fs::read_to_string(folder.join(&names[0])).unwrap();
        for line in ["To: o'brien+x@x.com", "Auto-Submitted: auto-generated", "Content-Type: multipart/alternative"] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.contains(&format!("Message-ID: <{id}@souk.test>")), "{text}");
        assert!(text.contains(&format!("\r\nhttps://x.test/#token={}\r\n", "a".repeat(200))), "{text}");
        fs::remove_dir_all(folder).unwrap();
    }
}
