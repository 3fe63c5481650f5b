'use strict';

const { Darkroom } = require('./lib/client.js');
const errors = require('./lib/errors.js');
const { Job } = require('./lib/job.js');

module.exports = {
  Darkroom,
  Job,
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
};
