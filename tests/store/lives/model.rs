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
}

/// A line of an order.
#[derive(Debug, Clone)]
pub struct Line {
    pub item: String,
    pub variant: usize,
    pub quantity: i64,
    pub shipped: i64,
}

impl Order {
    /// Does it hold what it has not shipped?
    fn holds(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Paid | Stage::Confirmed | Stage::Packed)
    }

    /// How many of a variant it has set aside.
    pub fn reserved(&self, variant: usize) -> i64 {
        let open = |line: &Line| if self.holds() { line.quantity - line.shipped } else { 0 };
        self.lines.iter().filter(|line| line.variant == variant).map(open).sum()
    }

    /// How many of a variant it has taken out.
    pub fn shipped(&self, variant: usize) -> i64 {
        self.lines.iter().filter(|line| line.variant == variant).map(|line| line.shipped).sum()
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
        self.lines.iter().all(|line| line.shipped == line.quantity)
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
