// Buttons as the view lists them: made once, changed in place, so that focus and a finger on the glass stay put.

const WEIGHTS = { main: "first", quiet: "", stop: "stop" };
const acts = new WeakMap();

/** The act of the button that `target` lies in, if it lies in one. */
export function actOf(target) {
  const button = target.closest?.("button");
  return button && acts.get(button);
}

/** Makes `row` hold exactly `buttons`; those that stay are the same elements as before. */
export function lay(row, buttons) {
  const kept = new Map([...row.querySelectorAll(":scope > button")].map((button) => [button.dataset.key, button]));
  const wanted = buttons.map((each) => {
    const key = JSON.stringify(each.act);
    const button = kept.get(key) ?? Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.key = key;
    button.dataset.act = each.act.press ?? each.act.act;
    button.className = WEIGHTS[each.weight] ?? "";
    if (button.textContent !== each.label) button.textContent = each.label;
    acts.set(button, each.act);
    return button;
  });
  // Moving an element in the document takes its focus away, so it is done only where the row has changed.
  if (wanted.length !== row.childElementCount || wanted.some((button, i) => button !== row.children[i])) row.replaceChildren(...wanted);
  row.dataset.count = String(wanted.length);
}
