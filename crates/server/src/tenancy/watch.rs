//! Listen for changes of tenants, which the landlord tells in the transaction that makes them.

use std::time::Duration;

use kernel::id::TenantId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use super::Stores;

/// How soon a lost connection is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Forgets stores as they change, until told to stop. While the connection is away, stores are remembered only as long
/// as their time to live; when it is back, everything is forgotten.
pub async fn watch(direct: PgPool, stores: Stores, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            ended = listen(&direct, &stores) => if let Err(error) = ended {
                tracing::warn!(%error, "no news of tenants for the moment");
            },
        }
        stores.forget_all();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

async fn listen(direct: &PgPool, stores: &Stores) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(direct).await?;
    listener.listen(landlord::changes::CHANNEL).await?;
    stores.forget_all();
    while let Some(message) = listener.try_recv().await? {
        match message.payload().parse::<TenantId>() {
            Ok(tenant) => stores.forget(tenant).await,
            Err(_) => stores.forget_all(),
        }
    }
    Ok(())
}
