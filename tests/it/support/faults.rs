//! What goes wrong on purpose. A plan is a seed and shares; the same seed asks
//! for the same mishaps in the same order, and is printed when a test fails.

use std::time::Duration;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::SmallRng;

/// How often each mishap happens, as shares of the calls it can happen to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shares {
    /// The write is done, then the connection is cut before an answer.
    pub(crate) done_then_cut: f64,
    /// The write is done, then answered 500.
    pub(crate) done_then_500: f64,
    /// Answered 502 as by a proxy; nothing was done.
    pub(crate) proxy_502: f64,
    /// Answered 429 with `Retry-After: 1`; nothing was done.
    pub(crate) too_many: f64,
    /// Reads that are answered 503 or cut.
    pub(crate) read_fails: f64,
    /// After a read, an agent answers the customer in public.
    pub(crate) agent_steps_in: f64,
    /// After a read, the customer writes again.
    pub(crate) customer_writes_again: f64,
    /// The answer takes a while, see [`Plan::delay`].
    pub(crate) slow: f64,
}

impl Shares {
    /// Nothing goes wrong.
    pub(crate) const CALM: Shares = Shares {
        done_then_cut: 0.0,
        done_then_500: 0.0,
        proxy_502: 0.0,
        too_many: 0.0,
        read_fails: 0.0,
        agent_steps_in: 0.0,
        customer_writes_again: 0.0,
        slow: 0.0,
    };

    /// Three in ten writes go wrong, half of those after the work was done.
    pub(crate) const STORMY: Shares = Shares {
        done_then_cut: 0.08,
        done_then_500: 0.07,
        proxy_502: 0.08,
        too_many: 0.07,
        read_fails: 0.03,
        slow: 0.1,
        ..Shares::CALM
    };
}

/// What happens to one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    DoneThenCut,
    DoneThen500,
    Proxy502,
    TooMany,
}

/// Who writes between our read and whatever we do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meanwhile {
    Nobody,
    Agent,
    Customer,
}

/// Shares and the dice to go with them.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) shares: Shares,
    /// True if a reply is refused (409) whose writer had not read the latest.
    pub(crate) compares_stamps: bool,
    /// True if every write is answered 403: the token may only read.
    pub(crate) may_only_read: bool,
    dice: SmallRng,
}

impl Plan {
    pub(crate) fn new(seed: u64, shares: Shares) -> Plan {
        Plan {
            shares,
            compares_stamps: false,
            may_only_read: false,
            dice: SmallRng::seed_from_u64(seed),
        }
    }

    /// A helpdesk that always does as it is told.
    pub(crate) fn calm() -> Plan {
        Plan::new(0, Shares::CALM)
    }

    pub(crate) fn fate_of_write(&mut self) -> Fate {
        let shares = self.shares;
        let mut left: f64 = self.dice.random_range(0.0..1.0);
        for (share, fate) in [
            (shares.done_then_cut, Fate::DoneThenCut),
            (shares.done_then_500, Fate::DoneThen500),
            (shares.proxy_502, Fate::Proxy502),
            (shares.too_many, Fate::TooMany),
        ] {
            if left < share {
                return fate;
            }
            left -= share;
        }
        Fate::Fine
    }

    pub(crate) fn read_fails(&mut self) -> bool {
        self.dice.random_bool(self.shares.read_fails)
    }

    pub(crate) fn meanwhile(&mut self) -> Meanwhile {
        let roll: f64 = self.dice.random_range(0.0..1.0);
        if roll < self.shares.agent_steps_in {
            Meanwhile::Agent
        } else if roll < self.shares.agent_steps_in + self.shares.customer_writes_again {
            Meanwhile::Customer
        } else {
            Meanwhile::Nobody
        }
    }

    /// How long an answer takes beyond the work itself.
    pub(crate) fn delay(&mut self) -> Duration {
        let millis =
            if self.dice.random_bool(self.shares.slow) { self.dice.random_range(5..80) } else { 0 };
        Duration::from_millis(millis)
    }

    /// A number in `0..bound`, for whoever needs a choice of the same seed.
    pub(crate) fn pick(&mut self, bound: usize) -> usize {
        self.dice.random_range(0..bound.max(1))
    }
}
