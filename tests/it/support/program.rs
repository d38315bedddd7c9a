//! The real program as a child process, with a folder of its own that outlives
//! it: started, killed, frozen and started again, as operators and power cuts do.

use std::fs::File;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;
use std::time::Instant;

use deskhand::app::App;
use deskhand::ingest;
use deskhand::ingest::Missing;
use walkdir::WalkDir;

use crate::support::articles;
use crate::support::helpdesk::TOKEN;
use crate::support::history::Stored;
use crate::support::sender::CONNECTION;
use crate::support::sender::SECRET;

/// How long a start may take. A debug build on a busy machine needs seconds.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Settings of the tests: no waiting where waiting is not the point, and every
/// draft goes out, so that as many replies as possible can go wrong.
const SETTINGS: &str = r#"
[store]
ballast_bytes = 65536
[inbox]
quiet_chat_s = 0.0
quiet_mail_s = 0.0
[worker]
lease_s = 5
max_attempts = 100
settle_s = 1
[sweep]
every_s = 5
[answer]
mode = "autopilot"
threshold = "uncertified"
suggest_from = 0.0
send_from = 0.0
grounded_from = 0.0
max_in_a_row = 20
max_per_conversation = 100
max_per_day = 1000000
[log]
filter = "warn,deskhand=info"
"#;

/// A folder with settings, a help center and a store.
pub(crate) struct House {
    folder: tempfile::TempDir,
    /// Where the store is; in the folder, unless a test wants a disk of its own.
    store: PathBuf,
    helpdesk_url: String,
}

impl House {
    /// Furnishes a house for this helpdesk: settings written, articles ingested.
    pub(crate) fn furnish(helpdesk_url: &str, extra: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("data");
        House::furnish_in(folder, store, helpdesk_url, extra)
    }

    /// As [`House::furnish`], with the store somewhere else.
    pub(crate) fn furnish_in(
        folder: tempfile::TempDir,
        store: PathBuf,
        helpdesk_url: &str,
        extra: &str,
    ) -> House {
        let house = House { folder, store, helpdesk_url: helpdesk_url.to_owned() };
        articles::write(&house.folder.path().join("help"));
        house.write_secrets();
        house.set(extra);
        house.command(&["ingest", "--brand", CONNECTION, "help"]);
        house
    }

    /// A house as furnished as the first one of this process, without the wait.
    pub(crate) fn copy(helpdesk_url: &str) -> House {
        static FIRST: OnceLock<House> = OnceLock::new();
        let first = FIRST.get_or_init(|| House::furnish("http://127.0.0.1:9", ""));
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("data");
        for entry in WalkDir::new(&first.store).into_iter().map(Result::unwrap) {
            let place = store.join(entry.path().strip_prefix(&first.store).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(place).unwrap();
            } else {
                std::fs::copy(entry.path(), place).unwrap();
            }
        }
        let house = House { folder, store, helpdesk_url: helpdesk_url.to_owned() };
        house.write_secrets();
        house.set("");
        house
    }

    fn write_secrets(&self) {
        for (file, secret) in [("token", TOKEN), ("secret", SECRET)] {
            std::fs::write(self.folder.path().join(file), secret).unwrap();
        }
    }

    /// Writes the settings anew: those of all tests, then `extra`.
    pub(crate) fn set(&self, extra: &str) {
        let mut settings: toml::Table = SETTINGS.parse().unwrap();
        let connection = format!(
            "store.folder = '{}'\n[connections.{CONNECTION}]\nhelpdesk = 'generic'\nquiet_s = 0.0\n\
             [connections.{CONNECTION}.config]\nurl = '{}'\nagent_id = 'deskhand'\n\
             [connections.{CONNECTION}.secrets]\napi_token = {{ file = '{folder}/token' }}\n\
             webhook_secret = {{ file = '{folder}/secret' }}\n",
            self.store.display(),
            self.helpdesk_url,
            folder = self.folder.path().display(),
        );
        for more in [connection.as_str(), extra] {
            let more: toml::Table = more.parse().unwrap();
            lay_over(&mut settings, more);
        }
        std::fs::write(self.settings_file(), settings.to_string()).unwrap();
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.folder.path().join("deskhand.toml")
    }

    /// Runs one command of the program to its end and answers what it printed.
    #[track_caller]
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output = self.program(&[]).args(arguments).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {printed}{complaint}");
        printed
    }

    /// The program, or a tool that runs it.
    fn program(&self, under: &[&str]) -> Command {
        let binary = env!("CARGO_BIN_EXE_deskhand");
        let mut command = match under {
            [] => Command::new(binary),
            [tool, arguments @ ..] => {
                let mut command = Command::new(tool);
                command.args(arguments).arg(binary);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }

    /// Starts the service and waits until it is ready.
    #[track_caller]
    pub(crate) fn start(&self) -> Running {
        let mut running = self.start_under(&[]);
        assert!(running.wait_until_ready(), "never became ready:\n{}", self.log());
        running
    }

    /// Starts the service under a tool, on a port of its own. It may be dead
    /// before it is ready: that is for the caller to find out.
    pub(crate) fn start_under(&self, tool: &[&str]) -> Running {
        let port = free_port();
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let child = self
            .program(tool)
            .arg("serve")
            .env("DESKHAND__SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{tool:?}: {error}"));
        Running { child, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    /// What is stored now.
    pub(crate) fn stored(&self) -> Stored {
        Stored::read(&self.store).unwrap()
    }

    /// Where its settings and its sources are.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn store_folder(&self) -> &std::path::Path {
        &self.store
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The end of what all processes of this house have logged.
    pub(crate) fn log(&self) -> String {
        let text = std::fs::read(self.log_file()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// Later values beat earlier ones; tables are merged.
fn lay_over(settings: &mut toml::Table, more: toml::Table) {
    for (name, value) in more {
        match (settings.get_mut(&name), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (_, value) => drop(settings.insert(name, value)),
        }
    }
}

/// A running service. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// False if it ended, or took longer than is right.
    pub(crate) fn wait_until_ready(&mut self) -> bool {
        let deadline = Instant::now() + START_DEADLINE;
        while Instant::now() < deadline {
            if self.has_ended() {
                return false;
            }
            if self.says("/readyz").is_ok_and(|it| it.starts_with("HTTP/1.1 200")) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// What it answers to a GET, head and body as one text.
    pub(crate) fn says(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: deskhand\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// kill -9: no destructor runs, nothing is flushed.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends a tool and the service it runs: a tool that dies alone would leave
    /// the service behind, frozen.
    pub(crate) fn end_with_children(mut self) {
        let path = format!("/proc/{0}/task/{0}/children", self.pid());
        let children = std::fs::read_to_string(path).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|it| it.parse().ok()) {
            drop(Command::new("kill").arg("-KILL").arg(u32::to_string(&child)).status());
        }
        drop(self.child.wait());
    }

    /// Asks it to stop; answers how it ended and how long that took.
    pub(crate) fn terminate(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        signal(self.pid(), "TERM");
        (self.child.wait().unwrap(), began.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Serves the routes of an app in this process, on a port of its own; its worker does
/// not run. The index is brought up to the store first.
pub(crate) async fn serve(app: &Arc<App>) -> SocketAddr {
    let App { index, store, embedder, .. } = &**app;
    ingest::catch_up(index, store, embedder, Missing::Leave, |_, _| {}).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = deskhand::server::routes(Arc::clone(app));
    let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

/// Sends a signal by name to one process.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
    assert!(status.unwrap().success(), "kill -{name} {pid}");
}

/// A port nobody listens on right now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
