//! Register a new store: everything of it that is the platform's, in one transaction.

use std::time::Duration;

use kernel::db::{LandlordTx, retrying};
use kernel::id::{AccountId, TenantId};
use kernel::idempotency::{Answer, Fingerprint, IdempotencyKey};
use kernel::origin::{Actor, Origin};
use kernel::problem::{FieldError, Problem};
use kernel::role::Role;
use serde_json::json;

use super::error::MAX_UNVERIFIED;
use super::request::{Checked, check, fingerprint};
use super::{NewTenant, SignUp, TenantError, db, finish_signup};
use crate::accounts::{self, AccountError, Person};
use crate::audit::{self, Act};
use crate::idempotency::{self, Claim, Held};
use crate::platform::Landlord;
use crate::{changes, clusters, members, plans, spares, subscriptions};

pub(super) const SCOPE: &str = "signup";

/// How long a request waits for another with the same key, in steps.
const PATIENCE_MS: [u64; 7] = [50, 100, 200, 300, 400, 450, 500];

/// What became of a registration.
#[derive(Debug)]
pub enum Registration {
    /// The store is registered; its schema is to be made.
    New(Ticket),
    /// It was registered by an earlier request with this key, which did not get to its end.
    Resume(Ticket),
    /// The act is over: finished before, or refused for good now.
    Answered(Answer),
}

/// The right to finish a sign-up.
#[derive(Debug)]
pub struct Ticket {
    /// The store.
    pub tenant: NewTenant,
    pub(super) account: AccountId,
    pub(super) email: String,
    pub(super) held: Held,
}

/// What became of the transaction.
enum Enrolled {
    /// It is committed.
    Done(Box<(NewTenant, AccountId)>),
    /// Somebody took the slug or the address between our look and our write: begin again.
    Raced,
}

/// Registers a store under the client's key.
///
/// The key's fingerprint covers the password, so it is sealed with our own key before it is stored: from the database
/// alone nobody can try passwords on it. Business refusals are stored as the answer; whatever ails only this attempt
/// lets go of the key.
pub async fn register(
    landlord: &Landlord,
    origin: &Origin,
    key: &IdempotencyKey,
    request: &SignUp,
) -> Result<Registration, TenantError> {
    let about = [request.email.trim(), request.store_name.trim(), &request.slug].map(str::to_owned);
    let judged = landlord.hasher.judge(request.password.clone(), about.into()).await.map_err(AccountError::from)?;
    let checked = check(request, judged)?;
    let fingerprint = landlord.keys.seal(&fingerprint(request)?);
    let (held, subject) = match claim(landlord, key, &fingerprint).await? {
        Claim::Ours(held, subject) => (held, subject),
        Claim::Finished(answer) => return finish_signup::replay(landlord, answer).map(Registration::Answered),
        Claim::InProgress => return Err(TenantError::InProgress),
        Claim::Reused => return Err(TenantError::KeyReused),
    };
    let outcome = match subject {
        Some(tenant) => go_on(landlord, TenantId(tenant), held.clone()).await,
        None => open(landlord, origin, &checked, held.clone()).await,
    };
    match outcome {
        Ok(registration) => Ok(registration),
        Err(error) if error.is_outcome() => refuse(landlord, origin, &held, error).await,
        Err(error) => {
            release(landlord, &held).await;
            Err(error)
        }
    }
}

/// Lets go of the key after a failure. When that fails too, the lease ends by itself.
pub(super) async fn release(landlord: &Landlord, held: &Held) {
    let released = async {
        let mut tx = landlord.db.begin().await?;
        idempotency::release(&mut tx, held).await?;
        tx.commit().await
    };
    if let Err(error) = released.await {
        tracing::warn!(%error, "a sign-up's key stays held until its lease ends");
    }
}

async fn claim(landlord: &Landlord, key: &IdempotencyKey, fingerprint: &Fingerprint) -> sqlx::Result<Claim> {
    let mut pauses = PATIENCE_MS.into_iter();
    loop {
        let claim = retrying(|| async {
            let mut tx = landlord.db.begin().await?;
            let claim = idempotency::claim(&mut tx, SCOPE, key, fingerprint).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(claim)
        })
        .await?;
        match (claim, pauses.next()) {
            (Claim::InProgress, Some(pause)) => tokio::time::sleep(Duration::from_millis(pause)).await,
            (claim, _) => return Ok(claim),
        }
    }
}

async fn go_on(landlord: &Landlord, tenant: TenantId, held: Held) -> Result<Registration, TenantError> {
    let mut tx = landlord.db.begin().await?;
    let (tenant, account, email) = db::registered(&mut tx, tenant).await?.ok_or(TenantError::NotFound)?;
    tx.commit().await?;
    Ok(Registration::Resume(Ticket { tenant, account, email, held }))
}

async fn refuse(
    landlord: &Landlord,
    origin: &Origin,
    held: &Held,
    error: TenantError,
) -> Result<Registration, TenantError> {
    let answer = Answer::problem(&Problem::from(error), &origin.request_id);
    let mut tx = landlord.db.begin().await?;
    let ours = idempotency::finish(&mut tx, held, &answer).await?;
    tx.commit().await?;
    if ours { Ok(Registration::Answered(answer)) } else { Err(TenantError::InProgress) }
}

async fn open(
    landlord: &Landlord,
    origin: &Origin,
    request: &Checked<'_>,
    held: Held,
) -> Result<Registration, TenantError> {
    // Each time round somebody else was faster; then their slug or account is there to be seen.
    for _ in 0..5 {
        let person = accounts::identify(landlord, origin, &request.email, request.password, request.code).await?;
        match retrying(|| enrol(landlord, origin, request, &person, &held)).await? {
            Enrolled::Done(done) => {
                let (tenant, account) = *done;
                let email = request.email.to_string();
                tracing::info!(tenant.id = %tenant.id, tenant.slug = %tenant.slug, "store registered");
                return Ok(Registration::New(Ticket { tenant, account, email, held }));
            }
            Enrolled::Raced => {}
        }
    }
    Err(TenantError::InProgress)
}

async fn enrol(
    landlord: &Landlord,
    origin: &Origin,
    request: &Checked<'_>,
    person: &Person,
    held: &Held,
) -> Result<Enrolled, TenantError> {
    let settings = &landlord.settings;
    let mut tx = landlord.db.begin().await?;
    let Some(account) = owner(&mut tx, landlord, origin, request, person).await? else { return Ok(Enrolled::Raced) };
    let plan = plans::on_offer(&mut tx, request.plan).await?.ok_or_else(unknown_plan)?;
    let host = settings.store_host(request.slug);
    if db::is_taken(&mut tx, request.slug, &host).await? {
        return Err(TenantError::SlugTaken);
    }

    let cluster = clusters::place(&mut tx, &plan.code, &settings.clusters).await?.ok_or(TenantError::Full)?;
    let spare = spares::take(&mut tx, &cluster, settings.tenant_version).await?;
    let tenant = NewTenant {
        id: spare.unwrap_or_else(TenantId::new),
        slug: request.slug.to_owned(),
        name: request.name.to_owned(),
        currency: request.currency,
        cluster,
        spare: spare.is_some(),
    };
    if !db::insert(&mut tx, &tenant).await? || !db::insert_domain(&mut tx, tenant.id, &host).await? {
        return Ok(Enrolled::Raced);
    }
    members::add(&mut tx, tenant.id, account, Role::Owner).await?;
    subscriptions::start(&mut tx, tenant.id, &plan.code, plan.trial_days(settings.trial_days)).await?;
    changes::tell(&mut tx, tenant.id).await?;
    let data = json!({"slug": tenant.slug, "plan": plan.code, "currency": tenant.currency});
    let act = Act { action: "tenant.signed_up", tenant: Some(tenant.id), account: Some(account), data };
    audit::note(&mut tx, &origin.clone().acting(Actor::Staff(account.0)), &act).await?;
    if !idempotency::attach(&mut tx, held, tenant.id.0).await? {
        return Err(TenantError::InProgress);
    }
    tx.commit().await?;
    Ok(Enrolled::Done(Box::new((tenant, account))))
}

/// The account of the owner. `None` when somebody else has just taken the address.
async fn owner(
    tx: &mut LandlordTx,
    landlord: &Landlord,
    origin: &Origin,
    request: &Checked<'_>,
    person: &Person,
) -> Result<Option<AccountId>, TenantError> {
    match person {
        Person::Stranger => Err(TenantError::AccountExists),
        Person::New { password_hash } => {
            let created = accounts::create(tx, &request.email, password_hash).await?;
            if let Some(account) = created {
                accounts::ask_to_verify(tx, landlord, origin, account, &request.email).await?;
            }
            Ok(created)
        }
        Person::Known(account) => {
            // Locked, so that two sign-ups at once are counted one after the other.
            let verified = accounts::lock(tx, *account).await?.ok_or(TenantError::AccountExists)?;
            if !verified && db::count_owned(tx, *account).await? >= MAX_UNVERIFIED {
                return Err(TenantError::TooMany);
            }
            Ok(Some(*account))
        }
    }
}

fn unknown_plan() -> TenantError {
    TenantError::Invalid(vec![FieldError::new("plan", "plan.unknown", "is no plan on offer; see /api/v1/plans")])
}
