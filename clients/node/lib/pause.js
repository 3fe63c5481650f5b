'use strict';

/** Resolves after ms; rejects with the signal's reason when that comes first. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * A signal that follows the caller's and also fires when the timer, started by
 * start(), runs out. release() lets go of both.
 */
function deadline(signal) {
  const controller = new AbortController();
  let timer;
  let late = false;
  const follow = () => controller.abort(signal.reason);
  if (signal?.aborted) follow();
  else signal?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    get late() {
      return late;
    },
    start(ms) {
      clearTimeout(timer);
      if (!(ms > 0) || ms === Infinity) return;
      timer = setTimeout(() => {
        late = true;
        controller.abort();
      }, ms);
    },
    stop() {
      clearTimeout(timer);
    },
    release() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', follow);
    },
    abort() {
      controller.abort();
    },
  };
}

module.exports = { pause, deadline };
