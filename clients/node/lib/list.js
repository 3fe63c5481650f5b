'use strict';

const { Job } = require('./job.js');
const { Pages } = require('./pages.js');

const LARGEST_PAGE = 100;

/** One page of jobs, with the wire's names. */
class JobPage {
  constructor(wire) {
    Object.assign(this, wire);
    this.jobs = (wire.jobs ?? []).map((job) => new Job(job));
  }

  get hasMore() {
    return this.has_more;
  }
}

/** The jobs of a key, newest first. */
class JobList extends Pages {
  constructor(fetchPage, params) {
    super(async (query) => new JobPage(await fetchPage(query)), params);
  }

  async *[Symbol.asyncIterator]() {
    const limit = this.params.limit ?? LARGEST_PAGE;
    const seen = new Set(); // new jobs push old ones over the page's border
    for (let offset = this.params.offset ?? 0; ; ) {
      const page = await this.fetchPage({ limit, offset });
      for (const job of page.jobs) {
        if (seen.has(job.id)) continue;
        seen.add(job.id);
        yield job;
      }
      if (page.jobs.length === 0 || !page.has_more) return;
      offset += page.jobs.length;
    }
  }
}

module.exports = { JobList };
