// Plans anew: asks the program behind the page, shows what it answers, and what of the drawing a robot cannot reach.
//
// The newest wish wins; answers to older ones are dropped. Several pages may be open: each shows the plan made last.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const drawing = window.drawing;
  const API = "/api/v1/preview";
  const names = ["robot", "style", "pen", "paper"];
  let planned;           // the answer that is shown
  let asking;            // the wish under way: AbortController
  let waiting;           // a timer: the slider is still moving
  let heard = performance.now();

  const note = (text, bad) => {
    $("note").textContent = text;
    $("note").classList.toggle("bad", Boolean(bad));
  };
  const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

  async function call(path, options) {
    const answer = await fetch(API + path, { cache: "no-store", ...options });
    if (answer.ok) return answer.json();
    const problem = await answer.json().catch(() => ({ code: "UNREADABLE", detail: `the program answered ${answer.status}` }));
    throw Object.assign(new Error(problem.detail), { code: problem.code });
  }

  /** Fills a choice; it is not shown where there is nothing to choose. */
  function choices(id, options, chosen) {
    $(`${id}-block`).hidden = options.length < 2;
    const all = options.includes(chosen) ? options : [chosen, ...options];
    $(id).replaceChildren(...all.map((name) => new Option(name, name, false, name === chosen)));
  }

  function show(next) {
    const first = !planned;
    planned = next;
    drawing.adopt(planned.plan);
    if (first) drawing.begin();
    $("planner").dataset.plan = planned.id;
    const budget = $("budget");
    const [least, most] = [Math.ceil(planned.least_secs), Math.ceil(planned.full_secs)];
    budget.min = Math.min(least, most - 1);
    budget.max = most;
    $("budget-block").hidden = most - least < 2;
    if (document.activeElement !== budget || !asking) budget.value = planned.asked.budget_secs || most;
    tellBudget();
    for (const id of names) if (planned.asked[id]) $(id).value = planned.asked[id];
    for (const option of $("robot").options) {
      const reach = planned.reach.find((reach) => reach.robot === option.value);
      option.textContent = option.value + (reach && reach.strokes ? ` (${reach.strokes} strokes beyond)` : "");
    }
    for (const link of document.querySelectorAll("[data-file]")) link.href = `${API}/plans/${planned.id}/${link.dataset.file}`;
    const left = planned.left_out;
    const said = [...planned.remarks];
    if (left.strokes) said.push(`${left.strokes} short ${left.strokes === 1 ? "stroke" : "strokes"} of shading left out`);
    if (left.over_secs > 0) said.push(`still ${Math.ceil(left.over_secs)} s too long: contours and faces are never left out`);
    note(said.map(sentence).join(" "));
    field(planned.reach.find((reach) => reach.robot === planned.asked.robot));
  }

  function tellBudget() {
    const budget = $("budget");
    const all = Number(budget.value) >= Number(budget.max);
    $("budget-value").textContent =
      all ? `all of it, ${drawing.clock(planned.full_secs)}` : `at most ${drawing.clock(Number(budget.value))}`;
    budget.setAttribute("aria-valuetext", $("budget-value").textContent);
    const share = (budget.value - budget.min) / Math.max(1, budget.max - budget.min);
    budget.style.setProperty("--done", `${100 * share}%`);
  }

  /** Shows where a robot's field ends, and what of the drawing lies beyond it. */
  function field(reach) {
    if (!reach || !reach.strokes) return drawing.cover(undefined);
    const [left, top, right, bottom] = reach.field_mm.map((mm) => mm * 100);
    const { width_mm, height_mm } = planned.plan;
    drawing.cover((c, stroke, scale) => {
      const beyond = new Path2D();
      beyond.rect(-1, -1, width_mm * 100 + 2, height_mm * 100 + 2);
      beyond.rect(left, top, right - left, bottom - top);
      c.save();
      c.clip(beyond, "evenodd");
      c.fillStyle = "rgb(140 47 29 / .12)";
      c.fillRect(-1, -1, width_mm * 100 + 2, height_mm * 100 + 2);
      c.strokeStyle = c.fillStyle = "#c8321a";
      for (const m of drawing.motions()) stroke(m);
      c.restore();
      c.strokeStyle = "#8c2f1d";
      c.lineWidth = 1.5 / scale;
      c.setLineDash([8 / scale, 6 / scale]);
      c.strokeRect(left, top, right - left, bottom - top);
    });
  }

  async function ask() {
    asking?.abort();
    const mine = asking = new AbortController();
    const wish = { budget_secs: Number($("budget").value) < Number($("budget").max) ? Number($("budget").value) : 0 };
    for (const id of names) if (!$(`${id}-block`).hidden && $(id).value) wish[id] = $(id).value;
    const reach = planned.reach.find((reach) => reach.robot === wish.robot);
    if (reach && reach.strokes) {
      asking = undefined;
      field(reach);
      const metres = (reach.ink_mm / 1000).toFixed(2);
      return note(`${sentence(`${reach.robot} cannot draw this: ${reach.strokes} strokes, ${metres} m of ink, lie beyond its field`)} The plan is still that of ${planned.asked.robot}.`, true);
    }
    $("planner").classList.add("busy");
    try {
      const body = JSON.stringify(wish);
      show(await call("/plan", { method: "POST", headers: { "content-type": "application/json" }, body, signal: mine.signal }));
    } catch (error) {
      if (error.name !== "AbortError" && error.code !== "SUPERSEDED") note(sentence(error.message), true);
    }
    if (asking === mine) {
      asking = undefined;
      $("planner").classList.remove("busy");
    }
  }

  let line;
  function news() {
    line?.close();
    line = new EventSource(`${API}/events`);
    const alive = () => {
      heard = performance.now();
      document.body.classList.remove("alone");
    };
    const latest = async (whole) => {
      if (asking || !whole.plan || whole.plan === planned?.id) return;
      try {
        show(await call(`/plans/${whole.plan}`));
      } catch { /* the next news will tell */ }
    };
    line.addEventListener("ping", alive);
    line.addEventListener("snapshot", (e) => { alive(); latest(JSON.parse(e.data).data); });
    line.addEventListener("planned", (e) => { alive(); latest(JSON.parse(e.data).data); });
    line.addEventListener("doing", (e) => {
      alive();
      const doing = JSON.parse(e.data).data.doing;
      if (asking && doing) note(`${sentence(doing).slice(0, -1)} …`);
    });
  }

  /** The program has been silent: says so, and calls again where the browser has given up. */
  function watch() {
    if (performance.now() - heard < 3000) return;
    document.body.classList.add("alone");
    if (line.readyState === EventSource.CLOSED) news();
  }

  for (const id of names) $(id).addEventListener("change", ask);
  $("budget").addEventListener("input", () => {
    tellBudget();
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  (async () => {
    try {
      const all = await call("");
      for (const id of names) choices(id, all.choices[id], all.plan.asked[id]);
      show(all.plan);
      drawing.follow();
      news();
      setInterval(watch, 1000);
    } catch (error) {
      note(sentence(error.message), true);
    }
  })();
})();
