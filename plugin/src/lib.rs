//! Continuo as a plugin: it hears the notes that pass, in time with the host's transport, and plays new
//! ones into the same stream.
//!
//! This file is the adapter to nice-plug and nothing else: ids, ports, lifecycle, event types, exports.
//!
//! # Thread map
//! | thread | owns | may |
//! |---|---|---|
//! | audio | [`engine::Engine`] and through it [`clock`], [`schedule`], [`link::AudioEnd`] | never lock, allocate, log or wake a thread; wait only in an offline render |
//! | planners, a few for the process | the [`worker::Seat`]s in turn: [`link::WorkerEnd`], the model | anything; they poll |
//! | host's main | [`params::ContinuoParams`], creation, activation, state | anything while the audio thread does not run |
//!
//! Two rings ([`link`]) and the atomics of [`params`] and [`status`] are all that the threads share. The
//! planners are started by the first activation, not by creation, so that a host which only scans starts no
//! thread; they end with the last instance. `reset` and `deactivate` cannot send events, so what sounds is
//! released in the first block after them. Loading a state never activates: the engine compares the
//! controls in each block.

pub mod bars;
pub mod clock;
mod desk;
pub mod editor;
pub mod engine;
pub mod folder;
#[cfg(feature = "assert_process_allocs")]
mod guarded;
pub mod ladder;
pub mod later;
pub mod link;
mod pace;
pub mod params;
#[cfg(target_os = "linux")]
mod pin;
pub mod playhead;
pub mod schedule;
pub mod snapshot;
pub mod status;
pub mod styles;
pub mod worker;

use std::{marker::PhantomData, sync::Arc, time::Instant};

use nice_plug::{
    context::process::SendEventError,
    midi::{Channel, Key, VoiceID},
    plugin::ParamValue,
    prelude::*,
};

use crate::{
    editor::ContinuoEditor,
    engine::{Block, Body, Engine, InputEvent, Kind, OutputEvent, Sink},
    link::WorkerEnd,
    pace::Pace,
    params::{ContinuoParams, FORGET_ID, Lookahead},
    status::{Count, Status},
    worker::Worker,
};

/// Events that a host may send in one block before nice-plug allocates, and that one block hears. A dense
/// controller stream is a few hundred.
const INPUT_CAPACITY: usize = 4096;

/// An event as nice-plug gives it. SysEx is not read: its messages have no fixed size.
type HostEvent = NoteEvent<()>;

/// What differs between the plugin formats.
pub trait Format: Send + 'static {
    /// Audio ports.
    const LAYOUTS: &'static [AudioIOLayout];
    /// Notes only, or controllers, pitch bend and the like too.
    const MIDI: MidiConfig;
    /// Keeps the host from putting a plugin to sleep that hears and says nothing.
    const AWAKE: ProcessStatus;
    /// Note expressions may be sent.
    const EXPRESSIONS: bool;
    /// The host's word on offline rendering can be trusted.
    const KNOWS_OFFLINE: bool;
}

/// CLAP: a note effect without audio ports.
///
/// Note expressions are not passed on: Bitwig 6.1's audio engine aborts when a note effect emits one.
pub struct Clap;

impl Format for Clap {
    const LAYOUTS: &'static [AudioIOLayout] = &[];
    const MIDI: MidiConfig = MidiConfig::MidiCCs;
    const AWAKE: ProcessStatus = ProcessStatus::KeepAlive;
    const EXPRESSIONS: bool = false;
    const KNOWS_OFFLINE: bool = true;
}

/// VST3: the same with a silent stereo output, because Ableton Live opens no plugin without audio.
///
/// Layouts to choose from would not do: hosts look at the first. Controllers are left out, because nice-plug
/// would add 2,080 hidden parameters for them, and a tail would be infinite.
pub struct Vst3;

impl Format for Vst3 {
    const LAYOUTS: &'static [AudioIOLayout] = SILENT_STEREO;
    const MIDI: MidiConfig = MidiConfig::Basic;
    const AWAKE: ProcessStatus = ProcessStatus::Normal;
    const EXPRESSIONS: bool = true;
    const KNOWS_OFFLINE: bool = false;
}

/// The standalone: audio devices need an output to run at all.
pub struct Standalone;

impl Format for Standalone {
    const LAYOUTS: &'static [AudioIOLayout] = SILENT_STEREO;
    const MIDI: MidiConfig = MidiConfig::MidiCCs;
    const AWAKE: ProcessStatus = ProcessStatus::KeepAlive;
    const EXPRESSIONS: bool = true;
    const KNOWS_OFFLINE: bool = true;
}

const SILENT_STEREO: &[AudioIOLayout] = &[AudioIOLayout {
    main_output_channels: NonZeroU32::new(2),
    names: PortNames {
        main_output: Some("Silence"),
        ..PortNames::const_default()
    },
    ..AudioIOLayout::const_default()
}];

/// One instance of the plugin.
pub struct Continuo<F> {
    params: Arc<ContinuoParams>,
    status: Arc<Status>,
    engine: Engine<HostEvent>,
    /// The events of the running block.
    input: Vec<InputEvent<HostEvent>>,
    /// The worker's end of the link until the worker starts.
    worker_end: Option<WorkerEnd>,
    worker: Option<Worker>,
    sample_rate: f32,
    offline: bool,
    pace: Pace,
    /// What the host was last told as latency.
    lookahead: Lookahead,
    format: PhantomData<F>,
}

impl<F: Format> Default for Continuo<F> {
    fn default() -> Self {
        let params = Arc::new(ContinuoParams::default());
        let status = Status::with_window(params.song.board().repaint().clone());
        let (audio_end, worker_end) = link::link(&status);
        Self {
            params,
            engine: Engine::new(audio_end, Arc::clone(&status)),
            status,
            input: Vec::with_capacity(INPUT_CAPACITY),
            worker_end: Some(worker_end),
            worker: None,
            sample_rate: 48_000.0,
            offline: false,
            pace: Pace::default(),
            lookahead: Lookahead::None,
            format: PhantomData,
        }
    }
}

impl<F: Format> Plugin for Continuo<F> {
    const NAME: &'static str = "Continuo";
    const VENDOR: &'static str = "Continuo";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = F::LAYOUTS;
    const MIDI_INPUT: MidiConfig = F::MIDI;
    const MIDI_OUTPUT: MidiConfig = F::MIDI;
    // With it nice-plug would count the offset of a split block twice.
    const SAMPLE_ACCURATE_AUTOMATION: bool = false;
    const INPUT_EVENT_CAPACITY: usize = INPUT_CAPACITY;

    type Editor = ContinuoEditor;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        Arc::clone(&self.params) as Arc<dyn Params>
    }

    fn editor(
        &mut self,
        _: nice_plug::context::gui::AsyncExecutor<Self>,
    ) -> Option<ContinuoEditor> {
        Some(editor::editor(&self.params, &self.status))
    }

    fn filter_state(state: &mut PluginState) {
        // Forget is a button: a project that was saved while it was down must not forget when it loads.
        if let Some(forget) = state.params.get_mut(FORGET_ID) {
            *forget = ParamValue::Bool(false);
        }
        // A project from before there were styles must not keep that of the one before it.
        let shipped = || "{}".to_owned();
        state
            .fields
            .entry(styles::FIELD.to_owned())
            .or_insert_with(shipped);
        later::keep(state);
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.sample_rate = config.sample_rate;
        self.offline = F::KNOWS_OFFLINE && config.process_mode == ProcessMode::Offline;
        self.pace.reset();
        self.lookahead = self.params.lookahead.value();
        context.set_latency_samples(self.lookahead.samples(self.sample_rate));
        if let Some(end) = self.worker_end.take() {
            let status = Arc::clone(&self.status);
            self.worker = Some(worker::employ(&self.params.song, end, status));
        }
        true
    }

    fn reset(&mut self) {
        self.pace.reset();
        self.engine.reset();
    }

    fn deactivate(&mut self) {
        self.engine.reset();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let began = Instant::now();
        for channel in buffer.as_slice() {
            channel.fill(0.0);
        }
        let lookahead = self.params.lookahead.value();
        if lookahead != self.lookahead {
            self.lookahead = lookahead;
            context.set_latency_samples(lookahead.samples(self.sample_rate));
        }
        // Longer blocks than `u32` counts do not exist in any host.
        let frames = buffer.samples() as u32;
        let seconds = f64::from(frames) / f64::from(self.sample_rate);
        let render = !F::KNOWS_OFFLINE && self.pace.begin(began, seconds);
        let block = Block {
            frames,
            sample_rate: f64::from(self.sample_rate),
            transport: transport(context.transport()),
            offline: self.offline || render,
            controls: self.params.controls(),
            thru: self.params.thru.value(),
            bypass: self.params.bypass.value(),
            forget: self.params.forget.value(),
            loads: self.params.song.loads(),
            choices: self.params.song.choices(),
            lookahead: lookahead.samples(self.sample_rate),
        };
        self.input.clear();
        while let Some(event) = context.next_event() {
            if self.input.len() < INPUT_CAPACITY {
                self.input.push(heard(event));
            } else {
                self.status.add(Count::Dropped, 1);
            }
        }
        let mut sink = HostList::<F, _> {
            context,
            format: PhantomData,
        };
        self.engine.process(&block, &self.input, &mut sink);
        let done = Instant::now();
        self.pace.end(done);
        let nanoseconds = u64::try_from(done.duration_since(began).as_nanos()).unwrap_or(u64::MAX);
        self.status
            .raise(Count::WorstProcessNanoseconds, nanoseconds);
        F::AWAKE
    }
}

impl ClapPlugin for Continuo<Clap> {
    const CLAP_ID: &'static str = "org.continuo.continuo";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("Plays along: hears the notes that pass and writes new ones into the stream");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[ClapFeature::NoteEffect, ClapFeature::Utility];
}

impl Vst3Plugin for Continuo<Vst3> {
    const VST3_CLASS_ID: [u8; 16] = *b"ContinuoPlaysAlg";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::Custom("Event")];
}

/// What the host says about its transport. nice-plug fills in what can be computed from the rest only for
/// the loop; the clock does so for the position, because that needs the block before.
fn transport(host: &Transport) -> clock::Transport {
    clock::Transport {
        playing: host.playing,
        tempo: host.tempo,
        quarters: host.pos_beats,
        seconds: host.pos_seconds,
        samples: host.pos_samples,
        bar_start: host.bar_start_pos_beats,
        signature: host.time_sig_numerator.zip(host.time_sig_denominator),
        cycle: host.loop_range_beats(),
    }
}

/// What the engine has to know of an event.
fn heard(event: HostEvent) -> InputEvent<HostEvent> {
    let (kind, payload) = match event {
        NoteEvent::NoteOn {
            channel: Channel::Number(channel),
            key: Key::Number(pitch),
            velocity,
            ..
        } => {
            // The cast is safe: clamped.
            let velocity = (velocity * 127.0).round().clamp(0.0, 127.0) as u8;
            let kind = Kind::On {
                channel,
                pitch,
                velocity,
            };
            (kind, event)
        }
        NoteEvent::NoteOff { channel, key, .. } => (off(channel, key), event),
        // Hosts take no chokes from plugins: what one chokes ends.
        NoteEvent::Choke {
            timing,
            voice_id,
            channel,
            key,
        } => {
            let ending = NoteEvent::NoteOff {
                timing,
                voice_id,
                channel,
                key,
                velocity: 0.0,
            };
            (off(channel, key), ending)
        }
        other => (Kind::Other, other),
    };
    InputEvent {
        sample: payload.timing(),
        kind,
        payload,
    }
}

fn off(channel: Channel, key: Key) -> Kind {
    Kind::Off {
        channel: channel.number(),
        pitch: key.number(),
    }
}

/// The host's output list behind nice-plug's context.
struct HostList<'c, F, C> {
    context: &'c mut C,
    format: PhantomData<F>,
}

impl<F: Format, C: ProcessContext<Continuo<F>>> Sink<HostEvent> for HostList<'_, F, C> {
    fn send(&mut self, event: OutputEvent<HostEvent>) -> bool {
        let timing = event.sample;
        let event = match event.body {
            Body::On {
                channel,
                pitch,
                velocity,
            } => NoteEvent::NoteOn {
                timing,
                voice_id: VoiceID::Wildcard,
                channel: Channel::Number(channel),
                key: Key::Number(pitch),
                velocity: f32::from(velocity) / 127.0,
            },
            Body::Off { channel, pitch } => NoteEvent::NoteOff {
                timing,
                voice_id: VoiceID::Wildcard,
                channel: Channel::Number(channel),
                key: Key::Number(pitch),
                velocity: 0.0,
            },
            Body::Pass { payload, .. } if is_expression(&payload) && !F::EXPRESSIONS => {
                return true;
            }
            Body::Pass { payload, .. } => retimed(payload, timing),
        };
        match self.context.try_send_event(event) {
            // An event that this format cannot carry is none that could be sent later.
            Ok(()) | Err((_, SendEventError::InvalidEvent { .. })) => true,
            Err((_, SendEventError::HostBufferFull | SendEventError::NoOutputBuffer)) => false,
        }
    }
}

/// Whether CLAP sends the event as a note expression.
fn is_expression(event: &HostEvent) -> bool {
    matches!(
        event,
        NoteEvent::PolyPressure { .. }
            | NoteEvent::PolyVolume { .. }
            | NoteEvent::PolyPan { .. }
            | NoteEvent::PolyTuning { .. }
            | NoteEvent::PolyVibrato { .. }
            | NoteEvent::PolyExpression { .. }
            | NoteEvent::PolyBrightness { .. }
    )
}

/// The same event at another sample of the block.
fn retimed(mut event: HostEvent, sample: u32) -> HostEvent {
    match &mut event {
        NoteEvent::NoteOn { timing, .. }
        | NoteEvent::NoteOff { timing, .. }
        | NoteEvent::Choke { timing, .. }
        | NoteEvent::VoiceTerminated { timing, .. }
        | NoteEvent::PolyModulation { timing, .. }
        | NoteEvent::MonoAutomation { timing, .. }
        | NoteEvent::PolyPressure { timing, .. }
        | NoteEvent::PolyVolume { timing, .. }
        | NoteEvent::PolyPan { timing, .. }
        | NoteEvent::PolyTuning { timing, .. }
        | NoteEvent::PolyVibrato { timing, .. }
        | NoteEvent::PolyExpression { timing, .. }
        | NoteEvent::PolyBrightness { timing, .. }
        | NoteEvent::MidiChannelPressure { timing, .. }
        | NoteEvent::MidiPitchBend { timing, .. }
        | NoteEvent::MidiCC { timing, .. }
        | NoteEvent::MidiProgramChange { timing, .. }
        | NoteEvent::MidiSysEx { timing, .. } => *timing = sample,
        // Kinds that a later nice-plug adds keep the sample at which they came.
        _ => {}
    }
    event
}

nice_export_clap!(Continuo<Clap>);
nice_export_vst3!(Continuo<Vst3>);
