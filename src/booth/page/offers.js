// The drawings to choose from: small sheets in a row, the one that is looked at large above them, with its buttons.
import { lay } from "./buttons.js";
import { replay, stand } from "./player.js";

/** Shows the offers of `view` in `section`; `plan(style)` is where a style's plan is. */
export function offers(section, view, plan) {
  const row = section.querySelector(".offers"), large = section.querySelector("[data-chosen]");
  if (row.dataset.session !== view.session || row.childElementCount !== view.offers.length) {
    row.dataset.session = view.session;
    row.dataset.chosen = "0";
    row.replaceChildren(...view.offers.map(card));
  }
  row.setAttribute("aria-label", view.title);
  const at = Math.min(Number(row.dataset.chosen), view.offers.length - 1), chosen = view.offers[at];
  view.offers.forEach((offer, index) => {
    const button = row.children[index];
    button.setAttribute("aria-checked", String(index === at));
    button.tabIndex = index === at ? 0 : -1;
    button.setAttribute("aria-label", `${offer.title}. ${offer.minutes}`);
    const minutes = button.querySelector(".minutes");
    if (minutes.textContent !== offer.minutes) minutes.textContent = offer.minutes;
    stand(button.querySelector("canvas"), plan(offer.style));
    button.onclick = () => {
      row.dataset.chosen = String(index);
      offers(section, view, plan);
    };
  });
  stand(large, plan(chosen.style));
  const controls = section.querySelector(".controls");
  lay(controls, [{ act: { act: "play" }, label: chosen.play, weight: "quiet" }, chosen.draw, ...view.buttons]);
  controls.querySelector('[data-act="play"]').onclick = (event) => {
    event.stopPropagation();
    replay(large);
  };
}

function card() {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "offer" });
  const sheet = Object.assign(document.createElement("span"), { className: "sheet bare" });
  const canvas = Object.assign(document.createElement("canvas"), { className: "pen" });
  button.setAttribute("role", "radio");
  canvas.setAttribute("aria-hidden", "true");
  sheet.append(canvas);
  button.append(sheet, Object.assign(document.createElement("span"), { className: "minutes" }));
  return button;
}

// Arrows move among the drawings, as in any group of radio buttons.
document.addEventListener("keydown", (event) => {
  const from = event.target.closest?.(".offer");
  if (!from || !event.key.startsWith("Arrow")) return;
  const ahead = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const forward = event.key === "ArrowDown" || event.key === ahead;
  const next = (forward ? from.nextElementSibling : from.previousElementSibling) ?? (forward ? from.parentElement.firstElementChild : from.parentElement.lastElementChild);
  next.focus();
  next.click();
});
