//! The plugin's window inside a window of the host's, on X11, and the run loop that the host lends it.

use std::{cell::RefCell, ffi::c_void, mem, ptr, time::Duration, time::Instant};

use anyhow::{Context, Result, ensure};
use vst3::{
    Class, ComPtr, ComRef, ComWrapper,
    Steinberg::{
        IPlugFrame, IPlugFrameTrait, IPlugView, IPlugViewTrait,
        Linux::{
            FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait,
            ITimerHandler, ITimerHandlerTrait, TimerInterval,
        },
        ViewRect,
        Vst::IEditControllerTrait,
        Vst::ViewType,
        kInvalidArgument, kPlatformTypeX11EmbedWindowID, kResultOk, tresult,
    },
};

use super::Vst3Instance;
use crate::vst3_module::check;

/// A timer that the plugin asked for.
struct Timer {
    handler: ComPtr<ITimerHandler>,
    every: Duration,
    next: Instant,
}

/// The frame around the window. It gives the plugin whatever size it likes, and runs what the plugin registers on the
/// host's main thread.
#[derive(Default)]
struct Frame {
    watched: RefCell<Vec<(ComPtr<IEventHandler>, FileDescriptor)>>,
    timers: RefCell<Vec<Timer>>,
}

impl Class for Frame {
    type Interfaces = (IPlugFrame, IRunLoop);
}

impl IPlugFrameTrait for Frame {
    unsafe fn resizeView(&self, view: *mut IPlugView, size: *mut ViewRect) -> tresult {
        // SAFETY: the plugin passes its own view and a valid size.
        match unsafe { ComRef::from_raw(view) } {
            // SAFETY: as above.
            Some(view) => unsafe { view.onSize(size) },
            None => kInvalidArgument,
        }
    }
}

impl IRunLoopTrait for Frame {
    unsafe fn registerEventHandler(
        &self,
        handler: *mut IEventHandler,
        descriptor: FileDescriptor,
    ) -> tresult {
        // SAFETY: the plugin passes a valid handler; the reference to it is counted.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
            return kInvalidArgument;
        };
        let watched = (handler.to_com_ptr(), descriptor);
        self.watched.borrow_mut().push(watched);
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        let mut watched = self.watched.borrow_mut();
        watched.retain(|(other, _)| other.as_ptr() != handler);
        kResultOk
    }

    unsafe fn registerTimer(
        &self,
        handler: *mut ITimerHandler,
        milliseconds: TimerInterval,
    ) -> tresult {
        // SAFETY: the plugin passes a valid handler; the reference to it is counted.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
            return kInvalidArgument;
        };
        let every = Duration::from_millis(milliseconds);
        self.timers.borrow_mut().push(Timer {
            handler: handler.to_com_ptr(),
            every,
            next: Instant::now() + every,
        });
        kResultOk
    }

    unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
        let mut timers = self.timers.borrow_mut();
        timers.retain(|timer| timer.handler.as_ptr() != handler);
        kResultOk
    }
}

impl Frame {
    /// Calls the handlers whose descriptor can be read, and the timers that are due.
    fn run(&self) {
        // A handler may register another one.
        let watched = self.watched.borrow().clone();
        for (handler, descriptor) in watched {
            let mut poll = libc::pollfd {
                fd: descriptor,
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one valid record; it does not wait. The handler lives as long as it is registered.
            unsafe {
                if libc::poll(&mut poll, 1, 0) == 1 && poll.revents & libc::POLLIN != 0 {
                    handler.onFDIsSet(descriptor);
                }
            }
        }
        let now = Instant::now();
        let due: Vec<_> = self
            .timers
            .borrow_mut()
            .iter_mut()
            .filter(|timer| timer.next <= now)
            .map(|timer| {
                timer.next = now + timer.every;
                timer.handler.clone()
            })
            .collect();
        for handler in due {
            // SAFETY: no arguments; the handler is counted.
            unsafe { handler.onTimer() };
        }
    }
}

/// An open window.
pub(super) struct Window {
    view: ComPtr<IPlugView>,
    frame: ComWrapper<Frame>,
}

fn rect((width, height): (u32, u32)) -> ViewRect {
    ViewRect {
        left: 0,
        top: 0,
        right: width as i32,
        bottom: height as i32,
    }
}

fn size(rect: &ViewRect) -> Result<(u32, u32)> {
    let (width, height) = (rect.right - rect.left, rect.bottom - rect.top);
    Ok((u32::try_from(width)?, u32::try_from(height)?))
}

impl Vst3Instance {
    /// Opens the plugin's window inside of the X11 window `parent`; returns its width and height in pixels.
    pub(super) fn open(&mut self, parent: u32) -> Result<(u32, u32)> {
        ensure!(self.window.is_none(), "a window is open");
        let frame = ComWrapper::new(Frame::default());
        let frame_pointer = frame.to_com_ptr::<IPlugFrame>().context("no frame")?;
        let kind = kPlatformTypeX11EmbedWindowID;
        // SAFETY: the name is a text that ends in a null, and the reference that is returned is ours.
        let view = unsafe {
            let view = self.objects.controller.createView(ViewType::kEditor);
            ComPtr::from_raw(view).context("the plugin has no window")?
        };
        let mut size_rect = rect((0, 0));
        // SAFETY: the frame outlives the view, in `Window`; the size is a valid place; a window's number goes by as
        // a pointer.
        unsafe {
            check(view.isPlatformTypeSupported(kind), "a window on X11")?;
            check(view.setFrame(frame_pointer.as_ptr()), "setFrame")?;
            check(view.getSize(&mut size_rect), "getSize")?;
            let parent = ptr::without_provenance_mut::<c_void>(parent as usize);
            check(view.attached(parent, kind), "attached")?;
            check(view.canResize(), "a window that can be resized")?;
        }
        self.window = Some(Window { view, frame });
        size(&size_rect)
    }

    /// Resizes the open window; returns the size that the plugin agreed to.
    pub(super) fn resize(&mut self, wanted: (u32, u32)) -> Result<(u32, u32)> {
        let window = self.window.as_ref().context("no window is open")?;
        let mut size_rect = rect(wanted);
        // SAFETY: the size is a valid place.
        unsafe {
            let result = window.view.checkSizeConstraint(&mut size_rect);
            check(result, "checkSizeConstraint")?;
            check(window.view.onSize(&mut size_rect), "onSize")?;
        }
        size(&size_rect)
    }

    /// Closes the open window.
    pub(super) fn close(&mut self) -> Result<()> {
        let window = self.window.take().context("no window is open")?;
        window.frame.run();
        // SAFETY: no arguments, and no frame is one.
        unsafe {
            check(window.view.removed(), "removed")?;
            check(window.view.setFrame(ptr::null_mut()), "setFrame")?;
        }
        window.frame.run();
        // The plugin's library keeps its handler alive for ever, and never takes it back.
        mem::take(&mut *window.frame.watched.borrow_mut());
        Ok(())
    }

    /// Does what the plugin has for the host's main thread.
    pub(super) fn run_main_thread(&self) {
        if let Some(window) = &self.window {
            window.frame.run();
        }
    }
}
