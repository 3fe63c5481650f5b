'use strict';

const { Darkroom } = require('./lib/client.js');
const errors = require('./lib/errors.js');
const { Job } = require('./lib/job.js');
const { verifyWebhook, WebhookVerificationError } = require('./lib/webhook.js');

module.exports = {
  Darkroom,
  Job,
  verifyWebhook,
  DarkroomError: errors.DarkroomError,
  AuthError: errors.AuthError,
  CaptureError: errors.CaptureError,
  ConflictError: errors.ConflictError,
  ConnectionError: errors.ConnectionError,
  ExpiredError: errors.ExpiredError,
  NotFoundError: errors.NotFoundError,
  RateLimitError: errors.RateLimitError,
  ServerError: errors.ServerError,
  TimeoutError: errors.TimeoutError,
  ValidationError: errors.ValidationError,
  WebhookVerificationError,
};
