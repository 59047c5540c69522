// A kiosk's browser stays where it is: no menu, no drag, no selection, no zoom, no way out by a key or a link.

const refuse = (event) => event.preventDefault();

for (const name of ["contextmenu", "dragstart", "dragover", "drop", "selectstart", "gesturestart", "gesturechange", "auxclick"]) {
  addEventListener(name, refuse, { capture: true, passive: false });
}
// Zoom by wheel or two fingers. A single finger's touch is left alone: it becomes the click.
addEventListener("wheel", refuse, { passive: false });
addEventListener("touchmove", refuse, { passive: false });
addEventListener("touchstart", (event) => { if (event.touches.length > 1) event.preventDefault(); }, { passive: false });

// Tab, Enter and Space are the two buttons; arrows move in a choice. Nothing else does anything.
const KEYS = new Set(["Tab", "Enter", " ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);
addEventListener("keydown", (event) => {
  if (!KEYS.has(event.key) || event.ctrlKey || event.altKey || event.metaKey) event.preventDefault();
}, { capture: true });

window.open = () => null;
