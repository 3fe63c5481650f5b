import assert from 'node:assert/strict';
import { test } from 'node:test';

import { barriers, GALLERY, open } from './rig.mjs';

const address = `file://${GALLERY}/index.html`;

/** A page of the unpacked archive, without a network; asked has what was loaded. */
async function unpacked(t, options) {
  const page = await open(t, { login: false, offline: true, ...options });
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  return { page, asked };
}

test('the gallery opens from a file, shows every picture, and asks for nothing else', async (t) => {
  const { page, asked } = await unpacked(t);
  const images = page.locator('main li img');
  for (let i = 0; i < await images.count(); i++) await images.nth(i).scrollIntoViewIfNeeded();
  await page.waitForFunction(() => [...document.querySelectorAll('main li img')].every((image) => image.complete && image.naturalWidth > 0));
  assert.ok((await images.count()) >= 3);
  assert.deepEqual(asked.filter((url) => !url.startsWith(`file://${GALLERY}/`)), []);
  assert.match(await page.locator('main').textContent(), /<\/script><img src=x onerror=/, 'a hostile title is text');
  await page.getByLabel('failed only').check();
  assert.equal(await page.locator('main li:visible').count(), 1);
  await page.getByLabel('failed only').uncheck();
  await page.locator('a.picture').first().click();
  await page.locator('dialog[open] img').waitFor();
  const first = await page.locator('dialog img').getAttribute('src');
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await page.locator('dialog img').getAttribute('src'), first);
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'hidden' });
});

test('the gallery keeps nobody out, in either theme', async (t) => {
  const { page } = await unpacked(t);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await barriers(page), [], colorScheme);
  }
});

test('the gallery is read without JavaScript', async (t) => {
  const { page } = await unpacked(t, { javaScriptEnabled: false });
  assert.ok((await page.locator('main li').count()) >= 4);
  assert.equal(await page.locator('form:visible').count(), 0);
  assert.match(await page.locator('li.failed').textContent(), /http_error/);
});
