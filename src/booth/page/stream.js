// The program's voice: server-sent events. First the whole view, then changes; a ping each second says that it lives.
// After three seconds of silence whoever listens is told, and a new connection is tried each second, for ever.

const SILENCE_MS = 3000;
const AGAIN_MS = 1000;

/** Listens at `url`; calls `on.view(view)`, `on.progress(progress)`, `on.silent(is)`. */
export function listen(url, on) {
  let source = null, heard = performance.now(), silent = false, again = 0;

  const alive = () => {
    heard = performance.now();
    again = 0;
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
    source = new EventSource(url);
    source.addEventListener("snapshot", take(on.view));
    source.addEventListener("view", take(on.view));
    source.addEventListener("progress", take(on.progress));
    source.addEventListener("ping", alive);
  };
  open();
  setInterval(() => {
    const quiet = performance.now() - heard;
    if (quiet <= SILENCE_MS) return;
    if (!silent) on.silent(silent = true);
    // The browser's own attempts may have given up, or hang in a dead connection.
    if (quiet >= SILENCE_MS + AGAIN_MS * again) {
      again += 1;
      open();
    }
  }, 250);
}
