'use strict';

/** Every failure that this client reports about itself, the server or the way between them. */
class DarkroomError extends Error {
  constructor(message, { status = 0, code = '', requestId, param, details = [], retryAfter, errorCode, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.param = param;
    this.details = details;
    this.retryAfter = retryAfter;
    if (errorCode !== undefined) this.errorCode = errorCode;
  }
}

class AuthError extends DarkroomError {}
class CaptureError extends DarkroomError {}
class ConflictError extends DarkroomError {}
class ConnectionError extends DarkroomError {}
class ExpiredError extends DarkroomError {}
class NotFoundError extends DarkroomError {}
class RateLimitError extends DarkroomError {}
class ServerError extends DarkroomError {}
class TimeoutError extends DarkroomError {}
class ValidationError extends DarkroomError {}

const classes = {
  DarkroomError, AuthError, CaptureError, ConflictError, ConnectionError, ExpiredError,
  NotFoundError, RateLimitError, ServerError, TimeoutError, ValidationError,
};

// On the prototype, so that it is no field of its own in a log.
for (const [name, type] of Object.entries(classes)) {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}

const byCode = {
  capture_failed: CaptureError,
  idempotency_mismatch: ConflictError,
};

const byStatus = {
  400: ValidationError,
  401: AuthError,
  403: AuthError,
  404: NotFoundError,
  408: TimeoutError,
  409: ConflictError,
  410: ExpiredError,
  413: ValidationError,
  415: ValidationError,
  422: ValidationError,
  429: RateLimitError,
  504: TimeoutError,
};

/** The error of an answer that is no success. An answer that is not Darkroom's, a proxy's page say, keeps its status. */
function errorOfAnswer(response, text, now = Date.now()) {
  const { status, headers } = response;
  const body = parse(text);
  const facts = {
    status,
    code: typeof body.error === 'string' ? body.error : '',
    requestId: body.request_id ?? headers.get('x-request-id') ?? undefined,
    param: body.param,
    details: Array.isArray(body.details) ? body.details : [],
    retryAfter: retryAfter(headers, now),
    errorCode: body.error_code,
  };
  const Type = byCode[facts.code] ?? byStatus[status] ?? (status >= 500 ? ServerError : DarkroomError);
  return new Type(typeof body.message === 'string' ? body.message : foreign(response), facts);
}

function parse(text) {
  try {
    const body = JSON.parse(text);
    return body !== null && typeof body === 'object' ? body : {};
  } catch {
    return {};
  }
}

function foreign({ status, headers }) {
  const location = headers.get('location');
  if (status < 400 && location !== null) return `the server redirects to ${location}; use that as the base URL`;
  return `the answer has status ${status} and does not say why; is it a Darkroom server?`;
}

/** Seconds from our server; a proxy before it may send a date. */
function retryAfter(headers, now) {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}

module.exports = { ...classes, errorOfAnswer };
