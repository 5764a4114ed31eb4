//! Letters that the platform sent.

use std::path::PathBuf;

use landlord::accounts::Email;
use landlord::mails;

use crate::Platform;

/// A letter as it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The file: `<time>-<kind>-<recipient>.eml`.
    pub file: String,
    pub subject: String,
    /// Everything, headers and both forms.
    pub source: String,
}

impl Letter {
    /// The secret in its link.
    #[track_caller]
    pub fn token(&self) -> String {
        let (_, rest) = self.source.split_once("#token=").unwrap_or_else(|| panic!("no token in {}", self.source));
        rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect()
    }

    /// Is it of this kind, such as `account.verify_email`?
    pub fn is(&self, kind: &str) -> bool {
        self.file.split_once('-').unwrap().1.starts_with(&format!("{}-", kind.replace(['.', '_'], "-")))
    }
}

impl Platform {
    /// Sends what waits for this person, and reads all that ever came, the oldest first.
    pub async fn mails(&self, to: &str) -> Vec<Letter> {
        let email = Email::parse(to).unwrap();
        mails::send_due(&self.souk.landlord, Some(&email)).await.unwrap();
        let folder = &self.souk.config.mail.directory;
        let mut files: Vec<PathBuf> = match std::fs::read_dir(folder) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => Vec::new(),
        };
        files.sort();
        let ending = format!("-{}.eml", email.as_str());
        files.into_iter().filter(|file| file.to_str().unwrap().ends_with(&ending)).map(|file| read(&file)).collect()
    }

    /// The newest letter of a kind to this person.
    #[track_caller]
    pub fn newest_mail(&self, to: &str, kind: &str) -> impl Future<Output = Letter> {
        let (to, kind) = (to.to_owned(), kind.to_owned());
        async move {
            let mails = self.mails(&to).await;
            let files: Vec<_> = mails.iter().map(|mail| mail.file.clone()).collect();
            let found = mails.into_iter().rfind(|mail| mail.is(&kind));
            found.unwrap_or_else(|| panic!("no {kind} among {files:?}"))
        }
    }
}

fn read(file: &std::path::Path) -> Letter {
    let source = std::fs::read_to_string(file).unwrap();
    let subject = source.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned();
    Letter { file: file.file_name().unwrap().to_str().unwrap().to_owned(), subject, source }
}
