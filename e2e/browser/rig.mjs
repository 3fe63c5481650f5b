// What the tests share: a browser with its sandbox, pages that report every
// error, and the check for barriers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium } from 'playwright-core';

export const { DASHBOARD, KEY, SITE, GALLERY, CHROMIUM } = process.env;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function open(t, { login = true, ...options } = {}) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: true });
  t.after(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(`${page.url()}: ${message.text()}`));
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error}`));
  t.after(() => assert.deepEqual(errors, [], 'errors in the console'));
  if (login) {
    await page.goto(`${DASHBOARD}/login`);
    await page.getByLabel('API key').fill(KEY);
    await page.getByRole('button', { name: 'Log in' }).click();
    if (options.javaScriptEnabled === false) await page.getByRole('link', { name: 'Go on' }).click({ timeout: 2000 }).catch(() => {});
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
  }
  return page;
}

/** Findings of axe that keep people out. */
export async function barriers(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${page.url()}: ${id}: ${nodes.slice(0, 3).map(({ html }) => html).join(' ')}`);
}
