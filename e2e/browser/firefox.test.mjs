// The gallery of an archive in Firefox, which is asked over Marionette, the
// protocol that it brings itself. Who starts this gives it a network without
// a way out: Firefox would talk to its maker.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const { GALLERY, FIREFOX } = process.env;
const PORT = 2828;

/** Says one thing after the other, each "length:[type, id, name, parameters]". */
class Marionette {
  constructor(socket) {
    this.socket = socket;
    this.last = 0;
    this.read = this.messages();
  }

  async* messages() {
    let rest = Buffer.alloc(0);
    for await (const chunk of this.socket) {
      rest = Buffer.concat([rest, chunk]);
      for (let colon = rest.indexOf(':'); colon > 0; colon = rest.indexOf(':')) {
        const end = colon + 1 + Number(rest.subarray(0, colon));
        if (rest.length < end) break;
        yield JSON.parse(rest.subarray(colon + 1, end).toString());
        rest = rest.subarray(end);
      }
    }
  }

  async ask(name, parameters = {}) {
    const text = JSON.stringify([0, ++this.last, name, parameters]);
    this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    const { value: [, , error, result] } = await this.read.next();
    assert.equal(error, null, `${name}: ${JSON.stringify(error)}`);
    return result?.value ?? result;
  }

  run(script) { return this.ask('WebDriver:ExecuteScript', { script, args: [] }); }

  async until(script) {
    for (let i = 0; i < 300; i++) {
      if (await this.run(`return ${script}`)) return;
      await new Promise((done) => { setTimeout(done, 100); });
    }
    assert.fail(`never true: ${script}`);
  }
}

function reach() {
  return new Promise((done, failed) => {
    const socket = connect(PORT, '127.0.0.1', () => done(socket)).once('error', failed);
  });
}

/** A Firefox of its own; preferences are lines of its user.js. */
async function firefox(t, preferences = []) {
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
  writeFileSync(join(profile, 'user.js'), preferences.map((line) => `user_pref(${line});\n`).join(''));
  const browser = spawn(FIREFOX, ['--headless', '--marionette', '--no-remote', '--profile', profile], { stdio: 'ignore' });
  t.after(() => new Promise((done) => { browser.once('exit', done); browser.kill('SIGKILL'); }));
  let socket;
  for (let i = 0; !socket; i++) {
    socket = await reach().catch((error) => { if (i > 600) throw error; });
    if (!socket) await new Promise((done) => { setTimeout(done, 100); });
  }
  t.after(() => socket.destroy());
  const marionette = new Marionette(socket);
  await marionette.read.next(); // who it is
  await marionette.ask('WebDriver:NewSession', {});
  await marionette.ask('WebDriver:Navigate', { url: `file://${GALLERY}/index.html` });
  return marionette;
}

test('the gallery opens in Firefox, shows its pictures, filters and opens one', async (t) => {
  const page = await firefox(t);
  assert.equal(await page.run('return document.querySelectorAll("main li").length'), 4);
  await page.run('document.querySelectorAll("main img").forEach((one) => { one.loading = "eager"; one.scrollIntoView(); })');
  await page.until('[...document.querySelectorAll("main img")].length === 3 && [...document.querySelectorAll("main img")].every((one) => one.complete && one.naturalWidth > 0)');
  assert.match(await page.run('return document.querySelector("main").textContent'), /<\/script><img src=x onerror=/);
  await page.run('document.querySelector("form input[type=checkbox]").click()');
  assert.equal(await page.run('return [...document.querySelectorAll("main li")].filter((one) => one.offsetParent).length'), 1);
  await page.run('document.querySelector("form input[type=checkbox]").click()');
  await page.run('document.querySelector("a.picture").click()');
  await page.until('document.querySelector("dialog").open && document.querySelector("dialog img").naturalWidth > 0');
});

test('the gallery is read in Firefox without JavaScript', async (t) => {
  const page = await firefox(t, ['"javascript.enabled", false']);
  const { length } = await page.ask('WebDriver:FindElements', { using: 'css selector', value: 'main li' });
  assert.equal(length, 4);
});
