//! What a lossless link has: see `docs/link.md`.

/// Features of a link that can be left out when it is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Frames that arrive damaged are sent again.
    pub retry: bool,
    /// The receiver holds each frame until it has been checked, so that no poisoned copy leaves.
    pub store: bool,
    /// No more is sent than there is room for.
    pub credits: bool,
}

impl Features {
    /// None of them: a plain link.
    pub const PLAIN: Self = Self {
        retry: false,
        store: false,
        credits: false,
    };

    /// Whether positions are sent and reported at all.
    #[must_use]
    pub const fn is_lossless(self) -> bool {
        self.retry || self.credits
    }
}
