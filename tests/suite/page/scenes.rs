//! Every screen and its turns, as the kiosk's machines show them on the way through an evening.

use portraitist::kiosk::Event;
use portraitist::kiosk::Facts;
use portraitist::kiosk::FaultCode;
use portraitist::kiosk::Language;
use portraitist::kiosk::MachineEvent;
use portraitist::kiosk::Press;
use portraitist::kiosk::RunNews;
use portraitist::kiosk::SessionEvent;
use portraitist::kiosk::StaffPress;
use portraitist::kiosk::VisitorView;

use super::house::GOOD;
use super::house::House;

/// One thing that a visitor may see.
pub struct Scene {
    /// The screen's name, and after a hyphen which turn of it.
    pub name: String,
    pub view: VisitorView,
}

/// A house whose screens are written down.
struct Album {
    house: House,
    scenes: Vec<Scene>,
}

impl Album {
    fn open(language: Language) -> Self {
        Self { house: House::opened(language), scenes: Vec::new() }
    }

    fn keep(&mut self, name: &str) {
        let view = self.house.view();
        assert!(name.split('-').next() == Some(view.screen), "{name} is {}", view.screen);
        self.scenes.push(Scene { name: name.to_owned(), view });
    }

    /// The same, and once more when it is asked whether anybody is still there.
    fn keep_both(&mut self, name: &str) {
        self.keep(name);
        self.ask();
        self.keep(&format!("{name}-asked"));
    }

    /// Waits until it is asked whether anybody is still there.
    fn ask(&mut self) {
        while self.house.view().wait.expect("it waits").warning.is_none() {
            self.house.wait(1);
        }
    }
}

/// All scenes in `language`.
pub fn all(language: Language) -> Vec<Scene> {
    [from_the_door_to_the_choice(language), at_the_robot(language), when_another_draws(language), ends(language)]
        .into_iter()
        .flatten()
        .collect()
}

/// What a visitor may read of `code`, once for each screen on which it may stand; none where nothing is said.
pub fn of_fault(code: FaultCode, language: Language) -> Vec<Scene> {
    let row = code.row();
    let Some(key) = row.visitor else { return Vec::new() };
    let text = portraitist::kiosk::Texts::of(language).plain(key);
    let name = |screen: &str| format!("{screen}-{}", row.code.to_lowercase().replace('_', "-"));
    let mut scenes = Vec::new();
    if row.closes {
        // A closed door says it in place of its own reason; `kiosk::view` proves that it does.
        let mut view = House::started(language);
        view.answer();
        let mut view = view.view();
        assert_eq!(view.screen, "closed");
        view.lines = vec![text.clone()];
        scenes.push(Scene { name: name("closed"), view });
    } else {
        let mut house = House::opened(language);
        house.walk("framing");
        let session = house.session();
        house.hear(Event::Session(SessionEvent::Seen { session, hint: Some(code) }));
        scenes.push(Scene { name: name("framing"), view: house.view() });
    }
    let machine = match code {
        FaultCode::Door => Some(MachineEvent::DoorOpened),
        FaultCode::Estop => Some(MachineEvent::ChainOpened),
        FaultCode::Alarm => Some(MachineEvent::Alarm(1)),
        FaultCode::NoOk => Some(MachineEvent::Stalled),
        FaultCode::LinkLost => Some(MachineEvent::LinkLost),
        _ => None,
    };
    if let Some(event) = machine {
        let mut house = House::opened(language);
        house.walk("watching");
        house.news(RunNews::Confirmed { strokes: 137, secs_left: 90 });
        house.hear(Event::Machine(event));
        if code == FaultCode::Door {
            house.news(RunNews::Held);
        }
        let view = house.view();
        scenes.push(Scene { name: name(view.screen), view });
    }
    for scene in &scenes {
        let said = scene.view.lines.iter().chain(&scene.view.notice).any(|line| *line == text);
        assert!(said || scene.view.screen == "wiping", "{} does not say {text}", scene.name);
    }
    scenes
}

fn from_the_door_to_the_choice(language: Language) -> Vec<Scene> {
    let mut album = Album { house: House::started(language), scenes: Vec::new() };
    album.keep("wiping");
    album.house.answer();
    album.keep("closed");
    album.house.open();
    album.keep("attract");
    album.house.touch();
    album.keep_both("intro");
    album.house.press(Press::Start);
    album.keep_both("consent");
    album.house.press(Press::Yes);
    album.keep("framing");
    let session = album.house.session();
    album.house.hear(Event::Session(SessionEvent::Seen { session, hint: Some(FaultCode::FaceSmall) }));
    album.keep_both("framing-hint");
    album.house.press(Press::TakePhoto);
    album.keep("countdown");
    album.house.wait(3);
    album.keep("countdown-shutter");
    album.house.answer();
    album.keep_both("review");
    album.house.press(Press::UseIt);
    album.keep("choosing-making");
    album.house.answer();
    album.keep_both("choosing");
    album.scenes
}

fn at_the_robot(language: Language) -> Vec<Scene> {
    let mut album = Album::open(language);
    album.house.walk("handover");
    album.keep("handover");
    album.house.wait(6);
    album.keep("handover-late");
    album.house.facts(Facts { paper: false, ..GOOD });
    album.keep_both("handover-refused");
    album.house.press(Press::StartDrawing);
    album.house.facts(GOOD);
    album.house.wait(2);
    album.keep("watching-starting");
    album.house.news(RunNews::Confirmed { strokes: 137, secs_left: 90 });
    album.keep("watching");
    album.house.hear(Event::Stop);
    album.keep("watching-stopping");
    album.house.news(RunNews::Held);
    album.keep("watching-stopped");
    album.ask();
    album.keep("watching-stopped-asked");
    album.house.staff(StaffPress::Continue);
    album.keep("watching-resuming");
    album.house.news(RunNews::GoesOn);
    album.house.hear(Event::Machine(MachineEvent::DoorOpened));
    album.house.news(RunNews::Held);
    album.keep("watching-door");
    album.house.staff(StaffPress::Cancel);
    album.house.news(RunNews::Ended);
    album.keep("wiping-sorry");
    album.scenes
}

fn when_another_draws(language: Language) -> Vec<Scene> {
    let mut album = Album::open(language);
    album.house.walk("watching");
    album.house.answer();
    album.house.news(RunNews::Confirmed { strokes: 20, secs_left: 170 });
    album.house.press(Press::PassOn);
    album.house.answer();
    album.keep("attract-busy");
    album.house.walk("choosing");
    album.house.answer();
    album.house.press(Press::Draw { offer: 0 });
    album.keep("handover-waits");
    album.house.news(RunNews::AllDrawn);
    album.house.news(RunNews::Parked);
    album.keep("handover-take-first");
    album.house.hear(Event::SheetTaken);
    album.keep("handover-turn");
    album.scenes
}

fn ends(language: Language) -> Vec<Scene> {
    let mut album = Album::open(language);
    album.house.walk("watching");
    album.house.news(RunNews::AllDrawn);
    album.keep("watching-finishing");
    album.house.news(RunNews::Parked);
    album.keep("collect-deleting");
    album.house.answer();
    album.keep_both("collect");
    album.house.press(Press::Taken);
    album.keep("thanks");

    let mut failing = Album::open(language);
    failing.house.walk("watching");
    failing.house.wiped(false);
    failing.house.news(RunNews::Parked);
    failing.keep("collect-not-deleted");

    let mut declined = Album::open(language);
    declined.house.walk("consent");
    declined.house.press(Press::No);
    declined.keep("wiping-declined");

    let mut left = Album::open(language);
    left.house.walk("review");
    left.house.wait(45);
    left.keep("wiping-timed-out");
    left.house.wiped(false);
    left.keep("wiping-failing");

    let mut aside = Album::open(language);
    aside.house.walk("watching");
    aside.house.press(Press::PassOn);
    aside.house.answer();
    aside.house.news(RunNews::Parked);
    aside.keep("closed-aside");
    [album, failing, declined, left, aside].into_iter().flat_map(|album| album.scenes).collect()
}
