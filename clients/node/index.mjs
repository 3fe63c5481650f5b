import client from './index.js';

export const {
  Darkroom,
  Job,
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
} = client;

export default Darkroom;
