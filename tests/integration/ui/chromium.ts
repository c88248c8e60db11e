import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Where browsers of that kind are installed; `CHROMIUM` names another one. */
const places = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** The browser that the tests use; undefined if there is none, which is an error where CI is set. */
export const browserPath = places.find((path) => path !== undefined && path !== '' && existsSync(path));
if (browserPath === undefined) {
  const text =
    'No Chromium is installed: the pages are not tested in a browser (apt-get install chromium, or set CHROMIUM).';
  if (process.env.CI) throw new Error(text);
  process.stderr.write(`${text}\n`);
}

/** How long a page may take for a step, in milliseconds: the machine may have much else to do. */
export const patienceMs = 90_000;

export function launch(): Promise<Browser> {
  // The pages come from this process; as root there is no sandbox.
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  return chromium.launch({ executablePath: browserPath ?? '', args, timeout: patienceMs });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds of WCAG 2.2 A and AA in a page, one line a fault. */
export async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  )) as { violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[] };
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 160)} ${failureSummary}`),
  );
}
