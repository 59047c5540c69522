// The plan as an animation: the pen's true order and speed, read from the plan's own samples.
//
// Times are milliseconds of the plan, places hundredths of a millimetre on the sheet. Finished strokes are inked once
// on their own canvas; only the stroke under the pen is redrawn with each frame. Going back starts from the latest of
// a few kept pictures. Ink is translucent, stroke by stroke, exactly as in paper.png.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // --- the plan -----------------------------------------------------------------------------------------------------
  const TRAVEL = 0, DOWN = 1, DRAW = 2, UP = 3;
  const nothing = { width_mm: 148, height_mm: 210, pen_mm: 0.4, ink: "#1e1b1d", opacity: 1, timeline: "AAA=" };
  let meta = nothing, plan, samples, motions, total;

  /** Takes another plan; `meta` is what the program says of it. */
  function take(next) {
    meta = next;
    plan = decode(meta.timeline);
    samples = plan.t.length;
    motions = plan.act.length;
    total = samples ? plan.t[samples - 1] : 0;
  }

  /** Each motion: its act, strokes and first sample; each sample: time, place, and ink and air travelled so far. */
  function decode(text) {
    const { number, signed } = varints(text);
    const [motions, samples] = [number(), number()];
    const p = {
      act: new Uint8Array(motions), from: new Uint32Array(motions + 1),
      strokes: new Uint32Array(motions + 1), lifts: new Uint32Array(motions + 1),
      t: new Float64Array(samples), x: new Float32Array(samples), y: new Float32Array(samples),
      ink: new Float32Array(samples), air: new Float32Array(samples),
    };
    let [t, x, y, ink, air, n, drawn] = [0, 0, 0, 0, 0, 0, 0];
    for (let m = 0; m < motions; m++) {
      const head = number();
      p.act[m] = head % 4;
      p.strokes[m + 1] = p.strokes[m] + Math.floor(head / 4);
      if (p.act[m] === DRAW) drawn++;
      p.lifts[m + 1] = p.act[m] === UP ? drawn : p.lifts[m];
      p.from[m] = n;
      for (let k = number(); k > 0; k--, n++) {
        const [dt, dx, dy] = [number(), signed(), signed()];
        t += dt; x += dx; y += dy;
        const far = Math.hypot(dx, dy);
        if (p.act[m] === DRAW && n > p.from[m]) ink += far; else if (p.act[m] === TRAVEL) air += far;
        p.t[n] = t; p.x[n] = x; p.y[n] = y; p.ink[n] = ink; p.air[n] = air;
      }
    }
    p.from[motions] = n;
    return p;
  }

  /** The last index whose value is at most `value`, in an array that grows. */
  function last(array, value, count) {
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (array[middle] <= value) low = middle; else high = middle - 1;
    }
    return low;
  }

  /** Where everything stands at `ms`. */
  function moment(ms) {
    const s = last(plan.t, ms, samples);
    const m = last(plan.from, s, motions);
    const next = Math.min(s + 1, samples - 1);
    const span = plan.t[next] - plan.t[s];
    const part = span > 0 ? Math.min(1, (ms - plan.t[s]) / span) : 0;
    const mix = (a) => a[s] + (a[next] - a[s]) * part;
    const over = ms >= total;
    return {
      s, m: over ? motions : m, x: mix(plan.x), y: mix(plan.y), ink: mix(plan.ink), air: mix(plan.air),
      strokes: plan.strokes[over ? motions : m], lifts: plan.lifts[over ? motions : m],
      act: over ? UP : plan.act[m],
    };
  }

  // --- drawing ------------------------------------------------------------------------------------------------------
  const sheet = $("sheet"), stage = $("stage");
  const layers = ["ghost", "ink", "travel", "now", "over"].map($);
  const [ghost, ink, travel, now, over] = layers.map((c) => c.getContext("2d"));
  const KEPT_BYTES = 96e6;
  const MOST_KEPT = 12;
  let scale = 1;       // device pixels per hundredth of a millimetre
  let inked = 0;       // motions that stand on the ink canvas
  let travelled = 0;   // motions that stand on the travel canvas
  let kept = [];       // pictures of the ink canvas: {motion, picture}
  let covering;        // what is drawn over the sheet, if anything: (context) => void, in hundredths of a millimetre

  function inkStyle(c) {
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.lineWidth = meta.pen_mm * 100;
    c.lineCap = c.lineJoin = "round";
    c.strokeStyle = c.fillStyle = meta.ink;
    c.globalAlpha = meta.opacity;
  }

  // From the first stroke to the last; each is dark enough for white paper.
  const RAMP = [[43, 58, 140], [22, 112, 136], [70, 128, 52], [196, 128, 16], [172, 48, 32]];

  /** The colour of motion `m` by when it comes. */
  function ordered(m) {
    const at = (total ? plan.t[plan.from[m]] / total : 0) * (RAMP.length - 1);
    const i = Math.min(RAMP.length - 2, Math.floor(at));
    return `rgb(${RAMP[i].map((v, k) => Math.round(v + (RAMP[i + 1][k] - v) * (at - i))).join(" ")})`;
  }

  /** Inks motion `m`, by its order in colour if that is asked for. */
  function inkStroke(c, m, to, x, y) {
    if ($("show-order").checked) c.strokeStyle = c.fillStyle = ordered(m);
    stroke(c, m, to, x, y);
  }

  /** Draws one motion, up to sample `to` and from there on to (x, y) if given. */
  function stroke(c, m, to, x, y) {
    const from = plan.from[m];
    c.beginPath();
    c.moveTo(plan.x[from], plan.y[from]);
    let moved = false;
    for (let s = from + 1; s < to; s++) {
      moved ||= plan.x[s] !== plan.x[from] || plan.y[s] !== plan.y[from];
      c.lineTo(plan.x[s], plan.y[s]);
    }
    if (x !== undefined) c.lineTo(x, y);
    if (moved || x !== undefined) return c.stroke();
    // A pen that only touches the paper leaves a dot of its own width.
    c.arc(plan.x[from], plan.y[from], c.lineWidth / 2, 0, 2 * Math.PI);
    c.fill();
  }

  function clear(c) {
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, c.canvas.width, c.canvas.height);
  }

  /** Brings the ink canvas to where exactly the motions before `m` are drawn. */
  function inkUntil(m) {
    const from = kept.filter((k) => k.motion <= m).pop();
    if (m < inked || (from && from.motion > inked)) {
      clear(ink);
      ink.globalAlpha = 1;
      if (from) ink.drawImage(from.picture, 0, 0);
      inked = from ? from.motion : 0;
    }
    inkStyle(ink);
    const room = Math.min(MOST_KEPT, Math.floor(KEPT_BYTES / (4 * ink.canvas.width * ink.canvas.height)));
    const stride = Math.ceil(motions / (room + 1));
    for (; inked < m; inked++) {
      if (inked && room > 0 && inked % stride === 0 && !kept.some((k) => k.motion === inked)) keep();
      if (plan.act[inked] === DRAW) inkStroke(ink, inked, plan.from[inked + 1]);
    }
  }

  function keep() {
    const picture = document.createElement("canvas");
    picture.width = ink.canvas.width;
    picture.height = ink.canvas.height;
    picture.getContext("2d").drawImage(ink.canvas, 0, 0);
    kept.push({ motion: inked, picture });
    kept.sort((a, b) => a.motion - b.motion);
  }

  function travelUntil(m) {
    if (m < travelled) {
      clear(travel);
      travelled = 0;
    }
    travelStyle(travel);
    for (; travelled < m; travelled++) {
      if (plan.act[travelled] === TRAVEL) stroke(travel, travelled, plan.from[travelled + 1]);
    }
  }

  function travelStyle(c) {
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.lineWidth = 1.1 * (window.devicePixelRatio || 1) / scale;
    c.lineCap = "butt";
    c.strokeStyle = "#b3402a";
    c.globalAlpha = 0.6;
  }

  function show() {
    // Nothing yet: the page is served, and its plan is on its way.
    if (!samples) return;
    const at = moment(ms);
    inkUntil(at.m);
    if (!travel.canvas.hidden) travelUntil(at.m);
    clear(now);
    if (at.act === DRAW) {
      inkStyle(now);
      inkStroke(now, at.m, at.s + 1, at.x, at.y);
    } else if (at.act === TRAVEL && !travel.canvas.hidden) {
      travelStyle(now);
      stroke(now, at.m, at.s + 1, at.x, at.y);
    }
    if (ms > 0 && ms < total) pen(at);
    ghost.canvas.classList.toggle("off", ms >= total || !$("show-ghost").checked);
    tell(at);
  }

  /** The pen: a ring where it hovers, filled where it writes. */
  function pen(at) {
    const ratio = window.devicePixelRatio || 1;
    const down = at.act === DRAW || at.act === DOWN;
    now.setTransform(1, 0, 0, 1, 0, 0);
    now.globalAlpha = 1;
    now.beginPath();
    now.arc(at.x * scale, at.y * scale, (down ? 4.5 : 6.5) * ratio, 0, 2 * Math.PI);
    now.lineWidth = 1.6 * ratio;
    now.strokeStyle = now.fillStyle = "#b3402a";
    if (down) now.fill(); else now.stroke();
  }

  function fit(again) {
    const [width, height] = [meta.width_mm, meta.height_mm];
    const css = Math.min(stage.clientWidth / width, stage.clientHeight / height);
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.max(1, Math.round(width * css * ratio)), Math.max(1, Math.round(height * css * ratio))];
    if (!again && ink.canvas.width === w && ink.canvas.height === h) return;
    sheet.style.width = w / ratio + "px";
    sheet.style.height = h / ratio + "px";
    for (const canvas of layers) [canvas.width, canvas.height] = [w, h];
    scale = w / (width * 100);
    [inked, travelled, kept] = [0, 0, []];
    inkStyle(ghost);
    ghost.globalAlpha = 1;
    for (let m = 0; m < motions; m++) if (plan.act[m] === DRAW) stroke(ghost, m, plan.from[m + 1]);
    rhythm();
    cover();
    show();
  }

  /** Draws what lies over the sheet. */
  function cover() {
    over.canvas.hidden = !covering;
    clear(over);
    if (!covering) return;
    inkStyle(over);
    over.globalAlpha = 1;
    covering(over, (m) => stroke(over, m, plan.from[m + 1]), scale);
  }

  /** When the pen writes and when it flies, over the whole time, as a strip above the slider. */
  function rhythm() {
    const canvas = $("rhythm"), c = canvas.getContext("2d"), ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, canvas.clientWidth * ratio);
    canvas.height = Math.max(1, canvas.clientHeight * ratio);
    c.fillStyle = getComputedStyle(document.body).color;
    for (let m = 0; m < motions; m++) {
      if (plan.act[m] !== DRAW) continue;
      const end = m + 1 < motions ? plan.t[plan.from[m + 1]] : total;
      const left = plan.t[plan.from[m]] / total * canvas.width;
      c.globalAlpha = 0.75;
      if ($("show-order").checked) c.fillStyle = ordered(m);
      c.fillRect(left, 0, Math.max(0.35, (end - plan.t[plan.from[m]]) / total * canvas.width - 0.5), canvas.height);
    }
  }

  // --- words --------------------------------------------------------------------------------------------------------
  const clock = (seconds) => {
    const s = Math.round(seconds), pad = (n) => String(n).padStart(2, "0");
    return s >= 3600 ? `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}` : `${Math.floor(s / 60)}:${pad(s % 60)}`;
  };
  const spoken = (seconds) => {
    const s = Math.round(seconds), m = Math.floor(s / 60);
    return m ? `${m} min ${s % 60} s` : `${s} s`;
  };
  const write = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };

  /** What does not change while the plan plays. */
  function name() {
    const whole = clock(total / 1000);
    document.title = meta.title || document.title;
    write("title", meta.title || $("title").textContent);
    $("medium").replaceChildren(meta.medium || "", document.createElement("br"), meta.robot ? `drawn by ${meta.robot}` : "");
    write("of-time", `of ${whole}`);
    write("total", whole);
    write("of-ink", `of ${((meta.ink_mm || 0) / 1000).toFixed(2)} m`);
    write("of-air", `of ${((meta.travel_mm || 0) / 1000).toFixed(2)} m`);
    write("of-strokes", `of ${meta.strokes || 0}`);
    write("of-lifts", `of ${meta.lifts || 0}`);
    const label = `${meta.title}: ${meta.strokes} strokes, ${((meta.ink_mm || 0) / 1000).toFixed(2)} m of ink, ${whole} to draw`;
    sheet.setAttribute("aria-label", label);
    document.documentElement.style.setProperty("--paper", meta.paper || "#fbf8f1");
  }

  function tell(at) {
    const seconds = ms / 1000, whole = total / 1000;
    write("left", clock(whole - seconds));
    write("elapsed", clock(seconds));
    write("metres", (at.ink / 1e5).toFixed(2));
    write("air", (at.air / 1e5).toFixed(2));
    write("strokes", String(at.strokes));
    write("lifts", String(at.lifts));
    const slider = $("slider");
    if (document.activeElement !== slider || playing || !held) slider.value = total ? ms / total : 0;
    slider.style.setProperty("--done", `${total ? 100 * ms / total : 0}%`);
    slider.setAttribute("aria-valuetext", `${spoken(seconds)} of ${spoken(whole)}`);
  }

  // --- time ---------------------------------------------------------------------------------------------------------
  let ms = 0, playing = false, held = false, before = 0;
  const speed = () => Number(document.querySelector("input[name=speed]:checked").value);

  function seek(to, quietly) {
    ms = Math.max(0, Math.min(total, to));
    show();
    if (!quietly) remember();
  }

  function play(on) {
    if (on && ms >= total) ms = 0;
    playing = on && total > 0;
    $("play").classList.toggle("playing", playing);
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    if (playing) {
      before = performance.now();
      requestAnimationFrame(frame);
    } else {
      $("say").textContent = `Paused at ${spoken(ms / 1000)}`;
      remember();
    }
  }

  function frame(time) {
    if (!playing) return;
    // A page that was hidden goes on where it was, rather than jump.
    const step = Math.min(250, Math.max(0, time - before));
    before = time;
    ms = Math.min(total, ms + step * speed());
    show();
    if (ms >= total) {
      play(false);
      $("say").textContent = "The drawing is finished";
    } else requestAnimationFrame(frame);
  }

  function remember() {
    try {
      history.replaceState(null, "", `#t=${(ms / 1000).toFixed(1)}`);
    } catch { /* some viewers give pages no history */ }
  }

  function follow() {
    const wish = new URLSearchParams(location.hash.slice(1));
    const t = parseFloat(wish.get("t"));
    const wanted = document.querySelector(`input[name=speed][value="${parseInt(wish.get("speed"), 10)}"]`);
    if (wanted) wanted.checked = true;
    if (wish.has("travel")) toggleTravel(true);
    if (wish.has("order")) toggleOrder(true);
    if (Number.isFinite(t)) seek(t * 1000, true);
    return wish;
  }

  function toggleTravel(on) {
    $("show-travel").checked = on;
    travel.canvas.hidden = !on;
    show();
  }

  function toggleOrder(on) {
    $("show-order").checked = on;
    fit(true);
  }

  function faster(by) {
    const speeds = [...document.querySelectorAll("input[name=speed]")];
    const i = speeds.findIndex((s) => s.checked) + by;
    if (speeds[i]) speeds[i].checked = true;
  }

  $("play").addEventListener("click", () => play(!playing));
  $("slider").addEventListener("input", (e) => { held = true; seek(e.target.value * total, true); });
  $("slider").addEventListener("change", () => { held = false; remember(); });
  $("show-travel").addEventListener("change", (e) => toggleTravel(e.target.checked));
  $("show-order").addEventListener("change", (e) => toggleOrder(e.target.checked));
  $("show-ghost").addEventListener("change", show);
  document.querySelector("form").addEventListener("submit", (e) => e.preventDefault());
  addEventListener("hashchange", follow);
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const on = e.target;
    if (on.closest?.("[data-own-keys]")) return;
    const radio = on.type === "radio";
    const keys = {
      " ": () => (on.type === "checkbox" || on.id === "play") ? false : play(!playing),
      k: () => play(!playing),
      ArrowLeft: () => radio ? false : seek(ms - (e.shiftKey ? 1000 : 5000)),
      ArrowRight: () => radio ? false : seek(ms + (e.shiftKey ? 1000 : 5000)),
      ArrowUp: () => radio ? false : faster(1),
      ArrowDown: () => radio ? false : faster(-1),
      Home: () => seek(0),
      End: () => seek(total),
      t: () => toggleTravel(!$("show-travel").checked),
      o: () => toggleOrder(!$("show-order").checked),
      g: () => { $("show-ghost").checked = !$("show-ghost").checked; show(); },
    };
    const act = keys[e.key];
    if (act && act() !== false) e.preventDefault();
  });
  /** Shows another plan: finished if the one before was, else at the same time. */
  function adopt(next) {
    const over = !(ms < total);
    take(next);
    name();
    fit(true);
    seek(over ? total : ms, true);
  }

  const given = $("data");
  take(given ? JSON.parse(given.textContent) : nothing);
  if (given) name();
  new ResizeObserver(() => fit()).observe(stage);
  fit();
  // Who wants little motion finds the finished sheet; anyone else an empty one.
  const wish = follow();
  if (!wish.has("t") && still.matches) seek(total, true);
  if (wish.has("play") && !still.matches) play(true);
  // For the planner, where the page is served by a program that can plan.
  window.drawing = {
    adopt,
    begin: () => wish.has("play") && !still.matches ? play(true) : undefined,
    follow,
    seek: (secs) => seek(secs * 1000, true),
    clock,
    cover: (draw) => { covering = draw; cover(); },
    motions: () => [...Array(motions).keys()].filter((m) => plan.act[m] === DRAW),
  };
})();
