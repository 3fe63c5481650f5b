'use strict';

const { Job } = require('./job.js');

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

/**
 * The jobs of a key, newest first. Await it for one page; go through it with
 * `for await` for all of them. Nothing is asked for before one of the two.
 */
class JobList {
  #fetchPage;

  #params;

  #first;

  constructor(fetchPage, params) {
    this.#fetchPage = async (changes) => new JobPage(await fetchPage({ ...params, ...changes }));
    this.#params = params;
  }

  then(onPage, onError) {
    this.#first ??= this.#fetchPage({});
    return this.#first.then(onPage, onError);
  }

  catch(onError) {
    return this.then(undefined, onError);
  }

  finally(onEnd) {
    return this.then().finally(onEnd);
  }

  async *[Symbol.asyncIterator]() {
    const limit = this.#params.limit ?? LARGEST_PAGE;
    const seen = new Set(); // new jobs push old ones over the page's border
    for (let offset = this.#params.offset ?? 0; ; ) {
      const page = await this.#fetchPage({ limit, offset });
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
