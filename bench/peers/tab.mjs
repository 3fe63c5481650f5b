// What the two drivers of puppeteer-core share.

export function launchOptions(task) {
  return {
    executablePath: task.browser,
    headless: 'shell',
    pipe: true,
    args: task.flags,
    defaultViewport: { width: task.width, height: task.height },
  };
}

export async function shootIn(tab, page, task) {
  await tab.goto(page.url, { waitUntil: 'load', timeout: task.timeout });
  await tab.screenshot({ path: page.file, type: 'png', fullPage: task.full, optimizeForSpeed: task.fast });
}
