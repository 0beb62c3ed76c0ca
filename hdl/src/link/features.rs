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

    /// Retry and credits: no frame is lost, and none waits for its check.
    pub const LOSSLESS: Self = Self {
        retry: true,
        store: false,
        credits: true,
    };

    /// Whether positions are sent and reported at all.
    #[must_use]
    pub const fn is_lossless(self) -> bool {
        self.retry || self.credits
    }

    /// Checks that a block whose generics hold `lossless` parts for them is built with these features.
    ///
    /// # Panics
    /// If `lossless` is not 1 with retry or credits and 0 without.
    pub const fn check(self, lossless: usize) {
        assert!(
            lossless == self.is_lossless() as usize,
            "LOSSLESS is 1 with retry or credits, 0 without"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_is_the_plain_link() {
        assert_eq!(Features::default(), Features::PLAIN);
        assert!(!Features::PLAIN.is_lossless());
        Features::LOSSLESS.check(1);
        Features::PLAIN.check(0);
    }

    #[test]
    #[should_panic(expected = "LOSSLESS is 1")]
    fn refuses_generics_of_another_link() {
        Features::LOSSLESS.check(0);
    }
}
