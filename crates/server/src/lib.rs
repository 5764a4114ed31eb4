//! The server: routing by host, tenancy, the worker, the command line. The only crate that holds both databases.

pub mod app;
pub mod cli;
pub mod config;
mod demo;
pub mod dev;
pub mod doctor;
mod edge;
mod errand;
pub mod faces;
pub mod listen;
pub mod metrics;
mod pages;
pub mod run;
mod staff_api;
pub mod telemetry;
pub mod tenancy;
pub mod worker;
