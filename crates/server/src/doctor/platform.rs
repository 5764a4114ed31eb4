//! Look over the platform: do the register of stores and what the database holds fit together, and does work get done?

use std::collections::{BTreeMap, BTreeSet};

use commerce::health::{self, Severity};
use commerce::jobs;
use futures::future::join_all;
use kernel::id::TenantId;
use kernel::origin::Origin;
use landlord::audit::{self, Act};
use landlord::tenants::{self, TenantRow, TenantState};
use landlord::{moves, spares};
use serde_json::json;

use super::{Finding, Report};
use crate::run::Souk;
use crate::tenancy::{self, Cluster, Provisioner, SchemaSeen, Standing};

/// A sign-up that takes longer is stuck.
const STUCK_MINUTES: i64 = 5;

pub(super) async fn examine(souk: &Souk, repair: bool, report: &mut Report) -> anyhow::Result<()> {
    let before = look(souk).await?;
    if !repair || before.is_empty() {
        report.findings.extend(before);
        return Ok(());
    }
    let refused = mend(souk, &before).await?;
    let mut after = look(souk).await?;
    for finding in &mut after {
        finding.refused = refused.get(&finding.code).cloned().into_iter().collect();
    }
    let fewer = |was: &Finding| after.iter().find(|is| is.code == was.code).is_none_or(|is| is.count < was.count);
    report.mended.extend(before.into_iter().filter(fewer));
    report.findings.extend(after);
    Ok(())
}

async fn look(souk: &Souk) -> anyhow::Result<Vec<Finding>> {
    let tenants = register(souk).await?;
    let mut tx = souk.landlord.db.begin().await?;
    let spares: BTreeSet<TenantId> = spares::all(&mut tx).await?.into_iter().map(|spare| spare.id).collect();
    let moving: BTreeSet<TenantId> = moves::under_way(&mut tx).await?.into_iter().collect();
    tx.commit().await?;
    let all = Seen::of_all(souk).await;
    let mut findings = schemas(&tenants, &(&spares | &moving), &all);
    if souk.pools.tenant_roles() {
        let without = tenants.iter().filter(|row| row.state.has_schema() && all.lacks_role(row));
        findings.extend(Finding::of_platform(
            "tenants.role",
            Severity::Critical,
            "every store has a role of its own that the application may take",
            without.map(|row| row.slug.clone()).collect(),
            "run souk doctor --repair: it makes the role and grants it",
        ));
    }
    let now = souk.landlord.clock.now();
    let stuck = tenants
        .iter()
        .filter(|row| row.state == TenantState::Provisioning && (now - row.created_at).num_minutes() >= STUCK_MINUTES);
    findings.extend(Finding::of_platform(
        "tenants.provisioning",
        Severity::Critical,
        "a store is made within five minutes",
        stuck.map(|row| row.slug.clone()).collect(),
        "see that a worker runs and what its log says; souk doctor --repair takes the steps that remain",
    ));
    if souk.config.provisioning.spare_schemas > 0 && spares.is_empty() {
        findings.extend(Finding::of_platform(
            "spares.empty",
            Severity::Warning,
            "schemas are ready for new stores",
            vec!["none".to_owned()],
            "see that a worker runs: it refills the pool; sign-ups take longer meanwhile",
        ));
    }
    findings.extend(work(souk, &tenants).await?);
    Ok(findings)
}

/// All tenants there are.
async fn register(souk: &Souk) -> anyhow::Result<Vec<TenantRow>> {
    let mut all: Vec<TenantRow> = Vec::new();
    loop {
        let after = all.last().map(|row| row.id);
        let mut tx = souk.landlord.db.begin().await?;
        let rows = tenants::list(&mut tx, after, 1000).await?;
        tx.commit().await?;
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
    }
}

async fn look_at(cluster: Cluster) -> (String, anyhow::Result<tenancy::Seen>) {
    (cluster.id.to_string(), tenancy::look(&cluster).await)
}

/// What each cluster that answers holds, and why the others do not.
struct Seen {
    clusters: BTreeMap<String, tenancy::Seen>,
    away: Vec<String>,
}

impl Seen {
    async fn of_all(souk: &Souk) -> Self {
        let looks: Vec<_> = souk.pools.clusters().map(|cluster| look_at(cluster.clone())).collect();
        let (mut clusters, mut away) = (BTreeMap::new(), Vec::new());
        for (id, outcome) in join_all(looks).await {
            match outcome {
                Ok(seen) => drop(clusters.insert(id, seen)),
                Err(error) => away.push(format!("{id}: {error:#}")),
            }
        }
        Self { clusters, away }
    }

    /// Of a cluster that is away nothing is known.
    fn lacks_role(&self, row: &TenantRow) -> bool {
        self.clusters.get(&row.cluster).is_some_and(|seen| !seen.roles.contains(&row.id))
    }

    fn lacks_schema(&self, row: &TenantRow) -> bool {
        self.clusters.get(&row.cluster).is_some_and(|seen| !seen.schemas.contains_key(&row.id))
    }

    fn schema(&self, row: &TenantRow) -> Option<&SchemaSeen> {
        self.clusters.get(&row.cluster)?.schemas.get(&row.id)
    }

    fn is_unusual(&self, row: &TenantRow) -> bool {
        let Some(seen) = self.clusters.get(&row.cluster) else { return false };
        let schema = seen.schemas.get(&row.id).filter(|schema| schema.standing == Standing::Current);
        schema.is_some_and(|schema| Some(schema.structure.as_str()) != seen.usual_structure())
    }

    /// Schemas that belong to nobody where they are.
    fn orphans(&self, tenants: &[TenantRow], known: &BTreeSet<TenantId>) -> Vec<String> {
        let homes: BTreeMap<TenantId, &str> = tenants.iter().map(|row| (row.id, row.cluster.as_str())).collect();
        let schemas = self.clusters.iter().flat_map(|(cluster, seen)| seen.schemas.keys().map(move |id| (cluster, id)));
        let lost = schemas.filter(|(cluster, id)| homes.get(id) != Some(&cluster.as_str()) && !known.contains(id));
        lost.map(|(_, id)| id.schema()).collect()
    }
}

fn schemas(tenants: &[TenantRow], known: &BTreeSet<TenantId>, seen: &Seen) -> Vec<Finding> {
    let named = |wanted: &dyn Fn(&TenantRow) -> bool| -> Vec<String> {
        let rows = tenants.iter().filter(|row| row.state.has_schema() && wanted(row));
        rows.map(|row| row.slug.clone()).collect()
    };
    [
        Finding::of_platform(
            "clusters.away",
            Severity::Critical,
            "every cluster answers",
            seen.away.clone(),
            "see that its database runs and that this machine reaches it; its stores answer 503 until then",
        ),
        Finding::of_platform(
            "tenants.schema",
            Severity::Critical,
            "every store has its schema",
            named(&|row| seen.lacks_schema(row)),
            "restore the schema from a backup; an empty one would hide that everything is gone",
        ),
        Finding::of_platform(
            "schemas.orphan",
            Severity::Warning,
            "every schema belongs to a store, or waits for one",
            seen.orphans(tenants, known),
            "a worker that died while making it may have left it; if it holds no orders, drop the schema and its role",
        ),
        Finding::of_platform(
            "tenants.migrated",
            Severity::Critical,
            "every store has all migrations",
            named(&|row| seen.schema(row).is_some_and(|schema| !schema.is_migrated())),
            "run souk fleet migrate and read why it failed; souk doctor --repair tries the same",
        ),
        Finding::of_platform(
            "tenants.structure",
            Severity::Critical,
            "stores with the same migrations have the same tables",
            named(&|row| seen.is_unusual(row)),
            "somebody changed tables by hand: compare with another store, and undo it by a migration",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Work that nobody does.
async fn work(souk: &Souk, tenants: &[TenantRow]) -> anyhow::Result<Vec<Finding>> {
    let mut waiting = health::Waiting::default();
    for cluster in souk.pools.clusters() {
        // One that is away is a finding of its own.
        let Ok(mut tx) = cluster.db().begin().await else { continue };
        waiting.add(health::waiting(&mut tx).await?);
        tx.commit().await?;
    }
    let names: BTreeMap<TenantId, &str> = tenants.iter().map(|row| (row.id, row.slug.as_str())).collect();
    let named = |(tenant, what): (TenantId, String)| match names.get(&tenant) {
        Some(slug) => format!("{slug}: {what}"),
        None => format!("{tenant}: {what}"),
    };
    let list = |rows: Vec<(TenantId, String)>| rows.into_iter().map(named).collect();
    let findings = [
        Finding::of_platform(
            "jobs.dead",
            Severity::Critical,
            "no job is given up",
            list(waiting.dead),
            "read why (souk jobs list --dead), mend the cause, then replay them: souk doctor --repair replays all",
        ),
        Finding::of_platform(
            "jobs.overdue",
            Severity::Warning,
            "jobs that are due are done within ten minutes",
            list(waiting.overdue),
            "see that workers run (souk work), and that there are enough of them",
        ),
        Finding::of_platform(
            "outbox.late",
            Severity::Warning,
            "events are handed on within five minutes",
            list(waiting.late_news),
            "see that a worker runs, and what its log says about these stores",
        ),
    ];
    Ok(findings.into_iter().flatten().collect())
}

/// Mends what can be mended. Returns what was refused: which finding, and why.
async fn mend(souk: &Souk, findings: &[Finding]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut refused = BTreeMap::new();
    for finding in findings {
        let done = match finding.code.as_str() {
            "tenants.role" => prepare(souk).await.map(|()| false),
            "tenants.migrated" => souk.migrate_stores().await.map(|()| false),
            "jobs.dead" => replay(souk).await.map(|()| false),
            "tenants.provisioning" | "spares.empty" => souk.worker().platform().await.map(|()| false),
            _ => continue,
        };
        match done {
            Ok(false) => {}
            Ok(true) => drop(refused.insert(finding.code.clone(), "not for all; see the log".to_owned())),
            Err(error) => drop(refused.insert(finding.code.clone(), format!("{error:#}"))),
        }
        let data = json!({ "finding": finding.code, "count": finding.count, "refused": refused.get(&finding.code) });
        let mut tx = souk.landlord.db.begin().await?;
        let act = Act { action: "health.repair", tenant: None, account: None, data };
        audit::note(&mut tx, &Origin::system(), &act).await?;
        tx.commit().await?;
    }
    Ok(refused)
}

/// Makes all dead jobs due again.
async fn replay(souk: &Souk) -> anyhow::Result<()> {
    for cluster in souk.pools.clusters() {
        for kind in jobs::Kind::ALL {
            jobs::replay_kind(&cluster.db(), *kind, None).await?;
        }
    }
    Ok(())
}

/// Makes the roles that are missing, and grants them.
async fn prepare(souk: &Souk) -> anyhow::Result<()> {
    let all = Seen::of_all(souk).await;
    let provisioner = Provisioner::new(souk.pools.clone());
    for row in register(souk).await?.iter().filter(|row| row.state.has_schema() && all.lacks_role(row)) {
        provisioner.prepare(&row.cluster, row.id).await?;
    }
    Ok(())
}
