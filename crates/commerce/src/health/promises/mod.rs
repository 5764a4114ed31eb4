//! What must hold in every store at any time, by what it is about.

mod money;
mod orders;
mod prices;
mod records;
mod stock;
mod waits;

/// How bad it is when a promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Money, goods or records are wrong: somebody looks today.
    Critical,
    /// Something waits longer or fails more often than it should.
    Warning,
}

impl Severity {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

/// What a machine can do about a broken promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Ask the provider how the payment stands, and settle it.
    AskProvider,
    /// End the checkout.
    EndCheckout,
    /// Sum up the order's refunds.
    RecountRefunds,
    /// Sum up the payment's refunds.
    RecountPayment,
    /// Put the goods of the refund back.
    Restock,
    /// Put the events on their way again.
    TellAgain,
    /// Process the provider's messages that were kept.
    ReadMessages,
}

/// Something that holds.
#[derive(Debug)]
pub struct Promise {
    /// Its name for scripts and metrics; never changes.
    pub code: &'static str,
    /// What it says.
    pub says: &'static str,
    /// How bad it is when it is broken.
    pub severity: Severity,
    /// What a person does then.
    pub todo: &'static str,
    /// What a machine can do then.
    pub repair: Option<Repair>,
    /// So many that break it are still fine.
    pub bearable: usize,
    /// Finds what breaks it: one column of text, mostly an id. Runs in the store's schema, in a transaction that may
    /// only read, and sees no other schema.
    pub query: &'static str,
}

impl Promise {
    /// What a promise is when its entry does not say otherwise.
    const USUAL: Self = Self {
        code: "",
        says: "",
        severity: Severity::Critical,
        todo: "do not mend it by hand: keep the database as it is, and report it with the examples",
        repair: None,
        bearable: 0,
        query: "",
    };
}

/// What must hold at any time.
pub fn promises() -> impl Iterator<Item = &'static Promise> {
    [stock::PROMISES, orders::PROMISES, money::PROMISES, prices::PROMISES, records::PROMISES].into_iter().flatten()
}

/// What may be otherwise for a while, and not for long.
pub fn signs() -> impl Iterator<Item = &'static Promise> {
    waits::SIGNS.iter()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_promise_has_a_name_of_its_own_and_says_something() {
        let mut codes = BTreeSet::new();
        for promise in promises().chain(signs()) {
            assert!(codes.insert(promise.code), "{} stands there twice", promise.code);
            assert!(promise.code.contains('.') && !promise.says.is_empty() && !promise.todo.is_empty());
            assert!(promise.query.starts_with("select ") || promise.query.starts_with("with "), "{}", promise.code);
        }
    }
}
