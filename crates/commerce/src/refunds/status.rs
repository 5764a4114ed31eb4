//! How a refund moves. Pure: no database, no clock.

use super::RefundError;

/// How far a refund has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Requested,
    Approved,
    Processing,
    Succeeded,
    Failed,
    Rejected,
    Cancelled,
}

/// Something that happens to a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    Approve,
    Reject,
    Cancel,
    Process,
    Succeed,
    Fail,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Approved,
        Self::Processing,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Is its amount promised, and not yet decided?
    pub fn open(self) -> bool {
        match self {
            Self::Requested | Self::Approved | Self::Processing => true,
            Self::Succeeded | Self::Failed | Self::Rejected | Self::Cancelled => false,
        }
    }

    /// The status after `step`, or why the step is not allowed.
    pub fn after(self, step: Step) -> Result<Self, RefundError> {
        match (self, step) {
            (Self::Requested, Step::Approve) => Ok(Self::Approved),
            (Self::Requested, Step::Reject) => Ok(Self::Rejected),
            (Self::Requested | Self::Approved, Step::Cancel) => Ok(Self::Cancelled),
            (Self::Approved, Step::Process) => Ok(Self::Processing),
            (Self::Processing, Step::Succeed) => Ok(Self::Succeeded),
            // What succeeded may come back: the account it went to is closed.
            (Self::Processing | Self::Succeeded, Step::Fail) => Ok(Self::Failed),
            (status, step) => Err(RefundError::WrongStatus { status, step }),
        }
    }
}

impl Step {
    /// The event that tells of it.
    pub fn event(self) -> &'static str {
        match self {
            Self::Approve => "refund.approved",
            Self::Reject => "refund.rejected",
            Self::Cancel => "refund.cancelled",
            Self::Process => "refund.processing",
            Self::Succeed => "refund.succeeded",
            Self::Fail => "refund.failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use Status::{Approved, Cancelled, Failed, Processing, Rejected, Requested, Succeeded};

    use super::*;

    #[test]
    fn every_status_and_step() {
        let steps = [Step::Approve, Step::Reject, Step::Cancel, Step::Process, Step::Succeed, Step::Fail];
        let allowed = [
            (Requested, Step::Approve, Approved),
            (Requested, Step::Reject, Rejected),
            (Requested, Step::Cancel, Cancelled),
            (Approved, Step::Cancel, Cancelled),
            (Approved, Step::Process, Processing),
            (Processing, Step::Succeed, Succeeded),
            (Processing, Step::Fail, Failed),
            (Succeeded, Step::Fail, Failed),
        ];
        for status in Status::ALL {
            for step in steps {
                let want = allowed.iter().find(|rule| (rule.0, rule.1) == (status, step)).map(|rule| rule.2);
                assert_eq!(status.after(step).ok(), want, "{status:?} {step:?}");
            }
        }
    }
}
