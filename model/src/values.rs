//! The values of the controls as a musician reads and writes them: one text for hosts, window and command
//! line.

use crate::chord::pitch_class_name;

/// "50 %" for 0.5.
#[must_use]
pub fn percent_name(share: f32) -> String {
    // Adding 0 makes 0 of −0.
    format!("{:.0} %", share * 100.0 + 0.0)
}

/// The share of "50 %" or "50"; `None` if it is no number.
#[must_use]
pub fn parse_percent(text: &str) -> Option<f32> {
    let number: f32 = text.trim().trim_end_matches('%').trim_end().parse().ok()?;
    number.is_finite().then_some(number / 100.0)
}

/// The share in whole per cent that is nearest to `share`, to the bit: the parameters move in these steps.
#[must_use]
pub fn whole_percent(share: f32) -> f32 {
    /// As the plugin library computes it.
    const STEP: f32 = 0.01;
    (share / STEP).round() * STEP
}

/// "Db2" for 37; middle C, 60, is C4.
#[must_use]
pub fn pitch_name(pitch: i32) -> String {
    // In range: a remainder by 12.
    let class = pitch_class_name(pitch.rem_euclid(12) as u8);
    format!("{class}{}", pitch.div_euclid(12) - 1)
}

/// The MIDI note of a name such as "C#2", "Db2", "c-1" or of a number; `None` if it is neither or not in
/// 0..=127.
#[must_use]
pub fn parse_pitch(text: &str) -> Option<i32> {
    let text = text.trim();
    let pitch = match text.parse() {
        Ok(number) => number,
        Err(_) => {
            let (class, octave) = split_class(text)?;
            let octave: i32 = octave
                .parse()
                .ok()
                .filter(|octave| (-2..=10).contains(octave))?;
            (octave + 1) * 12 + class
        }
    };
    (0..=127).contains(&pitch).then_some(pitch)
}

/// The pitch class at the start of a note's name, −1..=12, and what follows it.
fn split_class(text: &str) -> Option<(i32, &str)> {
    let mut letters = text.chars();
    let class = match letters.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = letters.as_str();
    for (sign, shift) in [("#", 1), ("♯", 1), ("b", -1), ("♭", -1)] {
        if let Some(rest) = rest.strip_prefix(sign) {
            return Some((class + shift, rest));
        }
    }
    Some((class, rest))
}

/// The name of a key: "Auto" for 0, "C" to "B" for 1..=12.
#[must_use]
pub fn key_name(key: i32) -> String {
    match usize::try_from(key - 1) {
        // In range: clamped.
        Ok(class) => pitch_class_name(class.min(11) as u8).to_owned(),
        Err(_) => "Auto".to_owned(),
    }
}

/// The key of such a name, 0..=12; flats are read too.
#[must_use]
pub fn parse_key(text: &str) -> Option<i32> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("auto") {
        return Some(0);
    }
    match split_class(text)? {
        (class, "") => Some(class.rem_euclid(12) + 1),
        _ => None,
    }
}

/// The name of a channel: "As heard" for 0, or its number.
#[must_use]
pub fn channel_name(channel: i32) -> String {
    match channel {
        0 => "As heard".to_owned(),
        channel => channel.to_string(),
    }
}

/// The channel of such a name, 0..=16.
#[must_use]
pub fn parse_channel(text: &str) -> Option<i32> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("as heard") {
        return Some(0);
    }
    text.parse()
        .ok()
        .filter(|channel| (0..=16).contains(channel))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitches_are_read_as_names_and_numbers() {
        for (text, pitch) in [
            ("C#2", 37),
            ("Db2", 37),
            (" c4 ", 60),
            ("60", 60),
            ("C-1", 0),
            ("Cb4", 59),
            ("b3", 59),
            ("G9", 127),
        ] {
            assert_eq!(parse_pitch(text), Some(pitch), "{text}");
        }
        for text in [
            "",
            "H2",
            "C",
            "C#",
            "128",
            "-1",
            "G#9",
            "Cb-1",
            "C99999999999",
        ] {
            assert_eq!(parse_pitch(text), None, "{text}");
        }
    }

    #[test]
    fn flats_name_keys_too() {
        assert_eq!(
            (parse_key("Bb"), parse_key("Cb"), parse_key("auto")),
            (Some(11), Some(12), Some(0))
        );
        assert_eq!(parse_key("C2"), None);
    }
}
