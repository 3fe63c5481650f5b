import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Job, NotFoundError, ServerError, TimeoutError } from '../../index.mjs';
import { answer, cut, failure, JOB_ID, serve, wireJob } from './server.mjs';

test('a job answers to job_id, jobId and id, and prints the wire’s names once', async (t) => {
  const wire = { ...wireJob('completed', 2), expires_at: '2026-04-02T10:00:00Z' };
  const { client } = await serve(t, [answer(200, wire)]);
  const job = await client.getJob(JOB_ID);
  assert.deepEqual([job.job_id, job.jobId, job.id], [JOB_ID, JOB_ID, JOB_ID]);
  assert.equal(job.downloadUrl, wire.download_url);
  assert.equal(job.expiresAt, wire.expires_at);
  assert.deepEqual(JSON.parse(JSON.stringify(job)), wire);
  assert.deepEqual(Object.keys(job).sort(), Object.keys(wire).sort());
});

test('a job that was told only one of its ids has both', () => {
  assert.equal(new Job({ id: 'a' }).job_id, 'a');
  assert.equal(new Job({ job_id: 'b' }).id, 'b');
});

test('no request without an id', async (t) => {
  const { client, requests } = await serve(t, [answer(200, {})]);
  for (const id of ['', undefined, null, 7]) {
    await assert.rejects(client.getJob(id), TypeError);
    await assert.rejects(client.downloadJob(id), TypeError);
    await assert.rejects(client.waitForJob(id), TypeError);
  }
  assert.equal(requests.length, 0);
});

test('waitForJob lets the server hold the answer', async (t) => {
  const { client, requests } = await serve(t, [answer(200, wireJob('processing', 1)), answer(200, wireJob('completed', 2))]);
  const job = await client.waitForJob(JOB_ID);
  assert.equal(job.status, 'completed');
  assert.deepEqual(requests.map(({ url }) => url), Array(2).fill(`/v1/jobs/${JOB_ID}?wait=30`));
});

test('waitForJob shows progress, and polls slowly a server that answers at once', async (t) => {
  const seen = [];
  const { client, requests, pauses } = await serve(t, [answer(200, wireJob()), answer(200, wireJob('processing', 1)), answer(200, wireJob('partial', 1))]);
  const job = await client.waitForJob(JOB_ID, { onProgress: ({ progress }) => seen.push(progress.percentage) });
  assert.equal(job.status, 'partial');
  assert.deepEqual(seen, [0, 50, 50]);
  assert.match(requests[0].url, /wait=2$/);
  assert.equal(pauses.length, 2);
  assert.ok(pauses.every((ms) => ms > 0 && ms <= 2000), `paused ${pauses}`);
});

test('waitForJob outlives a restart of the server', async (t) => {
  const down = failure(503, 'queue_unavailable');
  const { client } = await serve(t, [answer(200, wireJob('processing')), cut, down, cut, down, cut, answer(200, wireJob('failed'))]);
  assert.equal((await client.waitForJob(JOB_ID)).status, 'failed');
});

test('waitForJob gives up on a job that is unknown, and in the end on a server that is broken', async (t) => {
  const unknown = await serve(t, [failure(404, 'not_found')]);
  await assert.rejects(unknown.client.waitForJob(JOB_ID), NotFoundError);
  assert.equal(unknown.requests.length, 1);
  const broken = await serve(t, [failure(500, 'internal')]);
  await assert.rejects(broken.client.waitForJob(JOB_ID), ServerError);
});

test('waitForJob has a timeout of its own, which tells the last state', async (t) => {
  const { client } = await serve(t, [answer(200, wireJob('processing', 1))]);
  const isLate = (error) => error instanceof TimeoutError && error.job.progress.completed === 1;
  await assert.rejects(client.waitForJob(JOB_ID, { timeout: 1 }), isLate);
});

test('waitForJob can be aborted, also from its own progress', async (t) => {
  const controller = new AbortController();
  const { client, requests } = await serve(t, [answer(200, wireJob('processing'))]);
  const waiting = client.waitForJob(JOB_ID, { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) });
  await assert.rejects(waiting, /enough/);
  assert.equal(requests.length, 1);
});

test('batchAndWait', async (t) => {
  const { client, requests } = await serve(t, [answer(202, wireJob()), answer(200, wireJob('completed', 2))]);
  const job = await client.batchAndWait(['http://127.0.0.1/'], { fullPage: true }, { idempotencyKey: 'mine' });
  assert.equal(job.status, 'completed');
  assert.equal(requests[0].headers['idempotency-key'], 'mine');
  assert.equal(requests[1].headers['idempotency-key'], undefined);
});

test('sitemapAndWait shows how far reading is', async (t) => {
  const sitemap = { type: 'sitemap', sitemap_url: 'http://127.0.0.1/sitemap.xml', max_pages: 50 };
  const reading = { ...wireJob('processing'), ...sitemap, discovery: { ended: false, sitemaps: 1, found: 40 } };
  const ended = { ...wireJob('completed', 2), ...sitemap, discovery: { ended: true, sitemaps: 2, found: 90, skipped: { excluded: 88 } } };
  const { client, requests } = await serve(t, [answer(202, { ...wireJob(), ...sitemap }), answer(200, reading), answer(200, ended)]);
  const seen = [];
  const onProgress = ({ discovery, progress }) => seen.push([discovery.ended, discovery.found, progress.total]);
  const job = await client.sitemapAndWait('http://127.0.0.1', { maxPages: 50 }, { onProgress });
  assert.deepEqual(seen, [[false, 40, 2], [true, 90, 2]]);
  assert.deepEqual([job.sitemapUrl, job.maxPages], [sitemap.sitemap_url, 50]);
  assert.equal(requests[0].url, '/v1/sitemap');
});

/** Serves these ids in pages, newest first; before each page after the first, a new job comes in front. */
function list(ids) {
  return (request, response) => {
    const { searchParams } = new URL(request.url, 'http://127.0.0.1');
    const offset = Number(searchParams.get('offset') ?? 0);
    const limit = Number(searchParams.get('limit') ?? 20);
    if (offset > 0) ids.unshift(`new-${offset}`);
    const jobs = ids.slice(offset, offset + limit).map((id) => ({ ...wireJob(), id, job_id: id }));
    answer(200, { jobs, total: ids.length, limit, offset, has_more: offset + limit < ids.length })(request, response);
  };
}

test('listJobs can be awaited', async (t) => {
  const { client, requests } = await serve(t, [list(['a', 'b', 'c'])]);
  const page = await client.listJobs({ status: 'completed', limit: 2, createdAfter: new Date(0) });
  assert.deepEqual(page.jobs.map(({ jobId }) => jobId), ['a', 'b']);
  assert.deepEqual([page.total, page.has_more, page.hasMore], [3, true, true]);
  assert.equal(requests[0].url, '/v1/jobs?status=completed&limit=2&created_after=1970-01-01T00%3A00%3A00.000Z');
});

test('listJobs can be gone through: no job is left out, none comes twice', async (t) => {
  const { client } = await serve(t, [list(['a', 'b', 'c', 'd', 'e'])]);
  const ids = [];
  for await (const job of client.listJobs({ limit: 2 })) ids.push(job.id);
  assert.deepEqual(ids, ['a', 'b', 'c', 'd', 'e']);
});

test('listJobs asks for no more than is looked at', async (t) => {
  const { client, requests } = await serve(t, [list(['a', 'b', 'c'])]);
  const jobs = client.listJobs({ limit: 1 });
  assert.equal(requests.length, 0);
  for await (const job of jobs) {
    assert.equal(job.id, 'a');
    break;
  }
  assert.equal(requests.length, 1);
});

test('listJobs passes an error on, both ways', async (t) => {
  const { client } = await serve(t, [failure(404, 'not_found')]);
  await assert.rejects(async () => client.listJobs(), NotFoundError);
  await assert.rejects(async () => {
    for await (const job of client.listJobs()) assert.fail(job.id);
  }, NotFoundError);
});

test('health and usage', async (t) => {
  const { client, requests } = await serve(t, [answer(200, { status: 'ok', version: '1', uptime: 3 }), answer(200, { plan: 'self-hosted' })]);
  assert.equal((await client.health()).version, '1');
  assert.equal((await client.usage()).plan, 'self-hosted');
  assert.deepEqual(requests.map(({ url }) => url), ['/health', '/v1/usage']);
});

test('devices', async (t) => {
  const { client, requests } = await serve(t, [answer(200, { devices: [{ name: 'Pixel 7', width: 412 }] })]);
  assert.deepEqual(await client.devices(), [{ name: 'Pixel 7', width: 412 }]);
  assert.deepEqual(requests.map(({ url }) => url), ['/v1/devices']);
});

test('a storage state goes over as Playwright saves it', async (t) => {
  const { client, requests } = await serve(t, [answer(202, { id: 'a' })]);
  const storageState = { cookies: [{ name: 'sid', value: '1', domain: 'example.com', path: '/', expires: -1, httpOnly: true, sameSite: 'Lax' }], origins: [{ origin: 'https://example.com', localStorage: [{ name: 'aB', value: 'c' }] }] };
  await client.batch(['https://example.com'], { storageState, basicAuth: { username: 'a', password: 'b' }, geolocation: { latitude: 1, longitude: 2 }, ignoreHTTPSErrors: true, bypassCSP: true, reducedMotion: true });
  assert.deepEqual(requests[0].body, {
    urls: ['https://example.com'], storage_state: storageState, basic_auth: { username: 'a', password: 'b' }, geolocation: { latitude: 1, longitude: 2 },
    ignore_https_errors: true, bypass_csp: true, reduced_motion: true,
  });
});
