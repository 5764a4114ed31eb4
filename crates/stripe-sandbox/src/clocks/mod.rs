//! Test clocks: the time that customers attached to them live by, moved on demand.

mod verbs;
mod work;

pub use verbs::{advance, create, delete, finish, list, retrieve};
pub use work::{next_due, run};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::table::Row;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Clock {
    pub id: String,
    pub account: Option<String>,
    /// By the machine's time, as `deletes_after`.
    pub created: i64,
    pub frozen_time: i64,
    /// Where it is being advanced to.
    pub target: Option<i64>,
    pub name: Option<String>,
    pub deleted: bool,
}

const THIRTY_DAYS: i64 = 30 * 24 * 60 * 60;

impl Row for Clock {
    const NAME: &'static str = "test clock";
    const PARAM: &'static str = "test_clock";

    fn id(&self) -> &str {
        &self.id
    }

    fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn render(&self) -> Value {
        if self.deleted {
            return json!({ "id": self.id, "object": "test_helpers.test_clock", "deleted": true });
        }
        let advancing = self.target.map(|target| json!({ "target_frozen_time": target }));
        json!({
            "id": self.id, "object": "test_helpers.test_clock", "created": self.created,
            "deletes_after": self.created + THIRTY_DAYS, "frozen_time": self.frozen_time, "livemode": false,
            "name": self.name, "status": if self.target.is_some() { "advancing" } else { "ready" },
            "status_details": if let Some(advancing) = advancing { json!({ "advancing": advancing }) } else { json!({}) },
        })
    }
}
