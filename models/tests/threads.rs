//! No network that draws wakes candle's own pool, whose threads wait spinning. Linux only: the system is asked for threads' names.
//! A binary of its own, since tests that learn do wake it.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use models::Manifest;
use models::face_finder;
use models::face_finder::FaceFinder;
use models::face_reader;
use models::face_reader::FaceReader;
use models::photo::Photo;

/// Threads of candle's pool in this process.
fn spinning() -> usize {
    let names = fs::read_dir("/proc/self/task").expect("Linux").flatten();
    let names = names.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("candle-bp")).count()
}

#[test]
fn drawing_networks_leave_candles_pool_asleep() {
    let read = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights");
        models::weights::read(Manifest::shipped().named(name).expect("it ships"), &folder).expect("it is right")
    };
    let finder = FaceFinder::load(&read(face_finder::NAME)).expect("it fits");
    let reader = FaceReader::load(&read(face_reader::NAME)).expect("it fits");
    let bytes: Vec<u8> = (0..640 * 640 * 3u32).map(|at| (at / 1920) as u8).collect();
    let photo = Photo::new(&bytes, 640, 640).expect("a photo");
    finder.find(&photo, 0.4).expect("memory enough");
    reader.read(&photo, [[250.0, 300.0], [390.0, 300.0]]).expect("memory enough");
    assert_eq!(spinning(), 0, "a large sum is candle's: use engine::add, or an operation of the engine");

    let large = Tensor::zeros(1 << 17, DType::F32, &Device::Cpu).expect("zeros");
    drop((&large + &large).expect("one shape"));
    let workers = candle_core::utils::barrier_pool().n_workers();
    assert_eq!(spinning(), workers, "this test sees them where there are any");
}
