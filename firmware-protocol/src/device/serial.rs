//! The firmware's serial port: a receive ring of 128 bytes that loses what does not fit, and a send queue that takes
//! its time on the wire. Units: CPU cycles since power on.

use alloc::collections::VecDeque;

/// CPU cycles of one byte on the wire: ten bits at 115,200 baud and 16 MHz.
pub(super) const BYTE: u64 = 1389;

pub(super) const RX_BYTES: usize = 128;
/// The main loop waits while more than this is still to be sent.
const TX_BYTES: u64 = 104;

#[derive(Debug, Clone, Default)]
pub(super) struct Serial {
    rx: VecDeque<u8>,
    tx: VecDeque<(u64, u8)>,
    tx_free: u64,
}

impl Serial {
    /// A byte arrives; lost without trace if the ring is full.
    pub fn receive(&mut self, byte: u8) {
        if self.rx.len() < RX_BYTES {
            self.rx.push_back(byte);
        }
    }

    pub fn read(&mut self) -> Option<u8> {
        self.rx.pop_front()
    }

    pub fn rx_free(&self) -> usize {
        RX_BYTES - self.rx.len()
    }

    pub fn clear_rx(&mut self) {
        self.rx.clear();
    }

    pub fn send(&mut self, now: u64, text: &str) {
        self.tx_free = self.tx_free.max(now);
        for byte in text.bytes() {
            self.tx_free += BYTE;
            self.tx.push_back((self.tx_free, byte));
        }
    }

    /// When the send queue has room again.
    pub fn tx_room_at(&self) -> u64 {
        self.tx_free.saturating_sub(TX_BYTES * BYTE)
    }

    /// The next byte that has wholly left by `now`, and when it had.
    pub fn sent(&mut self, now: u64) -> Option<(u64, u8)> {
        self.tx.pop_front_if(|byte| byte.0 <= now)
    }

    pub fn next_sent_at(&self) -> Option<u64> {
        self.tx.front().map(|byte| byte.0)
    }
}
