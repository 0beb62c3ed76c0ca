//! External programs: where they are, how they are run, and the folders that keep what they have built.
//!
//! ```text
//!   content --hash--> <cache>/<name>-<hash>   there: taken as it is
//!                                             not there: filled under another name, renamed when it is complete
//! ```

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

/// Lines of a tool's output that an error quotes; compilers can say much more.
const QUOTED_LINES: usize = 40;

/// Why a tool did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The tool is not installed.
    #[error("{tool} is not found: run scripts/setup, or set {variable}")]
    Missing {
        /// What it is called.
        tool: &'static str,
        /// The environment variable that names another one.
        variable: &'static str,
    },
    /// A tool failed.
    #[error("{what}: {tool} failed:\n{output}")]
    Failed {
        /// What it worked on.
        what: String,
        /// The tool and what it was to do.
        tool: String,
        /// What it said, its beginning if that is long.
        output: String,
    },
    /// A file could not be written or read, or a tool not started.
    #[error("cannot use {path}")]
    Io {
        /// The file or tool.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Where programs are looked for, in order: `$LIGHTSWITCH_VENV/bin`, `.venv/bin` of the folder one is in or of one above
/// it, that of the workspace this program was built in, `PATH`.
#[must_use]
pub fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("LIGHTSWITCH_VENV")
        .map(|venv| PathBuf::from(venv).join("bin"))
        .into_iter()
        .collect();
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    for start in [here, program].into_iter().flatten() {
        let venv = start
            .ancestors()
            .map(|folder| folder.join(".venv/bin"))
            .find(|folder| folder.is_dir());
        folders.extend(venv);
    }
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    folders
}

/// Where `program`, a name or a path, is: the first of [`folders`] that has it.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    folders()
        .iter()
        .map(|folder| folder.join(program))
        .find(|path| is_program(path))
}

/// The program that the environment variable names, and the arguments there; without one `default`.
#[must_use]
pub fn command_of(variable: &str, default: &str) -> (String, Vec<String>) {
    let named = std::env::var(variable).unwrap_or_default();
    let mut words = named.split_whitespace().map(String::from);
    let program = words.next().unwrap_or_else(|| default.into());
    (program, words.collect())
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Whether `LIGHTSWITCH_REQUIRE_TOOLS` makes a missing tool an error where a check would be skipped.
#[must_use]
pub fn are_required() -> bool {
    std::env::var("LIGHTSWITCH_REQUIRE_TOOLS").is_ok_and(|wanted| wanted == "1")
}

/// Runs `tool` on `what`.
///
/// # Errors
/// [`ToolError::Failed`] with what it said, [`ToolError::Io`] if it cannot be started.
pub fn run(command: &mut Command, what: &str, tool: &str) -> Result<Output, ToolError> {
    let output = command.output().map_err(io(Path::new(tool)))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Err(ToolError::Failed {
        what: what.into(),
        tool: tool.into(),
        output: quoted(&said),
    })
}

/// The beginning of `said`, and how much is left out.
fn quoted(said: &str) -> String {
    let lines: Vec<&str> = said.trim_end().lines().collect();
    let mut text = lines[..lines.len().min(QUOTED_LINES)].join("\n");
    if lines.len() > QUOTED_LINES {
        let _ = write!(text, "\n... and {} lines more", lines.len() - QUOTED_LINES);
    }
    text
}

/// The folder for what is built: `$CARGO_TARGET_DIR`, or the workspace's `target`, or where the workspace is no longer
/// there `~/.cache/lightswitch`.
#[must_use]
pub fn target_folder() -> PathBuf {
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
        return target.into();
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match std::env::home_dir() {
        Some(home) if !workspace.is_dir() => home.join(".cache/lightswitch"),
        _ => workspace.join("target"),
    }
}

/// One tool at a time in a process: the machine has other work.
static WORKING: Mutex<()> = Mutex::new(());

/// The folder below `cache` that `fill` makes of `content`, made only if it is not there yet. It gets its name when it
/// is complete, so that a broken run leaves nothing to be taken for whole.
///
/// # Errors
/// Those of `fill`, and [`ToolError::Io`].
pub fn prepared<E: From<ToolError>>(
    cache: &Path,
    content: &[&str],
    name: &str,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<PathBuf, E> {
    let folder = cache.join(format!(
        "{name}-{:016x}",
        hash(content.join("\u{0}").as_bytes())
    ));
    let _one = WORKING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if folder.exists() {
        return Ok(folder);
    }
    let building = folder.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&building).map_err(io(&building))?;
    if let Err(error) = fill(&building) {
        std::fs::remove_dir_all(&building).map_err(io(&building))?;
        return Err(error);
    }
    match std::fs::rename(&building, &folder) {
        // Another process was quicker.
        Err(_) if folder.exists() => std::fs::remove_dir_all(&building).map_err(io(&building))?,
        done => done.map_err(io(&folder))?,
    }
    Ok(folder)
}

/// What the system says about `path`.
pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> ToolError {
    let path = path.display().to_string();
    move |source| ToolError::Io { path, source }
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test
mod tests {
    use super::*;

    fn cache(name: &str) -> PathBuf {
        let process = std::process::id();
        std::env::temp_dir().join(format!("lightswitch-tools-{name}-{process}"))
    }

    #[test]
    fn prepares_each_content_once_and_nothing_half() {
        let cache = cache("prepared");
        let fill = |content: &str, good: bool| {
            let mut ran = false;
            let result = prepared(&cache, &[content], "it", |folder| {
                ran = true;
                std::fs::write(folder.join("part"), content).map_err(io(folder))?;
                if good {
                    return Ok(());
                }
                Err(ToolError::Missing {
                    tool: "a tool",
                    variable: "TOOL",
                })
            });
            (result, ran)
        };
        assert!(fill("a", false).0.is_err());
        let (first, ran) = fill("a", true);
        assert!(ran, "a broken run leaves nothing");
        let (again, ran) = fill("a", false);
        assert!(!ran && first.unwrap() == again.unwrap());
        let (other, ran) = fill("b", true);
        assert!(ran);
        assert_eq!(std::fs::read(other.unwrap().join("part")).unwrap(), b"b");
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 2);
        std::fs::remove_dir_all(&cache).unwrap();
    }

    #[test]
    fn quotes_the_beginning_of_what_a_tool_says() {
        let command = "echo said; echo more >&2; exit 3";
        let mut shell = Command::new("sh");
        let error = run(shell.args(["-c", command]), "the core", "sh").unwrap_err();
        assert_eq!(error.to_string(), "the core: sh failed:\nsaid\nmore");
        let error = run(&mut Command::new("no-such-tool"), "the core", "it").unwrap_err();
        assert!(matches!(error, ToolError::Io { .. }), "{error}");
        let long = quoted(&"line\n".repeat(QUOTED_LINES + 2));
        assert!(long.ends_with("line\n... and 2 lines more"), "{long}");
    }

    #[test]
    fn finds_programs_and_no_others() {
        let shell = find("sh").unwrap();
        assert!(shell.ends_with("sh"));
        assert_eq!(find(shell.to_str().unwrap()), Some(shell));
        assert_eq!(find("no-such-tool"), None);
        let default = ("c++".to_string(), Vec::new());
        assert_eq!(command_of("NO_SUCH_VARIABLE", "c++"), default);
    }
}
