// What every screen of the kiosk must keep, asked of the page itself: an expression that gives a list of complaints.
//
// The browser suite evaluates it on each screen, in both orientations, in every language and at 150 % text size. It
// refuses: targets under 88 x 88 px of a 1080 x 1920 (1920 x 1080) screen, gaps under 16, controls in the upper 40 %,
// anything that is clipped or leaves the screen, letters under 70 % of their size, text under 7:1, a control without a name, a screen without languages.
(() => {
  const complaints = [];
  const unit = innerWidth >= innerHeight ? Math.min(innerWidth / 1920, innerHeight / 1080) : Math.min(innerWidth / 1080, innerHeight / 1920);
  const name = (e) => e.id || e.dataset.act || e.dataset.language || e.dataset.text || e.className || e.tagName;
  const visible = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getBoundingClientRect().width > 0;
  const covered = [...document.querySelectorAll(".cover:not([hidden]):not(.veil)")][0];
  const buttons = [...document.querySelectorAll("button")].filter(visible).filter((b) => !covered || covered.contains(b) || b.closest("footer"));
  const boxes = buttons.map((b) => b.getBoundingClientRect());

  boxes.forEach((box, i) => {
    const least = 88 * unit - 0.5;
    if (box.width < least || box.height < least) complaints.push(`${name(buttons[i])} is ${Math.round(box.width / unit)} x ${Math.round(box.height / unit)}`);
    if (box.top < innerHeight * 0.4 - 0.5) complaints.push(`${name(buttons[i])} stands in the upper 40 %, at ${Math.round(100 * box.top / innerHeight)} %`);
    if (!(buttons[i].textContent.trim() || buttons[i].getAttribute("aria-label"))) complaints.push(`${name(buttons[i])} has no name`);
    boxes.slice(i + 1).forEach((other, j) => {
      const across = Math.max(box.left - other.right, other.left - box.right);
      const down = Math.max(box.top - other.bottom, other.top - box.bottom);
      if (Math.max(across, down) < 16 * unit - 0.5) complaints.push(`${name(buttons[i])} and ${name(buttons[i + 1 + j])} are ${Math.round(Math.max(across, down) / unit)} apart`);
    });
  });
  // A browser without the fonts of a script leaves its languages out; those in Latin letters are always there.
  const offered = buttons.filter((b) => b.dataset.language).map((b) => b.dataset.language);
  if (!["en", "de", "fr", "es"].every((l) => offered.includes(l)) && !document.documentElement.classList.contains("stale")) complaints.push(`of the languages only ${offered} are offered`);

  const rgba = (text) => text.match(/[\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (let up = e; up; up = up.parentElement) {
      const colour = rgba(getComputedStyle(up).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.8) return colour;
    }
    return [255, 255, 255];
  };
  const worded = [...document.querySelectorAll("h1, h2, p, li, button, b, .minutes")].filter((e) => visible(e) && !e.classList.contains("unseen") && e.textContent.trim() && (e.tagName !== "BUTTON" || !e.classList.contains("offer")));
  for (const e of worded) {
    const [a, b] = [light(rgba(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 7) complaints.push(`"${e.textContent.trim().slice(0, 30)}" has contrast ${ratio.toFixed(1)}`);
    const range = document.createRange();
    range.selectNodeContents(e);
    const text = range.getBoundingClientRect();
    if (text.left < -1 || text.right > innerWidth + 1 || text.top < -1 || text.bottom > innerHeight + 1) complaints.push(`"${e.textContent.trim().slice(0, 30)}" leaves the screen`);
    const box = e.getBoundingClientRect();
    if (e.tagName === "BUTTON" && (text.width > box.width + 1 || text.height > box.height + 1)) complaints.push(`"${e.textContent.trim().slice(0, 30)}" is wider or higher than its button`);
  }
  for (const whole of [document.documentElement, document.body]) {
    if (whole.scrollWidth > innerWidth || whole.scrollHeight > innerHeight) complaints.push(`the page is ${whole.scrollWidth} x ${whole.scrollHeight} on a screen of ${innerWidth} x ${innerHeight}`);
  }
  // The page makes letters smaller where words would not fit; there is an end to that.
  const letters = getComputedStyle(document.documentElement);
  const size = Number(letters.getPropertyValue("--fit")) * Number(letters.getPropertyValue("--text-scale"));
  if (size < 0.7) complaints.push(`its letters have only ${Math.round(100 * size)} % of their size`);
  // Words that run into one another: blocks of one screen must not overlap.
  const blocks = [...document.querySelectorAll(".screen:not([hidden]) > *, footer, #aside:not([hidden])")].filter(visible);
  blocks.forEach((one, i) => blocks.slice(i + 1).forEach((other) => {
    const [a, b] = [one, other].map((e) => {
      const inner = [...e.children].filter(visible).map((c) => c.getBoundingClientRect());
      return e.classList.contains("picture") || !inner.length ? e.getBoundingClientRect() : { left: Math.min(...inner.map((r) => r.left)), right: Math.max(...inner.map((r) => r.right)), top: Math.min(...inner.map((r) => r.top)), bottom: Math.max(...inner.map((r) => r.bottom)) };
    });
    const over = Math.min(Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
    if (over > 2 * unit && !one.classList.contains("bare")) complaints.push(`${one.className || one.tagName} and ${other.className || other.tagName} overlap by ${Math.round(over / unit)}`);
  }));
  const picture = document.querySelector(".screen:not([hidden]) .picture");
  for (const child of picture?.children ?? []) {
    const [inner, outer] = [child.getBoundingClientRect(), picture.getBoundingClientRect()];
    const over = Math.max(outer.top - inner.top, inner.bottom - outer.bottom, outer.left - inner.left, inner.right - outer.right);
    if (visible(child) && !child.matches(".tip") && over > 2 * unit) complaints.push(`${child.className} leaves its picture by ${Math.round(over / unit)}`);
  }
  if (picture && picture.getBoundingClientRect().height < 150 * unit) complaints.push(`the picture is only ${Math.round(picture.getBoundingClientRect().height / unit)} high`);
  return complaints;
})()
