// The numbers of a plan's timeline, for every page that plays one: base64 of LEB128 varints, signed ones in zigzag
// (`preview/timeline.rs`). A classic script and a module alike: it gives `varints` to whoever runs after it.

/** Reads `text` number by number: `number()` the next count, `signed()` the next step. */
globalThis.varints = (text) => {
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  let at = 0;
  const number = () => {
    let value = 0, shift = 1, byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * shift;
      shift *= 128;
    } while (byte & 128);
    return value;
  };
  const signed = () => {
    const value = number();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  };
  return { number, signed };
};
