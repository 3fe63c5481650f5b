import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NotFoundError } from '../../index.mjs';
import { cut, failure, JOB_ID, serve, wireJob } from './server.mjs';

/** An event stream that ends after these events. */
function stream(...events) {
  return (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(['retry: 2000', ...events].map((event) => `${event}\n\n`).join(''));
  };
}

const job = (id, status, completed) => `event: job\nid: ${id}\ndata: ${JSON.stringify(wireJob(status, completed))}`;
const capture = (index) => `event: capture\ndata: ${JSON.stringify({ index, state: 'completed', final_url: 'http://a/' })}`;

test('watchJob goes on behind the last id after a restart, and ends with the job', async (t) => {
  const { client, requests, pauses } = await serve(t, [
    stream(job(3, 'processing', 0), ': alive', capture(1), job(5, 'processing', 1), 'event: new\ndata: {}', capture(2)),
    cut,
    failure(503, 'queue_unavailable'),
    stream(capture(2), job(9, 'completed', 2)),
  ]);
  const seen = [];
  for await (const event of client.watchJob(JOB_ID)) seen.push(event.job ? event.job.status + event.job.progress.completed : event.capture.finalUrl + event.capture.index);
  assert.deepEqual(seen, ['processing0', 'http://a/1', 'processing1', 'http://a/2', 'http://a/2', 'completed2']);
  assert.deepEqual(requests.map(({ headers }) => headers['last-event-id']), [undefined, '5', '5', '5']);
  assert.deepEqual(pauses, [2000, 2000, 2000]);
});

test('watchJob ends when there is nothing more to hear, and when the caller has heard enough', async (t) => {
  const done = await serve(t, [(request, response) => response.writeHead(204).end()]);
  for await (const event of done.client.watchJob(JOB_ID)) assert.fail(JSON.stringify(event));
  const { client, requests } = await serve(t, [stream(job(1, 'processing', 0), job(2, 'processing', 1))]);
  for await (const event of client.watchJob(JOB_ID)) break;
  assert.equal(requests.length, 1);
});

test('watchJob gives up on a job that is unknown, and in the end on a server that tells nothing', async (t) => {
  const unknown = await serve(t, [failure(404, 'not_found')]);
  await assert.rejects(unknown.client.watchJob(JOB_ID).next(), NotFoundError);
  const silent = await serve(t, [stream()]);
  await assert.rejects(silent.client.watchJob(JOB_ID).next(), { code: 'connection' });
  assert.equal(silent.requests.length, 10);
});
