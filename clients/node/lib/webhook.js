'use strict';

const { createHmac, timingSafeEqual } = require('node:crypto');

const { DarkroomError } = require('./errors.js');

const PREFIX = 'whsec_';
const TOLERANCE = 300; // s

class WebhookVerificationError extends DarkroomError {}
Object.defineProperty(WebhookVerificationError.prototype, 'name', { value: 'WebhookVerificationError', configurable: true, writable: true });

/** The parsed body of a webhook that was signed with one of the secrets. */
function verifyWebhook(body, headers, secret, { tolerance = TOLERANCE, plain = false, now = Date.now } = {}) {
  const raw = bytes(body);
  const secrets = (Array.isArray(secret) ? secret : [secret]).filter((one) => typeof one === 'string' && one !== '');
  if (secrets.length === 0) throw refusal('there is no secret to check it with');
  const standard = header(headers, 'webhook-signature');
  if (standard !== '') {
    verifyStandard(raw, headers, standard.split(' '), secrets, tolerance, now);
  } else {
    verifyPlain(raw, header(headers, 'x-webhook-signature'), secrets, plain);
  }
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    throw refusal('its body is not JSON');
  }
}

function verifyStandard(raw, headers, signatures, secrets, tolerance, now) {
  const id = header(headers, 'webhook-id');
  const unix = header(headers, 'webhook-timestamp');
  if (!/^\d{1,15}$/.test(unix)) throw refusal('webhook-timestamp is not a number of seconds');
  if (Math.abs(Math.floor(now() / 1000) - Number(unix)) > tolerance) throw refusal(`webhook-timestamp is more than ${tolerance} s away`);
  const message = Buffer.concat([Buffer.from(`${id}.${unix}.`), raw]);
  for (const secret of secrets) {
    const want = `v1,${createHmac('sha256', keyOf(secret)).update(message).digest('base64')}`;
    if (signatures.some((signature) => same(signature, want))) return;
  }
  throw refusal('webhook-signature does not fit id, time and body');
}

function verifyPlain(raw, signature, secrets, allowed) {
  if (signature === '') throw refusal('it has no signature');
  if (!allowed) throw refusal('it has no webhook-signature, only X-Webhook-Signature, which does not sign its time');
  const fits = (secret) => same(signature, `sha256=${createHmac('sha256', secret).update(raw).digest('hex')}`);
  if (!secrets.some(fits)) throw refusal('X-Webhook-Signature does not fit the body');
}

/** Node's own headers, a Headers object, or any object whatever the case of its names. */
function header(headers, name) {
  if (typeof headers?.get === 'function') return headers.get(name) ?? '';
  for (const [key, value] of Object.entries(headers ?? {})) {
    if (key.toLowerCase() === name) return String(Array.isArray(value) ? value[0] : value ?? '');
  }
  return '';
}

function bytes(body) {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('the body must be the raw body, as text or bytes: one that was parsed cannot be checked any more');
}

function keyOf(secret) {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const key = Buffer.from(text, 'base64');
  if (key.length === 0 || key.toString('base64') !== text) throw refusal(`the secret is not ${PREFIX} followed by base64`);
  return key;
}

function same(given, want) {
  const one = Buffer.from(given);
  const other = Buffer.from(want);
  return one.length === other.length && timingSafeEqual(one, other);
}

function refusal(why) {
  return new WebhookVerificationError(`the webhook is not from Darkroom: ${why}`);
}

module.exports = { verifyWebhook, WebhookVerificationError };
