//! The `$` commands: settings, queries, unlocking, homing, checking, sleeping, jogging, startup lines.
//!
//! Source: Grbl 1.1 commands documentation; refusals as recorded.

use alloc::format;
use alloc::string::String;
use alloc::vec;

use super::Device;
use super::State;
use super::settings::Settings;
use super::tasks::Task;
use crate::gcode::number;

const HELP: &str = "[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\n";

impl Device {
    /// Executes a line that begins with `$`; the answer follows by a task.
    pub(super) fn system_line(&mut self, line: &[u8]) -> Result<(), u8> {
        let letter = line.get(1).copied();
        let alone = line.len() == 2;
        match letter {
            None => self.print(HELP),
            Some(b'J') => {
                if !matches!(self.state, State::Idle | State::Jog) {
                    return Err(8);
                }
                if line.get(2) != Some(&b'=') {
                    return Err(3);
                }
                return self.gcode_line(&line[3..], true);
            }
            Some(b'$' | b'G' | b'C' | b'X') if !alone => return Err(3),
            Some(b'$') => {
                if matches!(self.state, State::Cycle | State::Hold) {
                    return Err(8);
                }
                self.report_settings();
            }
            Some(b'G') => self.report_modes(),
            Some(b'C') => {
                if self.state == State::Check {
                    self.request_reset();
                    self.print("[MSG:Disabled]\r\n");
                } else if self.state != State::Idle {
                    return Err(8);
                } else {
                    self.state = State::Check;
                    self.print("[MSG:Enabled]\r\n");
                }
            }
            Some(b'X') => {
                if self.state == State::Alarm {
                    self.print("[MSG:Caution: Unlocked]\r\n");
                    self.state = State::Idle;
                }
            }
            Some(_) if !matches!(self.state, State::Idle | State::Alarm) => return Err(8),
            Some(b'#') if alone => self.report_parameters(),
            Some(b'#') => return Err(3),
            Some(b'H') => {
                if !self.settings.flag(22) {
                    return Err(5);
                }
                self.state = State::Homing;
                if !alone {
                    return Err(3);
                }
                self.home();
            }
            Some(b'S') if line == b"$SLP" => self.flags.sleep = true,
            Some(b'S') => return Err(3),
            Some(b'I') if alone => {
                let text = format!("[VER:1.1h.20190830:{}]\r\n[OPT:V,15,128]\r\n", self.eeprom.build_info);
                self.print(&text);
            }
            Some(b'I') if line[2] == b'=' => self.eeprom.build_info = text(&line[3..]),
            Some(b'I') => return Err(3),
            Some(b'R') => self.restore_defaults(line)?,
            Some(b'N') if alone => {
                let text = format!("$N0={}\r\n$N1={}\r\n", self.eeprom.startup[0], self.eeprom.startup[1]);
                self.print(&text);
            }
            Some(b'N') if self.state != State::Idle => return Err(8),
            Some(b'N') => {
                let (index, line) = assignment(&line[2..])?;
                self.gcode_line(line, false)?;
                self.tasks.push_back(Task::Sync);
                self.tasks.push_back(Task::StoreStartup(index as usize, text(line)));
            }
            Some(_) => {
                let (setting, rest) = assignment(&line[1..])?;
                let (value, rest) = number(rest).ok_or(2)?;
                if !rest.is_empty() || setting > 255.0 {
                    return Err(3);
                }
                self.settings.store(setting as u8, value)?;
                self.eeprom.settings = Some(self.settings.clone());
                if setting == 13.0 {
                    self.tasks.push_back(Task::OffsetChanged);
                }
            }
        }
        Ok(())
    }

    fn restore_defaults(&mut self, line: &[u8]) -> Result<(), u8> {
        match line {
            b"$RST=$" => self.settings = Settings::default(),
            b"$RST=#" => self.eeprom.coordinates = Default::default(),
            b"$RST=*" => {
                self.settings = Settings::default();
                self.eeprom = super::Eeprom::default();
            }
            _ => return Err(3),
        }
        self.eeprom.settings = Some(self.settings.clone());
        self.print("[MSG:Restoring defaults]\r\n");
        self.request_reset();
        Ok(())
    }

    /// A blank memory: says so, takes the defaults and shows them.
    pub(super) fn restore_settings(&mut self) {
        self.eeprom.settings = Some(self.settings.clone());
        self.reply(Err(7));
        self.report_settings();
    }

    /// A stored line, executed at a reset; its answer is echoed.
    pub(super) fn startup(&mut self, index: usize) {
        let line = self.eeprom.startup[index].clone();
        if line.is_empty() {
            return;
        }
        let rest = core::mem::take(&mut self.tasks);
        let result = self.gcode_line(line.as_bytes(), false);
        self.tasks.push_back(Task::Echo(index, result));
        self.tasks.extend(rest);
    }

    /// Takes a line of G-code into tasks.
    pub(super) fn gcode_line(&mut self, line: &[u8], jog: bool) -> Result<(), u8> {
        let actions = self.interpreter.line(line, jog, &self.eeprom.coordinates)?;
        let mut tasks = vec![];
        for action in actions {
            self.plan_action(action, &mut tasks)?;
        }
        self.tasks.extend(tasks);
        Ok(())
    }
}

/// `n=` at the head of `text`: the number, and what follows.
fn assignment(text: &[u8]) -> Result<(f32, &[u8]), u8> {
    let (value, rest) = number(text).ok_or(2)?;
    match rest.split_first() {
        Some((b'=', rest)) => Ok((value, rest)),
        _ => Err(3),
    }
}

fn text(line: &[u8]) -> String {
    line.iter().map(|byte| char::from(*byte)).collect()
}
