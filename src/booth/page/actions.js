// What a person asks of the program: one POST each, with the session it is meant for. A page of yesterday's session
// asks in vain, and a press that waits for its answer is not sent twice.

const waiting = new Set();

/** Sends `act` of a view's button to `api/v1/session/ACT`, for `session`; whether the program has taken it. */
export async function send(act, session) {
  const { act: name, ...what } = act, key = JSON.stringify([act, session]);
  if (waiting.has(key)) return false;
  waiting.add(key);
  try {
    const answer = await fetch(`api/v1/session/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(name === "press" ? { session, press: what } : what),
      cache: "no-store",
    });
    return answer.ok;
  } catch {
    return false;   // the stream's silence tells the visitor
  } finally {
    waiting.delete(key);
  }
}

/** Stop: sent again until the program has heard it, ten times at the most. */
export async function stop(act) {
  for (let attempt = 0; attempt < 10; attempt++) {
    if (await send(act, null)) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
