// The staff's page: shows the house as it is, asked each second, and passes on what is pressed. It decides nothing.
"use strict";
const $ = (id) => document.getElementById(id);

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (answer.status === 401) location.reload();
  return answer.ok;
}

function rows(box, items, make) {
  box.replaceChildren(...items.flatMap(make));
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function words(reason) {
  return Object.values(reason).join(" ").replaceAll("-", " ");
}

function show(house) {
  $("state").textContent = house.reasons.length ? (house.open ? "open, but not ready" : "closed") : "open and ready";
  rows($("reasons"), house.reasons.length ? house.reasons.map(words) : ["nothing: visitors are asked in"], (text) => [element("li", text)]);
  $("faults-box").hidden = house.faults.length === 0;
  rows($("faults"), house.faults, (fault) => [element("dt", `${fault.code}: ${fault.cause}`), element("dd", `${fault.hint} ${fault.remedy}`)]);
  const job = house.job;
  $("job").textContent = job
    ? `${job.state}, stroke ${job.confirmed} of ${job.strokes}, ${Math.ceil(job.secs_left / 60)} min left${job.code ? `, ${job.code}` : ""}`
    : "none";
  $("interrupted").hidden = job?.state !== "interrupted";
  $("under-way").hidden = !$("interrupted").hidden;
  const whole = job && job.confirmed >= job.strokes;
  if (job) $("broke-off").textContent = whole ? `All ${job.strokes} strokes are on paper, the pen's way back broke off.` : `Stroke ${job.confirmed + 1} of ${job.strokes}. Did the paper move?`;
  document.querySelector("[data-press=resume]").textContent = whole ? "It is whole" : "No: resume";
  const refused = job?.refused_because ?? [];
  $("refused").hidden = refused.length === 0;
  $("refused").textContent = `It was not begun: ${refused.join("; ")}.`;
  const sheets = house.sheets_left === null ? "" : `, ${house.sheets_left} sheets left`;
  morning(house);
  report(house);
  $("machine").textContent = `${house.safe ? "started with --safe: no robot, no camera; " : ""}robot ${house.robot}, paper ${house.paper}${sheets}, pen ${house.pen}`;
}

// What the report counts, in the order in which it is read.
const COUNTED = { sessions: "visitors", drawn: "drawings", declined: "said no to the photo", cancelled: "cancelled", timed_out: "left without a word", broken_off: "drawings broken off", faults: "faults", sheets: "sheets", ink_metres: "metres of ink" };

function morning(house) {
  for (const { step, done } of house.opening) document.querySelector(`[data-step="${step}"]`).classList.toggle("done", done);
  const look = house.camera_look;
  const seen = look?.Ok;
  $("look").textContent = seen
    ? `${seen.width_px} × ${seen.height_px} px, brightness ${Math.round(seen.luma / 2.55)} % (40 to 60 is good), ${seen.burnt_percent} % burnt out, sharpness ${seen.sharpness}${seen.hint ? `; ${seen.hint}` : "; a face in its place"}`
    : look ? `no picture: ${look.Err}` : "";
}

function report({ report, pen_use }) {
  const same = report.wiped === report.sessions;
  const counted = Object.entries(COUNTED).map(([key, name]) => [name, String(report[key])]);
  const most = (most, unit) => (most ? ` of ${most} ${unit}` : ` ${unit}`);
  counted.push(["traces of visitors wiped", same ? `${report.wiped}, all of them` : `${report.wiped} of ${report.sessions}`]);
  counted.push(["this pen", `${pen_use.metres}${most(pen_use.most_metres, "m")}, open ${pen_use.open_minutes}${most(pen_use.most_minutes, "min")}`]);
  rows($("report"), counted, ([name, count]) => [element("dt", name), element("dd", count)]);
}

async function look() {
  try {
    const answer = await fetch("/api/v1/house", { cache: "no-store" });
    if (answer.ok) show(await answer.json());
    else if (answer.status === 401) location.reload();
  } catch {
    $("state").textContent = "no answer";
  }
}

addEventListener("pointerdown", (event) => {
  if (event.target.closest("#stop")) post("/api/v1/session/stop", {});
}, { capture: true });
addEventListener("click", async (event) => {
  const press = event.target.closest("[data-press]")?.dataset.press;
  if (press && await post("/api/v1/house/press", { press })) look();
});
$("stop").addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === " ") post("/api/v1/session/stop", {});
});
setInterval(look, 1000);
look();
