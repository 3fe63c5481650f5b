import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { verifyWebhook, WebhookVerificationError, DarkroomError, NotFoundError } from '../../index.mjs';
import { answer, failure, JOB_ID, serve } from './server.mjs';

// As internal/webhook signs it, and openssl dgst -sha256 -mac HMAC.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';
const ID = 'whk_0198c0de-0000-7000-8000-000000000001';
const BODY = '{"job_id":"1"}';
const AT = 1795419000;
const HEADERS = {
  'webhook-id': ID,
  'webhook-timestamp': String(AT),
  'webhook-signature': 'v1,tK0AOc3WEp8kg949D9cooReTzgY4huVWR3AMAxqK5JM=',
  'x-webhook-signature': 'sha256=addada32a04db58e8d497228ef775fa6cde94429be29f543af8d79a8ae26def8',
};
const { 'webhook-signature': STANDARD, ...PLAIN } = HEADERS;
const at = (seconds) => ({ now: () => (AT + seconds) * 1000 });

test('verifyWebhook accepts what the server signs', () => {
  const same = [HEADERS, new Headers(HEADERS), { ...HEADERS, 'webhook-signature': `v1,AAAA v2,x ${STANDARD}` },
    Object.fromEntries(Object.entries(HEADERS).map(([name, value]) => [name.toUpperCase(), value]))];
  for (const headers of same) assert.deepEqual(verifyWebhook(BODY, headers, SECRET, at(0)), { job_id: '1' });
  for (const body of [Buffer.from(BODY), new TextEncoder().encode(BODY)]) assert.equal(verifyWebhook(body, HEADERS, SECRET, at(0)).job_id, '1');
  for (const late of [240, -240]) assert.equal(verifyWebhook(BODY, HEADERS, SECRET, at(late)).job_id, '1');
  assert.equal(verifyWebhook(BODY, HEADERS, ['whsec_AAAA', SECRET], at(0)).job_id, '1');
  assert.equal(verifyWebhook(BODY, PLAIN, SECRET, { plain: true }).job_id, '1');
});

test('verifyWebhook refuses everything else', () => {
  const refused = {
    'a changed body': [`${BODY} `, HEADERS, SECRET, at(0)],
    'another secret': [BODY, HEADERS, 'whsec_AAAA', at(0)],
    'a secret that is none': [BODY, HEADERS, 'whsec_!', at(0)],
    'no secret': [BODY, HEADERS, [], at(0)],
    'an empty secret': [BODY, HEADERS, '', at(0)],
    'six minutes later': [BODY, HEADERS, SECRET, at(360)],
    'six minutes earlier': [BODY, HEADERS, SECRET, at(-360)],
    'another id': [BODY, { ...HEADERS, 'webhook-id': 'whk_2' }, SECRET, at(0)],
    'another time': [BODY, { ...HEADERS, 'webhook-timestamp': String(AT + 1) }, SECRET, at(0)],
    'no time': [BODY, { ...HEADERS, 'webhook-timestamp': undefined }, SECRET, at(0)],
    'no headers': [BODY, {}, SECRET, { plain: true }],
    'only X-Webhook-Signature': [BODY, PLAIN, SECRET, at(0)],
    'only X-Webhook-Signature, another body': [`${BODY} `, PLAIN, SECRET, { plain: true }],
    'a wrong signature beside a right plain one': [BODY, { ...HEADERS, 'webhook-signature': 'v1,AAAA' }, SECRET, { ...at(0), plain: true }],
  };
  for (const [name, args] of Object.entries(refused)) {
    assert.throws(() => verifyWebhook(...args), (error) => error instanceof WebhookVerificationError && error instanceof DarkroomError, name);
  }
  assert.throws(() => verifyWebhook({ job_id: '1' }, HEADERS, SECRET, at(0)), TypeError);
});

test('the published library and ours accept what the other signs, and no changed byte', () => {
  const library = new Webhook(SECRET);
  const now = new Date();
  const headers = {
    'webhook-id': ID,
    'webhook-timestamp': String(Math.floor(now / 1000)),
    'webhook-signature': library.sign(ID, now, BODY),
  };
  assert.deepEqual(verifyWebhook(BODY, headers, SECRET), library.verify(BODY, headers));
  for (let i = 0; i < BODY.length; i += 1) {
    const changed = BODY.slice(0, i) + String.fromCharCode(BODY.charCodeAt(i) ^ 1) + BODY.slice(i + 1);
    assert.throws(() => verifyWebhook(changed, headers, SECRET), WebhookVerificationError);
    assert.throws(() => library.verify(changed, headers));
  }
  // What the server signed; the library takes its time from the system.
  assert.equal(library.sign(ID, new Date(AT * 1000), BODY), STANDARD);
});

test('deliveries on the wire', async (t) => {
  const delivery = { id: ID, job_id: JOB_ID, status: 'delivered' };
  const { client, requests } = await serve(t, [
    answer(200, { deliveries: [delivery], next_cursor: 'whk_2' }), answer(200, { deliveries: [delivery], next_cursor: null }),
    answer(200, { ...delivery, log: [] }), answer(202, delivery), answer(200, { delivered: true }),
    answer(200, { events: [], next_cursor: '7' }), answer(200, { events: [{ id: ID }], next_cursor: '8' }), failure(404, 'not_found'),
  ]);
  const seen = [];
  for await (const one of client.listDeliveries({ jobId: JOB_ID, status: 'delivered' })) seen.push(one.id);
  assert.deepEqual(seen, [ID, ID]);
  assert.deepEqual((await client.getDelivery(ID)).log, []);
  assert.equal((await client.redeliver(ID)).id, ID);
  assert.equal((await client.testWebhook('http://127.0.0.1/hook')).delivered, true);
  const { next_cursor: cursor } = await client.listEvents();
  assert.equal((await client.listEvents({ cursor, wait: 30, limit: 5 })).events[0].id, ID);
  await assert.rejects(client.getDelivery(ID), NotFoundError);
  await assert.rejects(client.getDelivery(''), TypeError);
  assert.deepEqual(requests.slice(0, 7).map(({ method, url }) => `${method} ${url}`), [
    `GET /v1/webhooks/deliveries?job_id=${JOB_ID}&status=delivered&limit=100`,
    `GET /v1/webhooks/deliveries?job_id=${JOB_ID}&status=delivered&limit=100&cursor=whk_2`,
    `GET /v1/webhooks/deliveries/${ID}`,
    `POST /v1/webhooks/deliveries/${ID}/redeliver`,
    'POST /v1/webhooks/test',
    'GET /v1/webhooks/events?wait=0',
    'GET /v1/webhooks/events?cursor=7&wait=30&limit=5',
  ]);
  assert.deepEqual(requests[4].body, { url: 'http://127.0.0.1/hook' });
});
