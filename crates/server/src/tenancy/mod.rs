//! Tenancy: which store a request is for, and how a store's schema comes to be. The only room that holds the keys to
//! both the landlord's database and the tenants'.

mod checksum;
mod fleet;
mod look;
mod migrate;
mod names;
mod pools;
mod provision;
mod resolve;
mod spares;
mod staff;
mod stores;
mod tables;
mod watch;

pub use checksum::{Sum, Sums, checksum, differences};
pub use fleet::{StoresMigrated, migrate_stores};
pub use look::{SchemaSeen, Seen, look};
pub use migrate::{Migrated, migrate_platform, tenant_version};
pub use pools::{Pools, connect};
pub(crate) use provision::as_problem;
pub use provision::{Provisioner, STEPS, Step};
pub use resolve::{Host, HostError, host_of};
pub use spares::refill;
pub use staff::identify;
pub use stores::{Store, Stores, Tools};
pub use tables::{Table, tables};
pub use watch::watch;
