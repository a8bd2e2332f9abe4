//! The plugin's window inside a window of the host's, on X11.

use anyhow::{Context, Result, ensure};
use clack_extensions::gui::{
    GuiApiType, GuiConfiguration, GuiSize, HostGuiImpl, PluginGui, Window,
};
use clack_host::prelude::*;

use super::{Callbacks, ClapInstance};

/// A host that gives its plugins whatever size they like, and never hides them.
impl HostGuiImpl for Callbacks {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Ok(())
    }

    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _: bool) {}
}

impl ClapInstance {
    fn gui(&mut self) -> Result<PluginGui> {
        let gui = self.plugin.plugin_handle().get_extension();
        gui.context("the plugin has no window")
    }

    /// Opens the plugin's window inside of the X11 window `parent`; returns its width and height in pixels.
    pub(super) fn open(&mut self, parent: u32) -> Result<(u32, u32)> {
        let gui = self.gui()?;
        let handle = self.plugin.plugin_handle();
        let configuration = GuiConfiguration {
            api_type: GuiApiType::X11,
            is_floating: false,
        };
        ensure!(
            gui.is_api_supported(&handle, configuration),
            "no window on X11"
        );
        gui.create(&handle, configuration)?;
        self.window = true;
        ensure!(gui.can_resize(&handle), "the window cannot be resized");
        let size = gui.get_size(&handle).context("no size")?;
        // SAFETY: the host's window is closed after this one.
        unsafe { gui.set_parent(&handle, Window::from_x11_handle(parent.into())) }?;
        gui.show(&handle)?;
        Ok((size.width, size.height))
    }

    /// Resizes the open window; returns the size that the plugin agreed to.
    pub(super) fn resize(&mut self, width: u32, height: u32) -> Result<(u32, u32)> {
        let gui = self.gui()?;
        let handle = self.plugin.plugin_handle();
        let wanted = GuiSize { width, height };
        let size = gui.adjust_size(&handle, wanted).context("no such size")?;
        gui.set_size(&handle, size)?;
        Ok((size.width, size.height))
    }

    /// Closes the open window.
    pub(super) fn close(&mut self) -> Result<()> {
        let gui = self.gui()?;
        gui.destroy(&self.plugin.plugin_handle());
        self.window = false;
        Ok(())
    }
}
