import client from './index.js';

export const {
  Darkroom,
  Job,
  verifyWebhook,
  DarkroomError,
  AuthError,
  CaptureError,
  ConflictError,
  ConnectionError,
  ExpiredError,
  NotFoundError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
  WebhookVerificationError,
} = client;

export default Darkroom;
