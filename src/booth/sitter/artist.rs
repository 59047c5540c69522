//! Everything of the sitter's process that knows faces and styles: loaded once, then asked again and again.

use std::ops::ControlFlow;

use crate::config;
use crate::config::Config;
use crate::config::LoadRequest;
use crate::fault::Fault;
use crate::fault::Kind;
use crate::job;
use crate::job::Artist as Hand;
use crate::job::Subject;
use crate::kiosk::FaultCode;
use crate::photo::Photo;
use crate::raster::Rgb;
use crate::sitter;
use crate::sitter::Networks;
use crate::sitter::Unfit;
use crate::sketch::StyleNetworks;

/// The networks, and every style with its own.
pub struct Artist {
    networks: Networks,
    config: Config,
    styles: Vec<Style>,
}

struct Style {
    config: Config,
    networks: Option<StyleNetworks>,
}

impl Artist {
    /// Loads all that `config`, loaded from `request`, offers to visitors.
    ///
    /// # Errors
    /// Networks or a style that are not there.
    pub fn load(config: &Config, request: &LoadRequest) -> Result<Self, Fault> {
        let networks = config.models.face_networks()?;
        let most = usize::from(config.kiosk.most_offers);
        let styles = config.booth.styles.iter().take(most).map(|name| Style::load(name, config, request));
        let styles = styles.collect::<Result<Vec<_>, Fault>>()?;
        if styles.is_empty() {
            return Err(Fault::new(Kind::Config, "booth.styles names no style; name one to four"));
        }
        Ok(Self { networks, config: config.clone(), styles })
    }

    /// What keeps a picture of the live view from being a good photo.
    pub fn hint(&self, pixels: &Rgb) -> Option<FaultCode> {
        let photo = Photo::new(pixels.clone())?;
        let faces = sitter::faces(&photo, &self.networks, &self.config.sitter).ok()?;
        let sure = faces.iter().filter(|face| face.score >= sitter::SURE);
        // Bystanders far behind are no second sitter.
        let near = faces.first().map_or(0.0, |first| first.frame.width() * 0.6);
        if sure.filter(|face| face.frame.width() >= near).count() > 1 {
            return Some(FaultCode::ManyFaces);
        }
        let Some(face) = faces.first() else { return Some(FaultCode::NoFace) };
        if face.frame.width() < f64::from(pixels.height()) * LEAST_SHARE {
            return Some(FaultCode::FaceSmall);
        }
        (face.turn.abs() > self.config.sitter.most_turn).then_some(FaultCode::FaceTurned)
    }

    /// Whether `photo` can become a likeness.
    ///
    /// # Errors
    /// Why not, in the kiosk's words.
    pub fn fits(&self, photo: &Photo) -> Result<(), FaultCode> {
        let faces = sitter::faces(photo, &self.networks, &self.config.sitter).map_err(|_| FaultCode::ModelFail)?;
        sitter::sit(photo, &faces, &self.networks, &self.config.sitter).map(drop).map_err(|unfit| code(&unfit))
    }

    /// Draws `photo` in every style, each as a plan file's text, by the style's name; `give` may end it.
    ///
    /// # Errors
    /// No style could.
    pub fn draw(&self, photo: &Photo, give: &mut dyn FnMut(&str, String) -> ControlFlow<()>) -> Result<(), FaultCode> {
        let mut drawn = 0;
        for Style { config, networks } in &self.styles {
            let subject = Subject::Sitter { networks: &self.networks, config: &config.sitter, at: None };
            let hand = networks.as_ref().map_or(Hand::Pen, Hand::Networks);
            let made = job::prepare(photo, &config.recipe(subject, hand), &mut |_| ControlFlow::Continue(()));
            let Ok(made) = made else { continue };
            // Even without all that may be left out it takes too long on paper.
            if made.plan.total_secs() > f64::from(self.config.kiosk.longest_drawing_secs) {
                continue;
            }
            let Ok(plan) = String::from_utf8(made.plan.to_json()) else { continue };
            drawn += 1;
            if give(&config.style.name, plan).is_break() {
                return Ok(());
            }
        }
        if drawn > 0 { Ok(()) } else { Err(FaultCode::ModelFail) }
    }
}

/// A face is at least this part of the live view's height, so that its photo has pixels enough.
const LEAST_SHARE: f64 = 0.12;

impl Style {
    fn load(name: &str, base: &Config, request: &LoadRequest) -> Result<Self, Fault> {
        let mut request = request.clone();
        request.sets.push(format!("style={name}"));
        // A style may name a pen and a paper of its own; in the booth those lie in the robot.
        request.sets.push(format!("pen={}", base.pen.name));
        request.sets.push(format!("paper={}", base.paper.name));
        let mut config = config::load(&request)?.config().clone();
        (config.pen, config.paper, config.sheet) = (base.pen.clone(), base.paper.clone(), base.sheet);
        config.robot = base.robot.clone();
        config.plan.most_secs = f64::from(base.kiosk.longest_drawing_secs);
        let networks = config.models.style_networks(&config.style)?;
        Ok(Self { config, networks })
    }
}

/// The kiosk's word for what makes a photo unfit.
fn code(unfit: &Unfit) -> FaultCode {
    match unfit {
        Unfit::NoFace => FaultCode::NoFace,
        Unfit::TooSmall { .. } => FaultCode::FaceSmall,
        Unfit::TurnedAway => FaultCode::FaceTurned,
        Unfit::TooDark => FaultCode::CamDark,
        Unfit::Blurred => FaultCode::CamBlurred,
        Unfit::Compose(_) | Unfit::Landmarks(_) | Unfit::Regions(_) | Unfit::Model(_) => FaultCode::ModelFail,
    }
}
