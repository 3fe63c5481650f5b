import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import {
  AuthError, CaptureError, ConflictError, ConnectionError, Darkroom, DarkroomError, ExpiredError, NotFoundError,
  RateLimitError, ServerError, TimeoutError, ValidationError,
} from '../../index.mjs';
import { answer, cut, failure, JOB_ID, serve, wireJob } from './server.mjs';

const accepted = answer(202, wireJob());

function half(request, response) {
  response.writeHead(202, { 'content-length': 9000 });
  response.write('{"id":', () => response.socket.end());
}

test('a batch goes over in the spelling of the wire', async (t) => {
  const { client, requests } = await serve(t, [accepted]);
  const job = await client.batch(['http://127.0.0.1/a'], {
    fullPage: true, dark_mode: true, callbackUrl: 'http://127.0.0.1/hook', scrollY: 10, format: undefined,
    headers: { 'X-CamelCase': 'kept' }, tags: ['a'], failOnStatus: [],
  });
  assert.equal(job.id, JOB_ID);
  const [{ method, url, headers, body }] = requests;
  assert.equal(`${method} ${url}`, 'POST /v1/batch');
  assert.equal(headers.authorization, 'Bearer sk_live_test');
  assert.match(headers['idempotency-key'], /^[0-9a-f-]{36}$/);
  assert.deepEqual(body, {
    urls: ['http://127.0.0.1/a'], full_page: true, dark_mode: true, callback_url: 'http://127.0.0.1/hook', scroll_y: 10,
    headers: { 'X-CamelCase': 'kept' }, tags: ['a'], fail_on_status: [],
  });
});

test('options in a list of requests or variants are converted too', async (t) => {
  const { client, requests } = await serve(t, [accepted]);
  await client.batch([{ url: 'http://127.0.0.1/', darkMode: true }, 'http://127.0.0.1/b'], { variants: [{ name: 'a', fullPage: false }] });
  assert.deepEqual(requests.at(-1).body, {
    requests: [{ url: 'http://127.0.0.1/', dark_mode: true }, { url: 'http://127.0.0.1/b' }],
    variants: [{ name: 'a', full_page: false }],
  });
  await client.batch(undefined, { requests: [{ url: 'http://127.0.0.1/', fullPage: true }], bypassCSP: true });
  assert.deepEqual(requests.at(-1).body, { requests: [{ url: 'http://127.0.0.1/', full_page: true }], bypass_csp: true });
});

test('one option in two spellings is refused', async (t) => {
  const { client, requests } = await serve(t, [accepted]);
  await assert.rejects(client.batch([], { fullPage: true, full_page: false }), TypeError);
  await assert.rejects(client.batch([], { signal: AbortSignal.abort() }), /argument after the options/);
  assert.equal(requests.length, 0);
});

test('a sitemap', async (t) => {
  const { client, requests } = await serve(t, [accepted]);
  await client.sitemap('http://127.0.0.1/sitemap.xml', {
    maxPages: 5, includePattern: ['/a/', '^http'], exclude_pattern: 'b{1,2}', sameHost: false, respectRobots: true,
    includeLastmodAfter: new Date(0), sample: { perTemplate: 2 }, hostDelay: 50,
  });
  assert.equal(requests[0].url, '/v1/sitemap');
  assert.match(requests[0].headers['idempotency-key'], /^[0-9a-f-]{36}$/);
  assert.deepEqual(requests[0].body, {
    sitemap_url: 'http://127.0.0.1/sitemap.xml', max_pages: 5, include_pattern: ['/a/', '^http'], exclude_pattern: 'b{1,2}',
    same_host: false, respect_robots: true, include_lastmod_after: '1970-01-01T00:00:00.000Z', sample: { per_template: 2 }, host_delay: 50,
  });
});

const wirePlan = {
  sitemap_url: 'http://127.0.0.1/sitemap.xml', max_pages: 2, total: 1, urls: [{ url: 'http://127.0.0.1/a' }],
  discovery: { ended: true, sitemaps: 1, found: 2, skipped: { other_host: 1 } },
  skipped: [{ url: 'http://127.0.0.2/', reason: 'other_host', detail: '' }], estimate: null,
};

test('a plan of a sitemap', async (t) => {
  const { client, requests } = await serve(t, [answer(200, wirePlan)]);
  const plan = await client.planSitemap('http://127.0.0.1', { maxPages: 2 });
  assert.deepEqual({ ...plan }, wirePlan);
  assert.deepEqual([plan.sitemapUrl, plan.maxPages], [wirePlan.sitemap_url, 2]);
  assert.deepEqual(requests[0].body, { sitemap_url: 'http://127.0.0.1', max_pages: 2, plan: true });
  assert.equal(requests[0].headers['idempotency-key'], undefined);
});

test('a plan is no job, and a job no plan', async (t) => {
  const { client, requests } = await serve(t, [accepted]);
  await assert.rejects(client.sitemap('http://127.0.0.1', { plan: true }), /call planSitemap/);
  await assert.rejects(client.planSitemap('http://127.0.0.1', { plan: false }), /call planSitemap/);
  assert.equal(requests.length, 0);
});

test('a plan whose sitemap cannot be read, and one whose time is up', async (t) => {
  const { client, requests } = await serve(t, [failure(422, 'capture_failed', { error_code: 'sitemap_invalid' }), failure(504, 'timeout')]);
  const unread = (error) => error instanceof CaptureError && error.errorCode === 'sitemap_invalid';
  await assert.rejects(client.planSitemap('http://127.0.0.1'), unread);
  await assert.rejects(client.planSitemap('http://127.0.0.1'), TimeoutError);
  assert.equal(requests.length, 2);
});

const repeated = [
  ['a broken line', [cut, accepted], [500]],
  ['503 twice', [failure(503, 'queue_unavailable'), failure(503, 'queue_unavailable'), accepted], [500, 1000]],
  ['408', [failure(408, 'timeout'), accepted], [500]],
  ['504', [failure(504, 'timeout'), accepted], [500]],
  ['429 with Retry-After', [failure(429, 'rate_limited', {}, { 'retry-after': '7' }), accepted], [7000]],
  ['still being answered', [failure(409, 'conflict'), accepted], [500]],
  ['an answer that is cut off', [half, accepted], [500]],
];

for (const [name, steps, pauses] of repeated) {
  test(`repeated: ${name}`, async (t) => {
    const { client, requests, pauses: taken } = await serve(t, steps);
    const job = await client.batch(['http://127.0.0.1/']);
    assert.equal(job.status, 'pending');
    assert.equal(requests.length, steps.length);
    const keys = new Set(requests.map(({ headers }) => headers['idempotency-key']));
    assert.equal(keys.size, 1, 'the Idempotency-Key must stay the same');
    assert.equal(taken.length, pauses.length);
    taken.forEach((ms, i) => assert.ok(ms <= pauses[i] && ms >= pauses[i] * 0.75, `paused ${ms}, want about ${pauses[i]}`));
  });
}

test('two retries, then the error', async (t) => {
  const { client, requests } = await serve(t, [failure(500, 'internal')]);
  await assert.rejects(client.usage(), ServerError);
  assert.equal(requests.length, 3);
  await assert.rejects(client.usage({ maxRetries: 0 }), ServerError);
  assert.equal(requests.length, 4);
});

test('a Retry-After beyond a minute is the caller’s to wait for', async (t) => {
  const { client, requests } = await serve(t, [failure(429, 'quota_exceeded', {}, { 'retry-after': '3600' })]);
  await assert.rejects(client.usage(), (error) => error instanceof RateLimitError && error.retryAfter === 3600);
  assert.equal(requests.length, 1);
});

const kinds = [
  [400, 'validation_error', ValidationError],
  [401, 'unauthorized', AuthError],
  [403, 'forbidden', AuthError],
  [404, 'not_found', NotFoundError],
  [405, 'method_not_allowed', DarkroomError],
  [409, 'job_not_ready', ConflictError],
  [410, 'expired', ExpiredError],
  [413, 'payload_too_large', ValidationError],
  [415, 'unsupported_media_type', ValidationError],
  [422, 'idempotency_mismatch', ConflictError],
  [422, 'capture_failed', CaptureError],
  [429, 'rate_limited', RateLimitError],
  [503, 'queue_unavailable', ServerError],
  [504, 'timeout', TimeoutError],
  [507, 'insufficient_storage', ServerError],
];

for (const [status, code, Type] of kinds) {
  test(`${status} ${code} is ${Type.name}`, async (t) => {
    const more = { request_id: 'r1', param: 'urls', details: [{ index: 1, field: 'urls[1]', code: 'x', message: 'y' }], error_code: 'dns_error' };
    const { client } = await serve(t, [failure(status, code, more)]);
    const error = await client.getJob(JOB_ID, { maxRetries: 0 }).catch((reason) => reason);
    assert.equal(error.constructor, Type);
    assert.ok(error instanceof DarkroomError && error instanceof Error);
    assert.deepEqual(
      { name: error.name, status: error.status, code: error.code, message: error.message, requestId: error.requestId, param: error.param, details: error.details, errorCode: error.errorCode },
      { name: Type.name, status, code, message: 'what to do', requestId: 'r1', param: 'urls', details: more.details, errorCode: 'dns_error' },
    );
  });
}

test('answers of somebody else', async (t) => {
  const page = (status, headers = {}) => (request, response) => response.writeHead(status, headers).end('<h1>hello</h1>');
  const { client } = await serve(t, [page(403), page(301, { location: 'https://127.0.0.1/v1/usage' }), page(200)]);
  await assert.rejects(client.usage(), /is it a Darkroom server/);
  await assert.rejects(client.usage(), /use that as the base URL/);
  await assert.rejects(client.usage(), /is not JSON/);
});

test('a server that is not there', async () => {
  const client = new Darkroom({ apiKey: 'k', baseUrl: 'http://127.0.0.1:1', maxRetries: 0 });
  await assert.rejects(client.health(), (error) => error instanceof ConnectionError && /127\.0\.0\.1:1/.test(error.message) && error.status === 0);
});

test('every attempt has a timeout', async () => {
  let attempts = 0;
  const fetch = (url, { signal }) => new Promise((resolve, reject) => {
    attempts++;
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const client = new Darkroom({ baseUrl: 'http://127.0.0.1', fetch, timeout: 5, pause: async () => {} });
  await assert.rejects(client.health(), (error) => error instanceof TimeoutError && error.status === 0);
  assert.equal(attempts, 3);
});

test('abort ends a request', async (t) => {
  const controller = new AbortController();
  const { client, requests } = await serve(t, [() => controller.abort(new Error('enough'))]);
  await assert.rejects(client.getJob(JOB_ID, { signal: controller.signal }), /enough/);
  assert.equal(requests.length, 1);
});

test('abort ends a pause', async (t) => {
  const controller = new AbortController();
  const { client } = await serve(t, [failure(503, 'queue_unavailable', {}, { 'retry-after': '50' })], { pause: undefined });
  const call = client.usage({ signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  await assert.rejects(call, /enough/);
});

test('abort before the start sends nothing', async (t) => {
  const { client, requests } = await serve(t, [accepted]);
  await assert.rejects(client.batch([], {}, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(requests.length, 0);
});

test('screenshot', async (t) => {
  const pixels = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
  const { client, requests } = await serve(t, [(request, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(pixels)]);
  const image = await client.screenshot('http://127.0.0.1/', { fullPage: true });
  assert.ok(Buffer.isBuffer(image) && image.equals(pixels));
  assert.deepEqual(requests[0].body, { url: 'http://127.0.0.1/', full_page: true });
});

test('a screenshot whose time is up is not taken again', async (t) => {
  const { client, requests } = await serve(t, [failure(504, 'timeout')]);
  await assert.rejects(client.screenshot('http://127.0.0.1/'), TimeoutError);
  assert.equal(requests.length, 1);
  await assert.rejects(client.screenshot('http://127.0.0.1/', {}, { idempotencyKey: 'k' }), TimeoutError);
  assert.equal(requests.length, 4);
});

test('settings come from the arguments, then from the environment', async (t) => {
  const names = ['DARKROOM_URL', 'DARKROOM_API_KEY', 'SNAPSHARP_BASE_URL', 'SNAPSHARP_API_KEY'];
  const before = names.map((name) => process.env[name]);
  t.after(() => names.forEach((name, i) => {
    if (before[i] === undefined) delete process.env[name];
    else process.env[name] = before[i];
  }));
  const seen = [];
  const fetch = async (url, { headers }) => {
    seen.push(`${url.origin} ${headers.authorization ?? ''}`);
    return new Response('{}');
  };
  names.forEach((name) => delete process.env[name]);
  await new Darkroom({ fetch }).health();
  process.env.SNAPSHARP_BASE_URL = 'http://old:1/';
  process.env.SNAPSHARP_API_KEY = 'old';
  await new Darkroom(undefined, { fetch }).health();
  process.env.DARKROOM_URL = 'http://new:2';
  process.env.DARKROOM_API_KEY = 'new\n';
  await new Darkroom({ fetch }).health();
  await new Darkroom('mine', { fetch, baseUrl: 'http://given:3' }).health();
  assert.deepEqual(seen, ['http://127.0.0.1:8484 ', 'http://old:1 Bearer old', 'http://new:2 Bearer new', 'http://given:3 Bearer mine']);
  assert.throws(() => new Darkroom('k', { baseUrl: 'localhost:8484' }), /must begin with http/);
  assert.throws(() => new Darkroom('k', { baseUrl: 'nonsense' }), /is not a URL/);
});

test('a path before the API is kept', async (t) => {
  const { baseUrl, requests } = await serve(t, [answer(200, { status: 'ok' })]);
  await new Darkroom('k', { baseUrl: `${baseUrl}shots/` }).health();
  assert.equal(requests[0].url, '/shots/health');
});

test('nothing that is printed has the key', async (t) => {
  const { client } = await serve(t, [failure(401, 'unauthorized')]);
  const error = await client.usage().catch((reason) => reason);
  const printed = inspect(client, { depth: 9, showHidden: true }) + inspect(error, { depth: 9, showHidden: true });
  assert.doesNotMatch(printed, /sk_live_test/);
});
