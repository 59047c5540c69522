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
  if (job) $("broke-off").textContent = `Stroke ${job.confirmed + 1} of ${job.strokes}. Did the paper move?`;
  const sheets = house.sheets_left === null ? "" : `, ${house.sheets_left} sheets left`;
  $("machine").textContent = `robot ${house.robot}, paper ${house.paper}${sheets}, pen ${house.pen}`;
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
