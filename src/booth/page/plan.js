// A motion plan as the page gets it, and a pen that draws it on a canvas.
//
// The timeline is that of `preview::timeline`: LEB128 varints; counts of motions and samples; then each motion with
// `act + 4 * strokes`, its count of samples, and samples as steps of milliseconds and hundredths of a millimetre.
// Finished strokes are inked once; only what is new is drawn in a frame, so an idle screen costs next to nothing.

import "./varints.js";

const DRAW = 2;

/** Reads `{width_mm, height_mm, pen_mm, ink, opacity, timeline}`, the last in base64. */
export function read(plan) {
  const { number, signed } = varints(plan.timeline);
  const motions = number(), samples = number();
  const act = new Uint8Array(motions), from = new Uint32Array(motions + 1), stroke = new Uint32Array(motions + 1);
  const t = new Float64Array(samples), x = new Float32Array(samples), y = new Float32Array(samples);
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  let [now, px, py, n] = [0, 0, 0, 0];
  for (let m = 0; m < motions; m++) {
    const head = number();
    act[m] = head % 4;
    stroke[m + 1] = stroke[m] + Math.floor(head / 4);
    from[m] = n;
    for (let count = number(); count > 0; count--, n++) {
      t[n] = now += number();
      x[n] = px += signed();
      y[n] = py += signed();
      if (act[m] !== DRAW) continue;
      box.left = Math.min(box.left, px);
      box.right = Math.max(box.right, px);
      box.top = Math.min(box.top, py);
      box.bottom = Math.max(box.bottom, py);
    }
  }
  from[motions] = n;
  const sheet = { left: 0, top: 0, right: plan.width_mm * 100, bottom: plan.height_mm * 100 };
  return { ...plan, motions, act, from, stroke, t, x, y, box, sheet, total: n ? t[n - 1] : 0 };
}

/** The time at which `part` (0 to 1) of stroke `index` is drawn. */
export function timeOf(plan, index, part) {
  let m = 0;
  while (m + 1 < plan.motions && plan.stroke[m + 1] <= index) m++;
  const begin = plan.t[plan.from[m]], end = plan.t[Math.max(plan.from[m], plan.from[m + 1] - 1)];
  return begin + (end - begin) * Math.min(1, Math.max(0, part));
}

/** The last index up to `count` whose value is at most `value`. */
function last(array, value, count) {
  let low = 0, high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (array[middle] <= value) low = middle; else high = middle - 1;
  }
  return low;
}

/** A pen on `canvas`. With `bare` the drawing fills the canvas, without the sheet's empty margins. */
export class Pen {
  constructor(canvas, plan, bare) {
    const tip = Object.assign(document.createElement("i"), { className: "tip" });
    Object.assign(this, { canvas, plan, bare, tip, ink: canvas.getContext("2d"), shown: -1, motion: 0, sample: 0 });
    canvas.after(tip);
    this.fit();
  }

  /** Takes the canvas's size on the screen; whether that has changed. */
  fit() {
    const { canvas, plan } = this, ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (!width || !height || (canvas.width === width && canvas.height === height && this.scale)) return false;
    [canvas.width, canvas.height] = [width, height];
    const box = this.bare ? plan.box : plan.sheet, air = this.bare ? 200 : 0;
    const wide = box.right - box.left + 2 * air, high = box.bottom - box.top + 2 * air;
    this.scale = Math.min(width / wide, height / high);
    // The sheet begins at a whole pixel: lines are as sharp as the renderer's.
    this.left = Math.round((width - wide * this.scale) / 2) - (box.left - air) * this.scale;
    this.top = this.bare ? height - (box.bottom + air) * this.scale : Math.round((height - high * this.scale) / 2);
    this.clear();
    return true;
  }

  clear() {
    this.ink.setTransform(1, 0, 0, 1, 0, 0);
    this.ink.clearRect(0, 0, this.canvas.width, this.canvas.height);
    [this.motion, this.sample, this.shown] = [0, 0, -1];
    this.tip.hidden = true;
  }

  /** Shows the drawing as it is at `ms`: only what is new is drawn. */
  show(ms) {
    if (!this.scale && !this.fit()) return;
    const { plan, ink } = this;
    if (ms < this.shown) this.clear();
    if (ms === this.shown) return;
    const until = last(plan.t, ms, plan.t.length);
    ink.setTransform(this.scale, 0, 0, this.scale, this.left, this.top);
    // A line thinner than a pixel and a half would fade on a small sheet.
    ink.lineWidth = Math.max(plan.pen_mm * 100, 1.5 / this.scale);
    ink.lineCap = ink.lineJoin = "round";
    ink.strokeStyle = plan.ink;
    for (; this.motion < plan.motions; this.motion++) {
      const from = plan.from[this.motion], to = plan.from[this.motion + 1];
      const end = Math.min(to - 1, until);
      if (plan.act[this.motion] === DRAW && end > Math.max(from, this.sample)) {
        const begin = Math.max(from, this.sample);
        ink.beginPath();
        ink.moveTo(plan.x[begin], plan.y[begin]);
        for (let s = begin + 1; s <= end; s++) ink.lineTo(plan.x[s], plan.y[s]);
        ink.stroke();
      }
      this.sample = Math.max(this.sample, end);
      if (until < to - 1) break;
    }
    this.shown = ms;
    this.point(ms, until);
  }

  /** Sets the pen's tip where the pen is: full where it writes, a ring where it hovers, gone when all is done. */
  point(ms, s) {
    const { plan, tip } = this, next = Math.min(s + 1, plan.t.length - 1), span = plan.t[next] - plan.t[s];
    const part = span > 0 ? Math.min(1, (ms - plan.t[s]) / span) : 0, ratio = window.devicePixelRatio || 1;
    const place = (a, off) => ((a[s] + (a[next] - a[s]) * part) * this.scale + off) / ratio;
    tip.style.transform = `translate(${place(plan.x, this.left)}px, ${place(plan.y, this.top)}px)`;
    tip.hidden = ms <= 0 || ms >= plan.total;
    tip.classList.toggle("up", plan.act[Math.min(this.motion, plan.motions - 1)] !== DRAW);
  }

  showAll() {
    this.show(this.plan.total);
  }

  /** Lets go of what is drawn: nothing of a visitor stays on a hidden canvas. */
  forget() {
    this.tip.remove();
    this.canvas.width = this.canvas.height = 0;
  }
}
