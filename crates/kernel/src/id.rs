//! Typed ids, so an order id can never be passed where a cart id is wanted.

/// Declares an id type: a UUIDv7 in the code, in JSON, in paths and in the database.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            sqlx::Type, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[sqlx(transparent)]
        #[serde(transparent)]
        #[schema(value_type = uuid::Uuid)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new id. Later ids sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "an id is not a default value")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// One merchant's store, as the platform and every cluster know it.
    TenantId
}

id! {
    /// A person who logs in at the platform: merchant, staff or platform admin.
    AccountId
}

impl TenantId {
    /// The schema that holds the tenant's data, and the name of the role that may touch it.
    /// Made from the id alone, never from anything a merchant typed.
    pub fn schema(self) -> String {
        format!("t_{}", self.0.simple())
    }
}
