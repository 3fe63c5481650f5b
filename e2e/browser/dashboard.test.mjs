import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { barriers, DASHBOARD, open, SITE } from './rig.mjs';

const urls = (count) => [...Array.from({ length: count }, (_, i) => `${SITE}/page/${i}`), `${SITE}/there/is/nothing`].join('\n');

test('a run is started, watched to its end without a reload, its failure found and retried, the archive downloaded', async (t) => {
  const page = await open(t);
  await page.getByRole('link', { name: 'New run' }).first().click();
  await page.getByLabel(/^URLs, one a line/).fill(urls(3));
  assert.match(await page.locator('#count').textContent(), /4 lines/);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('Started.').waitFor();
  await page.evaluate(() => { globalThis.notReloaded = true; });
  await page.locator('#head .status.partial').waitFor();
  assert.equal(await page.evaluate(() => globalThis.notReloaded), true);
  assert.match(await page.locator('#progress').textContent(), /4\/4/);
  const pictures = page.locator('#cards img');
  await pictures.nth(2).waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('#cards img')].every((image) => image.complete && image.naturalWidth > 0));
  await page.locator('#failures').getByRole('link', { name: /there\/is\/nothing/ }).click();
  assert.match(await page.locator('.fault').textContent(), /http_error/);
  assert.match(await page.locator('dl.facts').textContent(), /404/);
  await page.locator('main p a').first().click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download ZIP' }).click()]);
  assert.equal(readFileSync(await download.path()).subarray(0, 2).toString(), 'PK');
  await page.getByRole('button', { name: 'Retry 1 failed' }).click();
  await page.getByText('retry of').waitFor();
  await page.locator('#head .status.partial').waitFor();
  assert.match(await page.locator('#progress').textContent(), /4\/4/);
});

test('the same by keyboard alone', async (t) => {
  const page = await open(t);
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  const until = async (what) => {
    for (let i = 0; i < 80; i++) {
      await press('Tab');
      if (await page.evaluate((text) => (document.activeElement.textContent || '').includes(text), what)) return;
    }
    assert.fail(`${what} cannot be reached with Tab`);
  };
  await press('n');
  await page.locator('#urls').waitFor();
  for (let i = 0; i < 40 && !(await page.evaluate(() => document.activeElement.id === 'urls')); i++) await press('Tab');
  await page.keyboard.insertText(urls(1));
  await until('Start');
  await press('Enter');
  await page.locator('#head .status.partial').waitFor();
  await press('f');
  await page.locator('#only-failed[aria-current]').waitFor();
  await press('j', 'Enter');
  await page.locator('dl.facts').waitFor();
  assert.match(await page.locator('.fault').textContent(), /http_error/);
  await press('ArrowLeft');
  await page.locator('.frame img').waitFor();
  await press('g', 'r');
  await page.locator('#runs').waitFor();
  await press('j', 'Enter');
  await page.locator('#retry').waitFor();
  await until('Retry 1 failed');
  await press('Enter');
  await page.getByText('retry of').waitFor();
  await press('?');
  await page.locator('#help[open]').waitFor();
  await press('Escape');
});

test('the same without JavaScript', async (t) => {
  const page = await open(t, { javaScriptEnabled: false });
  await page.goto(`${DASHBOARD}/new`);
  await page.locator('#urls').fill(urls(1));
  await page.locator('#start').click();
  for (let i = 0; i < 100 && !(await page.locator('#head .status.partial').count()); i++) {
    await page.waitForTimeout(200); // reloading is all that such a reader can do
    await page.reload();
  }
  await page.locator('#failures a').click();
  assert.match(await page.locator('.fault').textContent(), /http_error/);
  await page.goBack();
  await page.locator('#keep').click();
  assert.match(await page.locator('.said').textContent(), /kept longer/);
  await page.locator('#retry').click();
  assert.match(await page.locator('#head').textContent(), /retry of/);
});

test('no page keeps anybody out, in either theme, and none is wider than a telephone', async (t) => {
  const page = await open(t);
  await page.goto(`${DASHBOARD}/new`);
  await page.locator('#urls').fill(urls(1));
  await page.locator('#start').click();
  await page.locator('#head .status.partial').waitFor();
  const run = new URL(page.url()).pathname;
  const paths = ['/', '/?q=nothing', '/new', '/new?kind=sitemap', '/deliveries', '/keys', '/system', run, `${run}?view=table`, `${run}?view=log`,
    `${run}?view=settings`, `${run}?view=deliveries`, `${run}/1`, `${run}/2`, `${run}/delete`];
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const path of paths) {
      await page.goto(DASHBOARD + path);
      found.push(...(await barriers(page)).map((barrier) => `${colorScheme} ${barrier}`));
    }
  }
  await page.setViewportSize({ width: 320, height: 600 });
  for (const path of paths) {
    await page.goto(DASHBOARD + path);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > 320) found.push(`${path} is ${wide} px wide in a window of 320`);
  }
  assert.deepEqual(found, []);
});

test('the page where one logs in keeps nobody out', async (t) => {
  const page = await open(t, { login: false });
  await page.goto(`${DASHBOARD}/login`);
  assert.deepEqual(await barriers(page), []);
});
