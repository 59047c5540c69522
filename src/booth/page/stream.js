// The program's voice: server-sent events. First the whole view, then changes; a ping each second says that it lives.
// Before three seconds of silence are over whoever listens is told, and new connections are tried for ever: soon after one was
// refused, and after three seconds where one hangs. A slow answer is not cut off by impatience.

const SILENCE_MS = 2500;   // looked at four times a second
const REFUSED_MS = 700;
const HANGS_MS = 3000;

/** Listens at `url`; calls `on.view(view)`, `on.progress(progress)`, `on.silent(is)`. */
export function listen(url, on) {
  let source = null, heard = performance.now(), tried = 0, refused = false, silent = false;

  const alive = () => {
    heard = performance.now();
    if (silent) on.silent(silent = false);
  };
  const take = (use) => (event) => {
    let news;
    try {
      news = JSON.parse(event.data).data;
    } catch {
      return;   // what is no JSON is no news
    }
    alive();
    use(news);
  };
  const open = () => {
    source?.close();
    [tried, refused] = [performance.now(), false];
    source = new EventSource(url);
    source.addEventListener("snapshot", take(on.view));
    source.addEventListener("view", take(on.view));
    source.addEventListener("progress", take(on.progress));
    source.addEventListener("ping", alive);
    source.addEventListener("error", () => { refused = true; });
  };
  open();
  setInterval(() => {
    const now = performance.now();
    if (!silent && now - heard > SILENCE_MS) on.silent(silent = true);
    const patience = refused ? REFUSED_MS : HANGS_MS;
    if (now - Math.max(heard, tried) > patience) open();
  }, 250);
}
