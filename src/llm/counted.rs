//! A prompt with the tokens it takes, counted once: that takes longer than anything else
//! Deskhand does between finding passages and asking a model.

use super::MESSAGE_TOKENS;
use super::count_tokens;
use crate::prompt::Prompt;

/// A prompt whose tokens are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    prompt: Prompt,
    n_tokens: usize,
}

impl Counted {
    /// Counts. Work for the threads that may work: some 0.1 ms for 1 KB.
    #[must_use]
    pub fn of(prompt: Prompt) -> Counted {
        let schema = prompt.settings.schema.to_string();
        let texts = [prompt.system.as_str(), prompt.user.as_str(), schema.as_str()];
        let asked: usize = texts.iter().map(|it| count_tokens(it) + MESSAGE_TOKENS).sum();
        let n_tokens = asked + prompt.settings.max_tokens;
        Counted { prompt, n_tokens }
    }

    pub fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// Of the prompt and of the longest answer it allows, together.
    pub fn n_tokens(&self) -> usize {
        self.n_tokens
    }

    /// Of the prompt alone.
    pub(super) fn n_asked(&self) -> u64 {
        self.n_tokens.saturating_sub(self.prompt.settings.max_tokens) as u64
    }
}
