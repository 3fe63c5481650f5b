'use strict';

const { randomUUID } = require('node:crypto');

const { DeliveryList } = require('./deliveries.js');
const { FileSink, MemorySink, receive } = require('./download.js');
const { Job } = require('./job.js');
const { JobList } = require('./list.js');
const { toWire } = require('./options.js');
const { pause } = require('./pause.js');
const { SitemapPlan } = require('./plan.js');
const { ResultList } = require('./results.js');
const { Transport } = require('./transport.js');
const { wait } = require('./wait.js');
const { watch } = require('./watch.js');

const DEFAULT_BASE_URL = 'http://127.0.0.1:8484';
const DEFAULT_TIMEOUT = 30000; // ms, of one attempt
const DEFAULT_MAX_RETRIES = 2;
const PAGE_TIMEOUT = 30000; // ms, what the server gives a page that says nothing else
const DELIVERY_TIMEOUT = 30000; // ms, what the server may need to send a test event, its turn included
const VIEWS = ['image', 'thumbnail', 'last-frame'];
const PLAN_TIMEOUT = 75000; // ms, what the server may need to read a sitemap, its turn included

class Darkroom {
  #transport;

  #timeout;

  constructor(key, settings) {
    const given = typeof key === 'object' && key !== null ? key : { apiKey: key, ...settings };
    const env = process.env;
    const baseUrl = given.baseUrl || env.DARKROOM_URL || env.SNAPSHARP_BASE_URL || DEFAULT_BASE_URL;
    const apiKey = given.apiKey || env.DARKROOM_API_KEY || env.SNAPSHARP_API_KEY || '';
    this.#timeout = given.timeout ?? DEFAULT_TIMEOUT;
    this.#transport = new Transport({
      baseUrl: checkedUrl(baseUrl),
      key: apiKey.trim(),
      timeout: this.#timeout,
      maxRetries: given.maxRetries ?? DEFAULT_MAX_RETRIES,
      fetch: given.fetch ?? ((...args) => globalThis.fetch(...args)),
      pause: given.pause ?? pause,
      headers: given.headers ?? {},
    });
  }

  get baseUrl() {
    return this.#transport.baseUrl;
  }

  async batch(urls, options, request) {
    return this.#create('/v1/batch', { ...pagesOf(urls), ...toWire(options) }, request);
  }

  async sitemap(sitemapUrl, options, request) {
    return this.#create('/v1/sitemap', sitemapBody(sitemapUrl, options), request);
  }

  async planSitemap(sitemapUrl, options, request) {
    return new SitemapPlan(await this.#transport.json({
      ...request,
      method: 'POST',
      path: '/v1/sitemap',
      body: { ...sitemapBody(sitemapUrl, options), plan: true },
      patient: false,
      extraTime: PLAN_TIMEOUT,
    }));
  }

  async getJob(id, request) {
    return new Job(await this.#transport.json({ ...request, method: 'GET', path: jobPath(id) }));
  }

  async cancelJob(id, request) {
    return new Job(await this.#transport.json({ ...request, method: 'POST', path: `${jobPath(id)}/cancel` }));
  }

  async deleteJob(id, request) {
    await this.#transport.send({ ...request, method: 'DELETE', path: jobPath(id) }, (response) => response.text());
  }

  async retryJob(id, request) {
    return this.#create(`${jobPath(id)}/retry`, undefined, { ...request, settled: true });
  }

  listJobs(params, request) {
    const fetchPage = (query) => this.#transport.json({ ...request, method: 'GET', path: '/v1/jobs', query });
    return new JobList(fetchPage, toWire(params));
  }

  listResults(id, params, request) {
    const path = `${jobPath(id)}/results`;
    return new ResultList((query) => this.#transport.json({ ...request, method: 'GET', path, query }), toWire(params));
  }

  async captureImage(id, index, { view = 'image', ...request } = {}) {
    if (!VIEWS.includes(view)) throw new TypeError(`the view of a capture must be one of ${VIEWS.join(', ')}`);
    if (!Number.isInteger(index) || index < 1) throw new TypeError('the index of a capture must be an integer from 1');
    return this.#transport.send({
      ...request, method: 'GET', path: `${jobPath(id)}/captures/${index}/${view}`,
    }, async (response) => Buffer.from(await response.arrayBuffer()));
  }

  async downloadJob(id, { onProgress, ...request } = {}) {
    const sink = new MemorySink();
    await receive(this.#transport, this.#downloadOf(id, request), sink, onProgress);
    return sink.toBuffer();
  }

  async downloadJobTo(id, path, { onProgress, ...request } = {}) {
    const download = this.#downloadOf(id, request);
    const sink = await FileSink.open(path);
    try {
      await receive(this.#transport, download, sink, onProgress);
    } catch (error) {
      await sink.close();
      throw error;
    }
    await sink.finish();
    return { path, size: sink.size };
  }

  async waitForJob(id, { onProgress, interval, timeout, signal, ...request } = {}) {
    const path = jobPath(id);
    const look = async (hold) => new Job(await this.#transport.json({
      ...request, signal, method: 'GET', path, query: { wait: hold }, extraTime: hold * 1000,
    }));
    return wait(id, look, this.#transport.pause, { onProgress, interval, timeout, signal });
  }

  watchJob(id, { signal, ...request } = {}) {
    const path = `${jobPath(id)}/events`;
    return watch((headers) => this.#transport.open({ ...request, signal, method: 'GET', path, headers, maxRetries: 0 }), this.#transport.pause, signal);
  }

  async batchAndWait(urls, options, { idempotencyKey, ...request } = {}) {
    const { signal, maxRetries } = request;
    const job = await this.batch(urls, options, { signal, maxRetries, idempotencyKey });
    return this.waitForJob(job.id, request);
  }

  async sitemapAndWait(sitemapUrl, options, { idempotencyKey, ...request } = {}) {
    const { signal, maxRetries } = request;
    const job = await this.sitemap(sitemapUrl, options, { signal, maxRetries, idempotencyKey });
    return this.waitForJob(job.id, request);
  }

  async screenshot(url, options, { idempotencyKey, ...request } = {}) {
    const body = { url, ...toWire(options) };
    return this.#transport.send({
      ...request,
      method: 'POST',
      path: '/v1/screenshot',
      body,
      headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
      patient: false,
      extraTime: Number(body.timeout) || PAGE_TIMEOUT,
    }, async (response) => Buffer.from(await response.arrayBuffer()));
  }

  listDeliveries(params, request) {
    const fetchPage = (query) => this.#transport.json({ ...request, method: 'GET', path: '/v1/webhooks/deliveries', query });
    return new DeliveryList(fetchPage, toWire(params));
  }

  async getDelivery(id, request) {
    return this.#transport.json({ ...request, method: 'GET', path: deliveryPath(id) });
  }

  async redeliver(id, request) {
    return this.#transport.json({ ...request, method: 'POST', path: `${deliveryPath(id)}/redeliver` });
  }

  async testWebhook(url, request) {
    return this.#transport.json({ ...request, method: 'POST', path: '/v1/webhooks/test', body: { url }, extraTime: DELIVERY_TIMEOUT });
  }

  async listEvents({ cursor, wait = 0, limit } = {}, request = {}) {
    const query = { cursor, wait, limit };
    return this.#transport.json({ ...request, method: 'GET', path: '/v1/webhooks/events', query, extraTime: wait * 1000 });
  }

  health(request) {
    return this.#transport.json({ ...request, method: 'GET', path: '/health' });
  }

  usage(request) {
    return this.#transport.json({ ...request, method: 'GET', path: '/v1/usage' });
  }

  async devices(request) {
    return (await this.#transport.json({ ...request, method: 'GET', path: '/v1/devices' })).devices;
  }

  async #create(path, body, { idempotencyKey = randomUUID(), ...request } = {}) {
    const headers = { 'idempotency-key': idempotencyKey };
    return new Job(await this.#transport.json({ ...request, method: 'POST', path, body, headers }));
  }

  #downloadOf(id, request) {
    return { timeout: this.#timeout, ...request, method: 'GET', path: `${jobPath(id)}/download` };
  }
}

// URLs with options of their own have another name on the wire.
function pagesOf(urls) {
  const plain = !Array.isArray(urls) || urls.every((page) => typeof page !== 'object' || page === null);
  return plain ? { urls } : { requests: urls.map((page) => (typeof page === 'string' ? { url: page } : toWire(page))) };
}

function sitemapBody(sitemapUrl, options) {
  const wire = toWire(options);
  if ('plan' in wire) throw new TypeError('plan is no option here: call planSitemap for a plan, sitemap for a job');
  return { sitemap_url: sitemapUrl, ...wire };
}

function checkedUrl(text) {
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    throw new TypeError(`the base URL ${JSON.stringify(text)} is not a URL; write it like ${DEFAULT_BASE_URL}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`the base URL ${JSON.stringify(text)} must begin with http:// or https://`);
  }
  return text.trim().replace(/\/+$/, '');
}

function jobPath(id) {
  if (typeof id !== 'string' || id === '') throw new TypeError('the id of a job must be a string that is not empty');
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

function deliveryPath(id) {
  if (typeof id !== 'string' || id === '') throw new TypeError('the id of a delivery must be a string that is not empty');
  return `/v1/webhooks/deliveries/${encodeURIComponent(id)}`;
}

module.exports = { Darkroom };
