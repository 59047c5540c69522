//! What a plotter can be asked to do, in no dialect yet.

/// How the pen is lifted and lowered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pen {
    /// A servo on the spindle's PWM output: `S` words, then a dwell while the arm travels.
    Servo {
        /// `S` value that lifts the pen.
        up_s: f64,
        /// `S` value that lowers it.
        down_s: f64,
        /// Seconds to wait after lifting.
        up_secs: f64,
        /// Seconds to wait after lowering.
        down_secs: f64,
    },
    /// A Z axis.
    Z {
        /// Height with the pen lifted, in millimetres.
        up_mm: f64,
        /// Height with the pen on the paper, in millimetres.
        down_mm: f64,
        /// Speed of the Z axis on its way down, in mm/min (up is a rapid).
        feed_mm_min: f64,
    },
}

/// One thing for the plotter to do. Coordinates are millimetres in the robot's field, y up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// Millimetres, absolute coordinates, XY plane, feed per minute.
    Begin,
    /// Lift the pen and wait until it is up.
    PenUp,
    /// Lower the pen and wait until it is down.
    PenDown,
    /// Go there as fast as the axes allow, pen up.
    Travel {
        /// Target x.
        x_mm: f64,
        /// Target y.
        y_mm: f64,
    },
    /// Draw a straight line there.
    Draw {
        /// Target x.
        x_mm: f64,
        /// Target y.
        y_mm: f64,
        /// Speed along the line, in mm/min.
        feed_mm_min: f64,
    },
}
