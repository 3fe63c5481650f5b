'use strict';

const { ConnectionError, DarkroomError, TimeoutError } = require('./errors.js');
const { isTerminal } = require('./job.js');

const WATCHED = 2000; // ms between two looks when somebody watches
const QUIET = 30000; // ms that the server may hold an answer when nobody does
const LONGEST_HOLD = 60; // s, the server's own limit
const POLL = 2000; // ms between two looks at a server that cannot hold its answer
const PATIENCE = 10; // looks in a row that may fail before the wait is given up

/**
 * Looks at a job until it has ended. look(hold, signal) asks for it and lets
 * the server hold the answer for that many seconds. A server that restarts
 * meanwhile is waited for, about half a minute.
 */
async function wait(id, look, pause, { signal, timeout, onProgress, interval } = {}) {
  const every = interval ?? (onProgress ? WATCHED : QUIET);
  const hold = Math.min(Math.max(Math.round(every / 1000), 1), LONGEST_HOLD);
  const end = timeout === undefined ? Infinity : Date.now() + timeout;
  let job;
  for (let failed = 0; ; ) {
    const asked = Date.now();
    const left = end - asked;
    if (left <= 0) throw Object.assign(new TimeoutError(`job ${id} has not ended after ${timeout} ms`, { code: 'timeout' }), { job });
    try {
      job = await look(Math.max(1, Math.min(hold, Math.ceil(left / 1000))), signal);
      failed = 0;
    } catch (error) {
      if (++failed >= PATIENCE || !isPassing(error)) throw error;
    }
    if (failed === 0) {
      onProgress?.(job);
      if (isTerminal(job.status)) return job;
    }
    const rest = Math.min(every, POLL, left) - (Date.now() - asked);
    if (rest > 0) await pause(rest, signal);
  }
}

function isPassing(error) {
  return error instanceof ConnectionError || error instanceof TimeoutError ||
    (error instanceof DarkroomError && (error.status === 429 || error.status >= 500));
}

module.exports = { wait };
