//! Signs, drawn from lines on a grid of 24 by 24.

use std::f32::consts::{PI, TAU};

use continuo_model::controls::Role;
use egui::{Color32, Painter, Pos2, Rect, Stroke, vec2};

use super::paint::path;

/// A square to draw in, in units of the grid.
struct Grid<'a> {
    painter: &'a Painter,
    square: Rect,
    colour: Color32,
}

impl Grid<'_> {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        self.square.lerp_inside(vec2(x / 24.0, y / 24.0))
    }

    fn length(&self, units: f32) -> f32 {
        units / 24.0 * self.square.width()
    }

    fn stroke(&self, units: f32) -> Stroke {
        Stroke::new(self.length(units).max(1.0), self.colour)
    }

    fn line(&self, points: &[(f32, f32)], width: f32) {
        let points = points.iter().map(|(x, y)| self.at(*x, *y)).collect();
        path(self.painter, points, self.stroke(width));
    }

    fn bar(&self, left: f32, top: f32, right: f32, bottom: f32) {
        let rect = Rect::from_min_max(self.at(left, top), self.at(right, bottom));
        self.painter
            .rect_filled(rect, self.length(1.5), self.colour);
    }

    fn outline(&self, left: f32, top: f32, right: f32, bottom: f32) {
        let rect = Rect::from_min_max(self.at(left, top), self.at(right, bottom));
        self.painter.rect_stroke(
            rect,
            self.length(1.5),
            self.stroke(1.6),
            egui::StrokeKind::Inside,
        );
    }

    fn dot(&self, x: f32, y: f32, radius: f32) {
        let radius = self.length(radius);
        self.painter
            .circle_filled(self.at(x, y), radius, self.colour);
    }

    fn ellipse(&self, x: f32, y: f32, (wide, high): (f32, f32), from: f32, to: f32, width: f32) {
        let points = (0..=24)
            .map(|step| {
                let angle = from + (to - from) * step as f32 / 24.0;
                self.at(x + wide * angle.cos(), y + high * angle.sin())
            })
            .collect();
        path(self.painter, points, self.stroke(width));
    }
}

/// The sign of a role in `square`.
pub fn role(painter: &Painter, square: Rect, role: Role, colour: Color32) {
    let grid = Grid {
        painter,
        square,
        colour,
    };
    match role {
        Role::Continue => continuing(&grid),
        Role::Bass => bass_clef(&grid),
        Role::Chords => stack(&grid),
        Role::Counter => two_voices(&grid),
        Role::Drums => drum(&grid),
    }
}

/// Notes on a page, and the way out of it.
pub fn out(painter: &Painter, square: Rect, colour: Color32) {
    let grid = Grid {
        painter,
        square,
        colour,
    };
    grid.line(
        &[
            (11.5, 4.0),
            (2.5, 4.0),
            (2.5, 21.5),
            (20.0, 21.5),
            (20.0, 12.5),
        ],
        1.9,
    );
    grid.bar(6.0, 15.2, 11.0, 18.2);
    grid.bar(11.0, 11.4, 16.0, 14.4);
    grid.line(&[(13.0, 11.0), (21.8, 2.2)], 2.1);
    grid.line(&[(15.2, 2.2), (21.8, 2.2), (21.8, 8.8)], 2.1);
}

/// A folder with its tab.
pub fn folder(painter: &Painter, square: Rect, colour: Color32) {
    let grid = Grid {
        painter,
        square,
        colour,
    };
    let outline = [
        (1.5, 20.5),
        (1.5, 4.5),
        (9.0, 4.5),
        (11.5, 8.0),
        (22.5, 8.0),
        (22.5, 20.5),
        (1.5, 20.5),
    ];
    grid.line(&outline, 1.9);
}

/// Notes that were heard, and outlines of those to come.
fn continuing(grid: &Grid) {
    grid.bar(1.0, 14.5, 7.0, 18.5);
    grid.bar(6.5, 8.5, 12.5, 12.5);
    grid.outline(12.5, 3.0, 18.0, 7.0);
    grid.outline(17.5, 11.0, 23.0, 15.0);
}

fn bass_clef(grid: &Grid) {
    grid.dot(6.5, 9.0, 2.7);
    let upper: Vec<(f32, f32)> = (0..=16)
        .map(|step| {
            let angle = PI + PI * 0.98 * step as f32 / 16.0;
            (11.0 + 6.0 * angle.cos(), 9.0 + 6.0 * angle.sin())
        })
        .collect();
    grid.line(&upper, 2.2);
    grid.line(
        &[
            (17.0, 8.6),
            (16.8, 11.5),
            (15.6, 14.6),
            (13.4, 17.4),
            (10.2, 19.8),
            (6.5, 21.6),
        ],
        2.2,
    );
    grid.dot(20.8, 6.2, 1.5);
    grid.dot(20.8, 11.2, 1.5);
}

fn stack(grid: &Grid) {
    grid.bar(3.0, 3.6, 21.0, 7.8);
    grid.bar(3.0, 9.9, 21.0, 14.1);
    grid.bar(3.0, 16.2, 21.0, 20.4);
}

/// Two lines in contrary motion.
fn two_voices(grid: &Grid) {
    let wave = |sign: f32| -> Vec<(f32, f32)> {
        (0..=20)
            .map(|step| {
                let share = step as f32 / 20.0;
                (2.0 + 20.0 * share, 12.0 - sign * 6.5 * (share * PI).cos())
            })
            .collect()
    };
    grid.line(&wave(-1.0), 2.2);
    grid.line(&wave(1.0), 2.2);
    for (x, y) in [(2.5, 5.6), (21.5, 5.6), (2.5, 18.4), (21.5, 18.4)] {
        grid.dot(x, y, 2.3);
    }
}

fn drum(grid: &Grid) {
    grid.ellipse(12.0, 12.5, (9.5, 3.6), 0.0, TAU, 1.8);
    grid.line(&[(2.5, 12.5), (2.5, 18.3)], 1.8);
    grid.line(&[(21.5, 12.5), (21.5, 18.3)], 1.8);
    grid.ellipse(12.0, 18.3, (9.5, 3.6), 0.0, PI, 1.8);
    grid.line(&[(11.0, 11.0), (3.5, 2.5)], 1.8);
    grid.line(&[(13.5, 11.0), (20.5, 2.0)], 1.8);
    grid.dot(11.2, 11.2, 1.4);
    grid.dot(13.3, 11.2, 1.4);
}
