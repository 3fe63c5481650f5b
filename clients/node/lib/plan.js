'use strict';

/** What a sitemap job would capture, with the wire's names. */
class SitemapPlan {
  constructor(wire) {
    Object.assign(this, wire);
    this.urls = wire.urls ?? [];
    this.skipped = wire.skipped ?? [];
  }

  get sitemapUrl() {
    return this.sitemap_url;
  }

  get maxPages() {
    return this.max_pages;
  }
}

module.exports = { SitemapPlan };
