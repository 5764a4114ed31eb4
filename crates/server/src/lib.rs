//! The server: routing by host, tenancy, the worker, the command line. The only crate that holds both databases.

pub mod app;
pub mod cli;
pub mod config;
mod demo;
pub mod dev;
mod edge;
pub mod faces;
pub mod listen;
mod pages;
pub mod run;
pub mod telemetry;
pub mod tenancy;
pub mod worker;
