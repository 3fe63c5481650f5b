'use strict';

// Values whose own keys are not option names: they go over as they are.
const opaque = new Set(['headers', 'cookies', 'clip', 'geolocation', 'basic_auth', 'storage_state']);

/**
 * Options in the wire's spelling. fullPage and full_page are the same; giving
 * both is a mistake, because one of them would be lost.
 */
function toWire(options) {
  const wire = {};
  for (const [name, value] of Object.entries(options ?? {})) {
    if (value === undefined) continue;
    const key = snakeCase(name);
    if (key === 'signal' || key === 'idempotency_key') {
      throw new TypeError(`${name} is no capture option: give it in the argument after the options`);
    }
    if (key in wire) throw new TypeError(`the option ${key} is given twice, in two spellings`);
    wire[key] = opaque.has(key) ? value : nested(value);
  }
  return wire;
}

// variants, requests and sample hold options of their own.
function nested(value) {
  if (Array.isArray(value)) return value.map(nested);
  if (value instanceof Date) return value.toISOString();
  if (value !== null && typeof value === 'object') return toWire(value);
  return value;
}

/** fullPage, bypassCSP and callbackURL become full_page, bypass_csp and callback_url. */
function snakeCase(name) {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

module.exports = { toWire, snakeCase };
