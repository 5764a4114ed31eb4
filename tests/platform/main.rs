//! The platform: accounts, stores, tenancy, and the rules that the code itself keeps.
