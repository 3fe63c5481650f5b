'use strict';

const { ConnectionError, DarkroomError, TimeoutError } = require('./errors.js');
const { Job, isTerminal } = require('./job.js');
const { Result } = require('./results.js');

const RETRY = 2000; // ms before it comes back after a stream has ended
const SILENCE = 30000; // ms without a sign of life after which a connection is dead
const PATIENCE = 10; // connections in a row that may tell nothing before it is given up

/**
 * What happens to a job, from now on: { job } and { capture } events, to the
 * one that tells of the job's end. open(headers, signal) opens a connection. A
 * server that restarts meanwhile is waited for, about half a minute.
 */
async function* watch(open, pause, signal) {
  let lastId;
  for (let failed = 0; ; ) {
    const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
    const { response, timer } = await open(headers).catch((error) => {
      if (++failed >= PATIENCE || !isPassing(error)) throw error;
      return {};
    });
    if (response?.status === 204) {
      timer.release();
      return;
    }
    if (response) {
      try {
        failed++;
        for await (const message of messages(response.body, timer)) {
          failed = 0;
          lastId = message.id ?? lastId;
          if (message.event === 'capture') yield { capture: new Result(JSON.parse(message.data)) };
          if (message.event !== 'job') continue;
          const job = new Job(JSON.parse(message.data));
          yield { job };
          if (isTerminal(job.status)) return;
        }
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (error instanceof SyntaxError) throw error;
      } finally {
        timer.release();
        response.body?.cancel().catch(() => {});
      }
      if (failed >= PATIENCE) throw new ConnectionError('the event stream ends again and again', { code: 'connection' });
    }
    await pause(RETRY, signal);
  }
}

async function* messages(body, timer) {
  const decoder = new TextDecoder();
  let text = '';
  timer.start(SILENCE);
  for await (const bytes of body) {
    timer.start(SILENCE);
    text += decoder.decode(bytes, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      const message = {};
      for (const line of part.split('\n')) {
        const at = line.indexOf(': ');
        if (at > 0) message[line.slice(0, at)] = line.slice(at + 2);
      }
      if (message.event) yield message;
    }
  }
}

function isPassing(error) {
  return error instanceof ConnectionError || error instanceof TimeoutError ||
    (error instanceof DarkroomError && (error.status === 429 || error.status >= 500));
}

module.exports = { watch };
