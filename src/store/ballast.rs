//! A file that takes room while there is room. When the disk is full it is
//! given up, so that what was begun can still be finished and written down;
//! the door stays closed until it could be laid in again.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

/// Room kept free for finishing.
#[derive(Debug)]
pub struct Ballast {
    file: PathBuf,
    /// 0 keeps no room: the door then closes on a full disk and opens by itself.
    size_bytes: u64,
    in_place: AtomicBool,
}

impl Ballast {
    pub(super) fn new(file: PathBuf, size_bytes: u64) -> Ballast {
        Ballast { file, size_bytes, in_place: AtomicBool::new(true) }
    }

    /// True while new deliveries may be accepted.
    pub fn in_place(&self) -> bool {
        self.in_place.load(Ordering::Relaxed)
    }

    /// Gives the room up. Deliveries are refused from now on.
    pub(super) fn release(&self) {
        self.in_place.store(false, Ordering::Relaxed);
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::debug!(%error, "there was no ballast to give up");
        }
        tracing::error!("the disk is full: deliveries are refused until there is room again");
    }

    /// Lays the file in again, whole or not at all. Call it from time to time:
    /// this is how the door opens by itself once somebody freed space.
    pub fn restore(&self) {
        let have = std::fs::metadata(&self.file).map_or(0, |it| it.len());
        let done = have == self.size_bytes || self.write_whole().is_ok();
        if !done {
            // Half a file would only take the room that finishing needs.
            drop(std::fs::remove_file(&self.file));
        }
        let was_in_place = self.in_place.swap(done, Ordering::Relaxed);
        if done && !was_in_place {
            tracing::info!("there is room on the disk again: deliveries are accepted");
        }
    }

    fn write_whole(&self) -> std::io::Result<()> {
        // Written, not `set_len`: a sparse file takes no room.
        let mut file = std::fs::File::create(&self.file)?;
        let block = [0x5a_u8; 64 << 10];
        let mut left = self.size_bytes;
        while 0 < left {
            let n = left.min(block.len() as u64);
            file.write_all(block.get(..usize::try_from(n).unwrap_or(0)).unwrap_or_default())?;
            left -= n;
        }
        file.sync_all()
    }
}
