// Does something again and again, but not while nobody looks.

/** Runs `work` at once and every `seconds`, one at a time; a hidden page rests. `tell` is told whether it rests. */
export function refreshing(work, seconds, tell) {
  let timer = 0;
  let paused = false;
  let running = false;

  async function turn() {
    clearTimeout(timer);
    if (running) return;
    running = true;
    try {
      await work();
    } finally {
      running = false;
    }
    if (!paused && !document.hidden) timer = setTimeout(turn, 1000 * seconds);
  }

  function look() {
    clearTimeout(timer);
    tell(paused);
    if (!paused && !document.hidden) turn();
  }

  document.addEventListener("visibilitychange", look);
  look();
  return {
    now: turn,
    pause(wanted) {
      paused = wanted;
      look();
    },
  };
}
