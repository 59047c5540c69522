//! `portraitist-train teach`: an artist of our own draws the portraits.

use std::path::PathBuf;

use anyhow::Context;
use anyhow::Result;
use portraitist::artists::Artist;
use training::teach::Lesson;
use training::teach::Whom;

/// `teach`
#[derive(Debug, Clone, clap::Args)]
pub struct Teach {
    /// The portraits' folder.
    #[arg(long)]
    data: PathBuf,
    /// Who draws: lines, pen or charcoal.
    #[arg(long, value_parser = artist)]
    artist: Artist,
    /// In which hand: its number, or `all` to let the hands take turns by lot.
    #[arg(long, default_value = "all", value_parser = hand)]
    hand: Hand,
    /// Where the drawings go.
    #[arg(long)]
    out: PathBuf,
    /// Draw those whose names stand in this file, and no one else.
    #[arg(long, conflicts_with_all = ["limit", "validation"])]
    ids: Option<PathBuf>,
    /// Leave out the people whom runs of this seed keep for validation.
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    skip_validation_of_seed: u64,
    /// Draw the people kept for validation, too.
    #[arg(long)]
    validation: bool,
    /// Draw so many portraits only, chosen by lot, rarer kinds of people and sharper photos more often.
    #[arg(long)]
    limit: Option<usize>,
    /// What all lots are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One hand, or all.
#[derive(Debug, Clone, Copy)]
struct Hand(Option<usize>);

fn hand(text: &str) -> Result<Hand, String> {
    match text {
        "all" => Ok(Hand(None)),
        number => number.parse().map(|hand| Hand(Some(hand))).map_err(|_| "give a number, or all".to_owned()),
    }
}

fn artist(name: &str) -> Result<Artist, String> {
    let names = Artist::ALL.map(Artist::name);
    Artist::ALL.into_iter().find(|artist| artist.name() == name).ok_or_else(|| format!("one of {}", names.join(", ")))
}

/// Draws.
pub fn draw(teach: &Teach) -> Result<()> {
    let whom = match &teach.ids {
        Some(file) => {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            Whom::Named(text.split_whitespace().map(str::to_owned).collect())
        }
        None => Whom::Lot { without: (!teach.validation).then_some(teach.skip_validation_of_seed), limit: teach.limit },
    };
    let lesson = Lesson {
        data: teach.data.clone(),
        artist: teach.artist,
        hand: teach.hand.0,
        out: teach.out.clone(),
        whom,
        seed: teach.seed,
    };
    let stop = super::stop()?;
    let outcome = training::teach::teach(&lesson, &stop, |line| eprintln!("{line}"))?;
    eprintln!("{} drawn, {} were there, {} left out", outcome.drawn, outcome.kept, outcome.failed);
    Ok(())
}
