//! What somebody needs to know who sees the window for the first time: how to wire it.

use egui::{Align2, Id, Rect, Role as WidgetRole, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::{Scene, paint::fitted};

/// A host, as far as its wiring is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Bitwig Studio.
    Bitwig,
    /// REAPER.
    Reaper,
    /// Ardour.
    Ardour,
    /// Cubase or Nuendo.
    Cubase,
    /// FL Studio.
    FlStudio,
    /// Ableton Live.
    Live,
    /// The plugin without a host.
    Standalone,
    /// Any other.
    Other,
}

impl Host {
    /// The host whose process has this name. The plugin library does not tell the host's own words.
    #[must_use]
    pub fn of_process(name: &str) -> Self {
        let name = name.to_lowercase();
        let known = [
            ("bitwig", Self::Bitwig),
            ("reaper", Self::Reaper),
            ("ardour", Self::Ardour),
            ("cubase", Self::Cubase),
            ("nuendo", Self::Cubase),
            ("fl64", Self::FlStudio),
            ("fl studio", Self::FlStudio),
            ("ableton", Self::Live),
            ("live", Self::Live),
            ("continuo-standalone", Self::Standalone),
        ];
        known
            .into_iter()
            .find(|(start, _)| name.starts_with(start))
            .map_or(Self::Other, |(_, host)| host)
    }

    /// The host of this process.
    #[must_use]
    pub fn here() -> Self {
        let path = std::env::current_exe().unwrap_or_default();
        let name = path.file_name().unwrap_or_default();
        Self::of_process(&name.to_string_lossy())
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Bitwig => Some("Bitwig Studio"),
            Self::Reaper => Some("REAPER"),
            Self::Ardour => Some("Ardour"),
            Self::Cubase => Some("Cubase"),
            Self::FlStudio => Some("FL Studio"),
            Self::Live => Some("Ableton Live"),
            Self::Standalone | Self::Other => None,
        }
    }

    /// Three steps.
    fn steps(self) -> [&'static str; 3] {
        match self {
            Self::Bitwig => [
                "Continuo on a track of its own; note input: the track it should hear",
                "Your synth on another; note input: the Continuo track, monitor on",
                "Press play. Arm the synth's track to record the notes",
            ],
            Self::Reaper => [
                "Continuo alone on a track; send it MIDI from the track it should hear",
                "Send the Continuo track's MIDI to a track with your synth",
                "Press play. To record: arm the synth's track, record its MIDI output",
            ],
            Self::Ardour => [
                "In Window > MIDI Connections: the track it should hear into Continuo",
                "Continuo into the track with your synth; monitor both In",
                "Press play. Arm the synth's track to record the notes",
            ],
            Self::Cubase => [
                "Continuo in an audio insert; route a MIDI track's output to it",
                "An instrument track with its input on Continuo's events; monitor on",
                "Press play. Record-enable the instrument to record the notes",
            ],
            Self::FlStudio => [
                "In the wrapper's settings: MIDI input port 1, output port 2",
                "A MIDI Out channel on port 1 to hear; your synth's input port 2",
                "Press play. Record with Notes ticked to keep the notes",
            ],
            Self::Live => [
                "Continuo on an audio track; a MIDI track's MIDI To: that track, Continuo",
                "Your synth's track, MIDI From: the Continuo track; monitor In",
                "Press play. Arm the synth's track to record the notes",
            ],
            Self::Standalone => [
                "Connect a keyboard to its MIDI input, its MIDI output to a synth",
                "With JACK it follows the JACK transport",
                "Start the transport, and play",
            ],
            Self::Other => [
                "Send it notes: a clip or keyboard on a track before it",
                "Send its notes on to a track with your synth",
                "Press play in the host. Record on the synth's track",
            ],
        }
    }
}

/// What it is for.
const PURPOSE: &str = "It hears notes and plays new ones along. Your synth makes the sound.";

/// Draws the hint over the empty roll.
pub fn hint(ui: &mut Ui, scene: &Scene, area: Rect) {
    let look = &scene.look;
    let palette = look.palette;
    let size = vec2(look.px(520.0), look.px(206.0)).min(area.size() - Vec2::splat(look.px(12.0)));
    let card = Rect::from_center_size(area.center(), size);
    let painter = ui.painter();
    painter.rect(
        card,
        look.corner(12.0),
        palette.raised,
        look.stroke(1.0, palette.line),
        egui::StrokeKind::Inside,
    );
    let title = match scene.host.name() {
        Some(host) => format!("Wire it up in {host}"),
        None => "Wire it up".to_owned(),
    };
    let steps = scene.host.steps();
    let inside = card.shrink2(vec2(look.px(22.0), look.px(12.0)));
    let line = inside.height() / 5.6;
    fitted(
        painter,
        pos2(inside.left(), inside.top() + line * 0.65),
        Align2::LEFT_CENTER,
        &title,
        look.font(17.0),
        palette.text,
        inside.width(),
    );
    fitted(
        painter,
        pos2(inside.left(), inside.top() + line * 1.6),
        Align2::LEFT_CENTER,
        PURPOSE,
        look.font(13.0),
        palette.dim,
        inside.width(),
    );
    for (index, step) in steps.into_iter().enumerate() {
        let y = inside.top() + line * (2.95 + index as f32);
        let badge = pos2(inside.left() + look.px(9.0), y);
        painter.circle_filled(badge, look.px(9.0), look.accent);
        painter.text(
            badge,
            Align2::CENTER_CENTER,
            index + 1,
            look.font(12.0),
            palette.on_accent,
        );
        fitted(
            painter,
            pos2(inside.left() + look.px(28.0), y),
            Align2::LEFT_CENTER,
            step,
            look.font(13.5),
            palette.text,
            inside.width() - look.px(28.0),
        );
    }
    let words = format!("{title}. {PURPOSE} {}", steps.join(". "));
    // It takes clicks, so that they do not fall through to the bars below.
    let response = ui.interact(card, Id::unique("hint"), Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Label, true, &words));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_known_by_their_process() {
        let cases = [
            ("BitwigPluginHost-X64-SSE41", Host::Bitwig),
            ("reaper.exe", Host::Reaper),
            ("ardour-7.3.0~ds0", Host::Ardour),
            ("Cubase14", Host::Cubase),
            ("FL64.exe", Host::FlStudio),
            ("Ableton Live 12 Suite.exe", Host::Live),
            ("continuo-standalone", Host::Standalone),
            ("studio", Host::Other),
            ("", Host::Other),
        ];
        for (name, host) in cases {
            assert_eq!(Host::of_process(name), host, "{name}");
        }
    }
}
