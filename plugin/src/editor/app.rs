//! The window in nice-plug's hands: opening, closing, sizes, when to paint.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use egui::{Color32, Rgba, vec2};
use nice_plug::{
    context::gui::GuiContext,
    editor::{
        Editor, HostMethods, ParentWindowHandle, ResizeHint, SizeConstraints, SpawnedEditor,
        dpi::{LogicalSize, NativeSize},
    },
};
use nice_plug_egui::{
    EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, Frame, GlConfig,
    GraphicsConfig, KeyCapture, NiceEguiApp, baseview::WindowSize, create_egui_editor,
};

#[cfg(target_os = "linux")]
use super::x11::{self, Keyboard};
use super::{
    Host, Look, Moment, Scene, View, clerk::SeatActions, control, forget, gestures::Balanced,
    motion::Motion, state::LARGEST, theme::SMALLEST_SIZE, window,
};
use crate::{
    params::ContinuoParams,
    playhead::Transport,
    snapshot::Snapshot,
    status::{Count, Status},
};

/// Between two looks for news, and on some systems between two frames while the transport runs.
const FRAME: Duration = Duration::from_millis(25);

/// Opens the window whenever the host asks. A state may be loaded after this was made, so each window takes
/// its size from the parameters when it opens.
pub struct ContinuoEditor {
    params: Arc<ContinuoParams>,
    status: Arc<Status>,
    /// Of the window that was opened last: its size while it is open, and the screen's scale.
    current: Mutex<Option<Arc<EguiEditorState>>>,
}

/// The editor of an instance.
#[must_use]
pub fn editor(params: &Arc<ContinuoParams>, status: &Arc<Status>) -> ContinuoEditor {
    ContinuoEditor {
        params: Arc::clone(params),
        status: Arc::clone(status),
        current: Mutex::new(None),
    }
}

impl ContinuoEditor {
    /// `inside`: of a host's window.
    fn create(&self, inside: bool) -> (Arc<EguiEditorState>, Option<EguiEditor<App>>) {
        let kept = *self.params.window.lock();
        let size = LogicalSize::new(kept.width, kept.height);
        let state = EguiEditorState::from_size(size, 1.0);
        let settings = EguiNiceSettings {
            title: "Continuo".to_owned(),
            resize_hint: resize_hint(),
            repaint_poll_interval: FRAME,
            graphics: graphics(),
        };
        let app = App {
            params: Arc::clone(&self.params),
            status: Arc::clone(&self.status),
            gestures: None,
            view: kept.view(),
            motion: Motion::default(),
            snapshot: Arc::default(),
            look: None,
            host: Host::here(),
            actions: SeatActions::new(&self.params),
            inside,
            #[cfg(target_os = "linux")]
            keyboard: None,
        };
        let repaint = self.params.song.board().repaint().clone();
        let editor = create_egui_editor(Arc::clone(&state), repaint, settings, app);
        (state, editor)
    }
}

/// Flat colours need no dithering, and nothing here has depth: without a graphics card each of these costs
/// processor time for each pixel.
fn graphics() -> GraphicsConfig {
    GraphicsConfig {
        gl_config: GlConfig {
            depth_bits: 0,
            stencil_bits: 0,
            ..GlConfig::default()
        },
        dithering: false,
        ..GraphicsConfig::default()
    }
}

fn resize_hint() -> ResizeHint {
    ResizeHint {
        size_constraints: SizeConstraints::Logical {
            min_size: Some(LogicalSize::new(SMALLEST_SIZE.x, SMALLEST_SIZE.y)),
            max_size: Some(LogicalSize::new(LARGEST, LARGEST)),
        },
        ..ResizeHint::RESIZABLE
    }
}

impl Editor for ContinuoEditor {
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        scale: Option<f64>,
        context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<EguiEditorHandle>, Box<dyn Error>> {
        let (state, editor) = self.create(parent.is_some() || wait_for_parent);
        let editor = editor.ok_or("no window")?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some(state);
        drop(current);
        // What is created here goes with the window: nobody else would tell that it was closed.
        editor.spawn(parent, wait_for_parent, scale, context, host)
    }

    fn size(&self) -> NativeSize<u32> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let open = current.as_ref().filter(|state| state.is_open());
        if let Some(state) = open {
            let logical = state.logical_size().cast();
            return NativeSize::from_logical_or_physical(logical, state.physical_size());
        }
        let scale = current.as_ref().map_or(1.0, |state| {
            f64::from(state.physical_size().width) / f64::from(state.logical_size().width)
        });
        let kept = *self.params.window.lock();
        NativeSize::from_size(LogicalSize::new(kept.width, kept.height).into(), scale)
    }

    fn resize_hint(&self) -> ResizeHint {
        resize_hint()
    }
}

/// What runs while a window is open.
struct App {
    params: Arc<ContinuoParams>,
    status: Arc<Status>,
    gestures: Option<Balanced<GuiContext>>,
    view: View,
    motion: Motion,
    snapshot: Arc<Snapshot>,
    /// What egui's own parts look like at present.
    look: Option<Look>,
    host: Host,
    actions: SeatActions,
    /// A host's window is around this one.
    inside: bool,
    #[cfg(target_os = "linux")]
    keyboard: Option<Keyboard>,
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        ctx: egui::Context,
        context: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), nice_plug_egui::baseview::HandlerError> {
        control::leave_shortcuts_to_the_host(&ctx);
        self.gestures = Some(Balanced::new(context));
        self.params.song.board().watch(true);
        #[cfg(target_os = "linux")]
        if self.inside {
            self.keyboard = Keyboard::leave_to_host(frame.baseview_window()).ok();
        }
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        let Some(gestures) = &self.gestures else {
            return;
        };
        self.status.add(Count::FramesPainted, 1);
        let now = ui.input(|input| input.time);
        self.snapshot = self.params.song.board().latest();
        let reading = self.status.playhead().read();
        let at = self.motion.step(&reading, self.snapshot.cycle, now);
        let controls = self.params.controls();
        let look = Look::new(self.view.light, controls.role, ui.max_rect().size());
        if self.look != Some(look) {
            look.apply(ui.ctx());
            frame.set_clear_color(as_bytes(look.palette.ground));
            self.look = Some(look);
        }
        let bypass = self.params.bypass.value();
        let moment = Moment::read(&self.status, &reading, at, bypass);
        self.params
            .song
            .board()
            .look_at(moment.tick(), self.snapshot.around);
        let scene = Scene {
            look,
            params: &self.params,
            controls,
            gestures,
            actions: &self.actions,
            snapshot: &self.snapshot,
            moment,
            host: self.host,
        };
        let before = self.view.clone();
        window(ui, &scene, &mut self.view);
        // Space starts and stops the host whatever the keyboard is on here, but in a path. Where the library does
        // not ask for it, on X11, the keyboard is settled with the server.
        frame.set_key_capture(if ui.ctx().text_edit_focused() {
            KeyCapture::CaptureAll
        } else {
            KeyCapture::IgnoreKeys(vec![space()])
        });
        #[cfg(target_os = "linux")]
        self.settle_keyboard(ui, frame);
        if self.actions.take_drag() {
            self.drag(frame);
        }
        if before != self.view {
            self.params.window.lock().keep(&self.view);
            ui.ctx().request_repaint();
        }
        if reading.transport == Transport::Running {
            keep_painting(ui.ctx());
        }
    }

    fn resized(&mut self, size: WindowSize) {
        let mut kept = self.params.window.lock();
        let size = vec2(size.logical.width as f32, size.logical.height as f32);
        (kept.width, kept.height) = (size.x, size.y);
    }
}

impl App {
    /// Lets the held phrase hang from the pointer, or offers it as a file.
    fn drag(&self, frame: &Frame) {
        #[cfg(target_os = "linux")]
        if let Ok(window) = x11::let_go(frame.baseview_window()) {
            self.actions.drag_from(window);
            return;
        }
        #[cfg(not(target_os = "linux"))]
        let _ = frame;
        self.actions.offer();
    }

    #[cfg(target_os = "linux")]
    fn settle_keyboard(&mut self, ui: &egui::Ui, frame: &Frame) {
        let Some(keyboard) = &mut self.keyboard else {
            return;
        };
        // A server that does not answer ends the window by itself.
        if let Ok(true) = keyboard.settle(frame.baseview_window(), ui) {
            ui.memory_mut(|memory| memory.stop_text_input());
            ui.ctx().request_repaint();
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(gestures) = &self.gestures {
            // A host that drops the instance before its window has nobody left to tell, which the library takes for
            // a fault.
            let ended = catch_unwind(AssertUnwindSafe(|| {
                forget::let_go(&self.params, gestures, &mut self.view);
                gestures.end_all();
            }));
            if ended.is_err() {
                eprintln!("Continuo: the window outlived its instance");
            }
        }
        self.params.song.board().watch(false);
    }
}

/// Asks for the next frame. On X11 the server's clock spaces frames by itself, at every second refresh; a wait
/// would come on top of that.
fn keep_painting(ctx: &egui::Context) {
    if cfg!(target_os = "linux") {
        ctx.request_repaint();
    } else {
        ctx.request_repaint_after(FRAME);
    }
}

/// The colour as the renderer takes it to clear the window: it writes the numbers as they are, although their
/// type says that they are linear.
fn as_bytes(colour: Color32) -> Rgba {
    let [red, green, blue, _] = colour.to_array().map(|byte| f32::from(byte) / 255.0);
    Rgba::from_rgb(red, green, blue)
}

fn space() -> nice_plug_egui::Key {
    nice_plug_egui::Key::Character(" ".to_owned())
}
