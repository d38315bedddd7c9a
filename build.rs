//! Packs the larger tables that are compiled in, and tells the linker of a release to keep
//! one of several functions whose code is the same: only where Rust brings a linker that
//! can (LLD, on 64-bit Linux since Rust 1.90). Of several equal constants it must not:
//! mimalloc tells its own by their addresses.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment")]

use std::fs;
use std::io;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Unpacked they would be half a megabyte of the program.
const PACKED: [&str; 8] = [
    "config/asking_weights.tsv",
    "config/asking_words.toml",
    "config/closing.toml",
    "config/injection.toml",
    "config/injection_words.tsv",
    "config/stage_words.tsv",
    "config/triage.toml",
    "src/embed/pieces.txt",
];

fn main() -> io::Result<()> {
    let told = |name| std::env::var(name).unwrap_or_default();
    println!("cargo::rerun-if-changed=build.rs");
    if told("PROFILE") == "release" && told("TARGET") == "x86_64-unknown-linux-gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        // Cargo forgets `strip` where a package has an `opt-level` of its own.
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
    for path in PACKED {
        pack(path, &told("OUT_DIR"))?;
    }
    Ok(())
}

/// Where `text::unpacked` finds it: `<file>.z` in the folder.
fn pack(path: &str, folder: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed={path}");
    let name = path.rsplit('/').next().unwrap_or(path);
    let file = fs::File::create(format!("{folder}/{name}.z"))?;
    let mut packed = DeflateEncoder::new(file, Compression::best());
    packed.write_all(&fs::read(path)?)?;
    packed.finish().map(|_| ())
}
