// Puts a view on the screen: which section, its words, its buttons, its pictures.
import { lay } from "./buttons.js";
import { canWrite } from "./letters.js";
import { offers } from "./offers.js";
import { follow, forget, loop, stand } from "./player.js";

const $ = (id) => document.getElementById(id);
const ATTRACT = "attract.json";

let current = null;       // the section that is shown
let session = null;       // whose it is
let progress = null;      // the robot's pen: {stroke, part} or {ms}, and when that was so
let clock = 0;            // counts the seconds on the screen
let shown = 0;            // how many screens were shown: makes each photo's address its own

/** Writes `words` into `element` only where they differ, so that nothing is read aloud twice. */
function write(element, words) {
  if (element && element.textContent !== words) element.textContent = words;
}

/** News of the robot's pen, which come more often than views: {stroke, part} or {ms}; {strokes, moves}. */
export function progressed(news) {
  progress = { ...progress, ...news, heard: performance.now() };
  const line = current?.querySelector("progress");
  if (line && progress.strokes) line.value = (progress.stroke + (progress.part ?? 0)) / progress.strokes;
}

/** Where something of the visitor's is: never without the session's name, so that none can show another's. */
function address(view, what) {
  return `api/v1/sessions/${view.session}/${what}`;
}

/** Shows `view`. */
export function show(view) {
  const page = document.documentElement;
  [page.lang, page.dir] = [view.language, view.direction];
  const section = document.querySelector(`.screen[data-screen="${view.screen}"]`);
  const fresh = section !== current || session !== view.session;
  if (fresh) change(section, view);
  clearInterval(clock);
  words(section, view);
  // Offers bring buttons of their own, and those too stay the same elements from second to second.
  if (!view.offers.length) lay(section.querySelector(".controls"), view.buttons);
  frame(view);
  pictures(section, view);
  warning(view.wait?.warning, view.wait?.left_ms ?? 0);
  if (view.countdown_ms !== null) count(section, view.countdown_ms);
  if (view.progress) progressed({ stroke: view.progress.stroke, strokes: view.progress.strokes });
  fit(section);
  document.fonts.ready.then(() => unwritten(view));
  if (fresh && $("still-there").hidden) section.querySelector("h1").focus({ preventScroll: true });
}

/** Leaves one screen for another; nothing of a visitor stays in a hidden picture. */
function change(section, view) {
  if (current) {
    current.hidden = true;
    forget(current, ATTRACT);
    for (const img of current.querySelectorAll("[data-live], [data-photo], [data-code]")) img.removeAttribute("src");
    for (const row of current.querySelectorAll(".offers, .controls")) row.replaceChildren();
  }
  [current, session, progress] = [section, view.session, null];
  shown += 1;
  section.hidden = false;
  document.documentElement.dataset.screen = view.screen;
  unfold(false);
  write($("say"), "");
}

function words(section, view) {
  write(section.querySelector("h1"), view.title);
  // The intro's first three sentences belong to its three pictures.
  const captions = section.querySelectorAll(".steps p");
  captions.forEach((caption, i) => write(caption, view.lines[i] ?? ""));
  paragraphs(section.querySelector(".lines"), view.lines.slice(captions.length));
  write(section.querySelector(".notice"), view.notice ?? "");
  if (section.contains($("unfold"))) {
    write($("unfold"), view.details?.label ?? "");
    paragraphs($("details"), view.details?.lines ?? []);
  }
  if (section.contains($("left"))) {
    write($("left"), view.progress?.left ?? "");
    write($("strokes"), view.progress?.text ?? "");
  }
}

/** Makes letters smaller, by a twentieth at a time, until all words fit: no language and no text size is ever clipped. */
function fit(section) {
  const root = document.documentElement;
  for (let size = 1; size > 0.55; size *= 0.95) {
    root.style.setProperty("--fit", String(size));
    if (!cramped(section)) return;
  }
}

/** Whether something written leaves its screen or touches another, stands too high to be reached, or leaves no picture. */
function cramped(section) {
  const boxes = (selector) => [...section.querySelectorAll(selector)].map((e) => e.getBoundingClientRect()).filter((box) => box.height > 0);
  const room = section.getBoundingClientRect(), picture = section.querySelector(".picture");
  const written = boxes("h1, .words p, li, .code, .arrow, button");
  return written.some((a) => a.top < room.top - 2 || a.bottom > room.bottom + 2 || a.left < room.left - 2 || a.right > room.right + 2)
    || written.some((a, i) => written.slice(i + 1).some((b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1))
    || boxes("button").some((box) => box.top < innerHeight * 0.4)
    || (picture !== null && picture.clientHeight < innerHeight * 0.14);
}

function paragraphs(box, lines) {
  const name = box.tagName === "UL" ? "li" : "p";
  while (box.childElementCount > lines.length) box.lastElementChild.remove();
  while (box.childElementCount < lines.length) box.append(document.createElement(name));
  lines.forEach((line, i) => write(box.children[i], line));
}

/** What stands around every screen: the stop, the languages, a word about somebody else's sheet. */
function frame(view) {
  lay($("stop"), [view.stop]);
  $("kiosk").classList.toggle("moving", view.screen === "watching" || view.screen === "handover" || view.moving === true);
  lay($("languages"), view.languages);
  view.languages.forEach(({ language }, i) => {
    const button = $("languages").children[i];
    [button.lang, button.dir, button.dataset.language] = [language, "auto", language];
    if (language === view.language) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
  });
  $("aside").hidden = !view.aside;
  if (view.aside) {
    write($("aside").querySelector("p"), view.aside.text);
    lay($("aside").querySelector("div"), [view.aside.taken]);
  }
  write($("veil").querySelector("p"), view.veil);
}

/** Leaves out the languages that this browser has no letters for, once it has those that the page brings. */
function unwritten(view) {
  for (const button of $("languages").children) button.hidden = button.dataset.language !== view.language && !canWrite(button);
}

function pictures(section, view) {
  source(section.querySelector("[data-live]"), view.live_view && address(view, "live"));
  source(section.querySelector("[data-photo]"), view.photo && address(view, `photo?shown=${shown}`));
  source(section.querySelector("[data-code]"), view.code && address(view, "code"));
  section.querySelector(".live")?.classList.toggle("good", !view.notice);
  for (const canvas of section.querySelectorAll("[data-attract]")) {
    if (canvas.dataset.attract === "done") stand(canvas, ATTRACT); else loop(canvas, ATTRACT, canvas.dataset.attract);
  }
  for (const canvas of section.querySelectorAll("[data-follow]")) follow(canvas, address(view, "plan"), () => progress);
  for (const canvas of section.querySelectorAll("[data-done]")) stand(canvas, address(view, "plan"));
  if (view.offers.length) offers(section, view, (style) => address(view, `plans/${encodeURIComponent(style)}`));
}

const RETRY_MS = 400;

function source(img, url) {
  if (!img) return;
  // The camera may still be opening: then there is nothing there yet.
  img.onerror = () => setTimeout(() => img.getAttribute("src") === url && img.setAttribute("src", url), RETRY_MS);
  img.hidden = !url;
  if (!url) img.removeAttribute("src");
  else if (img.getAttribute("src") !== url) img.setAttribute("src", url);
}

/** "Still there?"; the seconds in its sentence are counted down between two views. */
function warning(told, left_ms) {
  const cover = $("still-there"), was = !cover.hidden;
  cover.hidden = !told;
  if (told) {
    write($("still-title"), told.title);
    lay(cover.querySelector(".controls"), told.more ? [told.more] : []);
    seconds(left_ms, (left) => write($("still-body"), told.text.replace(/\d+/, String(left))));
    if (!was) cover.querySelector("button")?.focus({ preventScroll: true });
  } else if (was) current.querySelector("h1").focus({ preventScroll: true });
}

/** Three, two, one: the ring runs with the seconds, and each number is also said. */
function count(section, left_ms) {
  const ring = section.querySelector(".ring");
  ring.hidden = left_ms <= 0;
  const whole = Math.max(Number(ring.dataset.whole) || 0, Math.ceil(left_ms / 1000));
  ring.dataset.whole = left_ms > 0 ? String(whole) : "";
  if (left_ms <= 0) return write($("say"), "");
  seconds(left_ms, (left) => {
    ring.hidden = left === 0;
    write(ring.querySelector("b"), left ? String(left) : "");
    write($("say"), left ? String(left) : "");
    ring.style.setProperty("--hand", String(100 * (1 - Math.max(0, left - 1) / whole)));
  });
}

/** Calls `each` with the whole seconds left of `ms`, now and whenever they change. */
function seconds(ms, each) {
  const end = performance.now() + ms;
  const tick = () => each(Math.max(0, Math.ceil((end - performance.now()) / 1000)));
  tick();
  clearInterval(clock);
  clock = setInterval(tick, 100);
}

addEventListener("resize", () => current && fit(current));

// Consent's "more about this" turns the leaf over and back; it asks nothing of the program.
function unfold(open) {
  $("unfold").setAttribute("aria-expanded", String(open));
  $("details").hidden = !open;
  $("details").previousElementSibling.hidden = open;
}
$("unfold").addEventListener("click", () => {
  unfold($("unfold").getAttribute("aria-expanded") !== "true");
  fit(current);
});
