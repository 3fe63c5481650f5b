// puppeteer-core with as many tabs as it takes pages at once, each kept from
// page to page: what a careful user writes by hand.
import puppeteer from 'puppeteer';
import { launchOptions, shootIn } from './tab.mjs';
import { spread, turn } from './turn.mjs';

await turn(async (task) => {
  const browser = await puppeteer.launch(launchOptions(task));
  const tabs = await Promise.all(Array.from({ length: task.tabs }, () => browser.newPage()));
  return {
    take: (pages) => spread(pages, tabs.map((tab) => (page) => shootIn(tab, page, task))),
    close: () => browser.close(),
  };
});
