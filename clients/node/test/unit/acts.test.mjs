import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConflictError, ExpiredError, Job, NotFoundError } from '../../index.mjs';
import { answer, cut, failure, JOB_ID, serve, wireJob } from './server.mjs';

const PATH = `/v1/jobs/${JOB_ID}`;

function gone(request, response) {
  response.writeHead(204);
  response.end();
}

test('cancelJob gives the job, and may be repeated', async (t) => {
  const { client, requests } = await serve(t, [cut, answer(200, { ...wireJob('processing', 1), cancelled: true })]);
  const job = await client.cancelJob(JOB_ID);
  assert.ok(job instanceof Job && job.cancelled);
  assert.deepEqual(requests.map(({ method, url }) => `${method} ${url}`), Array(2).fill(`POST ${PATH}/cancel`));
});

test('deleteJob', async (t) => {
  const { client, requests } = await serve(t, [gone]);
  assert.equal(await client.deleteJob(JOB_ID), undefined);
  assert.deepEqual(requests.map(({ method, url, body }) => [method, url, body]), [['DELETE', PATH, undefined]]);
});

test('retryJob sends one idempotency key, its own or the caller’s', async (t) => {
  const created = answer(202, { ...wireJob(), retry_of: 'other' });
  const { client, requests } = await serve(t, [failure(503, 'queue_unavailable'), created]);
  const job = await client.retryJob(JOB_ID);
  assert.equal(job.retryOf, 'other');
  assert.deepEqual(requests.map(({ method, url }) => `${method} ${url}`), Array(2).fill(`POST ${PATH}/retry`));
  assert.match(requests[0].headers['idempotency-key'], /^[0-9a-f-]{36}$/);
  assert.equal(requests[0].headers['idempotency-key'], requests[1].headers['idempotency-key']);
  await client.retryJob(JOB_ID, { idempotencyKey: 'mine' });
  assert.equal(requests[2].headers['idempotency-key'], 'mine');
});

const acts = ['cancelJob', 'deleteJob', 'retryJob'];
const refusals = [[404, 'not_found', NotFoundError], [409, 'conflict', ConflictError], [410, 'expired', ExpiredError]];

for (const act of acts) {
  for (const [status, code, Type] of refusals) {
    test(`${act}: ${status} ${code} is final`, async (t) => {
      const { client, requests } = await serve(t, [failure(status, code)]);
      await assert.rejects(client[act](JOB_ID), Type);
      assert.equal(requests.length, 1);
    });
  }

  test(`${act} needs an id`, async (t) => {
    const { client, requests } = await serve(t, [gone]);
    for (const id of ['', undefined, 7]) await assert.rejects(client[act](id), TypeError);
    assert.equal(requests.length, 0);
  });
}
