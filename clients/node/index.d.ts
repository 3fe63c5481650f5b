/// <reference types="node" />

/** A job's state; the last three are final. */
export type JobStatus = 'pending' | 'processing' | 'completed' | 'partial' | 'failed';
export type JobType = 'batch' | 'sitemap';
export type ImageFormat = 'png' | 'jpeg' | 'webp';

export interface Clip {
  /** CSS pixels from the page's left edge. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Cookie {
  name: string;
  value: string;
  /** Default: the target's own host. */
  domain?: string;
  path?: string;
}

interface CamelCaptureOptions {
  /** Viewport, CSS pixels, 320–3840. Default 1280. */
  width?: number;
  /** Viewport, CSS pixels, 240–2160. Default 720. */
  height?: number;
  /** Default png. */
  format?: ImageFormat;
  /** jpeg and webp, 1–100. Default 80. */
  quality?: number;
  /** Encode a PNG quickly, or make it smaller. Default fast. */
  pngCompression?: 'fast' | 'small';
  /** The whole page instead of the viewport. */
  fullPage?: boolean;
  /** Pixels at which a full page is cut. Default 16384. */
  maxHeight?: number;
  /** Two device pixels per CSS pixel. */
  retina?: boolean;
  /** Swap width and height. */
  viewportLandscape?: boolean;
  /** Prefer the dark colour scheme. */
  darkMode?: boolean;
  /** Preset of viewport, scale, touch and user agent: "iPhone 14". */
  device?: string;
  /** Milliseconds to wait once the page is ready, 0–10000. */
  delay?: number;
  /** CSS selector that must match a visible element first. */
  waitFor?: string;
  /** Default load. */
  waitUntil?: 'load' | 'domcontentloaded' | 'networkidle';
  /** Style sheet added to the page, at most 64 KB. */
  css?: string;
  /** Script run in the loaded page, at most 64 KB. */
  js?: string;
  /** CSS selectors of elements to hide. */
  hideSelectors?: string | string[];
  /** CSS selector of an element to click first. */
  click?: string;
  /** CSS pixels to scroll down first. */
  scrollY?: number;
  /** Only this rectangle of the page. */
  clip?: Clip;
  /** Only the first element that this CSS selector matches. */
  selector?: string;
  userAgent?: string;
  /** Sent to the target's own origin only. */
  headers?: Record<string, string>;
  cookies?: Cookie[];
  /** Bring finite animations to their end and stop endless ones, or leave them alone. Default finish. */
  animations?: 'finish' | 'allow';
  /** Milliseconds for one attempt at the page, everything included, 1000–120000. Default 30000. */
  timeout?: number;
  /** How often a page is tried, 1–5. Default 3. */
  attempts?: number;
  /** Statuses of the page that fail its capture: "404", "5xx". Default 4xx and 5xx; [] = none. */
  failOnStatus?: string[];
}

interface CamelJobOptions extends CamelCaptureOptions {
  /** Told by a signed POST when the job has ended. */
  callbackUrl?: string;
  name?: string;
  tags?: string[];
  /** Default normal. */
  priority?: 'normal' | 'low';
  /** Pictures of one host at once, over all jobs of the key. Default 8. */
  hostConcurrency?: number;
  /** Least milliseconds between two pictures of one host. */
  hostDelay?: number;
  /** Seconds for which the results are kept, at most what the server allows. */
  retention?: number;
}

interface CamelSitemapOptions extends CamelJobOptions {
  /** Default 50. */
  maxPages?: number;
  /** RE2 expression; only URLs that match. */
  includePattern?: string;
  /** RE2 expression; no URL that matches. */
  excludePattern?: string;
}

interface CamelListParams {
  status?: JobStatus;
  type?: JobType;
  tag?: string;
  /** Part of the name. */
  q?: string;
  createdAfter?: string | Date;
  createdBefore?: string | Date;
  /** Jobs per page, 1–100. Default 20; 100 when all pages are gone through. */
  limit?: number;
  /** Jobs to leave out at the beginning. */
  offset?: number;
}

type Snake<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Tail>}`
  : S;
/** Every name in camelCase or, as on the wire, in snake_case; giving both is a TypeError. */
type EitherCase<T> = T & { [Name in keyof T as Snake<Name & string>]?: T[Name] };

/** How a page is captured. */
export type CaptureOptions = EitherCase<CamelCaptureOptions>;
/** How a batch is run and its pages are captured. */
export type BatchOptions = EitherCase<CamelJobOptions>;
/** Which pages of a sitemap are captured, and how. */
export type SitemapOptions = EitherCase<CamelSitemapOptions>;
/** Filters of the list of jobs. */
export type ListParams = EitherCase<CamelListParams>;

export interface Progress {
  total: number;
  /** Successes. */
  completed: number;
  failed: number;
  /** 0–100; 100 only at the end. Never goes back. */
  percentage: number;
}

/**
 * A job. The wire's names are its own fields (console.log and JSON.stringify
 * show them); the camelCase names are getters, which {...job} does not copy.
 * Times are RFC 3339 text in UTC.
 */
export class Job {
  id: string;
  job_id: string;
  type: JobType;
  status: JobStatus;
  name?: string;
  tags?: string[];
  progress: Progress;
  /** null until there is something to download, and again after expiry. */
  result_url: string | null;
  download_url: string;
  /** Why the whole job failed. */
  error: string | null;
  cancelled?: boolean;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  /** null before the end, except in the answer that created the job. */
  expires_at: string | null;
  /** Only in the answer that created the job, as are the next two. */
  total_urls?: number;
  poll_url?: string;
  warnings?: string[];

  readonly jobId: string;
  readonly resultUrl: string | null;
  readonly downloadUrl: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly expiresAt: string | null;
  readonly totalUrls?: number;
  readonly pollUrl?: string;
}

export interface JobPage {
  jobs: Job[];
  /** Jobs that match, on all pages. */
  total: number;
  limit: number;
  offset: number;
  has_more: boolean;
  readonly hasMore: boolean;
}

/** Await it for one page; `for await` goes through the jobs of all pages. */
export interface JobList extends PromiseLike<JobPage>, AsyncIterable<Job> {
  catch<T = never>(onError: (reason: unknown) => T | PromiseLike<T>): Promise<JobPage | T>;
  finally(onEnd: () => void): Promise<JobPage>;
}

export interface Health {
  status: string;
  version: string;
  /** Seconds. */
  uptime: number;
}

export interface Usage {
  plan: string;
  period: { start: string; end: string };
  /** limit and remaining are -1 when there is no limit. */
  usage: { requests: number; limit: number; remaining: number; percentage: number };
  breakdown: Record<string, number>;
  cache_hit_rate: number;
  avg_response_time_ms: number;
}

export interface ClientSettings {
  /** Default: DARKROOM_API_KEY, else SNAPSHARP_API_KEY, from the environment. */
  apiKey?: string;
  /** Default: DARKROOM_URL, else SNAPSHARP_BASE_URL, else http://127.0.0.1:8484. */
  baseUrl?: string;
  /** Milliseconds for one attempt; of a download, without a byte. Screenshots and waits get the time of the page or of the wait on top. Default 30000; 0 = no bound. */
  timeout?: number;
  /** How often a request that failed for a passing reason is repeated. Default 2. */
  maxRetries?: number;
  /** More request headers. */
  headers?: Record<string, string>;
  /** Instead of the global fetch. */
  fetch?: typeof fetch;
  /** Instead of setTimeout, between two attempts or looks: for tests. */
  pause?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface RequestOptions {
  /** Ends the call, its retries and its pauses; the call rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds for one attempt, instead of the client's. */
  timeout?: number;
  /** Instead of the client's. */
  maxRetries?: number;
}

export interface CreateOptions extends RequestOptions {
  /** Makes it safe to send the same job twice within a day, also from two processes. Default: a random one per call. */
  idempotencyKey?: string;
}

export interface DownloadOptions extends RequestOptions {
  /** total is undefined when the server does not tell. */
  onProgress?: (progress: { received: number; total?: number }) => void;
}

export interface WaitOptions {
  signal?: AbortSignal;
  /** Milliseconds after which the wait (not the job) is given up with a TimeoutError. Default: never. */
  timeout?: number;
  maxRetries?: number;
  /** Called with every look at the job, the last one included. */
  onProgress?: (job: Job) => void;
  /** Milliseconds between two looks. Default 2000 with onProgress, else 30000; the end is noticed at once in any case. */
  interval?: number;
}

/** Talks to one Darkroom server with one API key. */
export class Darkroom {
  constructor(apiKey?: string, settings?: ClientSettings);
  constructor(settings: ClientSettings);

  readonly baseUrl: string;

  /** Sends URLs to be captured; resolves with the job at once, before any page is opened. */
  batch(urls: string[], options?: BatchOptions, request?: CreateOptions): Promise<Job>;
  /** Has the server read a sitemap and capture its pages. */
  sitemap(sitemapUrl: string, options?: SitemapOptions, request?: CreateOptions): Promise<Job>;
  /** The job as it is now. */
  getJob(id: string, request?: RequestOptions): Promise<Job>;
  /** The key's jobs, newest first: await it for a page, or `for await` over all. */
  listJobs(params?: ListParams, request?: RequestOptions): JobList;
  /** The archive in memory. */
  downloadJob(id: string, request?: DownloadOptions): Promise<Buffer>;
  /** The archive in a file, streamed; a broken download is continued, also by a later call (path + ".part"). */
  downloadJobTo(id: string, path: string, request?: DownloadOptions): Promise<{ path: string; size: number }>;
  /** Resolves when the job has ended, however it ended: look at its status. */
  waitForJob(id: string, options?: WaitOptions): Promise<Job>;
  /** batch, then waitForJob. */
  batchAndWait(urls: string[], options?: BatchOptions, request?: WaitOptions & { idempotencyKey?: string }): Promise<Job>;
  /** sitemap, then waitForJob. */
  sitemapAndWait(sitemapUrl: string, options?: SitemapOptions, request?: WaitOptions & { idempotencyKey?: string }): Promise<Job>;
  /** One page, now; makes no job. */
  screenshot(url: string, options?: CaptureOptions, request?: CreateOptions): Promise<Buffer>;
  /** Needs no key. */
  health(request?: RequestOptions): Promise<Health>;
  /** What the key has used in the current period. */
  usage(request?: RequestOptions): Promise<Usage>;
}

export interface ErrorDetail {
  index: number;
  field: string;
  code: string;
  message: string;
}

/** Every failure that the client reports. A call that was aborted rejects with the signal's reason instead. */
export class DarkroomError extends Error {
  /** HTTP status; 0 when no complete answer was had. */
  readonly status: number;
  /** The machine-readable word: "validation_error"; "" when the answer had none. */
  readonly code: string;
  /** To find the request in the server's log. */
  readonly requestId?: string;
  /** The request field at fault. */
  readonly param?: string;
  /** Each fault of several, such as every refused URL. */
  readonly details: ErrorDetail[];
  /** Seconds that the server asks to wait. */
  readonly retryAfter?: number;
}
/** 401, 403. */
export class AuthError extends DarkroomError {}
/** 422 capture_failed: the page could not be captured, and errorCode says why. */
export class CaptureError extends DarkroomError {
  readonly errorCode?: string;
}
/** 409: job_not_ready, no_result, conflict; 422 idempotency_mismatch. */
export class ConflictError extends DarkroomError {}
/** No connection, or one that broke. */
export class ConnectionError extends DarkroomError {}
/** 410: the results are gone. */
export class ExpiredError extends DarkroomError {}
/** 404. */
export class NotFoundError extends DarkroomError {}
/** 429; retryAfter says how long. */
export class RateLimitError extends DarkroomError {}
/** 5xx. */
export class ServerError extends DarkroomError {}
/** 408, 504, an attempt's timeout, or that of waitForJob, which then has the job as last seen. */
export class TimeoutError extends DarkroomError {
  readonly job?: Job;
}
/** 400, 413, 415, 422. */
export class ValidationError extends DarkroomError {}
