//! The shared library of a design: the only unsafe code.

#![allow(
    unsafe_code,
    reason = "the Verilog is C++ by now; each use says why it is sound"
)]

use std::ffi::c_void;
use std::path::Path;
use std::ptr::NonNull;

use libloading::Library;

use crate::Error;

type Sizes = unsafe extern "C" fn(sizes: *mut u64);
type New = unsafe extern "C" fn() -> *mut c_void;
type Free = unsafe extern "C" fn(model: *mut c_void);
type Set = unsafe extern "C" fn(model: *mut c_void, words: *const u64);
type Cycle = unsafe extern "C" fn(model: *mut c_void, driven: *const u64, sampled: *mut u64);

/// A model of the design, and the library that its code is in.
pub struct Model {
    handle: NonNull<c_void>,
    /// Words that the library reads and writes: settings, driven, sampled.
    sizes: [usize; 3],
    set: Set,
    cycle: Cycle,
    free: Free,
    /// Closed last: the functions above are its.
    _library: Library,
}

impl Model {
    /// A model of the design in `library`, which was built from [`shim`](super::bench::shim) for arrays of `sizes` words.
    ///
    /// # Errors
    /// [`Error::Engine`] if the library cannot be loaded or is another one.
    pub fn new(library: &Path, sizes: [usize; 3]) -> Result<Self, Error> {
        let refused = |reason: String| Error::Engine {
            engine: super::NAME,
            cycle: 0,
            reason: format!("{}: {reason}", library.display()),
        };
        let missing = |error: libloading::Error| refused(error.to_string());
        // SAFETY: the initialisers of the library are those of Verilator's runtime and of the generated code, which only
        // set up their own data.
        let library = unsafe { Library::new(library) }.map_err(missing)?;
        // SAFETY: the shim defines the five functions with the types above. They are called while `library` is open: it is
        // a field of the model, and is dropped after `free` has run.
        let (get_sizes, new, free, set, cycle) = unsafe {
            (
                *library.get::<Sizes>("lightswitch_sizes").map_err(missing)?,
                *library.get::<New>("lightswitch_new").map_err(missing)?,
                *library.get::<Free>("lightswitch_free").map_err(missing)?,
                *library.get::<Set>("lightswitch_set").map_err(missing)?,
                *library.get::<Cycle>("lightswitch_cycle").map_err(missing)?,
            )
        };
        let mut found = [0; 3];
        // SAFETY: the function writes three numbers.
        unsafe { get_sizes(found.as_mut_ptr()) };
        if found != sizes.map(|size| size as u64) {
            return Err(refused(format!(
                "{found:?} words of pins instead of {sizes:?}"
            )));
        }
        // SAFETY: the function has no conditions; it makes a model that nothing else refers to.
        let handle = unsafe { new() };
        let handle = NonNull::new(handle).ok_or_else(|| refused("no model".into()))?;
        Ok(Self {
            handle,
            sizes,
            set,
            cycle,
            free,
            _library: library,
        })
    }

    /// Puts `words` on the pins that stay, from the next cycle on.
    ///
    /// # Panics
    /// If there are more or fewer words than the library reads.
    pub fn set(&mut self, words: &[u64]) {
        assert_eq!(words.len(), self.sizes[0]);
        // SAFETY: the model is valid until it is dropped and borrowed by no one else; the function reads `sizes[0]` words.
        unsafe { (self.set)(self.handle.as_ptr(), words.as_ptr()) }
    }

    /// One cycle: the words of the stream inputs, and those of the output pins, as the shim samples them.
    ///
    /// # Panics
    /// If there are more or fewer words than the library reads or writes.
    pub fn cycle(&mut self, driven: &[u64], sampled: &mut [u64]) {
        assert_eq!(
            (driven.len(), sampled.len()),
            (self.sizes[1], self.sizes[2])
        );
        // SAFETY: the model is valid until it is dropped and borrowed by no one else; the function reads `sizes[1]` words and
        // writes `sizes[2]`.
        unsafe { (self.cycle)(self.handle.as_ptr(), driven.as_ptr(), sampled.as_mut_ptr()) }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the model came from the library's `new`, and is not used again.
        unsafe { (self.free)(self.handle.as_ptr()) }
    }
}
