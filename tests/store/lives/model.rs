//! What must be true of the orders of a life. Pure.

/// How far an order has got, as the store knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waits for the provider's word.
    Waiting,
    Paid,
    /// Cash on delivery.
    Confirmed,
    Packed,
    Shipped,
    Delivered,
    Cancelled,
    Failed,
}

/// An order of a life.
#[derive(Debug, Clone)]
pub struct Order {
    /// By card? Else cash.
    pub card: bool,
    /// Variant, quantity, how many have left.
    pub lines: Vec<Line>,
    pub total_minor: i64,
    pub stage: Stage,
    /// Has the provider the money? It may know before the store does.
    pub charged: bool,
    /// What has been asked back.
    pub refunds_minor: i64,
    /// Minutes that have passed since it was made.
    pub age: i32,
}

/// A line of an order.
#[derive(Debug, Clone)]
pub struct Line {
    pub item: String,
    pub variant: usize,
    pub quantity: i64,
    pub price_minor: i64,
    pub shipped: i64,
    /// Asked back, by line.
    pub refunded: i64,
    /// No longer set aside, because its money went back.
    pub released: i64,
    /// In the store room again.
    pub returned: i64,
}

impl Line {
    /// Set aside, and neither gone nor given back.
    pub fn open(&self) -> i64 {
        self.quantity - self.shipped - self.released
    }

    /// The money of so many has gone back, and so do they: first what has not left.
    fn restock(&mut self, quantity: i64) {
        let released = quantity.min(self.open());
        let returned = (quantity - released).min(self.shipped - self.returned);
        self.released += released;
        self.returned += returned;
    }
}

impl Order {
    /// Does it hold what it has not shipped?
    fn holds(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Paid | Stage::Confirmed | Stage::Packed)
            && self.refunds_minor < self.total_minor
    }

    /// How many of a variant it has set aside.
    pub fn reserved(&self, variant: usize) -> i64 {
        let open = |line: &Line| if self.holds() { line.open() } else { 0 };
        self.lines.iter().filter(|line| line.variant == variant).map(open).sum()
    }

    /// How many of a variant it has taken out for good.
    pub fn shipped(&self, variant: usize) -> i64 {
        self.lines.iter().filter(|line| line.variant == variant).map(|line| line.shipped - line.returned).sum()
    }

    /// What the store has of its money.
    fn captured(&self) -> bool {
        let known = !matches!(self.stage, Stage::Waiting | Stage::Failed);
        if self.card { self.charged && known } else { self.stage == Stage::Delivered }
    }

    /// What can still be asked back.
    pub fn rest_minor(&self) -> i64 {
        if self.captured() { self.total_minor - self.refunds_minor } else { 0 }
    }

    /// The provider's word is heard.
    pub fn hear(&mut self) {
        if self.stage == Stage::Waiting && self.charged {
            self.stage = Stage::Paid;
        }
    }

    /// Somebody, or the time, calls the purchase off before it is paid.
    pub fn call_off(&mut self, end: Stage) {
        if self.stage == Stage::Waiting {
            self.stage = if self.charged { Stage::Paid } else { end };
        }
    }

    /// May staff cancel it?
    pub fn cancellable(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Paid | Stage::Confirmed)
    }

    /// Staff cancels it: what was paid goes back.
    pub fn cancel(&mut self) {
        if self.card && self.charged {
            self.refunds_minor = self.total_minor;
        }
        self.stage = Stage::Cancelled;
    }

    /// Everything has left?
    pub fn all_shipped(&self) -> bool {
        self.lines.iter().all(|line| line.open() == 0)
    }

    /// Staff may send something off, or note that the rest was given back.
    pub fn shippable(&self) -> bool {
        self.stage == Stage::Packed && self.lines.iter().any(|line| line.open() > 0 || line.shipped > 0)
    }

    /// So many of a line are asked back, and their money has gone.
    pub fn refund_line(&mut self, n: usize, quantity: i64, restock: bool) {
        let line = &mut self.lines[n];
        self.refunds_minor += quantity * line.price_minor;
        line.refunded += quantity;
        if restock {
            line.restock(quantity);
        }
    }

    /// What people see once all refunds are done.
    pub fn status(&self) -> &'static str {
        if self.refunds_minor > 0 {
            return if self.refunds_minor == self.total_minor { "refunded" } else { "partially_refunded" };
        }
        match self.stage {
            Stage::Waiting => "awaiting_payment",
            Stage::Paid => "paid",
            Stage::Confirmed => "confirmed",
            Stage::Packed => "packed",
            Stage::Shipped => "shipped",
            Stage::Delivered => "delivered",
            Stage::Cancelled => "cancelled",
            Stage::Failed => "failed",
        }
    }
}
