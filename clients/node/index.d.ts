/// <reference types="node" />

/** A job's state; the last three are final. */
export type JobStatus = 'pending' | 'processing' | 'completed' | 'partial' | 'failed';
export type JobType = 'batch' | 'sitemap';
export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'pdf';

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

export interface Geolocation {
  /** Degrees, -90 to 90. */
  latitude: number;
  /** Degrees, -180 to 180. */
  longitude: number;
}

export interface BasicAuth {
  username: string;
  password: string;
}

/** What Playwright's storageState() gives; pass it as it is. */
export interface StorageState {
  cookies?: Array<{
    name: string;
    value: string;
    domain: string;
    path?: string;
    /** Unix seconds; -1 = with the browser. */
    expires?: number;
    httpOnly?: boolean;
    secure?: boolean;
    sameSite?: 'Strict' | 'Lax' | 'None';
  }>;
  origins?: Array<{ origin: string; localStorage?: Array<{ name: string; value: string }> }>;
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
  /** Paper of a pdf. Default a4, or what the page's own style sheet names. */
  pageFormat?: 'a3' | 'a4' | 'a5' | 'letter' | 'legal' | 'tabloid';
  /** Turn the paper of a pdf. */
  landscape?: boolean;
  /** Margin of a pdf on all sides, millimetres, 0–50. Default 0. */
  margin?: number;
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
  /** Keep advertisements from being loaded, and close up the places left empty. */
  blockAds?: boolean;
  /** Keep analytics and trackers from being loaded. */
  blockTrackers?: boolean;
  /** Keep chat boxes from being loaded. */
  blockChats?: boolean;
  /** Refuse and hide cookie banners, and give back the scrolling that they took. */
  blockCookieBanners?: boolean;
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
  /** Fix clock, randomness and animation, and shoot until two pictures agree; the result has stable and pixel_hash. */
  deterministic?: boolean;
  /** Give a picture that is blank, still loading, a bot check or short of images another try, and warn of what remains. */
  qualityGate?: boolean;
  /** Keep redirects, failed and pending requests and console errors, as of every failure; the archive tells of failures too. */
  evidence?: boolean;
  /** Prefer reduced motion. */
  reducedMotion?: boolean;
  /** IANA name: "Europe/Berlin". Default UTC. */
  timezone?: string;
  /** Language tag: "de-DE". */
  locale?: string;
  /** Told to the target's own origin when it asks. */
  geolocation?: Geolocation;
  /** The browser without its marks of automation, in agreement with itself; no promise to get past bot walls. */
  stealth?: boolean;
  /** Ignore the page's content security policy. */
  bypassCsp?: boolean;
  /** Accept invalid certificates, where the operator allows it. */
  ignoreHttpsErrors?: boolean;
  /** Sent to the target's own origin only. */
  basicAuth?: BasicAuth;
  /** Cookies and local storage of the target's own site are restored; the rest is left out. */
  storageState?: StorageState;
  /** http, https or socks5, with user:password@ if it wants them; where the operator allows it. */
  proxy?: string;
  /** Milliseconds for one attempt at the page, everything included, 1000–120000. Default 30000. */
  timeout?: number;
  /** How often a page is tried, 1–5. Default 3. */
  attempts?: number;
  /** Take a picture of the same URL with the same options that is there already; not with headers, cookies or other secrets. */
  cache?: boolean;
  /** Seconds that such a picture may be old. Default 3600; at most as long as the server keeps results. */
  cacheTtl?: number;
  /** Statuses of the page that fail its capture: "404", "5xx". Default 4xx and 5xx; [] = none. */
  failOnStatus?: string[];
}

interface CamelVariant extends CamelCaptureOptions {
  /** Ends the names of its files. Default v1, v2, … */
  name?: string;
}

interface CamelBatchRequest extends CamelCaptureOptions {
  url: string;
}

interface CamelJobOptions extends CamelCaptureOptions {
  /** Each URL is captured once in each, at most 10; these options lie over all others. */
  variants?: Variant[];
  /** Told by a signed POST when the job has ended. */
  callbackUrl?: string;
  name?: string;
  tags?: string[];
  /** Default normal. */
  priority?: 'normal' | 'low';
  /** Put index.html into the archive: a page that shows the pictures, without a network; default true. */
  gallery?: boolean;
  /** Pictures of one host at once, over all jobs of the key. Default 8, for a sitemap 4. */
  hostConcurrency?: number;
  /** Least milliseconds between two pictures of one host. */
  hostDelay?: number;
  /** Seconds for which the results are kept, at most what the server allows. */
  retention?: number;
}

interface CamelSitemapOptions extends CamelJobOptions {
  /** Default 50; at most what the server allows. */
  maxPages?: number;
  /** RE2 expressions; only URLs that one of them matches. */
  includePattern?: string | string[];
  /** RE2 expressions; no URL that one of them matches. */
  excludePattern?: string | string[];
  /** Only pages of the sitemap's own host. Default true. */
  sameHost?: boolean;
  /** Leave alone what robots.txt forbids (such pages fail with robots_denied) and keep its Crawl-delay. Default false. */
  respectRobots?: boolean;
  /** Leave out pages that say they were last changed before; pages that say nothing stay. */
  includeLastmodAfter?: string | Date;
  /** So many pages of each group of paths that look alike, such as /blog/…; 0 = all. */
  sample?: { perTemplate?: number; per_template?: number };
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
/** One of several ways in which each URL of a job is captured. */
export type Variant = EitherCase<CamelVariant>;
/** A URL with options of its own, which lie over those of the batch. */
export type BatchRequest = EitherCase<CamelBatchRequest>;
/** How a batch is run and its pages are captured. */
export type BatchOptions = EitherCase<CamelJobOptions>;
/** Which pages of a sitemap are captured, and how. The URL may be a sitemap, a robots.txt or a site's root. */
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

/** Why a URL of a sitemap is not captured. */
export type SkipReason =
  | 'invalid_url' | 'other_host' | 'duplicate' | 'too_old' | 'excluded' | 'not_included' | 'not_sampled' | 'over_max_pages';

/** What came of reading a sitemap, so far. */
export interface Discovery {
  /** Whether reading has ended. */
  ended: boolean;
  /** Files read, indexes included. */
  sitemaps: number;
  /** URLs seen, skipped ones included. A job stops reading when it has max_pages pages; a plan reads to the end. */
  found: number;
  /** How many were skipped for each reason. */
  skipped?: Partial<Record<SkipReason, number>>;
  /** Of a plan; those of a job are in the job. */
  warnings?: string[];
}

/** What a sitemap job would capture. */
export interface SitemapPlan {
  sitemap_url: string;
  max_pages: number;
  /** How many pages would be captured: the urls that are not refused. */
  total: number;
  /** The captures of the job, in their order. A refused one would fail without being taken. */
  urls: { url: string; lastmod?: string; refused?: 'robots_denied' }[];
  discovery: Discovery;
  /** At most 10000; discovery counts them all. */
  skipped: { url: string; reason: SkipReason; detail?: string }[];
  /** How long the job would take if it had the server for itself; null when nothing is known. */
  estimate: { seconds: number; captures_per_second: number; based_on: string } | null;
  warnings?: string[];

  readonly sitemapUrl: string;
  readonly maxPages: number;
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
  /** It was ended before its time. */
  cancelled?: boolean;
  /** Id of the job whose failures this one captures again. */
  retry_of?: string;
  /** Pictures of each URL, where there are variants; progress counts every one. */
  variants?: number;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  /** null before the end, except in the answer that created the job. */
  expires_at: string | null;
  /** Of a sitemap job, as are the next two. */
  sitemap_url?: string;
  max_pages?: number;
  discovery?: Discovery;
  /** Only in the answer that created the job, as is the next one. */
  total_urls?: number;
  poll_url?: string;
  /** In the answer that created the job; of a sitemap job, always. */
  warnings?: string[];

  readonly jobId: string;
  readonly resultUrl: string | null;
  readonly downloadUrl: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly expiresAt: string | null;
  readonly sitemapUrl?: string;
  readonly maxPages?: number;
  readonly retryOf?: string;
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

export type CaptureState = 'queued' | 'running' | 'completed' | 'failed';

export interface ResultParams {
  state?: CaptureState;
  /** Captures per page, 1–200. Default 50; 200 when all pages are gone through. */
  limit?: number;
  /** next_cursor of another page. */
  cursor?: string;
}

/** What was noticed of a page besides its picture. Lists that are empty are not there. */
export interface Evidence {
  /** Of the main document; a status that is not 3xx means that the page went by itself. */
  redirects?: { url: string; status: number }[];
  /** URLs that had no end yet. */
  pending?: string[];
  /** What the page could not load: the status of the answer, or the error that kept it from one. */
  failed?: { url: string; status?: number; error?: string }[];
  /** Errors only. */
  console?: { text: string; url?: string; line?: number }[];
}

/**
 * One capture of a job, as index.json has it, its state, its evidence and where
 * its pictures are. The wire's names are its own fields; the camelCase names
 * are getters. Paths are relative to the server and need the key.
 */
export interface Result {
  /** From 1, in input order. */
  index: number;
  url: string;
  variant?: string;
  /** In the archive; null without a picture, and while more captures may be found. */
  filename: string | null;
  success: boolean;
  /** Of a capture that has not ended, why its last attempt failed. */
  error: string | null;
  error_code?: string;
  final_url?: string;
  http_status?: number;
  content_type?: string;
  size_bytes?: number;
  width?: number;
  height?: number;
  duration_ms: number;
  attempts: number;
  captured_at?: string;
  cached?: boolean;
  title?: string;
  sha256?: string;
  pixel_hash?: string;
  stable?: boolean;
  blocked?: number;
  warnings: string[];
  /** Of a failure, with the option evidence: files of the archive, as is the next one. */
  evidence_file?: string;
  last_frame_file?: string;
  state: CaptureState;
  /** Of a failure always, else with the option evidence; null without, and when the results have expired. */
  evidence: Evidence | null;
  /** null while there is nothing at it, as are the next two. */
  image_url: string | null;
  thumbnail_url: string | null;
  last_frame_url: string | null;

  readonly errorCode?: string;
  readonly finalUrl?: string;
  readonly httpStatus?: number;
  readonly contentType?: string;
  readonly sizeBytes?: number;
  readonly durationMs: number;
  readonly capturedAt?: string;
  readonly pixelHash?: string;
  readonly evidenceFile?: string;
  readonly lastFrameFile?: string;
  readonly imageUrl: string | null;
  readonly thumbnailUrl: string | null;
  readonly lastFrameUrl: string | null;
}

export interface ResultPage {
  job_id: string;
  /** Of the job. */
  status: JobStatus;
  results: Result[];
  /** null on the last page, as far as the captures are known. */
  next_cursor: string | null;
  readonly jobId: string;
  readonly nextCursor: string | null;
}

/** Await it for one page; `for await` goes through the captures of all pages. */
export interface ResultList extends PromiseLike<ResultPage>, AsyncIterable<Result> {
  catch<T = never>(onError: (reason: unknown) => T | PromiseLike<T>): Promise<ResultPage | T>;
  finally(onEnd: () => void): Promise<ResultPage>;
}

export interface ImageOptions extends RequestOptions {
  /** Default image. */
  view?: 'image' | 'thumbnail' | 'last-frame';
}

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

/** A webhook that was or will be sent. */
export interface Delivery {
  /** As webhook-id has it: "whk_…". */
  id: string;
  job_id: string;
  event: string;
  url: string;
  status: DeliveryStatus;
  attempts: number;
  /** null when none follows. */
  next_attempt_at: string | null;
  created_at: string;
}

/** One attempt to deliver. */
export interface DeliveryAttempt {
  attempt: number;
  started_at: string;
  duration_ms: number;
  request_headers: Record<string, string>;
  /** null when there was no response. */
  http_status: number | null;
  /** Why there was none: "timeout", "connection_refused", "blocked_target", … */
  error_code?: string;
  error: string | null;
  /** Its first 4 KiB. */
  response_body: string | null;
}

export interface DeliveryLog extends Delivery {
  /** Sent in every attempt, byte for byte. */
  body: string;
  log: DeliveryAttempt[];
}

export interface DeliveryPage {
  deliveries: Delivery[];
  next_cursor: string | null;
}

/** Await it for one page; `for await` goes through all deliveries. */
export interface DeliveryList extends PromiseLike<DeliveryPage>, AsyncIterable<Delivery> {
  catch<T = never>(onError: (reason: unknown) => T | PromiseLike<T>): Promise<DeliveryPage | T>;
  finally(onEnd: () => void): Promise<DeliveryPage>;
}

export interface DeliveryParams {
  jobId?: string;
  job_id?: string;
  status?: DeliveryStatus;
  cursor?: string;
  /** 1 to 100; default 20. */
  limit?: number;
}

/** How a test event was received. */
export interface WebhookTest extends DeliveryAttempt {
  id: string;
  url: string;
  /** Answered 2xx. */
  delivered: boolean;
  body: string;
}

/** The end of a job, as a webhook would bring it now. */
export interface WebhookEvent {
  id: string;
  job_id: string;
  event: string;
  created_at: string;
  headers: Record<string, string>;
  body: string;
}

export interface EventPage {
  events: WebhookEvent[];
  next_cursor: string;
}

export interface EventParams {
  /** next_cursor of the page before; "0" = from the oldest event there is; none = only ask for the cursor of now. */
  cursor?: string;
  /** Seconds, at most 60: answer when there is an event, or after this time. */
  wait?: number;
  limit?: number;
}

/** The body of a webhook. */
export interface WebhookBody {
  /** "job.completed", "job.partial", "job.failed" or "webhook.test". */
  event: string;
  job_id: string;
  type: 'batch' | 'sitemap';
  status: JobStatus;
  progress: { total: number; completed: number; failed: number; percentage: number };
  result_url: string | null;
  download_url: string;
  expires_at: string | null;
  cancelled?: boolean;
}

export interface VerifyOptions {
  /** Seconds that the time of the webhook may be from now. Default 300. */
  tolerance?: number;
  /** Accept X-Webhook-Signature alone too, which signs neither time nor id: whoever has seen such a request can send it again. Default false. */
  plain?: boolean;
  /** Instead of Date.now. */
  now?: () => number;
}

/**
 * The parsed body of a webhook that was signed with the secret, or with one of several; throws a WebhookVerificationError otherwise.
 * The body must be the raw one, as it came. The same webhook may come more than once, always with the same webhook-id.
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secret: string | string[],
  options?: VerifyOptions,
): WebhookBody;

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
  /** What counts against the key's captures of the month; limit and remaining are -1 when there is no limit. */
  captures: { used: number; limit: number; remaining: number; percentage: number };
  breakdown: Record<string, number>;
  cache_hit_rate: number;
  avg_response_time_ms: number;
}

/** A preset of the device option, portrait. */
export interface Device {
  name: string;
  /** CSS pixels. */
  width: number;
  height: number;
  /** Device pixels per CSS pixel. */
  device_scale_factor: number;
  is_mobile: boolean;
  has_touch: boolean;
  user_agent: string;
}

export interface ClientSettings {
  /** Default: DARKROOM_API_KEY, else SNAPSHARP_API_KEY, from the environment. */
  apiKey?: string;
  /** Default: DARKROOM_URL, else SNAPSHARP_BASE_URL, else http://127.0.0.1:8484. */
  baseUrl?: string;
  /** Milliseconds for one attempt; of a download, without a byte. Screenshots, plans and waits get the time of the page, of the sitemap or of the wait on top. Default 30000; 0 = no bound. */
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

  /** Sends URLs, with options of their own or without, to be captured; resolves with the job at once, before any page is opened. */
  batch(urls: Array<string | BatchRequest>, options?: BatchOptions, request?: CreateOptions): Promise<Job>;
  /** Has the server read a sitemap and capture its pages; resolves with the job at once. Its total grows until discovery.ended. */
  sitemap(sitemapUrl: string, options?: SitemapOptions, request?: CreateOptions): Promise<Job>;
  /** What sitemap would capture, page by page, without a job. A sitemap that cannot be read rejects with a CaptureError. */
  planSitemap(sitemapUrl: string, options?: SitemapOptions, request?: RequestOptions): Promise<SitemapPlan>;
  /** The job as it is now. */
  getJob(id: string, request?: RequestOptions): Promise<Job>;
  /** Ends a job before its time and keeps what is there. It ends as partial or failed; one whose captures have all ended rejects with a ConflictError. */
  cancelJob(id: string, request?: RequestOptions): Promise<Job>;
  /** Deletes a job and its pictures, whatever its state. An unknown job, and one whose first answer was lost, rejects with a NotFoundError. */
  deleteJob(id: string, request?: RequestOptions): Promise<void>;
  /** Captures again what failed, as a new job that takes over what was good. Rejects with a ConflictError when nothing can be tried again. */
  retryJob(id: string, request?: CreateOptions): Promise<Job>;
  /** The key's jobs, newest first: await it for a page, or `for await` over all. */
  listJobs(params?: ListParams, request?: RequestOptions): JobList;
  /** The captures of a job, by index, also while it runs: await it for a page, or `for await` over all. */
  listResults(id: string, params?: ResultParams, request?: RequestOptions): ResultList;
  /** One of the pictures of a capture, whose index is from 1. One that is not there rejects with a ConflictError. */
  captureImage(id: string, index: number, request?: ImageOptions): Promise<Buffer>;
  /** The archive in memory. */
  downloadJob(id: string, request?: DownloadOptions): Promise<Buffer>;
  /** The archive in a file, streamed; a broken download is continued, also by a later call (path + ".part"). */
  downloadJobTo(id: string, path: string, request?: DownloadOptions): Promise<{ path: string; size: number }>;
  /** Resolves when the job has ended, however it ended: look at its status. */
  waitForJob(id: string, options?: WaitOptions): Promise<Job>;
  /**
   * What happens to a job, from now on: the job as it is, then each capture that changes and the job after it, to the event of its end.
   * Some captures may come twice. A server that restarts meanwhile is waited for, and nothing is missed.
   */
  watchJob(id: string, request?: { signal?: AbortSignal; timeout?: number }): AsyncGenerator<JobEvent, void, void>;
  /** batch, then waitForJob. */
  batchAndWait(urls: Array<string | BatchRequest>, options?: BatchOptions, request?: WaitOptions & { idempotencyKey?: string }): Promise<Job>;
  /** sitemap, then waitForJob. */
  sitemapAndWait(sitemapUrl: string, options?: SitemapOptions, request?: WaitOptions & { idempotencyKey?: string }): Promise<Job>;
  /** One page, now; makes no job. */
  screenshot(url: string, options?: CaptureOptions, request?: CreateOptions): Promise<Buffer>;
  /** Webhooks that were or will be sent, newest first: await it for a page, or `for await` over all. */
  listDeliveries(params?: DeliveryParams, request?: RequestOptions): DeliveryList;
  /** A delivery with its body and its attempts. */
  getDelivery(id: string, request?: RequestOptions): Promise<DeliveryLog>;
  /** Sends a webhook again, with the same id and the same bytes, also when it was delivered. */
  redeliver(id: string, request?: RequestOptions): Promise<Delivery>;
  /** Sends a signed test event to an address, now. That the receiver failed is no error. */
  testWebhook(url: string, request?: RequestOptions): Promise<WebhookTest>;
  /** The jobs of the key that have ended, in the order in which they ended, as their webhooks would tell it now. */
  listEvents(params?: EventParams, request?: RequestOptions): Promise<EventPage>;
  /** Needs no key. */
  health(request?: RequestOptions): Promise<Health>;
  /** What the key has used in the current period. */
  usage(request?: RequestOptions): Promise<Usage>;
  /** The presets of the device option, by name. */
  devices(request?: RequestOptions): Promise<Device[]>;
}

/** What a watched job tells: the job as it is now, or a capture that has changed. */
export type JobEvent = { job: Job; capture?: undefined } | { capture: Result; job?: undefined };

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
/** 422 capture_failed: the page could not be captured or the sitemap not be read, and errorCode says why. */
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
/** The webhook is not from Darkroom, or not as it was sent. */
export class WebhookVerificationError extends DarkroomError {}
