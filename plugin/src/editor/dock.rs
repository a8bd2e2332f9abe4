//! The controls below the roll.

use egui::{Rect, Ui, pos2, vec2};

use super::{
    Scene, View,
    buttons::{choice, sign_button_named, switch, view_switch},
    forget::forget,
    handle,
    header::{export, shows_actions},
    knob::{Size, knob, natural},
    paint::{arrowhead, fitted},
    presets::presets,
    range::range,
    take::take,
};

/// Heights in natural points.
pub const HEIGHT: f32 = 130.0;
/// The fold's.
const FOLD_HEIGHT: f32 = 94.0;
const ROW: f32 = 30.0;
const GAP: f32 = 7.0;
/// Between the rows of the narrow fold.
const NARROW_GAP: f32 = 5.0;
const PAD: f32 = 13.0;
/// Narrower than this, key and scale take two rows.
const NARROW: f32 = 420.0;

/// Cuts columns and rows off a rectangle.
struct Cutter {
    rest: Rect,
    gap: f32,
}

impl Cutter {
    fn left(&mut self, width: f32) -> Rect {
        let (cut, rest) = self.rest.split_left_right_at_x(self.rest.left() + width);
        self.rest = rest;
        self.rest.min.x += self.gap;
        cut
    }

    fn top(&mut self, height: f32) -> Rect {
        let (cut, rest) = self.rest.split_top_bottom_at_y(self.rest.top() + height);
        self.rest = rest;
        self.rest.min.y += self.gap;
        cut
    }
}

/// Cells of equal width side by side.
fn cells(rect: Rect, count: usize, gap: f32) -> Vec<Rect> {
    let width = (rect.width() - gap * (count - 1) as f32) / count as f32;
    (0..count)
        .map(|cell| {
            let left = rect.left() + cell as f32 * (width + gap);
            Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()))
        })
        .collect()
}

/// What is always in sight.
pub fn dock(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let look = &scene.look;
    let px = |points| look.px(points);
    let params = scene.params;
    look.ground(ui.painter(), rect, look.palette.panel);
    let mut columns = Cutter {
        rest: rect.shrink(px(PAD)),
        gap: 0.0,
    };
    let width = px(natural(Size::Big).x);
    let tip = "How far from the likeliest note: 0 % plays safe, 100 % surprises";
    knob(
        ui,
        scene,
        columns.left(width),
        &params.adventure,
        Size::Big,
        tip,
    );
    let tip = "Fewer or more notes than it would play by itself";
    knob(
        ui,
        scene,
        columns.left(width),
        &params.density,
        Size::Big,
        tip,
    );
    divider(ui, scene, &mut columns);
    let column = columns.left(px(130.0));
    let mut rows = Cutter {
        rest: column,
        gap: px(GAP + 4.0),
    };
    take(ui, scene, rows.top(px(50.0)));
    let tip = "How many bars an answer and a held loop last";
    choice(ui, scene, rows.top(px(ROW)), &params.phrase, tip);
    divider(ui, scene, &mut columns);
    switches(ui, scene, columns.left(px(100.0)));
    divider(ui, scene, &mut columns);
    harmony(ui, scene, view, columns.rest);
}

fn divider(ui: &Ui, scene: &Scene, columns: &mut Cutter) {
    let look = &scene.look;
    let rect = columns.left(look.px(22.0));
    let stroke = look.stroke(1.0, look.palette.line.gamma_multiply(0.6));
    ui.painter().vline(rect.center().x, rect.y_range(), stroke);
}

fn switches(ui: &mut Ui, scene: &Scene, rect: Rect) {
    let params = scene.params;
    let mut rows = Cutter {
        rest: rect,
        gap: scene.look.px(GAP),
    };
    let row = scene.look.px(ROW);
    let tip = "Repeats the last phrase instead of making new music";
    let mut hold = rows.top(row);
    if params.hold.value() {
        let mut columns = Cutter {
            rest: hold,
            gap: scene.look.px(3.0),
        };
        hold = columns.left(hold.width() - scene.look.px(handle::WIDTH + 3.0));
        handle::handle(ui, scene, columns.rest);
    }
    switch(ui, scene, hold, &params.hold, "Hold", tip);
    let tip = "Listens for a phrase, then answers for a phrase. Off: plays along all the time";
    switch(ui, scene, rows.top(row), &params.mode, "Answer", tip);
    let tip = "Passes on the notes that it hears. Off: only its own notes leave";
    switch(ui, scene, rows.top(row), &params.thru, "Thru", tip);
}

/// Key, scale, range, and the button of the fold.
fn harmony(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let look = &scene.look;
    let params = scene.params;
    let gap = look.px(GAP);
    let mut rows = Cutter { rest: rect, gap };
    let row = look.px(ROW);
    let narrow = rect.width() < look.px(NARROW);
    let first = rows.top(row);
    let (key, scale, lock, more) = if narrow {
        let upper = cells(first, 2, gap);
        let lower = cells(rows.top(row), 2, gap);
        (upper[0], upper[1], lower[0], lower[1])
    } else {
        let mut columns = Cutter { rest: first, gap };
        let more = look.px(86.0);
        let rest = first.width() - more - 3.0 * gap;
        let key = columns.left(rest * 0.27);
        let scale = columns.left(rest * 0.46);
        (key, scale, columns.left(rest * 0.27), columns.left(more))
    };
    let tip = "Where it feels at home. Auto finds the key from what it hears";
    choice(ui, scene, key, &params.key, tip);
    let tip = "The notes of the key. Auto finds major or minor from what it hears";
    choice(ui, scene, scale, &params.scale, tip);
    let tip = "On: never a note outside key and scale";
    switch(ui, scene, lock, &params.scale_lock, "Lock", tip);
    more_button(ui, scene, view, more);
    range(ui, scene, rows.rest);
}

/// Opens the fold and closes it.
fn more_button(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let look = &scene.look;
    let (label, tip) = if view.fold {
        ("Less", "Puts the other controls away")
    } else {
        (
            "More",
            "Feel, rhythm, motion, memory, channel, latency, bypass",
        )
    };
    let response = sign_button_named(ui, scene, rect, "fold", (label, tip), |painter, rect| {
        let ink = look.palette.text;
        let text = fitted(
            painter,
            rect.center() - vec2(look.px(7.0), 0.0),
            egui::Align2::CENTER_CENTER,
            label,
            look.font(13.0),
            ink,
            rect.width(),
        );
        let arrow = pos2(text.right() + look.px(9.0), rect.center().y);
        let way = vec2(0.0, if view.fold { -1.0 } else { 1.0 });
        arrowhead(painter, arrow, way, look.px(4.0), look.stroke(1.4, ink));
    });
    if response.clicked() {
        view.fold = !view.fold;
    }
}

/// The fold's height in natural points: where the header has no room for presets and export, they are in it.
#[must_use]
pub fn fold_height(actions_in_header: bool) -> f32 {
    if actions_in_header {
        FOLD_HEIGHT
    } else {
        HEIGHT
    }
}

/// The other controls; `alone` in the dock's place, where a way back is needed.
pub fn fold(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect, alone: bool) {
    let look = &scene.look;
    let params = scene.params;
    let palette = look.palette;
    look.ground(ui.painter(), rect, palette.panel);
    let stroke = look.stroke(1.0, palette.line.gamma_multiply(0.6));
    ui.painter()
        .hline(rect.shrink(look.px(PAD)).x_range(), rect.top(), stroke);
    let mut columns = Cutter {
        rest: rect.shrink2(vec2(look.px(PAD), look.px(10.0))),
        gap: look.px(4.0),
    };
    let width = look.px(natural(Size::Small).x);
    let tip = "Softer or louder than it would play by itself";
    knob(
        ui,
        scene,
        columns.left(width),
        &params.dynamics,
        Size::Small,
        tip,
    );
    let tip = "Looser timing and loudness. 0 % is exactly on the grid";
    knob(
        ui,
        scene,
        columns.left(width),
        &params.humanize,
        Size::Small,
        tip,
    );
    let tip = "How late the off-beats fall";
    knob(
        ui,
        scene,
        columns.left(width),
        &params.swing,
        Size::Small,
        tip,
    );
    columns.left(look.px(6.0));
    let in_header = shows_actions(scene, rect.width());
    if rect.height() > look.px(FOLD_HEIGHT + 1.0) {
        four_rows(ui, scene, view, columns.rest, in_header, alone);
    } else {
        two_rows(ui, scene, view, columns.rest);
    }
}

/// What the wide fold has beside its knobs.
fn two_rows(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    /// The lists with long values take more of the row.
    const SHARE: f32 = 0.285;
    let gap = scene.look.px(GAP);
    let mut rows = Cutter { rest: rect, gap };
    let first = rows.top((rect.height() - gap) / 2.0);
    let mut columns = Cutter { rest: first, gap };
    let width = first.width() * SHARE;
    line(ui, scene, [columns.left(width), columns.left(width)]);
    let others = cells(columns.rest, 2, gap);
    midi(ui, scene, [others[0], others[1]]);
    let second = cells(rows.rest, 5, gap);
    rules(ui, scene, [second[0], second[1], second[2]]);
    light(ui, scene, view, second[3]);
    forget(ui, scene, view, second[4]);
}

/// What the narrow fold has beside its knobs: presets, export and the way back too.
fn four_rows(
    ui: &mut Ui,
    scene: &Scene,
    view: &mut View,
    rect: Rect,
    in_header: bool,
    alone: bool,
) {
    let gap = scene.look.px(NARROW_GAP);
    let mut rows = Cutter { rest: rect, gap };
    let height = (rect.height() - 3.0 * gap) / 4.0;
    let first = cells(rows.top(height), 2, gap);
    line(ui, scene, [first[0], first[1]]);
    let second = cells(rows.top(height), 3, gap);
    midi(ui, scene, [second[0], second[1]]);
    if in_header {
        forget(ui, scene, view, second[2]);
    } else {
        presets(ui, scene, second[2]);
    }
    let third = cells(rows.top(height), 3, gap);
    rules(ui, scene, [third[0], third[1], third[2]]);
    let others = 1 + 2 * usize::from(!in_header) + usize::from(alone);
    let last = cells(rows.rest, others, gap);
    light(ui, scene, view, last[0]);
    if !in_header {
        forget(ui, scene, view, last[1]);
        export(ui, scene, view, last[2]);
    }
    if alone {
        more_button(ui, scene, view, last[others - 1]);
    }
}

/// What a line plays, and when.
fn line(ui: &mut Ui, scene: &Scene, [rhythm, motion]: [Rect; 2]) {
    let params = scene.params;
    let tip = "Where notes begin: on each of these places, on some of them with Density below 0. \
               Drums: where hats and ride do; half notes are half time";
    choice(ui, scene, rhythm, &params.rhythm, tip);
    let tip = "Which keys a line takes under the chord of the moment. Arpeggio and Alberti break Chords, \
               Chord tones keeps them pure, the others leave them as they are. Drums: no effect";
    choice(ui, scene, motion, &params.motion, tip);
}

fn midi(ui: &mut Ui, scene: &Scene, [channel, lookahead]: [Rect; 2]) {
    let params = scene.params;
    let tip = "MIDI channel of its notes";
    choice(ui, scene, channel, &params.channel, tip);
    let tip =
        "Delays everything by this much, told to the host, so that corrections land on the beat";
    choice(ui, scene, lookahead, &params.lookahead, tip);
}

fn rules(ui: &mut Ui, scene: &Scene, [memory, chords_win, bypass]: [Rect; 3]) {
    let params = scene.params;
    let tip = "Uses what earlier passes of the song taught about the bars ahead";
    switch(ui, scene, memory, &params.memory, "Memory", tip);
    let tip = "With Lock: the notes of the sounding chord may be played too";
    switch(ui, scene, chords_win, &params.chords_win, "Chords win", tip);
    let tip = "Passes on what it hears and plays nothing";
    switch(ui, scene, bypass, &params.bypass, "Bypass", tip);
}

fn light(ui: &mut Ui, scene: &Scene, view: &mut View, rect: Rect) {
    let tip = "Dark letters on light ground";
    view_switch(ui, scene, rect, &mut view.light, "Light", tip);
}
