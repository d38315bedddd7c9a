//! Embedders differ in how alike they call texts that have nothing in common: some say
//! 0.0, some 0.8. A few such texts tell, and what is asked is compared on one scale.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use super::meaning::Meaning;

/// Texts about different matters, as different as support has them.
pub const UNLIKE: [&str; 8] = [
    "How to reset a forgotten password.",
    "Parcels arrive within three working days.",
    "The battery lasts ten hours when the screen is dim.",
    "Breakfast is served in the garden room until ten.",
    "Invoices can be downloaded as PDF files.",
    "Clean the filter with warm water once a month.",
    "Our office in Lisbon is closed on public holidays.",
    "The library supports Python and JavaScript.",
];

/// What the likeness of texts about different matters is seen as: the built-in table
/// calls them so, and all weights were learned with it.
const SEEN_AS: f32 = 0.1;

/// An embedder that calls everything more alike than this tells too little to be
/// stretched further.
const MOST: f32 = 0.9;

/// How alike an embedder calls texts about different matters; not known at first.
#[derive(Debug)]
pub struct Scale(AtomicU32);

impl Default for Scale {
    fn default() -> Scale {
        Scale(AtomicU32::new(f32::NAN.to_bits()))
    }
}

impl Scale {
    /// The mean over all pairs. `None` before it was measured.
    pub fn unlike(&self) -> Option<f32> {
        let unlike = f32::from_bits(self.0.load(Ordering::SeqCst));
        (!unlike.is_nan()).then_some(unlike)
    }

    /// Measures it by what [`UNLIKE`] means. Left as it is by fewer than two meanings.
    pub fn measure(&self, meanings: &[&Meaning]) {
        let pairs = meanings.iter().enumerate().flat_map(|(idx, one)| {
            meanings.iter().skip(idx + 1).map(|other| one.likeness(other)).collect::<Vec<_>>()
        });
        let pairs: Vec<f32> = pairs.collect();
        if !pairs.is_empty() {
            let mean = pairs.iter().sum::<f32>() / pairs.len() as f32;
            self.0.store(mean.clamp(0.0, MOST).to_bits(), Ordering::SeqCst);
        }
    }
}

/// A meaning that others are compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    meaning: Meaning,
    /// As [`Scale::unlike`]; `None`: likeness is taken as it is.
    unlike: Option<f32>,
}

impl Sought {
    pub fn new(meaning: Meaning, unlike: Option<f32>) -> Sought {
        Sought { meaning, unlike }
    }

    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// How alike something is, by what [`Meaning::words`] gave of it: 1.0 for the same,
    /// about 0.1 for another matter, whatever the embedder calls it; `None` if it means
    /// nothing.
    #[must_use]
    pub fn likeness_in(&self, words: impl Iterator<Item = u64>) -> Option<f32> {
        let likeness = self.meaning.likeness_in(words)?;
        let Some(unlike) = self.unlike else { return Some(likeness) };
        Some(SEEN_AS + (likeness - unlike) * (1.0 - SEEN_AS) / (1.0 - unlike))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meanings that are as alike as said, each to each: a part in common, a part alone.
    fn alike(likeness: f32) -> Vec<Meaning> {
        let numbers = |idx: usize| {
            let mut numbers = [0.0; 16];
            numbers[0] = likeness.sqrt();
            numbers[idx + 1] = (1.0 - likeness).sqrt();
            Meaning::from_numbers(&numbers).unwrap()
        };
        (0..UNLIKE.len()).map(numbers).collect()
    }

    #[test]
    fn what_has_nothing_in_common_is_as_unlike_for_every_embedder() {
        for unlike in [0.0, 0.1, 0.5, 0.8] {
            let scale = Scale::default();
            assert_eq!(scale.unlike(), None);
            let meanings = alike(unlike);
            scale.measure(&meanings.iter().collect::<Vec<_>>());
            let sought = Sought::new(meanings[0].clone(), scale.unlike());
            let other = sought.likeness_in(meanings[1].words()).unwrap();
            let same = sought.likeness_in(meanings[0].words()).unwrap();
            assert!((other - SEEN_AS).abs() < 0.05, "{unlike}: {other}");
            assert!((same - 1.0).abs() < 0.05, "{unlike}: {same}");
        }
    }

    #[test]
    fn an_embedder_that_tells_nothing_apart_is_not_stretched_to_infinity() {
        let scale = Scale::default();
        let meanings = alike(1.0);
        scale.measure(&meanings.iter().collect::<Vec<_>>());
        let sought = Sought::new(meanings[0].clone(), scale.unlike());
        assert!(sought.likeness_in(meanings[1].words()).unwrap().is_finite());
        assert_eq!(scale.unlike(), Some(MOST));
    }
}
