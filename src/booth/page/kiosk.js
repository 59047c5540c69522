// The kiosk's page: shows the view that the program sends, and sends back what is pressed. It decides nothing.
import { send, stop } from "./actions.js";
import { actOf } from "./buttons.js";
import "./hardening.js";
import { progressed, show } from "./screens.js";
import { listen } from "./stream.js";

const $ = (id) => document.getElementById(id);
const page = document.documentElement;
let view = null;

listen("api/v1/events", {
  view(news) {
    view = news;
    show(view);
  },
  progress: progressed,
  silent(is) {
    page.classList.toggle("stale", is);
    $("veil").hidden = !is;
  },
});

const stale = () => page.classList.contains("stale");
const isStop = (act) => act?.act === "stop";

$("kiosk").addEventListener("click", (event) => {
  const act = actOf(event.target);
  if (!view || stale() || isStop(act)) return;
  if (act) send(act, view.session);
  else if (!event.target.closest("button, footer, .cover, .beside")) {
    // The first screen and the countdown's are one great button each.
    const first = document.querySelector(".screen[data-anywhere]:not([hidden]) .controls > button");
    if (first) send(actOf(first), view.session);
  }
});

// Stop acts when it is touched, not when it is let go; by key when the key goes down. It does so under every cover too.
function halt(event) {
  const act = actOf(event.target);
  if (!isStop(act)) return;
  const button = event.target.closest("button");
  button.classList.add("asked");
  stop(act).finally(() => button.classList.remove("asked"));
}
addEventListener("pointerdown", halt, { capture: true });
addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && !event.repeat) halt(event);
}, { capture: true });
