//! A CLAP host: one instance, its parameters, its state, its notes, its window.

mod window;

use std::{
    ffi::CString,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clack_extensions::{
    audio_ports::{AudioPortInfoBuffer, PluginAudioPorts},
    gui::HostGui,
    latency::PluginLatency,
    params::{ParamInfoBuffer, ParamInfoFlags, PluginParams},
    render::{PluginRender, RenderMode},
    state::PluginState,
};
use clack_host::{
    events::{
        EventFlags,
        event_types::{NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent, TransportFlags},
        io::{OutputEventBuffer, TryPushError},
        spaces::CoreEventSpace,
    },
    prelude::*,
};

use crate::host::{
    ANY, Block, Format, Gestures, Instance, NoteEvent, NoteKind, ParamInfo, Position, Setup, Tells,
    binary_in,
};

/// The host's side of the callbacks that a plugin may make from any thread.
struct Callbacks {
    /// The plugin wants its main-thread callback.
    callback_wanted: AtomicBool,
}

impl SharedHandler<'_> for Callbacks {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback_wanted.store(true, Ordering::Release);
    }
}

/// Ties the handlers together for clack.
struct HeadlessHost;

impl HostHandlers for HeadlessHost {
    type Shared<'a> = Callbacks;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder.register::<HostGui>();
    }
}

/// A parameter and its range in CLAP's own units.
#[derive(Clone, Copy)]
struct Range {
    id: ClapId,
    min: f64,
    max: f64,
}

impl Range {
    fn value(self, share: f64) -> f64 {
        self.min + share * (self.max - self.min)
    }

    fn share(self, value: f64) -> f64 {
        (value - self.min) / (self.max - self.min)
    }
}

/// The extensions that the host calls.
struct Extensions {
    params: PluginParams,
    state: PluginState,
    audio_ports: Option<PluginAudioPorts>,
    render: Option<PluginRender>,
    latency: Option<PluginLatency>,
}

/// A CLAP plugin.
pub struct ClapInstance {
    // Declared before the plugin, which must outlive it.
    processor: Option<StartedPluginAudioProcessor<HeadlessHost>>,
    plugin: PluginInstance<HeadlessHost>,
    binary: PathBuf,
    extensions: Extensions,
    params: Vec<ParamInfo>,
    ranges: Vec<Range>,
    /// Parameter changes that wait for the next block.
    pending: EventBuffer,
    setup: Setup,
    /// Samples processed since activation.
    steady_time: u64,
    last_call: Duration,
    /// The plugin's window is open.
    window: bool,
    gestures: Gestures,
}

impl ClapInstance {
    /// Loads the first plugin of the bundle at `path`.
    ///
    /// # Errors
    /// When it is no CLAP file or the plugin has no parameters or state.
    pub fn load(path: &Path) -> Result<Self> {
        // SAFETY: loading runs the plugin's initialisers; the caller names a plugin that it trusts.
        let entry = unsafe { PluginEntry::load(path) }?;
        let factory = entry.get_plugin_factory().context("no plugin factory")?;
        let id = factory
            .plugin_descriptor(0)
            .and_then(|descriptor| descriptor.id())
            .context("the factory is empty")?;
        let host = HostInfo::new("Continuo tests", "Continuo", "", env!("CARGO_PKG_VERSION"))?;
        let callbacks = |_: &()| Callbacks {
            callback_wanted: AtomicBool::new(false),
        };
        let mut plugin = PluginInstance::<HeadlessHost>::new(callbacks, |_| (), &entry, id, &host)?;
        let handle = plugin.plugin_handle();
        let extensions = Extensions {
            params: handle.get_extension().context("no parameters")?,
            state: handle.get_extension().context("no state")?,
            audio_ports: handle.get_extension(),
            render: handle.get_extension(),
            latency: handle.get_extension(),
        };
        let (params, ranges) = read_params(&handle, extensions.params)?;
        Ok(Self {
            processor: None,
            plugin,
            binary: binary_in(Format::Clap, path),
            extensions,
            params,
            ranges,
            pending: EventBuffer::new(),
            setup: Setup::offline(48_000.0, 0),
            steady_time: 0,
            last_call: Duration::ZERO,
            window: false,
            gestures: Gestures::default(),
        })
    }

    /// Gives the plugin its main-thread callback when it asked for one.
    fn run_main_thread(&mut self) {
        let wanted =
            |callbacks: &Callbacks| callbacks.callback_wanted.swap(false, Ordering::AcqRel);
        if self.plugin.access_shared_handler(wanted) {
            self.plugin.call_on_main_thread_callback();
        }
    }

    /// Channels of each audio port, inputs or outputs.
    fn channels(&mut self, inputs: bool) -> Vec<u32> {
        let Some(ports) = self.extensions.audio_ports else {
            return Vec::new();
        };
        let handle = self.plugin.plugin_handle();
        let mut buffer = AudioPortInfoBuffer::new();
        (0..ports.count(&handle, inputs))
            .filter_map(|port| Some(ports.get(&handle, port, inputs, &mut buffer)?.channel_count))
            .collect()
    }
}

/// Every parameter with its range.
fn read_params(
    handle: &PluginMainThreadHandle,
    params: PluginParams,
) -> Result<(Vec<ParamInfo>, Vec<Range>)> {
    let mut infos = Vec::new();
    let mut ranges = Vec::new();
    for index in 0..params.count(handle) {
        let mut buffer = ParamInfoBuffer::new();
        let info = params
            .get_info(handle, index, &mut buffer)
            .with_context(|| format!("parameter {index} has no description"))?;
        let range = Range {
            id: info.id,
            min: info.min_value,
            max: info.max_value,
        };
        infos.push(ParamInfo {
            name: String::from_utf8(info.name.to_vec())?,
            default: range.share(info.default_value),
            is_bypass: info.flags.contains(ParamInfoFlags::IS_BYPASS),
            id: info.id.get(),
        });
        ranges.push(range);
    }
    Ok((infos, ranges))
}

impl Instance for ClapInstance {
    fn format(&self) -> Format {
        Format::Clap
    }

    fn binary(&self) -> &Path {
        &self.binary
    }

    fn params(&self) -> &[ParamInfo] {
        &self.params
    }

    fn set_share(&mut self, index: usize, share: f64) -> Result<()> {
        let range = self.ranges[index];
        let value = range.value(share);
        let event = ParamValueEvent::new(0, range.id, Pckn::match_all(), value);
        if self.processor.is_some() {
            self.pending.push(&event);
            return Ok(());
        }
        let mut handle = self
            .plugin
            .inactive_plugin_handle()
            .context("the plugin is active without a processor")?;
        let mut ignored = EventBuffer::new();
        self.extensions.params.flush(
            &mut handle,
            &InputEvents::from_buffer(&[event]),
            &mut OutputEvents::from_buffer(&mut ignored),
        );
        Ok(())
    }

    fn share(&mut self, index: usize) -> Result<f64> {
        let range = self.ranges[index];
        let handle = self.plugin.plugin_handle();
        let value = self.extensions.params.get_value(&handle, range.id);
        Ok(range.share(value.context("the plugin does not tell the value")?))
    }

    fn share_of_text(&mut self, index: usize, text: &str) -> Option<f64> {
        let range = self.ranges[index];
        let text = CString::new(text).ok()?;
        let handle = self.plugin.plugin_handle();
        let value = self
            .extensions
            .params
            .text_to_value(&handle, range.id, &text)?;
        Some(range.share(value))
    }

    fn text_of_share(&mut self, index: usize, share: f64) -> Result<String> {
        let range = self.ranges[index];
        let mut buffer = [0; 256];
        let handle = self.plugin.plugin_handle();
        let text = self.extensions.params.value_to_text(
            &handle,
            range.id,
            range.value(share),
            &mut buffer,
        )?;
        Ok(String::from_utf8(text.to_vec())?)
    }

    fn open_window(&mut self, parent: u32) -> Result<(u32, u32)> {
        self.open(parent)
    }

    fn resize_window(&mut self, width: u32, height: u32) -> Result<(u32, u32)> {
        self.run_main_thread();
        self.resize(width, height)
    }

    fn close_window(&mut self) -> Result<()> {
        self.close()
    }

    fn activate(&mut self, setup: Setup) -> Result<()> {
        ensure!(self.processor.is_none(), "activated twice");
        let mode = if setup.offline {
            RenderMode::Offline
        } else {
            RenderMode::Realtime
        };
        let handle = self.plugin.plugin_handle();
        match self.extensions.render {
            Some(render) => render.set(&handle, mode)?,
            None => ensure!(!setup.offline, "the plugin cannot render offline"),
        }
        let configuration = PluginAudioConfiguration {
            sample_rate: setup.rate,
            min_frames_count: 1,
            max_frames_count: setup.max_block,
        };
        let stopped = self.plugin.activate(|_, _| (), configuration)?;
        let started = stopped
            .start_processing()
            .ok()
            .context("start_processing failed")?;
        self.processor = Some(started);
        self.setup = setup;
        self.steady_time = 0;
        self.run_main_thread();
        Ok(())
    }

    fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.plugin.deactivate(processor.stop_processing());
        }
    }

    fn reset(&mut self) -> Result<()> {
        self.processor.as_mut().context("inactive")?.reset();
        Ok(())
    }

    fn process(&mut self, block: &Block) -> Result<Vec<NoteEvent>> {
        self.run_main_thread();
        let outputs = self.channels(false);
        ensure!(
            self.channels(true).is_empty(),
            "a note effect with audio inputs"
        );
        let processor = self.processor.as_mut().context("inactive")?;
        let setup = self.setup;
        let input = input_events(&mut self.pending, block, &setup);
        let mut output = LimitedOutput {
            events: EventBuffer::new(),
            capacity: self.setup.output_capacity,
        };
        let frames = block.frames as usize;
        let mut audio: Vec<Vec<Vec<f32>>> = outputs
            .iter()
            .map(|channels| vec![vec![0.0; frames]; *channels as usize])
            .collect();
        let mut ports =
            AudioPorts::with_capacity(outputs.iter().sum::<u32>() as usize, outputs.len());
        // SAFETY: an empty list of buffers holds no pointer; it only carries the block's length.
        let no_input = unsafe { InputAudioBuffers::from_raw_buffers(&[], block.frames) };
        let mut audio_output = if audio.is_empty() {
            // SAFETY: as above.
            unsafe { OutputAudioBuffers::from_raw_buffers(&mut [], block.frames) }
        } else {
            ports.with_output_buffers(audio.iter_mut().map(|port| AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_output_only(
                    port.iter_mut().map(Vec::as_mut_slice),
                ),
            }))
        };
        let told = block.position.filter(|_| setup.tells != Tells::Nothing);
        let transport = told.map(|position| transport_event(0, &position, &setup));
        let began = Instant::now();
        let status = processor.process(
            &no_input,
            &mut audio_output,
            &input.as_input(),
            &mut OutputEvents::from_buffer(&mut output),
            Some(self.steady_time),
            transport.as_ref(),
        );
        self.last_call = began.elapsed();
        status?;
        self.steady_time += u64::from(block.frames);
        ensure!(
            audio
                .iter()
                .flatten()
                .flatten()
                .all(|sample| *sample == 0.0),
            "the audio output is not silent"
        );
        for event in &output.events {
            match event.as_core_event() {
                Some(CoreEventSpace::ParamGestureBegin(_)) => self.gestures.begun += 1,
                Some(CoreEventSpace::ParamGestureEnd(_)) => self.gestures.ended += 1,
                _ => {}
            }
        }
        note_events(&output.events)
    }

    fn gestures(&self) -> Gestures {
        self.gestures
    }

    fn save_state(&mut self) -> Result<Vec<u8>> {
        let mut state = Vec::new();
        let handle = self.plugin.plugin_handle();
        self.extensions.state.save(&handle, &mut state)?;
        Ok(state)
    }

    fn load_state(&mut self, mut state: &[u8]) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        self.extensions.state.load(&handle, &mut state)?;
        Ok(())
    }

    fn latency(&mut self) -> u32 {
        let handle = self.plugin.plugin_handle();
        let latency = self.extensions.latency.as_ref();
        latency.map_or(0, |latency| latency.get(&handle))
    }

    fn last_call(&self) -> Duration {
        self.last_call
    }
}

impl Drop for ClapInstance {
    fn drop(&mut self) {
        if self.window {
            // The plugin goes in any case.
            let _ = self.close();
        }
        self.deactivate();
    }
}

/// An event list that refuses what does not fit.
struct LimitedOutput {
    events: EventBuffer,
    capacity: usize,
}

impl OutputEventBuffer for LimitedOutput {
    fn try_push(&mut self, event: &UnknownEvent) -> Result<(), TryPushError> {
        if self.events.len() as usize >= self.capacity {
            return Err(TryPushError::new());
        }
        self.events.push(event);
        Ok(())
    }
}

/// The block's input: parameters first, then transport changes and notes by time, a transport change
/// before the notes of its sample.
fn input_events(pending: &mut EventBuffer, block: &Block, setup: &Setup) -> EventBuffer {
    let mut events = std::mem::take(pending);
    if setup.tells != Tells::Nothing {
        for (offset, position) in block.changes {
            events.push(&transport_event(*offset, position, setup));
        }
    }
    for note in block.events {
        let number = |named: u8| if named == ANY { -1 } else { i16::from(named) };
        // Hosts number the ports from 0 and most send no note ids.
        let key = Pckn::from_raw(0, number(note.channel), number(note.pitch), -1);
        let velocity = f64::from(note.velocity);
        match note.kind {
            NoteKind::On => events.push(&NoteOnEvent::new(note.offset, key, velocity)),
            NoteKind::Off => events.push(&NoteOffEvent::new(note.offset, key, velocity)),
        }
    }
    // Keeps the order of insertion where times are equal.
    events.sort();
    events
}

/// The transport as CLAP says it.
fn transport_event(offset: u32, position: &Position, setup: &Setup) -> TransportEvent {
    let mut flags = TransportFlags::HAS_TEMPO | TransportFlags::HAS_TIME_SIGNATURE;
    let in_seconds = setup.tells == Tells::Seconds;
    let bar_start = setup.tells.bar_start(position);
    flags.set(TransportFlags::HAS_BEATS_TIMELINE, !in_seconds);
    flags.set(TransportFlags::HAS_SECONDS_TIMELINE, in_seconds);
    flags.set(TransportFlags::IS_PLAYING, position.playing);
    flags.set(TransportFlags::IS_WITHIN_PRE_ROLL, position.beats < 0.0);
    let cycle = position.cycle.filter(|_| !in_seconds);
    flags.set(TransportFlags::IS_LOOP_ACTIVE, cycle.is_some());
    let (loop_start, loop_end) = cycle.unwrap_or_default();
    let seconds = position.sample as f64 / setup.rate;
    TransportEvent {
        header: EventHeader::new_core(offset, EventFlags::empty()),
        flags,
        song_pos_beats: if in_seconds { 0.0 } else { position.beats }.into(),
        song_pos_seconds: if in_seconds { seconds } else { 0.0 }.into(),
        tempo: position.tempo,
        tempo_inc: 0.0,
        loop_start_beats: loop_start.into(),
        loop_end_beats: loop_end.into(),
        loop_start_seconds: 0.0.into(),
        loop_end_seconds: 0.0.into(),
        // CLAP has no flag for the bar: a host that does not know it leaves it at 0.
        bar_start: bar_start.unwrap_or(0.0).into(),
        bar_number: i32::try_from(position.bar_number)
            .ok()
            .filter(|_| bar_start.is_some())
            .unwrap_or_default(),
        time_signature_numerator: position.meter.numerator.into(),
        time_signature_denominator: position.meter.denominator.into(),
    }
}

/// What the plugin sent, as notes.
fn note_events(output: &EventBuffer) -> Result<Vec<NoteEvent>> {
    let mut notes = Vec::new();
    for event in output {
        let offset = event.header().time();
        let (kind, key, velocity) = match event.as_core_event() {
            Some(CoreEventSpace::NoteOn(on)) => (NoteKind::On, on.pckn(), on.velocity()),
            Some(CoreEventSpace::NoteOff(off)) => (NoteKind::Off, off.pckn(), off.velocity()),
            Some(
                CoreEventSpace::ParamValue(_)
                | CoreEventSpace::ParamGestureBegin(_)
                | CoreEventSpace::ParamGestureEnd(_),
            ) => continue,
            other => bail!("the plugin sent {other:?}, which is no business of a note effect"),
        };
        let channel = key
            .channel
            .into_specific()
            .context("a note on every channel")?;
        let pitch = key.key.into_specific().context("a note on every key")?;
        notes.push(NoteEvent {
            offset,
            kind,
            channel: u8::try_from(channel)?,
            pitch: u8::try_from(pitch)?,
            // The value was an f32 on both sides of the plugin.
            velocity: velocity as f32,
        });
    }
    Ok(notes)
}
