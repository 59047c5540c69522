//! How the networks of portraitist were trained, and how to train them again. Never linked into the program itself.
//!
//! What a network needs is a [`recipe::Recipe`]; the rest serves every recipe:
//!
//! | file | holds |
//! |---|---|
//! | `run` | the loop |
//! | `loader` | batches, made ahead on other threads |
//! | `optimiser`, `schedule` | AdamW in one pass; the learning rate by step |
//! | `checkpoint` | a run on disk, resumable bit for bit |
//! | `report` | the record and its page |
//! | `loss` | losses with their gradients |
//! | `discriminator`, `pix2pix`, `field` | networks that only training needs; where in a picture their answers look |
//! | `objective` | losses over tensors: what the drawing networks are asked for |
//! | `data`, `geometry`, `canvas`, `light`, `mosaic`, `scene`, `sheet` | portraits, where they are put, what is done to them, and what is shown |
//! | `finder`, `finder_scene` | the face finder's recipe |
//! | `reader`, `reader_crop` | the face reader's recipe |
//! | `page`, `people` | drawings, and the portraits they were drawn from |
//! | `lines`, `line_frame` | the line drawer's recipe |
//! | `details`, `detail_frame` | the recipe of the drawers of eyes, noses and mouths |
//! | `stroke_types` | the stroke classifier's recipe |
//! | `style`, `players` | a style's recipe; the generator and the discriminators it learns against |
//! | `texture` | the hair and coats of drawings whose faces must not be learnt |
//! | `exhibit` | what a run draws, as files to be measured |
//! | `sketchbook` | an artist's scans become pages of the canonical frame |
//! | `apprentice`, `registry` | what a style starts from and how long it takes; its place among the user's own |
//! | `evaluate` | both, by the program's own door, on people kept apart |
//! | `encoder_recipe`, `squeezenet` | the encoder's recipe and its teacher |
//! | `export` | a run's result becomes a shipped file with its line in the manifest |
//! | `teach` | artists of our own draw the portraits that drawing networks learn from |

pub mod geometry;
pub mod data;
pub mod canvas;
pub mod light;
pub mod mosaic;
pub mod scene;
pub mod sheet;
pub mod loss;
pub mod schedule;
pub mod recipe;
pub mod field;
pub mod discriminator;
pub mod pix2pix;
pub mod objective;
pub mod optimiser;
pub mod checkpoint;
pub mod loader;
pub mod report;
pub mod run;
pub mod finder_scene;
pub mod finder;
pub mod reader_crop;
pub mod reader;
pub mod page;
pub mod squeezenet;
pub mod encoder_recipe;
pub mod line_frame;
pub mod people;
pub mod lines;
pub mod detail_frame;
pub mod details;
pub mod stroke_types;
pub mod texture;
pub mod players;
pub mod style;
pub mod sketchbook;
pub mod apprentice;
pub mod registry;
pub mod evaluate;
pub mod export;
pub mod teach;
pub mod exhibit;
