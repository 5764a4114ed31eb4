//! The platform: accounts, stores, tenancy, and the rules that the code itself keeps.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod api;
mod api_keys;
mod architecture;
mod billing;
mod billing_hooks;
mod billing_ladder;
mod billing_news;
mod billing_usage;
mod billing_year;
mod clusters;
mod command_line;
mod crashes;
mod doctor;
mod fleet;
mod guards;
mod hosts;
mod isolation;
mod jobs;
mod metrics;
mod moves;
mod outages;
mod provisioning;
mod routes;
mod second_factor;
mod sessions;
mod signup;
mod signup_fields;
mod staff;
mod storms;
mod support;
mod tokens;
mod walls;
