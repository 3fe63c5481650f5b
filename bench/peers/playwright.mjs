// playwright-core. `node playwright.mjs reused` keeps its tabs from page to
// page, `node playwright.mjs context` opens a context for each.
import { chromium } from 'playwright-core';
import { spread, turn } from './turn.mjs';

await turn(async (task) => {
  const browser = await chromium.launch({ executablePath: task.browser, chromiumSandbox: true, args: task.flags });
  const window = { viewport: { width: task.width, height: task.height } };

  async function shootIn(tab, page) {
    await tab.goto(page.url, { waitUntil: 'load', timeout: task.timeout });
    await tab.screenshot({ path: page.file, type: 'png', fullPage: task.full, timeout: task.timeout });
  }

  async function shootInItsOwn(page) {
    const context = await browser.newContext(window);
    try {
      await shootIn(await context.newPage(), page);
    } finally {
      await context.close();
    }
  }

  let shooters = Array.from({ length: task.tabs }, () => shootInItsOwn);
  if (process.argv[2] === 'reused') {
    const context = await browser.newContext(window);
    const tabs = await Promise.all(shooters.map(() => context.newPage()));
    shooters = tabs.map((tab) => (page) => shootIn(tab, page));
  }
  return { take: (pages) => spread(pages, shooters), close: () => browser.close() };
});
