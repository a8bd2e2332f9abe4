//! The file of a VST3 plugin: loaded and entered once, and a factory of components.

use std::{
    collections::HashMap,
    ffi::{CStr, c_void},
    mem,
    path::{Path, PathBuf},
    ptr,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use anyhow::{Context, Result, bail, ensure};
use libloading::{Library, Symbol};
use vst3::{
    ComPtr, Interface,
    Steinberg::{
        IPluginFactory, IPluginFactoryTrait, PClassInfo, Vst::IComponent, kResultOk, tresult,
    },
};

/// The names of the functions that enter and leave a module.
#[cfg(target_os = "windows")]
const ENTRY: (&[u8], &[u8]) = (b"InitDll\0", b"ExitDll\0");
#[cfg(target_os = "macos")]
const ENTRY: (&[u8], &[u8]) = (b"bundleEntry\0", b"bundleExit\0");
#[cfg(not(any(target_os = "windows", target_os = "macos")))]
const ENTRY: (&[u8], &[u8]) = (b"ModuleEntry\0", b"ModuleExit\0");

/// A loaded module, entered once however many instances come from it.
pub(crate) struct Module(Library);

/// The modules that are loaded now.
static MODULES: Mutex<Option<HashMap<PathBuf, Weak<Module>>>> = Mutex::new(None);

impl Module {
    /// The module in `binary`, loaded unless it is already.
    pub(crate) fn load(binary: &Path) -> Result<Arc<Self>> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = modules
            .get_or_insert_default()
            .entry(binary.to_path_buf())
            .or_default();
        if let Some(module) = slot.upgrade() {
            return Ok(module);
        }
        // SAFETY: loading runs the plugin's initialisers; the caller names a plugin that it trusts. The
        // entry function's argument is only looked at on macOS, where null is allowed.
        let library = unsafe {
            let library = Library::new(binary)?;
            let enter: Symbol<unsafe extern "C" fn(*mut c_void) -> bool> = library.get(ENTRY.0)?;
            ensure!(
                enter(ptr::null_mut()),
                "{} refuses to be entered",
                binary.display()
            );
            library
        };
        let module = Arc::new(Self(library));
        *slot = Arc::downgrade(&module);
        Ok(module)
    }

    /// The module's factory.
    fn factory(&self) -> Result<ComPtr<IPluginFactory>> {
        type GetFactory = unsafe extern "system" fn() -> *mut IPluginFactory;
        // SAFETY: the standard's signature; the reference that it returns is ours.
        unsafe {
            let get: Symbol<GetFactory> = self.0.get(b"GetPluginFactory\0")?;
            ComPtr::from_raw(get()).context("no plugin factory")
        }
    }

    /// A new object of the first class that is an audio module.
    pub(crate) fn create_component(&self) -> Result<ComPtr<IComponent>> {
        let factory = self.factory()?;
        // SAFETY: the records are valid places to be filled; class and interface ids are 16 bytes each, as the
        // function reads them; the reference that it writes is ours.
        unsafe {
            for index in 0..factory.countClasses() {
                let mut info: PClassInfo = mem::zeroed();
                check(factory.getClassInfo(index, &mut info), "getClassInfo")?;
                if CStr::from_ptr(info.category.as_ptr()) != c"Audio Module Class" {
                    continue;
                }
                let mut object = ptr::null_mut();
                let interface = IComponent::IID.as_ptr().cast();
                let result =
                    factory.createInstance(info.cid.as_ptr().cast(), interface, &mut object);
                check(result, "createInstance")?;
                return ComPtr::from_raw(object.cast()).context("createInstance gave nothing");
            }
        }
        bail!("no audio module in the factory")
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: the standard's signature; every object of the module is gone by now.
        unsafe {
            if let Ok(exit) = self.0.get::<unsafe extern "C" fn() -> bool>(ENTRY.1) {
                exit();
            }
        }
    }
}

/// Turns a result code into an error that says what was tried.
pub(crate) fn check(result: tresult, what: &str) -> Result<()> {
    ensure!(result == kResultOk, "{what} failed with {result}");
    Ok(())
}
