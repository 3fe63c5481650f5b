// What every driver does around its library: it reads from standard input what
// it is asked for, opens and warms its browser, waits for the word, takes the
// pages and says how long each took. It ends when its input does.
import { createInterface } from 'node:readline';

/**
 * Drives one peer. open(task) gives an object whose take(pages) takes a picture
 * of every page, and whose close() ends the browser.
 */
export async function turn(open) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const task = JSON.parse((await lines.next()).value);
  const peer = await open(task);
  try {
    await peer.take(task.warm);
    say({ ready: true });
    await lines.next();
    say({ pages: await peer.take(task.pages) });
    await lines.next();
  } finally {
    await peer.close();
  }
}

function say(answer) {
  process.stdout.write(JSON.stringify(answer) + '\n');
}

/** Takes one page: shoot(page) leaves the picture in page.file. */
export async function timed(page, shoot) {
  const began = performance.now();
  let error = '';
  try {
    await shoot(page);
  } catch (problem) {
    error = String(problem?.message ?? problem);
  }
  return { ms: performance.now() - began, error };
}

/** Has each of the shooters take the next page that is left, until none is. */
export async function spread(pages, shooters) {
  const answers = new Array(pages.length);
  let next = 0;
  await Promise.all(shooters.map(async (shoot) => {
    while (next < pages.length) {
      const place = next++;
      answers[place] = await timed(pages[place], shoot);
    }
  }));
  return answers;
}
