//! A whole platform for tests.
