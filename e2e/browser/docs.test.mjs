import assert from 'node:assert/strict';
import { test } from 'node:test';

import { barriers, DASHBOARD, open } from './rig.mjs';

// The pages of the documentation, as its own index names them; of the short form some.
const { PAGES } = process.env;
const index = await (await fetch(`${DASHBOARD}/llms.txt`)).text();
const every = [...index.matchAll(/\/docs\/([a-z-]+)\.md\)/g)].map(([, name]) => `/docs/${name}`);
const paths = PAGES ? PAGES.split(' ') : ['/docs', '/docs/search?q=webhook', ...every];

test('no page of the documentation keeps anybody out, in either theme, and none is wider than a telephone', async (t) => {
  assert.ok(every.length > 20, index);
  const page = await open(t, { login: false });
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const path of paths) {
      assert.equal((await page.goto(DASHBOARD + path)).status(), 200);
      found.push(...(await barriers(page)).map((barrier) => `${colorScheme} ${barrier}`));
    }
  }
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 600 });
    for (const path of paths) {
      await page.goto(DASHBOARD + path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) found.push(`${path} is ${wide} px wide in a window of ${width}`);
    }
  }
  assert.deepEqual(found, []);
});

test('an error is looked for and found by keyboard alone, without JavaScript', async (t) => {
  const page = await open(t, { login: false, javaScriptEnabled: false });
  await page.goto(`${DASHBOARD}/docs`);
  for (let i = 0; i < 20 && !(await page.locator('input[name=q]:focus').count()); i++) await page.keyboard.press('Tab');
  await page.keyboard.type('job_not_ready');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Search' }).waitFor();
  await page.getByRole('link', { name: 'Errors: Requests' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/docs\/errors#requests$/);
  assert.match(await page.locator('tr#job_not_ready').textContent(), /has not ended/);
});
