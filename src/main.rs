//! Starts Deskhand: reads the command line, answers with an exit code.

use std::process::ExitCode;

// A ticket allocates in many small pieces on several threads; the system's
// allocator took an eighth of `prepare()`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    deskhand::cli::main()
}
