import { createServer } from 'node:http';

import { Darkroom } from '../../index.mjs';

export const JOB_ID = '3fa85f64-5717-4562-b3fc-2c963f66afa6';

/** A job as the server shows it. */
export function wireJob(status = 'pending', completed = 0) {
  return {
    id: JOB_ID,
    job_id: JOB_ID,
    type: 'batch',
    status,
    progress: { total: 2, completed, failed: 0, percentage: completed * 50 },
    result_url: null,
    download_url: `/v1/jobs/${JOB_ID}/download`,
    error: null,
    created_at: '2026-04-01T10:00:00Z',
    started_at: null,
    completed_at: null,
    expires_at: null,
  };
}

/** An answer with a JSON body. */
export function answer(status, body = {}, headers = {}) {
  return (request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** An error as the contract has it. */
export function failure(status, error, more = {}, headers = {}) {
  return answer(status, { error, message: 'what to do', status, ...more }, headers);
}

/** Breaks the connection. */
export function cut(request) {
  request.socket.destroy();
}

/**
 * Starts a server that answers the first request with the first step, and so
 * on; the last repeats. Gives a client of it that records its pauses instead
 * of taking them, and the requests that came.
 */
export async function serve(t, steps, settings = {}) {
  const requests = [];
  const pauses = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    const { method, url, headers } = request;
    requests.push({ method, url, headers, body: text === '' ? undefined : JSON.parse(text) });
    await steps[Math.min(requests.length, steps.length) - 1](request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const pause = async (ms, signal) => {
    pauses.push(ms);
    signal?.throwIfAborted();
  };
  const baseUrl = `http://127.0.0.1:${server.address().port}/`;
  return { client: new Darkroom('sk_live_test', { baseUrl, pause, ...settings }), requests, pauses, baseUrl };
}
