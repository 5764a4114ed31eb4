//! Tenancy: which store a request is for, and how a store's schema comes to be. The only room that holds the keys to
//! both the landlord's database and the tenants'.

mod checksum;
mod fleet;
mod look;
mod migrate;
mod moves;
mod names;
mod pools;
mod provision;
mod reach;
mod resolve;
mod set;
mod spares;
mod staff;
mod stores;
mod survey;
mod tables;
mod watch;

pub use checksum::{Sum, Sums, checksum, differences};
pub use fleet::{ClusterStatus, Fleet, News, Outcome, RunStatus, Status, Wanted};
pub use look::{SchemaSeen, Seen, look};
pub use migrate::{Migrated, migrate_cluster, migrate_landlord, read_migration, tenant_version};
pub use moves::{MoveNews, MoveWanted, Moved, cancel_move, move_store, purge_moved, tend_moves};
pub use pools::{Cluster, Pools, connect};
pub(crate) use provision::as_problem;
pub use provision::{Provisioner, STEPS, Step};
pub(crate) use reach::{moved_meanwhile, reachable};
pub use resolve::{Host, HostError, host_of};
pub use set::{MigrationSet, Standing};
pub use spares::refill;
pub use staff::{identify, storefront_of};
pub use stores::{Store, Stores, Tools};
pub use tables::{Table, tables};
pub use watch::watch;
