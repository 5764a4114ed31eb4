//! The promises that hold for a store at any time.

use commerce::health;

use crate::Store;

/// Fails the test when the store breaks a promise.
pub async fn assert_consistent(store: &Store<'_>) {
    let db = store.shop().await.db;
    let broken = health::ask_all(&db).await.unwrap();
    let broken: Vec<_> = broken.iter().map(|broken| (broken.promise.says, broken.count, &broken.examples)).collect();
    assert!(broken.is_empty(), "{broken:?} in store {}", store.slug);
}
