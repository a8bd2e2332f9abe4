//! Pictures of the main states, compared with those in `tests/pictures/window`.
//!
//! `CONTINUO_UPDATE_PICTURES=1` writes them anew: look at each one before it is committed.

use std::{fs, path::PathBuf};

use continuo_model::{
    controls::Role,
    time::{BarGrid, Meter, Tick},
};
use egui::{ClippedPrimitive, RawInput, Rect, Vec2, vec2};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::Param;

use super::{
    raster::{BLOCK, Picture, Raster},
    song::song,
    stage::Stage,
};
use crate::editor::{Export, Host, Palette};

/// How much of the window a frame shades at the most; some of it is shaded several times.
const MOST_SHADED: f32 = 1.5;
/// Frames until what moves has come to rest.
const FRAMES: usize = 40;
/// A pixel that differs by more than this in any channel is another one.
const CHANNEL: u8 = 24;
/// So many pixels in ten thousand may be other ones: letters are rounded otherwise on other machines.
const OTHERS: usize = 15;

/// Paints `stage` in a window of `size` points, after a click if there was one.
fn painted(stage: &mut Stage, size: Vec2, scale: f32, click: Option<egui::Pos2>) -> Picture {
    let (primitives, raster) = tessellated(stage, size, scale, click);
    let pixels = [(size.x * scale) as usize, (size.y * scale) as usize];
    let ground = Palette::of(stage.view.light).ground;
    raster.paint(&primitives, pixels, scale, ground)
}

/// The triangles of `stage` in a window of `size` points, after a click if there was one, and the textures that they
/// need.
fn tessellated(
    stage: &mut Stage,
    size: Vec2,
    scale: f32,
    click: Option<egui::Pos2>,
) -> (Vec<ClippedPrimitive>, Raster) {
    let ctx = egui::Context::default();
    let mut raster = Raster::default();
    let mut shapes = Vec::new();
    for frame in 0..FRAMES {
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(frame as f64 / 30.0),
            ..RawInput::default()
        };
        let viewport = input.viewports.entry(input.viewport_id).or_default();
        viewport.native_pixels_per_point = Some(scale);
        let button = |pos, pressed| egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        input.events = match (click, frame) {
            (Some(pos), 2) => vec![egui::Event::PointerMoved(pos)],
            (Some(pos), 3) => vec![button(pos, true)],
            (Some(pos), 4) => vec![button(pos, false)],
            _ => Vec::new(),
        };
        let mut output = ctx.run_ui(input, |ui| stage.frame(ui));
        raster.take(&output.textures_delta);
        output.textures_delta.clear();
        shapes = output.shapes;
    }
    (ctx.tessellate(shapes, scale), raster)
}

fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/pictures/window");
    root.join(format!("{name}.png"))
}

fn write(name: &str, picture: &Picture) {
    let path = path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for pictures");
    let file = fs::File::create(path).expect("a file to write");
    let mut encoder = png::Encoder::new(file, picture.width as u32, picture.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let bytes: Vec<u8> = picture
        .pixels
        .iter()
        .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
        .collect();
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&bytes).expect("pixels");
}

fn read(name: &str) -> (usize, usize, Vec<u8>) {
    let file = fs::File::open(path(name)).expect("a picture to compare with");
    let mut reader = png::Decoder::new(std::io::BufReader::new(file))
        .read_info()
        .expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("pixels");
    bytes.truncate(info.buffer_size());
    (info.width as usize, info.height as usize, bytes)
}

/// Compares with the picture of that name, or writes it.
fn check(name: &str, stage: &mut Stage, size: Vec2) {
    check_after(name, stage, size, 1.0, None);
}

/// The same on a screen with `scale` pixels for a point, and after a click.
fn check_after(name: &str, stage: &mut Stage, size: Vec2, scale: f32, click: Option<egui::Pos2>) {
    let picture = painted(stage, size, scale, click);
    if std::env::var_os("CONTINUO_UPDATE_PICTURES").is_some() {
        write(name, &picture);
        return;
    }
    let (width, height, bytes) = read(name);
    assert_eq!((picture.width, picture.height), (width, height));
    let others = picture
        .pixels
        .iter()
        .zip(bytes.chunks_exact(3))
        .filter(|(pixel, kept)| {
            let pixel = [pixel.r(), pixel.g(), pixel.b()];
            let mut pairs = pixel.iter().zip(*kept);
            pairs.any(|(one, other)| one.abs_diff(*other) > CHANNEL)
        })
        .count();
    let most = picture.pixels.len() * OTHERS / 10_000;
    assert!(
        others <= most,
        "{name}: {others} of {} pixels are other ones",
        picture.pixels.len()
    );
}

const NATURAL: Vec2 = vec2(960.0, 620.0);

fn set(param: ParamPtr, normalized: f32) {
    // SAFETY: the caller's parameters live.
    unsafe {
        param._internal_set_normalized_value(normalized);
    }
}

fn with_role(role: Role, at: i64, again: bool) -> Stage {
    let stage = Stage::playing(song(role, at, again));
    set(stage.params.role.as_ptr(), f32::from(role as u8) / 4.0);
    stage
}

#[test]
fn at_first_it_says_how_to_wire_it() {
    let mut stage = Stage::new();
    stage.host = Host::Bitwig;
    check("empty", &mut stage, NATURAL);
}

#[test]
fn every_role_plays_in_its_own_colour() {
    for role in Role::ALL {
        let mut stage = with_role(role, 640, false);
        check(&role.name().to_lowercase(), &mut stage, NATURAL);
    }
}

#[test]
fn a_loop_stands_still_with_what_earlier_passes_taught_and_a_held_bar() {
    let mut stage = with_role(Role::Bass, 452, true);
    stage.snapshot.cycle = Some((Tick(384), Tick(768)));
    stage.snapshot.held_bars = vec![Tick(576)];
    stage.view.bars = 5.0;
    stage.view.fold = true;
    set(stage.params.density.as_ptr(), 0.7);
    set(stage.params.lowest.as_ptr(), 28.0 / 127.0);
    set(stage.params.highest.as_ptr(), 55.0 / 127.0);
    set(stage.params.scale_lock.as_ptr(), 1.0);
    set(stage.params.take.as_ptr(), 3.0 / 127.0);
    set(stage.params.hold.as_ptr(), 1.0);
    stage.snapshot.phrase = Some((Tick(384), Tick(576)));
    check("held", &mut stage, NATURAL);
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let mut stage = with_role(Role::Continue, 640, false);
    stage.snapshot.own.clear();
    stage.snapshot.trouble = Some("the weights in this build are damaged".to_owned());
    check("error", &mut stage, NATURAL);
}

#[test]
fn a_folder_is_asked_for_when_one_is_needed() {
    let mut stage = with_role(Role::Bass, 640, false);
    let why = "the folder /media/stick/loops is read-only";
    stage.recorder.export = Export::NoFolder(why.to_owned());
    check("folder", &mut stage, NATURAL);
}

#[test]
fn the_list_of_styles_opens_over_the_window() {
    let mut stage = with_role(Role::Continue, 640, false);
    stage.recorder.styles = Some(std::sync::Arc::new(super::styles::styles()));
    let chosen = r#"{"name":"mine","file":"mine.style"}"#;
    stage.recorder.worn.chosen = serde_json::from_str(chosen).expect("a choice");
    let name = egui::pos2(NATURAL.x - 60.0, NATURAL.y - 13.0);
    check_after("styles", &mut stage, NATURAL, 1.0, Some(name));
}

#[test]
fn it_fits_into_a_small_window() {
    let mut stage = with_role(Role::Chords, 640, false);
    check("small", &mut stage, vec2(560.0, 360.0));
    stage.view.fold = true;
    check("small-open", &mut stage, vec2(560.0, 360.0));
}

#[test]
fn on_a_fine_screen_it_is_finer() {
    let mut stage = with_role(Role::Chords, 640, true);
    check_after("fine", &mut stage, vec2(640.0, 420.0), 2.0, None);
}

#[test]
fn on_a_screen_between_two_sizes_lines_keep_their_width() {
    let mut stage = with_role(Role::Drums, 640, true);
    check_after("between", &mut stage, vec2(640.0, 420.0), 1.25, None);
}

#[test]
fn it_fills_a_large_one() {
    let mut stage = with_role(Role::Counter, 1300, true);
    stage.view.bars = 16.0;
    check("large", &mut stage, vec2(1800.0, 1000.0));
}

#[test]
fn by_day_it_is_light() {
    let mut stage = with_role(Role::Bass, 640, true);
    stage.view.light = true;
    stage.view.fold = true;
    set(stage.params.rhythm.as_ptr(), 6.0 / 7.0);
    set(stage.params.motion.as_ptr(), 2.0 / 6.0);
    let waltz = BarGrid {
        downbeat: Tick(576),
        number: 8,
        meter: Meter::new(3, 4).expect("a waltz"),
    };
    let common = BarGrid::from_origin(Meter::COMMON);
    stage.snapshot.bars.meet(Tick(0), common);
    stage.snapshot.bars.meet(Tick(576), waltz);
    check("light", &mut stage, NATURAL);
}

/// Without a graphics card each square that a triangle touches costs processor time, so most of the window is left
/// as it was cleared, and what is large is cut into few triangles.
#[test]
fn a_frame_shades_little_more_than_the_window() {
    for role in Role::ALL {
        let mut stage = with_role(role, 640, true);
        let picture = painted(&mut stage, NATURAL, 1.0, None);
        let share = (picture.blocks * BLOCK * BLOCK) as f32 / NATURAL.x / NATURAL.y;
        println!("{}: {share:.2} times the window", role.name());
        assert!(share < MOST_SHADED, "{}: {share}", role.name());
    }
}
