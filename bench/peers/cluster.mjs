// puppeteer-cluster. `node cluster.mjs page` opens a tab for each page, `node
// cluster.mjs context` a context.
import puppeteer from 'puppeteer';
import { Cluster } from 'puppeteer-cluster';
import { launchOptions, shootIn } from './tab.mjs';
import { timed, turn } from './turn.mjs';

const models = { page: Cluster.CONCURRENCY_PAGE, context: Cluster.CONCURRENCY_CONTEXT };

await turn(async (task) => {
  const cluster = await Cluster.launch({
    puppeteer,
    concurrency: models[process.argv[2]],
    maxConcurrency: task.tabs,
    timeout: task.timeout,
    puppeteerOptions: launchOptions(task),
  });
  const shoot = ({ page: tab, data }) => timed(data, () => shootIn(tab, data, task));
  return {
    take: (pages) => Promise.all(pages.map((page) => cluster.execute(page, shoot))),
    close: () => cluster.close(),
  };
});
