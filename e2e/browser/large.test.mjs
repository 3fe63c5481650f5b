// A run of 5,000 captures. Times are told, not judged: a busy machine would miss
// them. What is judged is what they depend on.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DASHBOARD, GALLERY, open } from './rig.mjs';

const { JOB } = process.env;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Opens an address a few times; ms until the document is parsed and first painted. */
async function opened(page, address) {
  const times = [];
  for (let i = 0; i < 5; i++) {
    await page.goto(address, { waitUntil: 'load' });
    const paint = await (await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)).jsonValue();
    times.push({ paint, ...await page.evaluate(() => {
      const [nav] = performance.getEntriesByType('navigation');
      return { parsed: nav.domContentLoadedEventEnd, bytes: nav.encodedBodySize };
    }) });
  }
  return { paint: median(times.map((one) => one.paint)), parsed: median(times.map((one) => one.parsed)), bytes: times[0].bytes };
}

/** Scrolls through the first hundred screens, one every third frame; the tasks of more than 50 ms meanwhile. */
async function scrolled(page) {
  return page.evaluate(async () => {
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask', buffered: false });
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    let screens = 0;
    for (let last = -1; screens < 100 && scrollY !== last; screens++) {
      last = scrollY;
      scrollBy(0, innerHeight);
      for (let i = 0; i < 3; i++) await frame();
    }
    return { screens, tasks };
  });
}

function tell(t, what, { paint, parsed, bytes }, { screens, tasks }) {
  t.diagnostic(`5,000 captures, ${what}: ${(bytes / 1024).toFixed(0)} KB, painted after ${paint.toFixed(0)} ms, parsed after ${parsed.toFixed(0)} ms; ` +
    `${screens} screens scrolled, longest task ${Math.max(0, ...tasks).toFixed(0)} ms, ${tasks.filter((ms) => ms > 100).length} above 100 ms`);
}

test('the run shows some of its captures, and the next ones when asked', async (t) => {
  const page = await open(t);
  const run = `${DASHBOARD}/jobs/${JOB}`;
  tell(t, 'the run', await opened(page, run), await scrolled(page));
  assert.equal(await page.locator('#cards > li').count(), 120);
  let pages = 1;
  for (; await page.getByRole('link', { name: 'Next page' }).count(); pages++) await page.getByRole('link', { name: 'Next page' }).click();
  assert.equal(pages, Math.ceil(5000 / 120));
  assert.equal(await page.locator('#shot-5000').count(), 1);
  tell(t, 'the table', await opened(page, `${run}?view=table`), await scrolled(page));
  tell(t, 'the log', await opened(page, `${run}?view=log`), await scrolled(page));
});

test('the gallery of the archive has them all in one page', async (t) => {
  const page = await open(t, { login: false, offline: true });
  const times = await opened(page, `file://${GALLERY}/index.html`);
  assert.equal(await page.locator('main li').count(), 5000);
  tell(t, 'the gallery', times, await scrolled(page));
});
