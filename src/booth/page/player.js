// What moves on a screen's canvases: the portrait of the attract screen, an offer that is played, the drawing in step
// with the robot's pen. One frame loop serves all; it sleeps while nothing moves and while the page is hidden.
import { Pen, read, timeOf } from "./plan.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");
const FRAME_MS = 33;         // thirty pictures a second are enough for a pen
const REST_MS = 12000;       // how long a finished drawing stands before it is begun anew
const FADE_MS = 1600;        // the last of that: it fades
const LOOP_MS = { "": 60000, quick: 14000, once: 9000 };
const BEGUN = 0.42;          // who comes to a new page finds a portrait under way, not an empty sheet
const AHEAD_MS = 400;        // the shown pen is never further ahead of the robot's than this

const plans = new Map();     // url -> promise of a plan
const running = new Map();   // canvas -> {pen, tick}
let before = 0, asked = false;

// A canvas that has got another size is drawn anew, as far as it was.
const sizes = new ResizeObserver((changed) => {
  for (const { target } of changed) {
    const pen = running.get(target)?.pen, shown = pen?.shown ?? -1;
    if (pen?.fit() && shown >= 0) pen.show(shown);
  }
});

/** The plan at `url`, fetched once. */
export function plan(url) {
  if (!plans.has(url)) {
    const answer = fetch(url, { cache: "no-store" }).then((r) => (r.ok ? r.json() : Promise.reject(new Error(`${url}: ${r.status}`)))).then(read);
    answer.catch(() => plans.delete(url));
    plans.set(url, answer);
  }
  return plans.get(url);
}

/** Forgets every canvas on `root`, and every plan but the one at `keep`. */
export function forget(root, keep) {
  for (const [canvas, { pen }] of running) {
    if (!root.contains(canvas)) continue;
    sizes.unobserve(canvas);
    pen.forget();
    running.delete(canvas);
  }
  for (const url of plans.keys()) if (url !== keep) plans.delete(url);
}

/** Puts `url` on `canvas` as `how(pen)` says; a wish that was overtaken does nothing. */
async function put(canvas, url, how) {
  if (running.get(canvas)?.url === url) return running.get(canvas);
  running.get(canvas)?.pen.forget();
  const entry = { url, pen: { fit() {}, forget() {} }, tick: null };
  running.set(canvas, entry);
  sizes.observe(canvas);
  try {
    const drawing = await plan(url);
    if (running.get(canvas) !== entry) return entry;
    canvas.parentElement.style.setProperty("--sheet-ratio", `${drawing.width_mm} / ${drawing.height_mm}`);
    entry.pen = new Pen(canvas, drawing, canvas.closest(".bare") !== null);
    entry.tick = how(entry.pen);
    wake();
  } catch {
    running.delete(canvas);
  }
  return entry;
}

/** The finished drawing. */
export function stand(canvas, url) {
  return put(canvas, url, (pen) => (pen.showAll(), null));
}

/** The drawing from its first stroke to its last, again and again ("", "quick") or once. */
export function loop(canvas, url, kind = "") {
  return put(canvas, url, (pen) => still.matches ? (pen.showAll(), null) : looping(pen, kind, kind === "once" ? 0 : BEGUN));
}

function looping(pen, kind, begun) {
  let ms = begun * LOOP_MS[kind];
  const length = LOOP_MS[kind];
  return (step) => {
    ms += step;
    pen.show(Math.min(1, ms / length) * pen.plan.total);
    if (kind === "once") return ms < length;
    pen.canvas.classList.toggle("fading", ms > length + REST_MS - FADE_MS);
    if (ms > length + REST_MS) {
      pen.clear();
      ms = 0;
    }
    return true;
  };
}

/** Plays what stands on `canvas` once. */
export function replay(canvas) {
  const entry = running.get(canvas);
  if (!entry?.pen.clear || still.matches) return;
  entry.pen.clear();
  entry.tick = looping(entry.pen, "once", 0);
  wake();
}

/** The drawing in step with the robot: `where()` gives {stroke, part} or {ms}, and when it was so. */
export function follow(canvas, url, where) {
  return put(canvas, url, (pen) => {
    let shown = null;
    return (step) => {
      const news = where();
      if (!news) return true;
      const at = news.ms ?? timeOf(pen.plan, news.stroke, news.part ?? 0);
      const goal = at + (news.moves ? Math.min(AHEAD_MS, performance.now() - news.heard) : 0);
      // Catches up softly; after a jump of more than ten seconds, or back, at once.
      if (shown === null || still.matches || Math.abs(goal - shown) > 10000 || goal < shown - 2000) shown = goal;
      shown = Math.max(shown, shown + (goal - shown) * Math.min(1, step / 250));
      pen.show(Math.min(pen.plan.total, shown));
      return true;
    };
  });
}

function wake() {
  if (asked || document.hidden) return;
  asked = true;
  requestAnimationFrame(frame);
}

function frame(now) {
  asked = false;
  let moving = false;
  const step = Math.min(250, now - before);
  if (step >= FRAME_MS - 4) {
    before = now;
    for (const entry of running.values()) {
      if (entry.tick && !entry.tick(step)) entry.tick = null;
    }
  }
  for (const entry of running.values()) moving ||= entry.tick !== null;
  if (moving) wake();
}

document.addEventListener("visibilitychange", wake);
