import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleFiles } from '../../../cli/demo/sample-files.ts';
import { ProjectCopy } from '../cli/command.ts';
import { expectFigures, figures } from '../main-job/figures.ts';
import { expectedOf, readingsOf } from '../main-job/oracle.ts';
import { barriers, browserPath, launch, patienceMs } from './chromium.ts';
import { type Served, serve } from './served.ts';

const screenshots = resolve(import.meta.dirname, '..', '..', '..', 'target', 'screenshots');

describe.skipIf(browserPath === undefined)('from nothing by the demo to a chart', () => {
  let project: ProjectCopy;
  let served: Served;
  let browser: Browser;
  beforeAll(async () => {
    project = new ProjectCopy();
    [served, browser] = await Promise.all([serve(project.root), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    project?.dispose();
  });

  it('takes one button, and every figure of the day equals what plain loops work out', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
    page.setDefaultTimeout(patienceMs);
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.goto(served.server.address);
    await page.getByRole('button', { name: 'demo' }).click();
    await page.getByRole('status').filter({ hasText: 'running' }).waitFor();
    // How a page shows it live is another test's; drawing it takes as long as the demo.
    await page.goto('about:blank');
    await expect.poll(() => served.jobs.list()[0]?.state, { timeout: 400_000, interval: 500 }).toBe('done');
    const warehouse = await served.site.warehouse();
    const good = [...sampleFiles()].filter(({ rejected }) => !rejected);
    expectFigures(
      await figures(async (sql) => (await warehouse.query(sql)).rows),
      expectedOf(readingsOf(good.map(({ name, content }) => ({ name, content: content.toString('utf8') })))),
    );
    const open = (hash: string) => page.goto(`http://127.0.0.1:${served.server.listensOn}/#/${hash}`);

    await open('explore');
    await page.locator('.chart canvas').waitFor();
    await page.getByText(/By the minute in °C, 14\d\d points/).waitFor();
    await expect.poll(() => page.locator('.scroll .heat').count()).toBe(48);
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    const [head, first] = readFileSync(await saved.path(), 'utf8').split('\n');
    expect(head).toBe('time_utc,"Bathroom","Bedroom","Kitchen","Laundry","Living Room","Office","Outdoor"');
    expect(first).toMatch(/^2023-10-12T00:00:00\.000Z,\d+\.?\d*,/);
    for (const measure of ['power', 'humidity', 'co2', 'noise', 'presence', 'windows']) {
      await page.getByLabel('What').selectOption(measure);
      await page.locator('.chart canvas').waitFor();
    }
    await page.getByRole('button', { name: 'Earlier' }).click();
    await page.getByText('Nothing was measured then.').waitFor();
    await page.getByRole('button', { name: 'All' }).click();
    await page.locator('.chart canvas').waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.screenshot({ path: join(screenshots, 'explore-1280.png') });
    await page.setViewportSize({ width: 390, height: 860 });
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.screenshot({ path: join(screenshots, 'explore-390.png') });
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.getByLabel('Language').selectOption('ro');
    await page.getByRole('heading', { name: 'Prezență pe zi și oră' }).waitFor();
    await page.getByText(/Pe minut .*puncte în UTC/).waitFor();
    await expect.poll(() => page.evaluate('document.documentElement.lang')).toBe('ro');
    await page.getByLabel('Limbă').selectOption('en');

    await open('sources');
    await page.getByRole('button', { name: '12.10.2023 0342_JeremieVianin_received.json' }).click();
    await page.getByText('not valid JSON').first().waitFor();
    const shown = await page.getByLabel('Its beginning').innerText();
    expect(shown).toContain('"user": "JeremieVianin"');
    expect(shown).toContain('"api_token": "***"');
    expect(shown).not.toContain('demo-token');
    await page.getByRole('button', { name: 'Replay it from Bronze' }).click();
    await page
      .getByText(/It was judged again, and is rejected as before\. sensors: 0 files landed, 1 rejected/)
      .waitFor();
    await expect.poll(() => page.locator('.gap-0').count()).toBeGreaterThan(10);
    await open('lineage?select=%2Bfact_energy_minute');
    await page.locator('[data-id="model.fact_energy_minute"].lit').waitFor();
    await page.screenshot({ path: join(screenshots, 'lineage-1280.png') });
    expect(faults).toEqual([]);
    await page.close();
    // The demo takes as long as the machine has other work.
  }, 600_000);
});
