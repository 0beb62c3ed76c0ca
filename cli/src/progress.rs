//! A progress bar on stderr for what takes longer than a moment; none where stderr is not a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time after which the bar appears.
const PATIENCE: Duration = Duration::from_millis(700);

/// Time between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// Shows how far a run is.
pub struct Progress {
    what: &'static str,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Nothing is shown yet. `what` is counted, in plural.
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            started: Instant::now(),
            bar: None,
        }
    }

    /// `done` of `total` is done.
    pub fn update(&mut self, done: u64, total: u64) {
        if self.bar.is_none() && self.started.elapsed() > PATIENCE {
            let style = ProgressStyle::with_template(
                "{bar:40} {human_pos} of {human_len} {msg}, {eta} left",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = Some(
                ProgressBar::new(total)
                    .with_style(style)
                    .with_message(self.what),
            );
        }
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
        }
    }
}

/// Says what is being done where nothing can be counted.
pub struct Spinner(Option<ProgressBar>);

impl Spinner {
    /// Nothing is shown yet.
    pub fn new() -> Self {
        Self(None)
    }

    /// Something else is being done now.
    pub fn say(&mut self, what: &impl std::fmt::Display) {
        let bar = self.0.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(what.to_string());
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
