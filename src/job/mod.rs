//! One drawing, from photo to program: the stages in their order ([`prepare`]) and what they have made ([`Job`]).
//!
//! Pure: whoever calls it keeps the clock, and may end the job between any two stages.

use std::ops::ControlFlow;

use crate::fault::Fault;
use crate::fault::Kind;
use crate::geom::Mm;
use crate::geom::Rect;
