// Which languages this browser can write: where a script has no font, all its letters are the same box.

/** Never a letter in any font (Unicode, noncharacters): what is drawn for it is the box. */
const NO_LETTER = "\u{10FFFE}";
const SIDE = 40;
const known = new Map();

/** Whether the first letter of `button` has a form of its own in the fonts that the button is written with. */
export function canWrite(button) {
  const letter = String.fromCodePoint(button.textContent.codePointAt(0));
  if (!known.has(letter)) {
    const family = getComputedStyle(button).fontFamily;
    known.set(letter, drawn(letter, family) !== drawn(NO_LETTER, family));
  }
  return known.get(letter);
}

function drawn(letter, family) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = `24px ${family}`;
  pen.fillText(letter, 8, 30);
  return pen.getImageData(0, 0, SIDE, SIDE).data.join();
}
