//! Objects of one kind, in the order they were made, and the pages of their lists.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::Params;

/// An object that belongs to an account (the platform's own when `None`).
pub trait Row {
    /// What Stripe calls it in messages.
    const NAME: &'static str;
    /// The name of the parameter that would have named it.
    const PARAM: &'static str;
    fn id(&self) -> &str;
    fn account(&self) -> Option<&str>;
    fn render(&self) -> Value;
}

#[derive(Debug)]
pub struct Table<T> {
    rows: Vec<T>,
    index: HashMap<String, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), index: HashMap::new() }
    }
}

impl<T: Row> Table<T> {
    /// Adds the row, or replaces the one with its id.
    pub fn put(&mut self, row: T) {
        match self.index.get(row.id()) {
            Some(&at) => self.rows[at] = row,
            None => {
                self.index.insert(row.id().to_owned(), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// The row, whoever owns it.
    pub fn any(&self, id: &str) -> Option<&T> {
        self.index.get(id).map(|&at| &self.rows[at])
    }

    /// The row if `account` owns it; an object of another account does not exist.
    pub fn get(&self, account: Option<&str>, id: &str) -> Result<&T, ApiError> {
        self.any(id).filter(|row| row.account() == account).ok_or_else(|| ApiError::not_found(T::NAME, id, T::PARAM))
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.iter()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// One page of a list, newest first.
    pub fn list(
        &self,
        account: Option<&str>,
        params: &Params,
        url: &str,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Value, ApiError> {
        let limit = page_size(params)?;
        let position = |name: &str| -> Result<Option<usize>, ApiError> {
            let Some(id) = params.text(name)? else { return Ok(None) };
            self.get(account, &id)?;
            Ok(self.index.get(&id).copied())
        };
        let wanted = |row: &&T| row.account() == account && keep(row);
        let (mut page, more): (Vec<&T>, bool) = match position("ending_before")? {
            Some(newer_than) => {
                let mut rows = self.rows[newer_than + 1..].iter().filter(wanted);
                let page: Vec<_> = rows.by_ref().take(limit).collect();
                (page.into_iter().rev().collect(), rows.next().is_some())
            }
            None => {
                let end = position("starting_after")?.unwrap_or(self.rows.len());
                let mut rows = self.rows[..end].iter().rev().filter(wanted);
                (rows.by_ref().take(limit).collect(), rows.next().is_some())
            }
        };
        page.truncate(limit);
        let data: Vec<Value> = page.into_iter().map(Row::render).collect();
        Ok(json!({ "object": "list", "url": url, "has_more": more, "data": data }))
    }

    /// One page of a search, newest first; `page` continues after the row it names.
    pub fn search(
        &self,
        account: Option<&str>,
        params: &Params,
        url: &str,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Value, ApiError> {
        let limit = page_size(params)?;
        let end = match params.text("page")? {
            Some(page) => page
                .parse()
                .ok()
                .filter(|&end| end <= self.rows.len())
                .ok_or_else(|| ApiError::invalid("Invalid page", Some("page"), None))?,
            None => self.rows.len(),
        };
        let mut rows = (0..end).rev().filter(|&at| self.rows[at].account() == account && keep(&self.rows[at]));
        let page: Vec<usize> = rows.by_ref().take(limit).collect();
        let more = rows.next().is_some();
        let next = page.last().filter(|_| more).map(ToString::to_string);
        let data: Vec<Value> = page.into_iter().map(|at| self.rows[at].render()).collect();
        Ok(json!({ "object": "search_result", "url": url, "has_more": more, "next_page": next, "data": data }))
    }
}

fn page_size(params: &Params) -> Result<usize, ApiError> {
    match params.integer("limit")? {
        None => Ok(10),
        Some(limit @ 1..=100) => Ok(usize::try_from(limit).unwrap_or(10)),
        Some(_) => {
            let message = "Invalid limit: must be between 1 and 100";
            Err(ApiError::invalid(message, Some("limit"), Some("parameter_invalid_integer")))
        }
    }
}
