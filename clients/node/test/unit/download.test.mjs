import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { ConflictError, ConnectionError, ExpiredError } from '../../index.mjs';
import { failure, JOB_ID, serve } from './server.mjs';

const old = randomBytes(300_000);
const current = randomBytes(300_000);

/** Serves content the way the server does: strong ETag, Range, If-Range. Breaks the connection after so many bytes. */
function depot(content, etag, cutAfter) {
  return async (request, response) => {
    const { range, 'if-range': ifRange } = request.headers;
    const start = range !== undefined && ifRange === etag ? Number(/^bytes=(\d+)-$/.exec(range)[1]) : 0;
    if (start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const headers = { 'content-type': 'application/zip', etag, 'content-length': content.length - start };
    if (start > 0) headers['content-range'] = `bytes ${start}-${content.length - 1}/${content.length}`;
    response.writeHead(start > 0 ? 206 : 200, headers);
    if (cutAfter === undefined) {
      response.end(content.subarray(start));
      return;
    }
    await new Promise((resolve) => { response.write(content.subarray(start, start + cutAfter), resolve); });
    response.socket.end();
  };
}

async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), 'darkroom-client-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('downloadJob gives a Buffer', async (t) => {
  const { client } = await serve(t, [depot(current, '"v2"')]);
  const zip = await client.downloadJob(JOB_ID);
  assert.ok(Buffer.isBuffer(zip) && zip.equals(current));
});

test('downloadJob continues a broken download', async (t) => {
  const { client, requests } = await serve(t, [depot(current, '"v2"', 70_000), depot(current, '"v2"')]);
  assert.ok((await client.downloadJob(JOB_ID)).equals(current));
  assert.match(requests[1].headers.range, /^bytes=\d+-$/);
});

test('downloadJob starts anew when the archive is another one', async (t) => {
  const { client } = await serve(t, [depot(old, '"v1"', 70_000), depot(current, '"v2"')]);
  assert.ok((await client.downloadJob(JOB_ID)).equals(current));
});

test('a job that has nothing to download', async (t) => {
  const { client, requests, pauses } = await serve(t, [failure(409, 'job_not_ready', {}, { 'retry-after': '2' }), failure(410, 'expired')]);
  await assert.rejects(client.downloadJob(JOB_ID), (error) => error instanceof ConflictError && error.retryAfter === 2);
  const path = join(await folder(t), 'shots.zip');
  await assert.rejects(client.downloadJobTo(JOB_ID, path), ExpiredError);
  await assert.rejects(readFile(path), { code: 'ENOENT' });
  assert.deepEqual([requests.length, pauses.length], [2, 0]);
});

const cases = [
  ['in one go', {}, [undefined]],
  ['broken twice', { cuts: [70_000, 90_000] }, [undefined, 'bytes', 'bytes']],
  ['continued', { part: current.subarray(0, 123_456), etag: '"v2"' }, ['bytes=123456-']],
  ['of an older archive', { part: old.subarray(0, 100_000), etag: '"v1"' }, ['bytes=100000-']],
  ['of an unknown archive', { part: old.subarray(0, 100_000) }, [undefined]],
  ['complete but not named', { part: current, etag: '"v2"' }, ['bytes=300000-', undefined]],
];

for (const [name, { cuts = [], part, etag }, ranges] of cases) {
  test(`downloadJobTo: ${name}`, async (t) => {
    const path = join(await folder(t), 'shots.zip');
    await writeFile(path, 'an older file');
    if (part) await writeFile(`${path}.part`, part);
    if (etag) await writeFile(`${path}.part.etag`, etag);
    const { client, requests } = await serve(t, [...cuts.map((n) => depot(current, '"v2"', n)), depot(current, '"v2"')]);
    const received = [];
    const result = await client.downloadJobTo(JOB_ID, path, { onProgress: (progress) => received.push(progress) });
    assert.deepEqual(result, { path, size: current.length });
    assert.ok((await readFile(path)).equals(current));
    assert.deepEqual(await readdir(join(path, '..')), ['shots.zip']);
    assert.deepEqual(received.at(-1), { received: current.length, total: current.length });
    assert.equal(requests.length, ranges.length);
    requests.forEach(({ headers }, i) => {
      if (ranges[i] === undefined) assert.equal(headers.range, undefined);
      else assert.ok(headers.range.startsWith(ranges[i]), headers.range);
    });
  });
}

test('downloadJobTo: a later call continues what an earlier one left', async (t) => {
  const path = join(await folder(t), 'shots.zip');
  const { client, requests } = await serve(t, [depot(current, '"v2"', 50_000), ...Array(3).fill(depot(current, '"v2"', 0)), depot(current, '"v2"')]);
  await assert.rejects(client.downloadJobTo(JOB_ID, path, { maxRetries: 0 }), ConnectionError);
  await assert.rejects(readFile(path), { code: 'ENOENT' });
  const { length } = await readFile(`${path}.part`);
  await client.downloadJobTo(JOB_ID, path, { maxRetries: 5 });
  assert.ok((await readFile(path)).equals(current));
  assert.equal(requests[1].headers.range, length > 0 ? `bytes=${length}-` : undefined);
});

test('an error of the caller is no broken connection', async (t) => {
  const { client, requests } = await serve(t, [depot(current, '"v2"')]);
  const onProgress = () => { throw new RangeError('mine'); };
  await assert.rejects(client.downloadJob(JOB_ID, { onProgress }), RangeError);
  assert.equal(requests.length, 1);
});

test('a download can be aborted', async (t) => {
  const controller = new AbortController();
  const { client, requests } = await serve(t, [(request, response) => {
    response.writeHead(200, { 'content-length': 10, etag: '"v"' });
    response.write('half');
  }]);
  const download = client.downloadJob(JOB_ID, { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) });
  await assert.rejects(download, /enough/);
  assert.equal(requests.length, 1);
});
