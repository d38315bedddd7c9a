//! What asking models costs: the tokens of each call at its model's price, whatever
//! came of it. What is given up while it is under way has been read, and counts.

use std::fmt;
use std::sync::Mutex;

use serde::Deserialize;
use serde::Serialize;

use super::Purse;

/// The most tokens one call is believed to have used: more than any model reads. An
/// endpoint that counts beyond all bounds must not break the sums. Guessed.
const MAX_TOKENS: u64 = 10_000_000;

/// Millionths of a dollar in one.
pub(super) const MICROS: f64 = 1_000_000.0;

/// What a model read and wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    pub prompt: u64,
    pub answer: u64,
}

/// What a million tokens cost, in US dollars. Not negative.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Price {
    pub prompt_usd: f64,
    pub answer_usd: f64,
}

impl Price {
    /// In millionths of a US dollar, rounded up.
    pub fn of(self, tokens: Tokens) -> u64 {
        let tokens = [tokens.prompt, tokens.answer].map(|it| it.min(MAX_TOKENS) as f64);
        // A dollar for a million tokens is a millionth of a dollar for one.
        let cost = tokens[0] * self.prompt_usd + tokens[1] * self.answer_usd;
        // What is not a number becomes 0, which settings do not let come to be.
        cost.ceil() as u64
    }
}

/// What models read and wrote for one ticket, and what that cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Calls that were answered, or given up while a model may have been at work.
    pub n_calls: u32,
    pub prompt_tokens: u64,
    pub answer_tokens: u64,
    /// Millionths of a US dollar. 0 where the settings name no price.
    pub usd_micros: u64,
}

impl Spent {
    /// Both together.
    pub(super) fn and(self, other: Spent) -> Spent {
        Spent {
            n_calls: self.n_calls.saturating_add(other.n_calls),
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            answer_tokens: self.answer_tokens.saturating_add(other.answer_tokens),
            usd_micros: self.usd_micros.saturating_add(other.usd_micros),
        }
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spent { n_calls, prompt_tokens, answer_tokens, usd_micros } = self;
        let usd = *usd_micros as f64 / MICROS;
        let calls = if *n_calls == 1 { "call" } else { "calls" };
        write!(
            f,
            "${usd:.6} for {n_calls} {calls}: {prompt_tokens} tokens read, {answer_tokens} written"
        )
    }
}

/// What one ticket spends on one model, while it does.
#[derive(Debug)]
pub(super) struct Bill<'a> {
    purse: &'a Purse,
    price: Price,
    /// Of the prompt, as we count them.
    n_prompt_tokens: u64,
    spent: Mutex<Spent>,
}

impl<'a> Bill<'a> {
    pub(super) fn new(purse: &'a Purse, price: Price, n_prompt_tokens: u64) -> Bill<'a> {
        Bill { purse, price, n_prompt_tokens, spent: Mutex::default() }
    }

    /// True if there is no money for another call today.
    pub(super) fn is_out_of_money(&self) -> bool {
        self.purse.is_empty()
    }

    /// A call that begins now.
    pub(super) fn begin(&self) -> OpenCall<'_> {
        OpenCall { bill: self, tokens: self.of_answer(0) }
    }

    /// The tokens of a call whose endpoint does not count.
    pub(super) fn of_answer(&self, n_tokens: usize) -> Tokens {
        let answer = u64::try_from(n_tokens).unwrap_or(u64::MAX);
        Tokens { prompt: self.n_prompt_tokens, answer }
    }

    /// Of all calls so far.
    pub(super) fn spent(&self) -> Spent {
        *self.spent.lock().unwrap_or_else(|it| it.into_inner())
    }
}

/// A call under way. Dropped before it ended, it was given up.
#[derive(Debug)]
pub(super) struct OpenCall<'a> {
    bill: &'a Bill<'a>,
    tokens: Tokens,
}

impl OpenCall<'_> {
    /// So much has been written; it costs that if it is given up now.
    pub(super) fn so_far(&mut self, tokens: Tokens) {
        self.tokens = tokens;
    }

    /// It was answered.
    pub(super) fn answered(mut self, tokens: Tokens) {
        self.tokens = tokens;
    }

    /// It was turned down or broke off: nobody charges for that.
    pub(super) fn failed(mut self) {
        self.tokens = Tokens::default();
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        if self.tokens == Tokens::default() {
            return;
        }
        let usd_micros = self.bill.price.of(self.tokens);
        let Tokens { prompt: prompt_tokens, answer: answer_tokens } = self.tokens;
        let spent = Spent { n_calls: 1, prompt_tokens, answer_tokens, usd_micros };
        let mut sum = self.bill.spent.lock().unwrap_or_else(|it| it.into_inner());
        *sum = sum.and(spent);
        self.bill.purse.add(usd_micros);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price { prompt_usd: 2.5, answer_usd: 10.0 };

    #[test]
    fn a_call_costs_its_tokens_at_their_price() {
        for (prompt, answer, usd_micros) in
            [(1_000_000, 1_000_000, 12_500_000), (1_000, 100, 3_500), (1, 0, 3), (0, 0, 0)]
        {
            assert_eq!(PRICE.of(Tokens { prompt, answer }), usd_micros, "{prompt} and {answer}");
        }
        assert_eq!(Price::default().of(Tokens { prompt: 5, answer: 5 }), 0, "a model of one's own");
    }

    #[test]
    fn an_endpoint_that_counts_beyond_all_bounds_is_believed_up_to_one() {
        let all = Tokens { prompt: u64::MAX, answer: u64::MAX };
        assert_eq!(PRICE.of(all), 125_000_000);
    }
}
