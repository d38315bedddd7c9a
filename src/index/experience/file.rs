//! What was learned, as a file beside the index: a copy that can be thrown away
//! and learned again. A file that does not read is as good as none.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

use super::DocumentKey;
use super::Experience;
use super::Wording;

/// Its name in the folder of the index.
pub(super) const NAME: &str = "experience";

/// Begins the file; the number grows when what follows is laid out differently.
const MAGIC: &[u8; 8] = b"DHEXP\0\0\x02";

const HASH_BYTES: usize = 32;

/// What stands before the long lists of numbers, as JSON.
#[derive(Serialize, Deserialize)]
struct Head {
    n_seen: usize,
    likened: Vec<(u64, Vec<(u64, f32)>)>,
    /// By name, in the order in which their lists follow.
    brands: Vec<BrandHead>,
}

#[derive(Serialize, Deserialize)]
struct BrandHead {
    name: String,
    n_tickets: usize,
    articles: Vec<u64>,
    biases: Vec<f32>,
    n_pieces: usize,
}

/// Writes the file in one step: whoever reads it sees the old one or the new one.
pub(super) fn save(experience: &Experience, folder: &Path) -> std::io::Result<()> {
    let mut brands: Vec<(&String, &Wording)> = experience.brands.iter().collect();
    brands.sort_by_key(|(name, _)| *name);
    let mut likened: Vec<(u64, Vec<(u64, f32)>)> = experience
        .likened
        .iter()
        .map(|(ticket, articles)| {
            (ticket.0, articles.iter().map(|(it, how)| (it.0, *how)).collect())
        })
        .collect();
    likened.sort_by_key(|(ticket, _)| *ticket);
    let head = Head {
        n_seen: experience.n_seen,
        likened,
        brands: brands.iter().map(|(name, wording)| wording.head((*name).clone())).collect(),
    };
    let head = serde_json::to_vec(&head)?;
    let mut body = Vec::new();
    body.extend((head.len() as u64).to_le_bytes());
    body.extend(head);
    brands.iter().for_each(|(_, wording)| wording.write(&mut body));
    let whole = folder.join(format!("{NAME}.new"));
    let mut file = File::create(&whole)?;
    file.write_all(MAGIC)?;
    file.write_all(&Sha256::digest(&body))?;
    file.write_all(&body)?;
    file.sync_all()?;
    std::fs::rename(whole, folder.join(NAME))
}

/// Reads the file. `None` if there is none, or it is damaged.
pub(super) fn load(folder: &Path) -> Option<Experience> {
    let bytes = std::fs::read(folder.join(NAME)).ok()?;
    let rest = bytes.strip_prefix(MAGIC)?;
    let (hash, body) = rest.split_at_checked(HASH_BYTES)?;
    if Sha256::digest(body).as_slice() != hash {
        return None;
    }
    let mut reader = Reader(body);
    let n_head = usize::try_from(u64::from_le_bytes(reader.take(8)?.try_into().ok()?)).ok()?;
    let head: Head = serde_json::from_slice(reader.take(n_head)?).ok()?;
    let mut brands = HashMap::new();
    for brand in head.brands {
        let name = brand.name.clone();
        brands.insert(name, Wording::read(brand, &mut reader)?);
    }
    let likened = head.likened.into_iter().map(|(ticket, articles)| {
        let articles = articles.into_iter().map(|(it, how)| (DocumentKey(it), how));
        (DocumentKey(ticket), articles.collect())
    });
    Some(Experience { n_seen: head.n_seen, likened: likened.collect(), brands })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn floats(&mut self, n: usize) -> Option<Vec<f32>> {
        let (floats, _) = self.take(n.checked_mul(4)?)?.as_chunks::<4>();
        Some(floats.iter().map(|it| f32::from_le_bytes(*it)).collect())
    }
}

impl Wording {
    fn head(&self, name: String) -> BrandHead {
        BrandHead {
            name,
            n_tickets: self.n_tickets,
            articles: self.articles.iter().map(|it| it.0).collect(),
            biases: self.biases.clone(),
            n_pieces: self.units.len(),
        }
    }

    fn write(&self, body: &mut Vec<u8>) {
        let mut pieces: Vec<(u32, u64, f32)> =
            self.pieces.iter().map(|(piece, (place, rarity))| (*place, *piece, *rarity)).collect();
        pieces.sort_unstable_by_key(|(place, ..)| *place);
        body.extend(pieces.iter().flat_map(|(_, piece, _)| piece.to_le_bytes()));
        body.extend(pieces.iter().flat_map(|(.., rarity)| rarity.to_le_bytes()));
        body.extend(self.units.iter().flat_map(|it| it.to_le_bytes()));
        body.extend(self.weights.iter().map(|it| it.cast_unsigned()));
    }

    fn read(head: BrandHead, reader: &mut Reader<'_>) -> Option<Wording> {
        let n = head.n_pieces;
        let (names, _) = reader.take(n.checked_mul(8)?)?.as_chunks::<8>();
        let rarities = reader.floats(n)?;
        let units = reader.floats(n)?;
        let weights = reader.take(n.checked_mul(head.articles.len())?)?;
        let places = (0_u32..).zip(names.iter().zip(rarities));
        (head.biases.len() == head.articles.len()).then_some(())?;
        Some(Wording {
            n_tickets: head.n_tickets,
            pieces: places
                .map(|(place, (name, rarity))| (u64::from_le_bytes(*name), (place, rarity)))
                .collect(),
            articles: head.articles.into_iter().map(DocumentKey).collect(),
            biases: head.biases,
            weights: weights.iter().map(|it| it.cast_signed()).collect(),
            units,
        })
    }
}
