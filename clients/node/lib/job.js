'use strict';

/**
 * A job as the server shows it. The wire's own names are its fields, so that
 * console.log and JSON.stringify show them, once; the camelCase names answer
 * beside them. Copying with {...job} leaves the camelCase names behind.
 */
class Job {
  constructor(wire) {
    Object.assign(this, wire);
    // A server sends both; whoever sends one still gets a job that has both.
    this.id = wire.id ?? wire.job_id;
    this.job_id = wire.job_id ?? wire.id;
  }
}

const aliases = {
  jobId: 'job_id',
  resultUrl: 'result_url',
  downloadUrl: 'download_url',
  pollUrl: 'poll_url',
  totalUrls: 'total_urls',
  sitemapUrl: 'sitemap_url',
  maxPages: 'max_pages',
  retryOf: 'retry_of',
  createdAt: 'created_at',
  startedAt: 'started_at',
  completedAt: 'completed_at',
  expiresAt: 'expires_at',
};

for (const [alias, name] of Object.entries(aliases)) {
  Object.defineProperty(Job.prototype, alias, {
    get() {
      return this[name];
    },
  });
}

const terminal = new Set(['completed', 'partial', 'failed']);

/** Whether a job in this status never changes again. */
function isTerminal(status) {
  return terminal.has(status);
}

module.exports = { Job, isTerminal };
