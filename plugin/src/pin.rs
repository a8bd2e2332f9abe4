//! Keeps the plugin's library in memory.
//!
//! A host unloads it with the last instance, and a thread that waits for a dialog of the desktop cannot be told to
//! end: what it would return to must still be there.

use std::{
    env,
    ffi::{CStr, OsStr, c_void},
    fs,
    mem::MaybeUninit,
    os::unix::ffi::OsStrExt as _,
};

/// Makes the system keep this library, or program, until the process ends; whether it does.
pub fn keep_loaded() -> bool {
    let mut info = MaybeUninit::<libc::Dl_info>::uninit();
    let here: fn() -> bool = keep_loaded;
    // SAFETY: the address is one of this library, and the record is read only if it was filled; the name in it lives
    // as long as the library.
    let name = unsafe {
        if libc::dladdr(here as *const c_void, info.as_mut_ptr()) == 0 {
            return false;
        }
        CStr::from_ptr(info.assume_init().dli_fname)
    };
    // A program is never unloaded.
    let file = fs::canonicalize(OsStr::from_bytes(name.to_bytes()));
    if file.is_ok_and(|file| env::current_exe().is_ok_and(|program| program == file)) {
        return true;
    }
    let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
    // SAFETY: the name is the system's own, and nothing is loaded that is not loaded already.
    unsafe { !libc::dlopen(name.as_ptr(), flags).is_null() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_program_stays() {
        assert!(super::keep_loaded());
    }
}
