//! Letters about one's account.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::mails::{Letter, Stationery};

/// Letters about one's account. `token` is the id of a row of `account_tokens`; the secret follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AccountMail {
    /// Show that the address is yours.
    VerifyEmail {
        /// Which token.
        token: Uuid,
    },
    /// Choose a new password.
    ResetPassword {
        /// Which token.
        token: Uuid,
    },
    /// Somebody asked for a password, or signed up, where there is no account: to who is not known.
    NoAccount,
    /// Show that the new address is yours.
    ConfirmNewEmail {
        /// Which token.
        token: Uuid,
    },
    /// To the old address: the account is asked to move to another.
    EmailChangeAsked {
        /// The new address, most of it hidden.
        to: String,
    },
    /// To the old address: the account has moved.
    EmailChanged {
        /// The new address, most of it hidden.
        to: String,
    },
    /// The password is another now.
    PasswordChanged,
    /// The second factor is on.
    TwoFactorOn,
    /// The second factor is off.
    TwoFactorOff,
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: i64,
    },
    /// There are new recovery codes.
    RecoveryCodesRenewed,
    /// A refresh token came back a second time.
    SessionStolen,
}

const NOT_YOU: &str =
    "If this was not you, choose a new password at once: that ends all sessions but the one in which you do it.";

impl AccountMail {
    pub(in crate::mails) fn letter(&self, paper: &Stationery<'_>) -> Letter {
        let platform = paper.platform();
        match self {
            Self::VerifyEmail { token } => Letter::new(format!("Confirm your e-mail address for {platform}"))
                .say("Please confirm that this is your e-mail address.")
                .link("Confirm", paper.secret_url("/account/verify-email", "verify_email", *token))
                .say("The link works for 3 days. If you have no account here, there is nothing to do."),
            Self::ResetPassword { token } => Letter::new(format!("Choose a new password for {platform}"))
                .say("Somebody, hopefully you, asked for a new password for the account with this e-mail address.")
                .link("Choose a new password", paper.secret_url("/account/reset-password", "reset_password", *token))
                .say("The link works once and for 30 minutes. If this was not you, there is nothing to do: the password stays as it is."),
            Self::NoAccount => Letter::new(format!("There is no account with this address at {platform}"))
                .say("Somebody, perhaps you, asked for a new password for this e-mail address. There is no account with it.")
                .say("If this was you, try the other addresses that you have. If not, there is nothing to do."),
            Self::ConfirmNewEmail { token } => Letter::new(format!("Confirm your new e-mail address for {platform}"))
                .say("Somebody, hopefully you, wants to use this address for an account.")
                .link("Confirm", paper.secret_url("/account/confirm-email", "change_email", *token))
                .say("The link works once and for a day. If this was not you, there is nothing to do."),
            Self::EmailChangeAsked { to } => Letter::new(format!("Your account at {platform} is to have another e-mail address"))
                .say(format!("Your account is to have the address {to} from now on. It changes when that address is confirmed."))
                .say(NOT_YOU),
            Self::EmailChanged { to } => Letter::new(format!("Your account at {platform} has another e-mail address"))
                .say(format!("From now on you log in with the address {to}, and letters go there."))
                .say("If this was not you, write to us at once."),
            Self::PasswordChanged => Letter::new(format!("Your password at {platform} was changed"))
                .say("The password of your account was changed, and its other sessions have ended.")
                .link("Not you? Choose a new password", paper.url("/account/forgot-password")),
            Self::TwoFactorOn => Letter::new(format!("Second factor switched on at {platform}"))
                .say("From now on, logging in takes a code of your authenticator beside the password.")
                .say(NOT_YOU),
            Self::TwoFactorOff => Letter::new(format!("Second factor switched off at {platform}"))
                .say("From now on, logging in takes your password alone.")
                .say(NOT_YOU),
            Self::RecoveryCodeUsed { left } => Letter::new(format!("A recovery code was used at {platform}"))
                .say(format!("Somebody, hopefully you, logged in with a recovery code. {left} are left."))
                .say(NOT_YOU),
            Self::RecoveryCodesRenewed => Letter::new(format!("New recovery codes at {platform}"))
                .say("There are new recovery codes for your account. The old ones are void.")
                .say(NOT_YOU),
            Self::SessionStolen => Letter::new(format!("A session of yours at {platform} was ended"))
                .say("Something that only one device may have was used by two. To be safe, that session was ended; log in again where you need to.")
                .say(NOT_YOU),
        }
    }
}
