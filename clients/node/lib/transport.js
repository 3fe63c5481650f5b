'use strict';

const { ConnectionError, DarkroomError, TimeoutError, errorOfAnswer } = require('./errors.js');
const { deadline } = require('./pause.js');

const FIRST_BACKOFF = 500; // ms
const LONGEST_BACKOFF = 8000; // ms
const LONGEST_RETRY_AFTER = 60; // s; a longer one is the caller's to wait for

/** Sends requests to one server: authentication, timeouts, retries, errors. */
class Transport {
  #key;

  constructor({ baseUrl, key, timeout, maxRetries, fetch, pause, headers }) {
    this.#key = key;
    Object.assign(this, { baseUrl, timeout, maxRetries, fetch, pause, headers });
  }

  /** The JSON of a successful answer. */
  async json(request) {
    const text = await this.send(request, (response) => response.text());
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new DarkroomError(`the answer to ${request.method} ${request.path} is not JSON; is it a Darkroom server?`, { status: 200, cause });
    }
  }

  /** Sends a request and gives what read makes of the answer; each attempt, reading included, has the timeout. */
  send(request, read) {
    return this.#repeat(request, async () => {
      const { response, timer } = await this.#open(request);
      try {
        return await read(response);
      } catch (error) {
        throw this.explain(error, request, timer);
      } finally {
        timer.release();
      }
    });
  }

  /** Sends a request and gives the answer before its body was read. The caller releases the timer. */
  open(request) {
    return this.#repeat(request, () => this.#open(request));
  }

  /**
   * Runs attempt until it succeeds or its failure is final. Every attempt sends
   * the same headers, so the Idempotency-Key stays the same.
   */
  async #repeat(request, attempt) {
    const maxRetries = request.maxRetries ?? this.maxRetries;
    for (let failed = 0; ; failed++) {
      try {
        return await attempt();
      } catch (error) {
        if (failed >= maxRetries || !mayPass(request, error)) throw error;
        await this.pause(backoff(failed, error.retryAfter), request.signal);
      }
    }
  }

  async #open(request) {
    request.signal?.throwIfAborted();
    const timer = deadline(request.signal);
    timer.start((request.timeout ?? this.timeout) + (request.extraTime ?? 0));
    try {
      const response = await this.fetch(this.#url(request), this.#init(request, timer.signal));
      if (!response.ok) throw errorOfAnswer(response, await response.text());
      return { response, timer };
    } catch (error) {
      timer.release();
      throw this.explain(error, request, timer);
    }
  }

  /** What the caller sees of whatever an attempt threw. */
  explain(error, { method, path, signal }, timer) {
    if (signal?.aborted) return signal.reason;
    if (error instanceof DarkroomError) return error;
    const what = `${method} ${path} at ${this.baseUrl}`;
    if (timer.late) return new TimeoutError(`no complete answer to ${what} in time`, { code: 'timeout' });
    const reason = error.cause?.message || error.cause?.code || error.message;
    return new ConnectionError(`no complete answer to ${what}: ${reason}`, { code: 'connection', cause: error });
  }

  #url({ path, query = {} }) {
    const url = new URL(this.baseUrl + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #init({ method, body, headers }, signal) {
    const init = { method, signal, redirect: 'manual', headers: { 'user-agent': 'darkroom-node', ...this.headers, ...headers } };
    if (this.#key) init.headers.authorization = `Bearer ${this.#key}`;
    if (body !== undefined) {
      init.headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    return init;
  }
}

/** Whether the same request may succeed a little later. */
function mayPass({ headers, patient = true, settled = false }, error) {
  if (!(error instanceof DarkroomError) || error.retryAfter > LONGEST_RETRY_AFTER) return false;
  const { status } = error;
  const idempotencyKey = headers?.['idempotency-key'];
  // The first request with this key is still being answered, unless it is about the job.
  if (status === 409) return !settled && error.code === 'conflict' && idempotencyKey !== undefined;
  // The page's time was up; asking again would double it.
  if (status === 504 && !patient) return idempotencyKey !== undefined;
  return error instanceof ConnectionError || (error instanceof TimeoutError && status === 0) ||
    status === 408 || status === 429 || status >= 500;
}

/**
 * The pause after the failed-th failure (from 0), in ms: what the server asks
 * for, else twice as long each time, shortened by up to a quarter so that many
 * clients do not come back at once.
 */
function backoff(failed, retryAfter, random = Math.random()) {
  if (retryAfter > 0) return retryAfter * 1000;
  return Math.min(FIRST_BACKOFF * 2 ** failed, LONGEST_BACKOFF) * (1 - random / 4);
}

module.exports = { Transport, backoff, mayPass };
