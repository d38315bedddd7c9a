//! Tells the linker of a release to keep one of several functions whose code is the same.
//! Only where Rust brings a linker that can (LLD, on 64-bit Linux since Rust 1.90).
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment")]

fn main() {
    let told = |name| std::env::var(name).unwrap_or_default();
    println!("cargo::rerun-if-changed=build.rs");
    if told("PROFILE") == "release" && told("TARGET") == "x86_64-unknown-linux-gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}
