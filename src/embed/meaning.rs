//! What a text means, as a direction: alike texts lie close to each other, also where
//! they share no word. Directions of different length never meet.

/// The most numbers a meaning may have. (The largest models in use give 3,072 or 4,096.)
pub const MAX_NUMBERS: usize = 4096;

/// Numbers that one whole number of a column holds.
const PARTS_A_WORD: usize = 8;

/// Such numbers whose signs one number holds.
const WORDS_A_SIGN: usize = 8;

/// What a text means: a direction, each part −127 to 127. A multiple of eight parts:
/// where there are fewer numbers, zeros follow, which turn no direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning(Box<[i8]>);

/// Numbers that are no direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDirection {
    #[error("a vector has {0} numbers; 1 to {MAX_NUMBERS} can be used")]
    Count(usize),
    #[error("a vector holds what is no finite number")]
    NotFinite,
    #[error("a vector is zero")]
    Zero,
}

impl Meaning {
    /// The direction of some numbers, however long they are together.
    ///
    /// # Errors
    /// If there are none or too many of them, one is not finite, or all are zero.
    pub fn from_numbers(numbers: &[f32]) -> Result<Meaning, NoDirection> {
        if numbers.is_empty() || MAX_NUMBERS < numbers.len() {
            return Err(NoDirection::Count(numbers.len()));
        }
        // As f64, so that the square of what f32 can hold is finite too.
        let length = numbers.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>().sqrt();
        if !length.is_finite() {
            return Err(NoDirection::NotFinite);
        }
        if length <= 0.0 {
            return Err(NoDirection::Zero);
        }
        let part = |it: &f32| (f64::from(*it) / length * 127.0).round() as i8;
        let mut parts: Vec<i8> = numbers.iter().map(part).collect();
        parts.resize(parts.len().next_multiple_of(PARTS_A_WORD), 0);
        Ok(Meaning(parts.into()))
    }

    /// How many parts it has.
    #[must_use]
    pub fn n_parts(&self) -> usize {
        self.0.len()
    }

    /// How alike two meanings are: the cosine of the angle between them, −1.0 to
    /// 1.0. Texts about different matters have about 0.1. 0.0 for meanings of
    /// different length: they are of different embedders.
    #[must_use]
    pub fn likeness(&self, other: &Meaning) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        cosine(products(&self.0, &other.0))
    }

    /// As [`Meaning::likeness`] to what [`Meaning::words`] gave, without copying it.
    /// `None` if there are no words: that text means nothing.
    #[must_use]
    pub fn likeness_in(&self, words: impl Iterator<Item = u64>) -> Option<f32> {
        let (own, _) = self.0.as_chunks::<PARTS_A_WORD>();
        let (mut sum, mut n_words) = (0, 0);
        for word in words {
            sum += own.get(n_words).map_or(0, |it| products_in(it, word));
            n_words += 1;
        }
        let likeness = if n_words == own.len() { cosine(sum) } else { 0.0 };
        (0 < n_words).then_some(likeness)
    }

    /// The signs of the parts in what [`Meaning::words`] gave, a bit each, 64 to a number:
    /// alike meanings share most of them. They replace what `signs` holds. Answers how
    /// many parts there are; 0 if that text means nothing.
    pub fn signs_in(words: impl Iterator<Item = u64>, signs: &mut Vec<u64>) -> usize {
        signs.clear();
        let mut n_words = 0;
        for word in words {
            if n_words % WORDS_A_SIGN == 0 {
                signs.push(0);
            }
            let bit = |bits: u64, part: u8| (bits << 1) | u64::from(part >> 7);
            if let Some(last) = signs.last_mut() {
                *last = word.to_le_bytes().iter().copied().fold(*last, bit);
            }
            n_words += 1;
        }
        n_words * PARTS_A_WORD
    }

    /// As [`Meaning::signs_in`], of this one.
    #[must_use]
    pub fn signs(&self) -> Vec<u64> {
        let mut signs = Vec::new();
        Meaning::signs_in(self.words(), &mut signs);
        signs
    }

    /// As whole numbers of eight parts each, for a column of an index.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        let (parts, _) = self.0.as_chunks::<PARTS_A_WORD>();
        parts.iter().map(|it| u64::from_le_bytes(it.map(i8::cast_unsigned)))
    }

    /// As bytes, a part each, for a row of a store.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().map(|it| it.cast_unsigned()).collect()
    }

    /// From what [`Meaning::bytes`] gave. `None` from anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Meaning> {
        let fits = !bytes.is_empty() && bytes.len() <= MAX_NUMBERS;
        let is_whole = bytes.len().is_multiple_of(PARTS_A_WORD);
        let parts = || bytes.iter().map(|it| it.cast_signed()).collect();
        (fits && is_whole).then(|| Meaning(parts()))
    }
}

fn products(one: &[i8], other: &[i8]) -> i32 {
    one.iter().zip(other).map(|(it, other)| i32::from(*it) * i32::from(*other)).sum()
}

/// As [`products`] with the parts of a word, first to last from its lowest byte.
#[inline]
fn products_in(own: &[i8; PARTS_A_WORD], word: u64) -> i32 {
    let parts = word.to_le_bytes();
    let pairs = own.iter().zip(&parts);
    pairs.map(|(it, part)| i32::from(*it) * i32::from(part.cast_signed())).sum()
}

fn cosine(products: i32) -> f32 {
    (products as f32 / (127.0 * 127.0)).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers() -> impl Strategy<Value = Vec<f32>> {
        let n = prop_oneof![1_usize..200, Just(768), Just(1536), Just(MAX_NUMBERS)];
        n.prop_flat_map(|n| proptest::collection::vec(-1.0_f32..1.0, n))
    }

    fn cosine_of(one: &[f32], other: &[f32]) -> f64 {
        let dot = |one: &[f32], other: &[f32]| {
            one.iter().zip(other).map(|(it, other)| f64::from(*it) * f64::from(*other)).sum::<f64>()
        };
        dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
    }

    proptest! {
        #[test]
        fn a_meaning_of_any_length_survives_the_index_and_the_store(numbers in numbers()) {
            let Ok(meaning) = Meaning::from_numbers(&numbers) else { return Ok(()) };
            prop_assert_eq!(meaning.n_parts(), numbers.len().next_multiple_of(8));
            let column: Vec<u8> = meaning.words().flat_map(u64::to_le_bytes).collect();
            prop_assert_eq!(&column, &meaning.bytes());
            prop_assert_eq!(Meaning::from_bytes(&column), Some(meaning.clone()));
            prop_assert!(0.95 < meaning.likeness(&meaning));
            prop_assert_eq!(meaning.likeness_in(meaning.words()), Some(meaning.likeness(&meaning)));
            let signs = meaning.signs();
            prop_assert_eq!(signs.len(), meaning.n_parts().div_ceil(64));
            let n_negative = column.iter().filter(|it| it.cast_signed() < 0).count();
            prop_assert_eq!(signs.iter().map(|it| it.count_ones()).sum::<u32>() as usize, n_negative);
        }

        #[test]
        fn a_byte_a_number_is_enough_to_tell_how_alike_texts_are(
            (one, other) in (96_usize..MAX_NUMBERS).prop_flat_map(|n| {
                let numbers = || proptest::collection::vec(-1.0_f32..1.0, n);
                (numbers(), numbers())
            }),
        ) {
            let meanings = (Meaning::from_numbers(&one), Meaning::from_numbers(&other));
            let (Ok(left), Ok(right)) = meanings else { return Ok(()) };
            let likeness = f64::from(left.likeness(&right));
            prop_assert!((likeness - cosine_of(&one, &other)).abs() < 0.02);
        }
    }

    #[test]
    fn meanings_of_different_embedders_have_nothing_in_common() {
        let short = Meaning::from_numbers(&[1.0; 96]).unwrap();
        let long = Meaning::from_numbers(&[1.0; 384]).unwrap();
        assert_eq!(short.likeness(&long), 0.0);
        assert_eq!(short.likeness_in(long.words()), Some(0.0));
        assert_eq!(long.likeness_in(short.words()), Some(0.0));
        assert_eq!(long.likeness_in(std::iter::empty()), None);
    }

    #[test]
    fn what_is_no_direction_is_refused() {
        for (numbers, expected) in [
            (vec![], NoDirection::Count(0)),
            (vec![1.0; MAX_NUMBERS + 1], NoDirection::Count(MAX_NUMBERS + 1)),
            (vec![1.0, f32::NAN], NoDirection::NotFinite),
            (vec![f32::INFINITY, 1.0], NoDirection::NotFinite),
            (vec![0.0; 8], NoDirection::Zero),
        ] {
            assert_eq!(Meaning::from_numbers(&numbers), Err(expected));
        }
        assert!(Meaning::from_numbers(&[f32::MAX; 8]).is_ok());
        assert_eq!(Meaning::from_bytes(&[1; 7]), None);
    }
}
