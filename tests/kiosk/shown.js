// Waits until a view is on the screen as the program sent it: every word of it, its language, and its way of reading.
//
// A function of the view; gives a list of what is still missing after ten seconds. An empty list is right.
async (view) => {
  const page = document.documentElement;
  const texts = (selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent.trim());
  const here = `.screen[data-screen="${view.screen}"]:not([hidden])`;
  const missing = () => {
    const gone = [];
    const need = (what, wanted, shown) => { if (wanted !== shown) gone.push(`${what} is ${JSON.stringify(shown)}, not ${JSON.stringify(wanted)}`); };
    need("the screen", view.screen, page.dataset.screen);
    need("its language", view.language, page.lang);
    need("its direction", view.direction, page.dir);
    need("its title", view.title, texts(`${here} h1`).join());
    need("its notice", view.notice ?? "", texts(`${here} .notice`).join());
    const lines = texts(`${here} .lines > *, ${here} .steps p`);
    for (const line of view.lines) if (!lines.includes(line)) gone.push(`"${line}" is not said`);
    const buttons = view.offers.length ? [view.offers[0].draw, ...view.buttons] : view.buttons;
    const labels = texts(`${here} .controls > button`).filter((label) => label !== view.offers[0]?.play);
    need("its buttons", buttons.map((b) => b.label).join(), labels.join());
    need("its offers", view.offers.map((o) => o.minutes).join(), texts(`${here} .offer .minutes`).join());
    need("its stop", view.stop.label, texts("#stop button").join());
    need("its languages", view.languages.map((l) => l.label).join(), texts("#languages button").join());
    need("the language shown", view.language, document.querySelector("#languages [aria-current]")?.dataset.language);
    need("the question", view.wait?.warning?.title ?? "", document.getElementById("still-there").hidden ? "" : texts("#still-title").join());
    need("more time", view.wait?.warning?.more?.label ?? "", document.getElementById("still-there").hidden ? "" : texts("#still-there button").join());
    need("the word beside it", view.aside?.text ?? "", document.getElementById("aside").hidden ? "" : texts("#aside p").join());
    if (view.progress) need("the minutes left", view.progress.left, texts(`${here} #left`).join());
    return gone;
  };
  const since = performance.now();
  while (missing().length && performance.now() - since < 10000) await new Promise((resolve) => setTimeout(resolve, 4));
  return missing();
}
