// The sample of the founding document runs unchanged after an import and a
// constructor, against a real server: DARKROOM_URL and DARKROOM_API_KEY say
// which, DARKROOM_PAGE_URL is the page that takes the place of the sample's
// only URL.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Darkroom } from '../index.mjs';
import { readZip } from './zip.mjs';

const SAMPLE_SHA256 = 'cb411cce31de00547d0f38d2c045cd49364c1c4afa3b7dc8b0cbe9a72ce02d8a';
const SAMPLE_URL = 'https://example.com';

test('the founding document’s sample ends with a ZIP', async (t) => {
  const { DARKROOM_URL, DARKROOM_API_KEY, DARKROOM_PAGE_URL } = process.env;
  assert.ok(DARKROOM_URL && DARKROOM_API_KEY && DARKROOM_PAGE_URL, 'set DARKROOM_URL, DARKROOM_API_KEY and DARKROOM_PAGE_URL');

  const sample = await readFile(new URL('founding-sample.mjs.txt', import.meta.url), 'utf8');
  assert.equal(createHash('sha256').update(sample).digest('hex'), SAMPLE_SHA256, 'the sample was changed');
  assert.equal(sample.split(SAMPLE_URL).length, 2, 'the sample has one URL');

  const folder = await mkdtemp(join(tmpdir(), 'darkroom-sample-'));
  t.after(() => rm(folder, { recursive: true }));
  const program = join(folder, 'sample.mjs');
  await writeFile(program, [
    `import { Darkroom } from ${JSON.stringify(new URL('../index.mjs', import.meta.url).href)};`,
    'const client = new Darkroom();',
    sample.replace(SAMPLE_URL, () => DARKROOM_PAGE_URL),
  ].join('\n'));

  const zips = watchDownloads(t);
  await import(pathToFileURL(program).href);

  assert.equal(zips.length, 1, 'the sample downloads once');
  checkArchive(zips[0]);
});

/** Sees what downloadJob gives to the sample, which keeps it to itself. */
function watchDownloads(t) {
  const zips = [];
  const { downloadJob } = Darkroom.prototype;
  t.mock.method(Darkroom.prototype, 'downloadJob', async function (...args) {
    const zip = await downloadJob.apply(this, args);
    zips.push(zip);
    return zip;
  });
  return zips;
}

function checkArchive(zip) {
  assert.ok(Buffer.isBuffer(zip));
  assert.equal(zip.toString('latin1', 0, 2), 'PK');
  const entries = readZip(zip);
  const { results } = JSON.parse(entries.get('index.json').toString('utf8'));
  assert.equal(results.length, 1);
  assert.equal(results[0].success, true);
  const image = entries.get(results[0].filename);
  assert.equal(image.toString('latin1', 1, 4), 'PNG');
}
