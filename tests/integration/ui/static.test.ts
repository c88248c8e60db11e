import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepare } from '../../../bin/setup.mjs';
import { writePages } from '../../../cli/docs/page-files.ts';
import { serveDocs } from '../../../cli/docs/serve.ts';
import { Terminal } from '../../../cli/terminal/terminal.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { barriers, browserPath, launch, patienceMs } from './chromium.ts';
import { send } from './served.ts';

const secret = 'hunter22hunter22';
const files = {
  'seeds/rooms.csv': 'room,floor\nKitchen,1\n',
  'models/doubled.sql': `select room, floor * 2 as doubled, '{{env "DB_NAME" "</script><script>document.title=1</script>"}}' as told from {{ref "rooms"}}\n`,
  'models/place.sql': `select '{{env "PLACE" ""}}' as told\n`,
  'models/models.yml': 'models: [{ name: doubled, description: "Twice </script> the <!-- floor" }]\n',
};

describe('pages that are files', () => {
  const project = new TemporaryProject(files);
  let browser: Browser | undefined;
  beforeAll(async () => {
    await prepare();
    if (browserPath !== undefined) browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    project.dispose();
  });

  it.skipIf(browserPath === undefined).each([false, true])(
    'show lineage and models; in one file: %s',
    async (isSingleFile) => {
      await writePages(project.compile({ DB_URL: `postgres://me:${secret}@host/db`, PLACE: secret }), isSingleFile);
      const page = await (browser as Browser).newPage();
      page.setDefaultTimeout(patienceMs);
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('request', (request) => {
        if (!/^(?:file|data):/.test(request.url())) faults.push(request.url());
      });
      await page.goto(pathToFileURL(join(project.root, 'target', 'docs', 'index.html')).href);
      await page.locator('[data-id="model.doubled"]').click();
      await page.getByRole('button', { name: 'doubled', exact: true }).click();
      await page.getByRole('link', { name: 'rooms.floor' }).waitFor();
      await page.getByRole('link', { name: 'Everything about it' }).click();
      await page.getByText('Twice </script> the <!-- floor').first().waitFor();
      await page.getByRole('link', { name: 'Models' }).click();
      // The page before has links of these names, too: its title says which one is there.
      await expect.poll(() => page.title()).toBe('Models · test');
      await page.getByRole('link', { name: 'rooms' }).waitFor();
      expect(await page.getByRole('link', { name: 'Operate' }).count()).toBe(0);
      expect(await barriers(page)).toEqual([]);
      expect(await page.content()).not.toContain(secret);
      expect(faults).toEqual([]);
      await page.close();
    },
  );

  it('are served whole, and nothing else', async () => {
    const compiled = project.compile();
    await writePages(compiled, false);
    const said: string[] = [];
    const terminal = Object.assign(new Terminal(true), { event: (event: object) => said.push(JSON.stringify(event)) });
    const stop = new AbortController();
    const serving = serveDocs(compiled.project, 0, terminal, stop.signal);
    await expect.poll(() => said.length).toBe(1);
    const port = Number(new URL((JSON.parse(said[0] ?? '') as { address: string }).address).port);
    const status = async (path: string, headers = {}) => (await send(port, { path, headers })).status;
    expect(await status('/')).toBe(200);
    expect(await status('/app.js')).toBe(200);
    expect(await status('/../manifest.json')).toBe(404);
    expect(await status('/', { host: 'evil.example' })).toBe(421);
    expect((await send(port, { method: 'POST' })).status).toBe(405);
    stop.abort();
    expect(await serving).toBe(0);
  });
});
