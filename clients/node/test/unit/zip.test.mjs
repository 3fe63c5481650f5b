import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readZip } from '../zip.mjs';

// Two stored entries, written by Python's zipfile.
const ZIP = Buffer.from([
  'UEsDBBQAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAYS50eHRoZWxsb1BLAwQUAAAAAAAAACEAQ7+mowIAAAACAAAACgAAAGluZGV4Lmpzb257fV',
  'BLAQIUAxQAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAAAAAAAAAAACAAQAAAABhLnR4dFBLAQIUAxQAAAAAAAAAIQBDv6ajAgAAAAIAAAAKAAAA',
  'AAAAAAAAAACAASgAAABpbmRleC5qc29uUEsFBgAAAAACAAIAawAAAFIAAAAAAA==',
].join(''), 'base64');

test('the test’s own reader of ZIPs', () => {
  const entries = readZip(ZIP);
  assert.deepEqual([...entries.keys()], ['a.txt', 'index.json']);
  assert.equal(entries.get('a.txt').toString(), 'hello');
  assert.throws(() => readZip(Buffer.from('hello')), /no ZIP/);
});
