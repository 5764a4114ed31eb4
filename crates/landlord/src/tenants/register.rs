//! Register a new store: everything of it that is the platform's, in one transaction.

use std::time::Duration;

use kernel::db::{LandlordTx, retrying};
use kernel::id::{AccountId, TenantId};
use kernel::idempotency::{Answer, Fingerprint, IdempotencyKey};
use kernel::money::Currency;
use kernel::origin::{Actor, Origin};
use kernel::problem::{FieldError, Problem};
use serde::Deserialize;
use serde_json::json;

use super::error::MAX_UNVERIFIED;
use super::{NewTenant, TenantError, check_slug, db, finish_signup};
use crate::accounts::{self, AccountError, Email, Person, WeakPassword};
use crate::audit::{self, Act};
use crate::idempotency::{self, Claim, Held};
use crate::platform::Landlord;
use crate::{changes, plans, spares, subscriptions};

pub(super) const SCOPE: &str = "signup";

/// How long a request waits for another with the same key, in steps.
const PATIENCE_MS: [u64; 7] = [50, 100, 200, 300, 400, 450, 500];

/// Who wants which store.
#[derive(Clone, Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// Address of the owner's account, new or not.
    #[garde(length(bytes, max = 320))]
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// Password of that account: 10 bytes at least when it is new.
    #[garde(length(bytes, max = 1024))]
    #[schema(format = Password, min_length = 10, max_length = 1024)]
    pub password: String,
    /// Name of the store for people.
    #[garde(length(bytes, max = 480))]
    #[schema(min_length = 1, max_length = 120)]
    pub store_name: String,
    /// Name of the store in addresses.
    #[garde(skip)]
    #[schema(pattern = "^[a-z][a-z0-9-]{1,38}[a-z0-9]$")]
    pub slug: String,
    /// Code of a plan; the first on offer when not given.
    #[garde(length(bytes, max = 64))]
    pub plan: Option<String>,
    /// ISO 4217 code of the currency of its prices; `USD` when not given.
    #[garde(length(bytes, max = 16))]
    #[schema(example = "USD")]
    pub currency: Option<String>,
}

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

/// A request that makes sense.
struct Checked<'a> {
    email: Email,
    password: &'a str,
    name: &'a str,
    slug: &'a str,
    plan: Option<&'a str>,
    currency: Currency,
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
        Err(error) if error.is_outcome() => refuse(landlord, &held, error).await,
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

fn check(request: &SignUp, password: Result<(), WeakPassword>) -> Result<Checked<'_>, TenantError> {
    let mut errors = Vec::new();
    if let Err(wrong) = check_slug(&request.slug) {
        errors.push(FieldError::new("slug", wrong.code(), wrong.to_string()));
    }
    let email = Email::parse(&request.email);
    if let Err(wrong) = email {
        errors.push(FieldError::new("email", "email.invalid", wrong.to_string()));
    }
    if let Err(weak) = password {
        errors.push(FieldError::new("password", weak.code(), weak.to_string()));
    }
    let name = request.store_name.trim();
    if name.is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
        let message = "must be 1 to 120 characters, none of them a control character";
        errors.push(FieldError::new("store_name", "store_name.invalid", message));
    }
    let currency = request.currency.as_deref().unwrap_or("USD").parse::<Currency>();
    if let Err(unknown) = &currency {
        errors.push(FieldError::new("currency", "currency.unknown", unknown.to_string()));
    }
    match (email, currency) {
        (Ok(email), Ok(currency)) if errors.is_empty() => Ok(Checked {
            email,
            password: &request.password,
            name,
            slug: &request.slug,
            plan: request.plan.as_deref(),
            currency,
        }),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(TenantError::Invalid(errors)),
    }
}

fn fingerprint(request: &SignUp) -> Result<Fingerprint, TenantError> {
    let SignUp { email, password, store_name, slug, plan, currency } = request;
    let all = (email, password, store_name, slug, plan, currency);
    Ok(kernel::idempotency::fingerprint("POST /api/v1/signup", &all)?)
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

async fn refuse(landlord: &Landlord, held: &Held, error: TenantError) -> Result<Registration, TenantError> {
    let answer = Answer::problem(&Problem::from(error));
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
        let person = accounts::identify(landlord, origin, &request.email, request.password).await?;
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
    let Some(account) = owner(&mut tx, request, person).await? else { return Ok(Enrolled::Raced) };
    let plan = plans::on_offer(&mut tx, request.plan).await?.ok_or_else(unknown_plan)?;
    let host = settings.store_host(request.slug);
    if db::is_taken(&mut tx, request.slug, &host).await? {
        return Err(TenantError::SlugTaken);
    }

    let spare = spares::take(&mut tx, &settings.cluster, settings.tenant_version).await?;
    let tenant = NewTenant {
        id: spare.unwrap_or_else(TenantId::new),
        slug: request.slug.to_owned(),
        name: request.name.to_owned(),
        currency: request.currency,
        cluster: settings.cluster.clone(),
        spare: spare.is_some(),
    };
    if !db::insert(&mut tx, &tenant).await? || !db::insert_domain(&mut tx, tenant.id, &host).await? {
        return Ok(Enrolled::Raced);
    }
    db::insert_member(&mut tx, account, tenant.id, "owner").await?;
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
async fn owner(tx: &mut LandlordTx, request: &Checked<'_>, person: &Person) -> Result<Option<AccountId>, TenantError> {
    match person {
        Person::Stranger => Err(TenantError::AccountExists),
        Person::New { password_hash } => Ok(accounts::create(tx, &request.email, password_hash).await?),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> SignUp {
        SignUp {
            email: "Mira@Example.org ".to_owned(),
            password: "correct horse battery staple".to_owned(),
            store_name: " Mira's ".to_owned(),
            slug: "mira".to_owned(),
            plan: None,
            currency: None,
        }
    }

    fn codes(request: &SignUp) -> Vec<&'static str> {
        match check(request, Err(WeakPassword::TooShort)) {
            Err(TenantError::Invalid(errors)) => errors.iter().map(|error| error.code).collect(),
            _ => vec![],
        }
    }

    #[test]
    fn a_request_is_brought_into_form() {
        let request = request();
        let checked = check(&request, Ok(())).unwrap();
        assert_eq!((checked.email.as_str(), checked.name), ("mira@example.org", "Mira's"));
        assert_eq!(checked.currency.code(), "USD");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = SignUp {
            email: "nobody".to_owned(),
            password: "short".to_owned(),
            store_name: "a\0b".to_owned(),
            slug: "admin".to_owned(),
            currency: Some("usd".to_owned()),
            plan: None,
        };
        assert_eq!(
            codes(&wrong),
            ["slug.reserved", "email.invalid", "password.too_short", "store_name.invalid", "currency.unknown"]
        );
        let problem = check(&wrong, Ok(())).map(|_| ()).map_err(Problem::from).unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.code), (422, "slug.reserved"));
    }

    #[test]
    fn every_field_counts_for_the_fingerprint() {
        let first = fingerprint(&request()).unwrap();
        assert_eq!(first, fingerprint(&request()).unwrap());
        for other in [
            SignUp { email: "other@example.org".to_owned(), ..request() },
            SignUp { password: "correct horse battery staples".to_owned(), ..request() },
            SignUp { store_name: "Other".to_owned(), ..request() },
            SignUp { slug: "other".to_owned(), ..request() },
            SignUp { plan: Some("starter".to_owned()), ..request() },
            SignUp { currency: Some("USD".to_owned()), ..request() },
        ] {
            assert_ne!(first, fingerprint(&other).unwrap());
        }
    }
}
