//! A disk small enough to fill. Needs the right to mount; without it the test
//! that asked says so and does not run.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// A mounted tmpfs. Unmounted when dropped.
pub(crate) struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` if mounting is refused; standard error says why.
    #[expect(clippy::print_stderr, reason = "a test that does not run must not look like it did")]
    pub(crate) fn mount(size: &str) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "deskhand-test"]);
        let refusal = match mount.arg(folder.path()).output() {
            Ok(output) if output.status.success() => return Some(SmallDisk { folder }),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        eprintln!("NOT RUN: a full disk needs the right to mount a tmpfs: {refusal}");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let mut file = std::fs::File::create(self.folder.path().join("filler")).unwrap();
        let mut size = 64 * 1024;
        while 0 < size {
            // Smaller and smaller pieces, until not one byte fits.
            if file.write_all(&vec![7; size]).is_err() {
                size /= 2;
            }
        }
    }

    /// Gives the room back.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.folder.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.folder.path()).status());
    }
}
