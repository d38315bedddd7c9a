//! The command line. Each command is a file; this one knows their names, the
//! settings they share, and what a shell is answered.

pub mod ask;
pub mod calibrate;
pub mod certificate;
pub mod check;
pub mod connectors;
pub mod decisions;
pub mod demo;
pub mod eval;
pub mod handovers;
pub mod inbox;
pub mod index;
pub mod ingest;
pub mod init;
pub mod label;
pub mod outcomes;
pub mod replay;
pub mod send;
pub mod serve;

use std::io::IsTerminal as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::ensure;
use clap::CommandFactory as _;
use clap::Parser;
use clap::Subcommand;
use clap_complete::Shell;
use tracing_subscriber::EnvFilter;

use crate::app;
use crate::app::App;
use crate::app::Spending;
use crate::clock::Clock;
use crate::config;
use crate::config::Loaded;
use crate::config::LogFormat;
use crate::config::Settings;
use crate::embed::Embedder;
use crate::guarantee;
use crate::index::Index;
use crate::store::Store;
use crate::store::knowledge;

/// A support agent beside your helpdesk: grounded replies, honest silence.
#[derive(Debug, Parser)]
#[command(name = "deskhand", version, about, max_term_width = 100)]
pub struct Cli {
    /// Settings file. Without it: deskhand.toml in the current folder, if there is one.
    #[arg(long, global = true, value_name = "FILE", env = "DESKHAND_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the whole job on a bundled help center: no key, no network, a few seconds
    Demo(demo::DemoArgs),
    /// Runs the service
    Serve(serve::ServeArgs),
    /// Writes a starter settings file for your helpdesks, and says what to paste where
    Init(init::InitArgs),
    /// Validates settings, manifests, stages and prompts together
    Check(check::CheckArgs),
    /// Reads articles and past tickets into the store
    Ingest(ingest::IngestArgs),
    /// Asks one question, and shows the answer with everything behind it
    Ask(ask::AskArgs),
    /// Learns from your past tickets what speaks for an article, and shows what that is worth
    Calibrate(calibrate::CalibrateArgs),
    /// Asks past tickets again and shows what would have come of them, beside what people did
    Replay(replay::ReplayArgs),
    /// Promises about wrong automatic replies: what is allowed, what is missing, a new one
    Certificate(certificate::CertificateArgs),
    /// What people say of drafts: the next to judge, and what was said
    Label(label::LabelArgs),
    /// Measures a step on labelled files, beside a baseline
    Eval(eval::EvalArgs),
    /// What is waiting, what is dead, and trying it again
    Inbox(inbox::InboxArgs),
    /// What was decided and why, and the same decision again
    Decisions(decisions::DecisionsArgs),
    /// What became of customers' cases: confirmed, assumed, reopened, corrected and the others, kept apart
    Outcomes(outcomes::OutcomesArgs),
    /// Conversations that people have, and giving one back
    Handovers(handovers::HandoversArgs),
    /// Switches automatic replies off and on, at once and without a restart
    Send(send::SendArgs),
    /// Manifests of helpdesks: what each can do, whether it is sound, what it would call
    Connectors(connectors::ConnectorsArgs),
    /// The search index: its state, and making it anew
    Index(index::IndexArgs),
    /// Prints a completion script for your shell
    Completions { shell: Shell },
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = std::io::stdout();
    let result = run(cli, &mut out);
    match result {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // The last resort: logging may not be set up yet.
            let mut err = std::io::stderr();
            drop(writeln!(err, "deskhand: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// A reader that has seen enough (`| head`) is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain();
    causes.any(|it| {
        it.downcast_ref::<std::io::Error>()
            .is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

fn run(cli: Cli, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Completions { shell } => {
            // Written at once: what generates them takes no closed pipe.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "deskhand", &mut script);
            out.write_all(&script)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Init(args) => init::run(&args, out).map(|()| ExitCode::SUCCESS),
        Command::Eval(args) => block_on(eval::run(&args, file, out)),
        Command::Connectors(args) => connectors::run(&args, out).map(|()| ExitCode::SUCCESS),
        Command::Demo(args) => {
            start_logging("error", LogFormat::Text);
            block_on(demo::run(&args, out))
        }
        Command::Check(args) => runtime()?.block_on(check::run(&args, file, out)),
        command => {
            let loaded = config::load(file)?;
            start_logging(&loaded.settings.log.filter, loaded.settings.log.format);
            block_on(run_with(command, loaded, out))
        }
    }
}

/// Commands that need settings and a runtime.
async fn run_with(command: Command, loaded: Loaded, out: &mut dyn Write) -> anyhow::Result<()> {
    let settings = loaded.settings;
    match command {
        Command::Serve(args) => {
            let app = App::build(settings, Clock::System)?;
            Box::pin(serve::run(args, app)).await
        }
        Command::Ingest(args) => {
            let library = Library::open(&settings)?;
            // An export that names no brand is for the only connection there is.
            let brand = args.brand.clone().or_else(|| app::only_brand(&settings));
            let args = ingest::IngestArgs { brand, ..args };
            ingest::run(&args, &settings, &library, out).await
        }
        Command::Index(args) => index::run(&args, &Library::open(&settings)?, out).await,
        Command::Calibrate(args) => {
            calibrate::run(&args, &settings, &Library::open(&settings)?, out).await
        }
        Command::Replay(args) => replay::run(&args, settings, out).await,
        Command::Ask(args) => {
            let library = Library::open(&settings)?;
            // What was ingested while no service ran may not be indexed yet.
            ingest::bring_up_to_date(&library).await?;
            let Library { store, index, embedder } = library;
            let spending = Spending::open(&settings, &store, &Clock::System)?;
            let drafter = app::drafter(&settings, spending.purse(), &Clock::System)?;
            let pipeline = app::pipeline(&settings, index, embedder, drafter)?;
            let pipeline = pipeline.taught(app::teams(&store)?);
            let known = store.read(knowledge::brands).await?;
            let brand = args.brand(app::only_brand(&settings), &known)?;
            let (name, version) = app::answering(&settings, &brand)?;
            let context = app::context(&settings, settings.answer.mode, &brand, &version);
            let context = guarantee::licensed(&store, &context, &name).await?;
            let asked = ask::run(&args, &pipeline, &context, &Clock::System, out).await;
            spending.settle().await;
            asked
        }
        Command::Inbox(args) => inbox::run(&args, &existing_store(&settings)?, out).await,
        Command::Decisions(args) => decisions::run(&args, &existing_store(&settings)?, out).await,
        Command::Outcomes(args) => {
            outcomes::run(&args, &existing_store(&settings)?, &Clock::System, out).await
        }
        Command::Handovers(args) => {
            handovers::run(&args, &existing_store(&settings)?, &Clock::System, out).await
        }
        Command::Certificate(args) => {
            certificate::run(&args, &settings, &existing_store(&settings)?, out).await
        }
        Command::Label(args) => {
            label::run(&args, &settings, &existing_store(&settings)?, out).await
        }
        Command::Send(args) => send::run(&args, &existing_store(&settings)?, out).await,
        // Handled before settings were read.
        Command::Demo(_)
        | Command::Init(_)
        | Command::Check(_)
        | Command::Eval(_)
        | Command::Connectors(_)
        | Command::Completions { .. } => Ok(()),
    }
}

/// The knowledge, as commands work with it.
pub struct Library {
    store: Store,
    index: Arc<Index>,
    embedder: Arc<Embedder>,
}

impl Library {
    fn open(settings: &Settings) -> anyhow::Result<Library> {
        let embedder = Arc::new(app::embedder(settings)?);
        let store = app::open_store(settings)?;
        let index = Arc::new(app::open_index(settings, &embedder)?);
        Ok(Library { store, index, embedder })
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(work)?;
    Ok(ExitCode::SUCCESS)
}

/// Opens a store that is there already: a command about what a service did must not make
/// an empty one beside it, and report on that.
///
/// # Errors
/// If there is none in the folder of the settings, or it cannot be used.
fn existing_store(settings: &Settings) -> anyhow::Result<Store> {
    let folder = &settings.store.folder;
    ensure!(
        folder.join("deskhand.db").is_file(),
        "there is no store in {}; name the settings the service runs with by --config or \
         DESKHAND_CONFIG, or its folder by DESKHAND__STORE__FOLDER",
        std::path::absolute(folder).unwrap_or_else(|_| folder.clone()).display()
    );
    app::open_store(settings)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// Logs go to standard error, results to standard output. A panic is logged by
/// its place alone: its message may hold a customer's words.
fn start_logging(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A file is read by people, too: no marks of color in it.
    let builder = if std::io::stderr().is_terminal() { builder } else { builder.with_ansi(false) };
    // A second start in one process (tests) keeps the first.
    drop(match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    });
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked");
    }));
}
