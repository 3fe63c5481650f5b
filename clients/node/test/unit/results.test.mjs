import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConflictError } from '../../index.mjs';
import { answer, failure, JOB_ID, serve } from './server.mjs';

function page(indexes, nextCursor = null) {
  const results = indexes.map((index) => ({
    index, url: `http://127.0.0.1/${index}`, filename: null, success: false, error: 'no', error_code: 'timeout',
    duration_ms: 7, attempts: 1, warnings: [], state: 'failed', evidence: { pending: ['http://127.0.0.1/slow'] },
    image_url: null, thumbnail_url: null, last_frame_url: `/v1/jobs/${JOB_ID}/captures/${index}/last-frame?v=ab`,
  }));
  return { job_id: JOB_ID, status: 'processing', results, next_cursor: nextCursor };
}

test('listResults goes through all pages by their cursors', async (t) => {
  const { client, requests } = await serve(t, [answer(200, page([1, 2], '2')), answer(200, page([3], '3')), answer(200, page([]))]);
  const seen = [];
  for await (const result of client.listResults(JOB_ID, { state: 'failed' })) seen.push(result.index);
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(requests.map(({ url }) => url), [
    `/v1/jobs/${JOB_ID}/results?state=failed&limit=200`,
    `/v1/jobs/${JOB_ID}/results?state=failed&limit=200&cursor=2`,
    `/v1/jobs/${JOB_ID}/results?state=failed&limit=200&cursor=3`,
  ]);
});

test('listResults awaited is one page, with both spellings of its names', async (t) => {
  const wire = page([4], '4');
  const { client, requests } = await serve(t, [answer(200, wire)]);
  const got = await client.listResults(JOB_ID, { limit: 1, cursor: '3' });
  assert.equal(requests[0].url, `/v1/jobs/${JOB_ID}/results?limit=1&cursor=3`);
  assert.deepEqual(JSON.parse(JSON.stringify(got)), wire);
  assert.equal(got.nextCursor, '4');
  const [result] = got.results;
  assert.deepEqual([result.errorCode, result.durationMs, result.lastFrameUrl], ['timeout', 7, wire.results[0].last_frame_url]);
});

test('captureImage gives the bytes of a view', async (t) => {
  const { client, requests } = await serve(t, [(request, response) => response.end('picture'), failure(409, 'no_result')]);
  assert.equal((await client.captureImage(JOB_ID, 3, { view: 'thumbnail' })).toString(), 'picture');
  assert.equal(requests[0].url, `/v1/jobs/${JOB_ID}/captures/3/thumbnail`);
  await assert.rejects(client.captureImage(JOB_ID, 4), ConflictError);
  assert.equal(requests[1].url, `/v1/jobs/${JOB_ID}/captures/4/image`);
});

test('captureImage asks for nothing that cannot be', async (t) => {
  const { client, requests } = await serve(t, [answer(200)]);
  for (const [id, index, options] of [['', 1], [JOB_ID, 0], [JOB_ID, '1/../2'], [JOB_ID, 1, { view: '../download' }]]) {
    await assert.rejects(client.captureImage(id, index, options), TypeError);
  }
  assert.throws(() => client.listResults(''), TypeError);
  assert.equal(requests.length, 0);
});
