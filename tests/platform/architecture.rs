//! The rules that the code itself keeps: who may name whom, and where what is dangerous may stand.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{root, sources};

/// What each module of `commerce` may name besides [`ANYBODY_NAMES`]. Calls go down, news goes up. `catalog` and
/// `inventory` name each other: stock belongs to variants, and a new variant opens its level in the same transaction.
const ARROWS: &[(&str, &[&str])] = &[
    ("activity", &[]),
    ("carts", &["catalog", "idempotency", "pricing"]),
    ("catalog", &["activity", "events", "inventory", "pricing", "settings", "usage"]),
    (
        "checkout",
        &[
            "activity",
            "carts",
            "catalog",
            "customers",
            "events",
            "idempotency",
            "inventory",
            "jobs",
            "orders",
            "payments",
            "pricing",
            "refunds",
            "settings",
            "usage",
        ],
    ),
    ("customers", &["activity"]),
    ("events", &["outbox"]),
    (
        "fulfilment",
        &[
            "activity",
            "catalog",
            "checkout",
            "events",
            "idempotency",
            "inventory",
            "orders",
            "payments",
            "pricing",
            "refunds",
        ],
    ),
    ("health", &["activity", "checkout", "events", "orders", "payments", "refunds"]),
    ("idempotency", &[]),
    ("inventory", &["activity", "catalog", "events", "settings"]),
    ("jobs", &["activity"]),
    ("orders", &["activity", "events"]),
    ("outbox", &[]),
    ("payments", &["events", "jobs", "orders", "settings"]),
    ("pricing", &["activity", "settings"]),
    ("replay", &["events", "reports"]),
    ("reports", &["carts", "events"]),
    ("retention", &["events", "inventory", "payments", "replay", "reports"]),
    (
        "refunds",
        &["activity", "catalog", "events", "idempotency", "inventory", "jobs", "orders", "payments", "settings"],
    ),
    ("settings", &["activity"]),
    ("usage", &[]),
];

const ANYBODY_NAMES: &[&str] = &["shop", "access"];

/// Files beside the modules. `work` hands jobs and news to whoever they are for; a shop carries its queue of checkouts,
/// the rules of its prices and what is remembered of its catalogue.
const FILES: &[(&str, &[&str])] = &[
    ("access", &[]),
    ("shop", &["catalog", "checkout", "jobs", "pricing"]),
    (
        "work",
        &[
            "catalog",
            "checkout",
            "events",
            "inventory",
            "jobs",
            "orders",
            "payments",
            "refunds",
            "reports",
            "retention",
        ],
    ),
];

/// What each crate may use of ours.
const CRATES: &[(&str, &[&str])] = &[
    ("bench", &[]),
    ("commerce", &["kernel", "stripe-gateway"]),
    ("kernel", &[]),
    ("landlord", &["kernel", "stripe-gateway"]),
    ("server", &["commerce", "kernel", "landlord", "stripe-gateway", "stripe-sandbox"]),
    ("stripe-gateway", &["kernel"]),
    ("stripe-sandbox", &[]),
];

/// The code of a file, without comments and without its unit tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Modules that a file names by `crate::`, also in a group: `use crate::{inventory, settings::Settings}`.
fn named(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (at, letter) in group.char_indices() {
            if start && letter.is_alphabetic() && depth == 0 {
                found.insert(word(&group[at..]));
                start = false;
            }
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                _ => {}
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn assert_arrows(who: &str, named: BTreeSet<String>, allowed: &[&str]) {
    let named: BTreeSet<&str> =
        named.iter().map(String::as_str).filter(|name| *name != who && !ANYBODY_NAMES.contains(name)).collect();
    let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
    let forbidden: Vec<_> = named.difference(&allowed).collect();
    assert!(forbidden.is_empty(), "{who} names {forbidden:?}, which its arrows do not allow");
    let unused: Vec<_> = allowed.difference(&named).collect();
    assert!(unused.is_empty(), "{who} no longer names {unused:?}: take the arrows out of the table");
}

#[test]
fn groups_of_names_are_read() {
    let text = "use crate::{carts, catalog::{self, Variant}, events};\nuse crate::orders::Order; crate::jobs::claim()";
    let names: Vec<_> = named(text).into_iter().collect();
    assert_eq!(names, ["carts", "catalog", "events", "jobs", "orders"]);
}

#[test]
fn the_modules_of_a_store_name_only_whom_they_may() {
    let commerce = root().join("crates/commerce/src");
    let mut modules = BTreeSet::new();
    for entry in std::fs::read_dir(&commerce).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let (table, files) = if path.is_dir() { (ARROWS, sources(&path)) } else { (FILES, vec![path.clone()]) };
        if name == "lib" {
            continue;
        }
        let arrows = table.iter().find(|known| known.0 == name);
        let arrows = arrows.unwrap_or_else(|| panic!("{name} is not in the table of arrows"));
        let names = files.iter().flat_map(|file| named(&code(file))).collect();
        assert_arrows(&name, names, arrows.1);
        modules.insert(name);
    }
    for known in ARROWS.iter().chain(FILES) {
        assert!(modules.contains(known.0), "{} is in the table and not in the code", known.0);
    }
}

#[test]
fn arrows_make_no_circle_but_the_one_that_is_known() {
    let reaches = |from: &str, to: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(module) = next.pop() {
            for arrow in ARROWS.iter().find(|known| known.0 == module).unwrap().1 {
                if *arrow == to {
                    return true;
                }
                if seen.insert(*arrow) {
                    next.push(arrow);
                }
            }
        }
        false
    };
    let circular: Vec<_> = ARROWS.iter().map(|module| module.0).filter(|module| reaches(module, module)).collect();
    assert_eq!(circular, ["catalog", "inventory"]);
}

#[test]
fn crates_use_only_whom_they_may() {
    let crates = root().join("crates");
    let ours: Vec<&str> = CRATES.iter().map(|known| known.0).collect();
    for entry in std::fs::read_dir(&crates).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let manifest = std::fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
        let section = section.split("\n[").next().unwrap();
        let uses = section.lines().map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned());
        let uses: BTreeSet<String> = uses.filter(|used| ours.contains(&used.as_str())).collect();
        let allowed = CRATES.iter().find(|known| known.0 == name);
        let allowed = allowed.unwrap_or_else(|| panic!("the crate {name} is not in the table"));
        assert_arrows(&name, uses, allowed.1);
    }
}

#[test]
fn every_file_says_in_its_first_line_what_it_is_for() {
    for folder in ["crates", "tests"] {
        for file in sources(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let first = text.lines().next().unwrap_or_default();
            assert!(first.starts_with("//! ") && first.len() > 10, "{} begins with {first:?}", file.display());
        }
    }
}

/// Files of the product that hold one of these words.
fn files_with(words: &[&str]) -> Vec<String> {
    let crates = root().join("crates");
    let holds = |file: &Path| {
        let code = code(file);
        words.iter().any(|word| code.contains(word))
    };
    let files = sources(&crates).into_iter().filter(|file| holds(file));
    files.map(|file| file.strip_prefix(&crates).unwrap().display().to_string()).collect()
}

#[test]
fn text_becomes_sql_in_three_places_alone() {
    let places = ["kernel/src/db/connection.rs", "kernel/src/db.rs", "server/src/tenancy/migrate.rs"];
    assert_eq!(files_with(&["AssertSqlSafe"]), places);
    assert_eq!(files_with(&["sqlx::raw_sql", "raw_sql("]), ["server/src/tenancy/migrate.rs"]);
}

#[test]
fn transactions_begin_in_the_handles_and_where_schemas_are_made() {
    let begins =
        files_with(&["begin_with(", "pool.begin()", "admin.begin()", "app.begin()", "superuser.begin()", ".acquire()"]);
    // The last sets up the logins of a private cluster for development.
    assert_eq!(begins, ["kernel/src/db.rs", "server/src/dev/postgres/accounts.rs", "server/src/tenancy/migrate.rs"]);
}

#[test]
fn nothing_is_set_for_a_whole_session() {
    for file in sources(&root().join("crates")) {
        let code = code(&file).to_lowercase();
        for (at, _) in code.match_indices("search_path").chain(code.match_indices("role ")) {
            let before = code[..at].trim_end();
            let set = before.ends_with("set") || before.ends_with("set session");
            // `alter role .. set` sets a login's own limits.
            let alters = before.rsplit(['"', ';']).next().is_some_and(|statement| statement.contains("alter role"));
            // A column of that name is given a value.
            let column = code[at..].trim_start_matches("role").trim_start().starts_with('=');
            assert!(!set || alters || column, "{}: {}", file.display(), &code[at.saturating_sub(40)..at + 20]);
        }
        assert!(!code.contains("set_config(") || code.contains(", true)"), "{}", file.display());
        assert!(!code.contains("after_connect("), "{}: behind a pooler a session is nobody's own", file.display());
    }
}
