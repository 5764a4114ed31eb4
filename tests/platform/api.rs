//! The three faces of the API as they are described: a change of the API shows in the diff of a snapshot.

use server::faces::Face;
use souk_tests::Platform;

#[test]
fn the_platforms_face_changes_on_purpose() {
    insta::assert_snapshot!("platform", Face::Platform.describe().to_pretty_json().unwrap());
}

#[test]
fn the_shoppers_face_changes_on_purpose() {
    insta::assert_snapshot!("shop", Face::Shop.describe().to_pretty_json().unwrap());
}

#[test]
fn the_staffs_face_changes_on_purpose() {
    insta::assert_snapshot!("staff", Face::Staff.describe().to_pretty_json().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_describes_its_own_face() {
    let platform = Platform::start().await;
    let store = platform.open_store().await;
    let described =
        |face: Face| serde_json::from_str::<serde_json::Value>(&face.describe().to_json().unwrap()).unwrap();
    assert_eq!(platform.get("/openapi.json").await.expect(200).body, described(Face::Platform));
    assert_eq!(store.get("/openapi.json").await.expect(200).body, described(Face::Shop));
    assert_eq!(store.get("/admin/openapi.json").await.expect(200).body, described(Face::Staff));
    for page in [platform.get("/docs/").await.expect(200), store.get("/docs/").await.expect(200)] {
        // It works without the internet: nothing is loaded from elsewhere.
        assert!(!page.text.contains("src=\"http") && !page.text.contains("href=\"http"), "{}", page.text);
    }
}
