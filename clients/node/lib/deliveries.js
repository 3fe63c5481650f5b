'use strict';

const { Pages } = require('./pages.js');

const LARGEST_PAGE = 100;

/** The deliveries of a key, newest first. */
class DeliveryList extends Pages {
  async *[Symbol.asyncIterator]() {
    const limit = this.params.limit ?? LARGEST_PAGE;
    for (let cursor = this.params.cursor ?? undefined; ; ) {
      const page = await this.fetchPage(cursor === undefined ? { limit } : { limit, cursor });
      yield* page.deliveries;
      if (page.next_cursor === null || page.next_cursor === undefined) return;
      cursor = page.next_cursor;
    }
  }
}

module.exports = { DeliveryList };
