//! The billing portal: a page where a customer changes card and plan, cancels, resumes and finds invoices.

mod configurations;
mod page;
mod sessions;

pub use configurations::{
    Configuration, create as create_configuration, list as list_configurations, retrieve as retrieve_configuration,
    update as update_configuration,
};
pub use page::page;
pub use sessions::{Session, create};
