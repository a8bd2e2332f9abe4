//! The course of a training run as a picture.

use std::path::Path;

use plotters::{
    prelude::*,
    style::{FontStyle, register_font},
};

use super::{LogLine, TrainError};

const SIZE: (u32, u32) = (1000, 600);

/// Draws training and validation loss over the steps, and the validation loss of each role, as PNG.
///
/// # Errors
/// When the file cannot be written.
pub fn plot(log: &[LogLine], path: &Path) -> Result<(), TrainError> {
    let Some(last) = log.last() else {
        return Ok(());
    };
    let font = epaint_default_fonts::UBUNTU_LIGHT;
    register_font("sans-serif", FontStyle::Normal, font)
        .map_err(|_| "the built-in font cannot be read")?;
    let nats = |role: usize, line: &LogLine| {
        line.roles[role].1[..3].iter().sum::<f64>() * std::f64::consts::LN_2
    };
    let roles = last.roles.len();
    let highest = log
        .iter()
        .flat_map(|line| (0..roles).map(move |role| nats(role, line)))
        .fold(0.0, f64::max);
    let root = BitMapBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("nats per note: onset, pitch, duration", ("sans-serif", 22))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(0..last.step, 0.0..highest * 1.05)?;
    chart
        .configure_mesh()
        .x_desc("step")
        .label_style(("sans-serif", 15))
        .draw()?;
    let mut series = |name: String, color: RGBAColor, value: &dyn Fn(&LogLine) -> f64| {
        let points: Vec<(u64, f64)> = log.iter().map(|line| (line.step, value(line))).collect();
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))
            .map(|drawn| {
                drawn.label(name).legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                });
            })
    };
    for (role, (name, _)) in last.roles.iter().enumerate() {
        let color = Palette99::pick(role + 2).mix(0.7);
        series(name.clone(), color, &|line| nats(role, line))?;
    }
    series("training".into(), BLACK.mix(0.4), &|line| line.training)?;
    series("validation, mean".into(), BLACK.mix(1.0), &|line| {
        line.validation
    })?;
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 15))
        .draw()?;
    root.present()?;
    Ok(())
}
