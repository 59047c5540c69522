// A phone's page: sends one photo, and follows what becomes of it. It keeps nothing and asks nobody else.
"use strict";
const page = document.documentElement, link = document.body.dataset.link;
const $ = (id) => document.getElementById(id);

function show(state) {
  page.dataset.state = state;
  const drawing = $("drawing");
  if (state === "drawing" && !drawing.hasAttribute("src")) drawing.src = `${link}/drawing.svg`;
}

async function look() {
  if (page.dataset.state === "ended" || page.dataset.state === "sending") return;
  try {
    const answer = await fetch(`${link}/state`, { cache: "no-store" });
    if (answer.status === 404) return show("ended");
    if (!answer.ok || page.dataset.state === "sending") return;
    const { state, notice } = await answer.json();
    if (page.dataset.state !== state) $("notice").textContent = notice;
    show(state);
  } catch { /* the kiosk is starting anew, or out of reach: the next look says */ }
}

$("file").addEventListener("change", async () => {
  const [photo] = $("file").files;
  if (!photo) return;
  show("sending");
  try {
    const answer = await fetch(`${link}/photo`, { method: "POST", headers: { "Content-Type": photo.type || "image/jpeg" }, body: photo });
    if (answer.ok) show("sent");
    else if (answer.status === 404) show("ended");
    else refused();
  } catch { refused(); }
  $("file").value = "";
});

function refused() {
  $("notice").textContent = $("notice").dataset.unreadable;
  show("send");
}

show(page.dataset.state);
setInterval(look, 1500);
