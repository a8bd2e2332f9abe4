//! Whose the keyboard is: the host's, but while a value is typed or the host has handed it over.

use anyhow::{Result, ensure};
use continuo_tests::player::Player;
use x11rb::protocol::xproto::{ConnectionExt as _, EventMask};

use crate::parent::{LEFT, Parent, Pressed, WHEEL_UP, key};

/// Seconds between two things that a musician does: more than a double-click may take, in frames of a busy
/// machine too.
const PAUSE: f64 = 0.6;
/// Seconds in which what was done has had its effect.
const PATIENCE: f64 = 5.0;
/// The knob whose value is typed.
const KNOB: &str = "Adventure";

const NATIVE_SPACE: Pressed = Pressed {
    key: key::SPACE,
    passed_on: false,
};
const SPACE_PASSED_ON: Pressed = Pressed {
    passed_on: true,
    ..NATIVE_SPACE
};

/// Opens the window, uses it as a musician does, and checks at each step who is given the keys.
pub fn belongs_to_the_host(player: &mut Player, parent: &Parent) -> Result<()> {
    let size = player.aside(|plugin| plugin.open_window(parent.id))?;
    player.stop(1.0)?;
    let (dial, value) = find_knob(player, parent, size)?;
    let mut user = User { player, parent };
    user.expects(Vec::new(), parent.id, "before anything")?;

    user.click_at(dial)?;
    user.press(key::SPACE)?;
    user.expects(vec![NATIVE_SPACE], parent.id, "after a click on a knob")?;

    user.click_at(value)?;
    user.expects(Vec::new(), parent.plugin()?, "as a value is to be typed")?;
    user.press(u32::from(b'4'))?;
    user.press(u32::from(b'0'))?;
    user.press(key::ENTER)?;
    user.expects(Vec::new(), parent.id, "after Enter")?;
    user.reads("40 %")?;
    user.press(key::SPACE)?;
    user.expects(vec![NATIVE_SPACE], parent.id, "after a typed value")?;

    user.click_at(value)?;
    user.press(u32::from(b'7'))?;
    user.press(key::SPACE)?;
    user.expects(vec![SPACE_PASSED_ON], parent.plugin()?, "while typing")?;
    user.press(key::ESCAPE)?;
    user.reads("40 %")?;
    user.press(key::SPACE)?;
    user.expects(vec![NATIVE_SPACE], parent.id, "after Escape")?;

    // The host's own window has the keyboard in the end, not one that is gone.
    let inner = parent.inner()?;
    parent.focus(inner)?;
    user.click_at(value)?;
    user.expects(Vec::new(), parent.plugin()?, "from a window inside")?;
    parent.connection.destroy_window(inner)?.check()?;
    user.press(key::ESCAPE)?;
    user.expects(Vec::new(), parent.id, "as who had the keyboard is gone")?;

    // Some other window is given the keyboard in the middle of typing: what was typed counts no more.
    user.click_at(value)?;
    user.press(u32::from(b'9'))?;
    parent.focus(parent.id)?;
    user.wait()?;
    user.press(key::ENTER)?;
    user.reads("40 %")?;
    let enter = Pressed {
        key: key::ENTER,
        passed_on: false,
    };
    user.expects(vec![enter], parent.id, "after the keyboard went")?;

    handed_over(&mut user)?;

    user.click_at(value)?;
    user.expects(Vec::new(), parent.plugin()?, "before it is closed")?;
    user.player.aside(|plugin| plugin.close_window())?;
    user.expects(Vec::new(), parent.id, "as it was closed while typing")?;
    parent.point_out_of_the_way()?;
    println!("the keyboard is the host's, but while a value is typed or the host hands it over");
    Ok(())
}

/// The host hands the keyboard over, as some do with Tab: all works by keys, and what means nothing here is
/// passed on.
fn handed_over(user: &mut User) -> Result<()> {
    let parent = user.parent;
    let plugin = parent.plugin()?;
    parent.focus(plugin)?;
    user.wait()?;
    user.press(key::SPACE)?;
    user.press(u32::from(b's'))?;
    let letter = Pressed {
        key: u32::from(b's'),
        passed_on: true,
    };
    user.expects(
        vec![SPACE_PASSED_ON, letter],
        plugin,
        "as it is handed over",
    )?;
    let before = user.shares()?;
    let mut changed = 0;
    for _ in 0..60 {
        parent.press(key::TAB)?;
        user.player.stop(0.15)?;
        parent.press(key::UP)?;
        user.player.stop(0.15)?;
        let after = user.shares()?;
        changed = before
            .iter()
            .zip(&after)
            .filter(|(one, other)| one != other)
            .count();
        if changed >= 2 {
            break;
        }
    }
    ensure!(
        changed >= 2,
        "Tab and the arrows changed {changed} parameters"
    );
    user.press(key::SPACE)?;
    user.expects(vec![SPACE_PASSED_ON], plugin, "on a control")?;
    user.press(key::ESCAPE)?;
    user.expects(Vec::new(), parent.id, "after Escape in the end")?;
    user.press(key::SPACE)?;
    user.expects(vec![NATIVE_SPACE], parent.id, "after it was handed back")
}

/// A musician at the window.
struct User<'u, 'p> {
    player: &'u mut Player<'p>,
    parent: &'u Parent,
}

impl User<'_, '_> {
    fn wait(&mut self) -> Result<()> {
        self.player.stop(PAUSE)
    }

    fn press(&mut self, key: u32) -> Result<()> {
        self.parent.press(key)?;
        self.wait()
    }

    fn click_at(&mut self, (x, y): (i16, i16)) -> Result<()> {
        self.parent.point(x, y)?;
        self.wait()?;
        self.parent.click(LEFT)?;
        self.wait()
    }

    fn shares(&mut self) -> Result<Vec<f64>> {
        let instance = self.player.instance();
        let count = instance.params().len();
        (0..count).map(|index| instance.share(index)).collect()
    }

    /// Waits until `check` is content.
    fn until(&mut self, mut check: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let mut waited = 0.0;
        loop {
            match check(self) {
                Err(error) if waited >= PATIENCE => return Err(error),
                Err(_) => self.player.stop(0.1)?,
                Ok(()) => return Ok(()),
            }
            waited += 0.1;
        }
    }

    fn reads(&mut self, expected: &str) -> Result<()> {
        self.until(|user| {
            let text = user.player.instance().text(KNOB)?;
            ensure!(text == expected, "{KNOB} is at {text}, not at {expected}");
            Ok(())
        })
    }

    /// The host was given these keys and no others, and this window has the keyboard. The window of the plugin
    /// listens to keys only if that is the one.
    fn expects(&mut self, keys: Vec<Pressed>, focused: u32, when: &str) -> Result<()> {
        let mut given = Vec::new();
        self.until(|user| {
            given.extend(user.parent.keys()?);
            ensure!(given == keys, "{when}: the host was given {given:x?}");
            let now = user.parent.focused()?;
            ensure!(
                now == focused,
                "{when}: {now:#x} has the keyboard, not {focused:#x}"
            );
            let Ok(plugin) = user.parent.plugin() else {
                return Ok(());
            };
            let attributes = user.parent.connection.get_window_attributes(plugin)?;
            let heard = attributes.reply()?.all_event_masks;
            ensure!(
                heard.contains(EventMask::KEY_PRESS) == (focused == plugin),
                "{when}: the plugin listens to {heard:?}"
            );
            Ok(())
        })
    }
}

/// A place on the screen.
pub type Place = (i16, i16);

/// A place on the knob's dial and one on its value: the wheel finds them.
pub fn find_knob(
    player: &mut Player,
    parent: &Parent,
    (width, height): (u32, u32),
) -> Result<(Place, Place)> {
    let (width, height) = (i16::try_from(width)?, i16::try_from(height)?);
    let index = player.instance().param(KNOB)?;
    let mut turns = |x: i16, y: i16| -> Result<bool> {
        let before = player.instance().share(index)?;
        parent.point(x, y)?;
        player.stop(0.1)?;
        parent.click(WHEEL_UP)?;
        for _ in 0..10 {
            player.stop(0.06)?;
            if player.instance().share(index)? != before {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let y = height - 90;
    for x in (20..width).step_by(30) {
        if turns(x, y)? {
            let mut bottom = y;
            while turns(x, bottom + 4)? {
                bottom += 4;
            }
            return Ok(((x, y), (x, bottom - 5)));
        }
    }
    anyhow::bail!("the wheel turns {KNOB} nowhere")
}
