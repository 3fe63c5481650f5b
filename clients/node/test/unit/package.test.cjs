'use strict';

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');

const client = require('../../index.js');
const { snakeCase } = require('../../lib/options.js');

const root = join(__dirname, '..', '..');
const types = readFileSync(join(root, 'index.d.ts'), 'utf8');

test('import and require give the same things', async () => {
  const module = await import('../../index.mjs');
  const { default: standard, ...named } = module;
  assert.deepEqual({ ...named }, { ...client });
  assert.equal(standard, client.Darkroom);
});

test('everything that package.json promises is there', () => {
  const { exports: { '.': entry }, files, main, dependencies } = require('../../package.json');
  const paths = [entry.import.types, entry.import.default, entry.require.types, entry.require.default, main, ...files.filter((name) => name !== 'lib')];
  for (const path of paths) assert.ok(readFileSync(join(root, path)).length > 0, path);
  assert.equal(dependencies, undefined);
});

test('the types name every export and every method', () => {
  for (const name of Object.keys(client)) assert.match(types, new RegExp(`export (class|type|function) ${name}\\b`), name);
  for (const name of Object.getOwnPropertyNames(client.Darkroom.prototype)) assert.match(types, new RegExp(`^  (readonly )?${name}[(:]`, 'm'), name);
  for (const name of Object.getOwnPropertyNames(client.Job.prototype)) {
    if (name !== 'constructor') assert.match(types, new RegExp(`readonly ${name}\\??:`), name);
  }
});

test('the types name every capture option that the server knows', () => {
  const table = readFileSync(join(root, '..', '..', 'option_table.go'), 'utf8');
  const known = [...table.matchAll(/\{Name: "(\w+)"/g)].map(([, name]) => name);
  assert.ok(known.length > 20);
  const block = /interface CamelCaptureOptions \{([^]*?)\n\}/.exec(types)[1];
  const typed = [...block.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => snakeCase(name));
  assert.deepEqual(typed.sort(), known.sort());
});

test('spellings', () => {
  const pairs = { fullPage: 'full_page', full_page: 'full_page', scrollY: 'scroll_y', callbackURL: 'callback_url', bypassCSP: 'bypass_csp', css: 'css', q: 'q' };
  for (const [given, wire] of Object.entries(pairs)) assert.equal(snakeCase(given), wire);
});
