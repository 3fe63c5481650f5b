'use strict';

const { Pages } = require('./pages.js');

const LARGEST_PAGE = 200;

const aliases = {
  nextCursor: 'next_cursor',
  jobId: 'job_id',
};

/** One page of a job's captures, with the wire's names. */
class ResultPage {
  constructor(wire) {
    Object.assign(this, wire);
    this.results = (wire.results ?? []).map((result) => new Result(result));
  }
}

/** One capture of a job. The wire's own names are its fields; the camelCase names answer beside them. */
class Result {
  constructor(wire) {
    Object.assign(this, wire);
  }
}

const resultAliases = {
  errorCode: 'error_code',
  finalUrl: 'final_url',
  httpStatus: 'http_status',
  contentType: 'content_type',
  sizeBytes: 'size_bytes',
  durationMs: 'duration_ms',
  capturedAt: 'captured_at',
  pixelHash: 'pixel_hash',
  evidenceFile: 'evidence_file',
  lastFrameFile: 'last_frame_file',
  imageUrl: 'image_url',
  thumbnailUrl: 'thumbnail_url',
  lastFrameUrl: 'last_frame_url',
};

function alias(prototype, names) {
  for (const [name, wireName] of Object.entries(names)) {
    Object.defineProperty(prototype, name, {
      get() {
        return this[wireName];
      },
    });
  }
}

alias(ResultPage.prototype, aliases);
alias(Result.prototype, resultAliases);

/** The captures of a job, by index. */
class ResultList extends Pages {
  constructor(fetchPage, params) {
    super(async (query) => new ResultPage(await fetchPage(query)), params);
  }

  async *[Symbol.asyncIterator]() {
    const limit = this.params.limit ?? LARGEST_PAGE;
    for (let cursor = this.params.cursor ?? undefined; ; ) {
      const page = await this.fetchPage(cursor === undefined ? { limit } : { limit, cursor });
      yield* page.results;
      if (page.next_cursor === null || page.next_cursor === undefined) return;
      cursor = page.next_cursor;
    }
  }
}

module.exports = { Result, ResultList };
