//! The one place where names are put into SQL: schemas and roles, which cannot be parameters.

use kernel::id::TenantId;

/// A name of the database's own, safe to stand in SQL as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The landlord's schema.
    pub fn landlord() -> Self {
        Self("landlord".into())
    }

    /// What the tenants of a cluster share.
    pub fn cluster() -> Self {
        Self("souk".into())
    }

    /// The schema of a tenant, and its role.
    pub fn tenant(id: TenantId) -> Self {
        Self(id.schema())
    }

    /// What a tenant that was moved has left behind.
    pub fn left_behind(id: TenantId, number: i64) -> Self {
        Self(format!("moved_{}_{}", id.0.simple(), number.unsigned_abs()))
    }

    /// A login role from a connection address: quoted, whatever it is.
    pub fn login(role: &str) -> Self {
        Self(quoted(role))
    }

    /// A database from a connection address: quoted, whatever it is.
    pub fn database(name: &str) -> Self {
        Self(quoted(name))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_login_is_called_it_stays_one_name() {
        assert_eq!(Name::login("souk_app").to_string(), "\"souk_app\"");
        assert_eq!(Name::login("a\"; drop schema x; --").to_string(), "\"a\"\"; drop schema x; --\"");
    }

    #[test]
    fn a_schema_is_named_by_its_tenants_id_alone() {
        let id = TenantId(uuid::Uuid::nil());
        assert_eq!(Name::tenant(id).to_string(), "t_00000000000000000000000000000000");
    }
}
