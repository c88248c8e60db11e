import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TemporaryProject } from '../temporary-project.ts';
import { barriers, browserPath, launch, patienceMs } from './chromium.ts';
import { type Served, serve } from './served.ts';

const screenshots = resolve(import.meta.dirname, '..', '..', '..', 'target', 'screenshots');

const files = {
  'project.yml': 'name: flats\n',
  'seeds/rooms.csv': 'room,floor\nKitchen,1\nAttic,3\n',
  'models/doubled.sql': `select\n    room,\n    floor * 2 as doubled\nfrom {{ref "rooms"}}\n`,
  'models/divided.sql': `select\n    room,\n    1 / (doubled - doubled) as share\nfrom {{ref "doubled"}}\n`,
  'models/kitchens.sql': 'select room from {{ref "rooms"}}\n',
  'models/after.sql': 'select share from {{ref "divided"}}\n',
  'models/models.yml': `models:
  - name: doubled
    description: Twice the floor. <img src=x onerror="document.title='broken'">
    config: { materialized: table }
    columns:
      - { name: room, description: "Its name", tests: [unique] }
      - { name: doubled, description: "Twice" }
  - name: kitchens
    columns: [{ name: room, tests: [{ accepted_values: { values: [Kitchen] } }] }]
  - { name: divided, config: { materialized: table } }
  - { name: after, config: { materialized: table } }
`,
};

describe.skipIf(browserPath === undefined)('the pages in a browser', () => {
  const project = new TemporaryProject(files);
  let served: Served;
  let browser: Browser;
  let page: Page;
  /** What went wrong in the page itself. */
  const faults: string[] = [];
  const open = async (hash: string) => {
    // A page of its own: what the one before shows is not to be taken for what is waited for.
    await page.goto('about:blank');
    await page.goto(`http://127.0.0.1:${served.server.listensOn}/#/${hash}`);
  };
  const seen = (text: string | RegExp) => page.getByText(text).first().waitFor();

  beforeAll(async () => {
    [served, browser] = await Promise.all([serve(project.root), launch()]);
    page = await browser.newPage({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
    page.setDefaultTimeout(patienceMs);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    mkdirSync(screenshots, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    project.dispose();
  });

  it('are let in by the printed address, and say that nothing is here yet', async () => {
    await page.goto(served.server.address);
    await seen('Nothing is here yet.');
    expect(page.url()).toBe(`http://127.0.0.1:${served.server.listensOn}/`);
    await seen('the embedded database in');
  });

  it('build by a button, and show live how it goes', async () => {
    await open('operate?job=build');
    await page.getByRole('button', { name: 'Build', exact: true }).click();
    await page.locator('.job-log .badge', { hasText: 'failed' }).waitFor();
    const log = () => page.locator('.job-log pre').first().innerText();
    await expect.poll(log).toMatch(/division by zero/);
    await expect.poll(log).toMatch(/at models\/divided\.sql:3/);
    expect(served.jobs.list()[0]?.command).toBe('datacycle build');
  });

  it('then tell what needs a person, and offer to do it again', async () => {
    await open('');
    await seen(/things need a person/);
    await page.getByRole('link', { name: 'divided' }).first().waitFor();
    await page.getByRole('button', { name: 'retry' }).waitFor();
    await page.getByLabel('Language').selectOption('fr');
    await page.getByRole('heading', { name: 'Que faire ensuite' }).waitFor();
    await seen(/\d points demandent une intervention/);
    await page.getByRole('button', { name: 'Réessayer' }).waitFor();
    await expect.poll(() => page.locator('main').getAttribute('lang')).toBe('fr');
    await open('operate');
    await seen('datacycle build --full-refresh');
    await expect.poll(() => page.locator('main').getAttribute('lang')).toBe('en');
    await page.getByLabel('Langue').selectOption('en');
  });

  it('show a failing test with its rows', async () => {
    await open('models');
    await page.getByText('1 of 1 fail').waitFor();
    await page.getByRole('link', { name: 'kitchens', exact: true }).click();
    await page.getByRole('link', { name: /^accepted_values/ }).click();
    await page.getByRole('button', { name: 'Show them' }).click();
    await page.getByRole('cell', { name: 'Attic' }).waitFor();
  });

  it('show an error at its line, and what was skipped because of it', async () => {
    await open('runs');
    await page.locator('.message', { hasText: 'division by zero' }).first().waitFor();
    await expect.poll(() => page.locator('.fault').innerText()).toMatch(/3\s+1 \/ \(doubled - doubled\) as share/);
    const after = page.locator('.bar-detail', { hasText: 'after' }).filter({ hasText: 'skipped' });
    await after.waitFor();
    await expect.poll(() => page.locator('.gantt rect.bar.bad').count()).toBeGreaterThanOrEqual(2);
  });

  it('draw the lineage, and light up what a selector names', async () => {
    await open('lineage');
    await page.locator('[data-id="model.after"]').waitFor();
    await page.getByRole('searchbox').fill('+doubled');
    await page.keyboard.press('Enter');
    await seen('2 of 5');
    const lit = () => page.evaluate("[...document.querySelectorAll('.node.lit')].map((node) => node.dataset.id)");
    await expect.poll(lit).toEqual(['seed.rooms', 'model.doubled']);
    await page.getByRole('searchbox').fill('no_such_model');
    await page.keyboard.press('Enter');
    await seen(/nothing matches the selector "no_such_model"/);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Colour by').selectOption('subject');
    await seen("nobody's rows");
    await expect.poll(() => page.locator('[data-id="model.doubled"] .note').textContent()).toBe('not said');
    await page.getByLabel('Colour by').selectOption('freshness');
    await seen('no limit is set');
    await page.getByLabel('tests').check();
    await page.locator('[data-id^="test.unique"]').waitFor();
  });

  it('light up the way of a column, up and down', async () => {
    await open('lineage');
    await page.locator('[data-id="model.divided"]').click();
    await page.getByRole('button', { name: 'share' }).click();
    await page.getByRole('link', { name: 'doubled.doubled' }).waitFor();
    await page.getByRole('link', { name: 'rooms.floor' }).waitFor();
    await page.getByRole('link', { name: 'after.share' }).waitFor();
    await expect.poll(() => page.locator('.edges path.lit').count()).toBe(3);
    await expect.poll(() => page.locator('[data-id="seed.rooms"] .note').textContent()).toBe('floor');
    await expect.poll(() => page.url()).toContain('column=share');
  });

  it('go along the edges by keys', async () => {
    await open('lineage');
    await page.locator('[data-id="seed.rooms"]').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.url()).toContain('node=model.doubled');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.url()).toContain('node=model.divided');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^divided/ }).waitFor();
  });

  it('ask by keys before what takes long, and take Escape for a no', async () => {
    await open('operate');
    await page.getByRole('button', { name: 'Full refresh' }).press('Enter');
    await page.getByRole('alertdialog').waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('No');
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(served.jobs.list()).toHaveLength(1);
  });

  it('tell all of a model', async () => {
    await open('node/model.doubled');
    await page.getByRole('heading', { name: /^doubled/ }).waitFor();
    await page.locator('.chart canvas').waitFor();
    await seen(/^2 rows, \d+\.\d KB$/);
    await page.getByRole('button', { name: 'Compiled', exact: true }).click();
    await expect.poll(() => page.locator('pre.sql').innerText()).toContain('from "seeds"."rooms"');
    await page.getByRole('button', { name: 'Show them' }).click();
    await page.getByRole('cell', { name: '6', exact: true }).waitFor();
    // What a description says is text.
    await seen(/<img src=x onerror=/);
    expect(await page.title()).not.toBe('broken');
  });

  it('follow the files of the project while they are served', async () => {
    project.write({ 'models/new_one.sql': 'select doubled from {{ref "doubled"}}\n' });
    const known = async () => (await served.site.compiled()).manifest.nodes.has('model.new_one');
    await expect.poll(known).toBe(true);
    await open('lineage');
    await page.locator('[data-id="model.new_one"]').waitFor();
    project.write({ 'models/new_one.sql': 'select doubled from {{ref "gone"}}\n' });
    await expect.poll(() => served.site.compiled().then(() => served.site.problem)).toContain('gone');
    await page.reload();
    await seen(/this is the graph of before/);
    project.remove('models/new_one.sql');
  });

  const pages = [
    '',
    'lineage?node=model.divided&column=share',
    'models',
    'node/model.doubled',
    'runs',
    'sources',
    'operate',
  ];
  const looks = [
    { width: 1280, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
  ] as const;
  it.each(looks)('have no barriers at $width pixels, $colorScheme', async ({ width, colorScheme }) => {
    const { cookie } = served;
    const [name = '', value = ''] = cookie.split('=');
    const context = await browser.newContext({
      viewport: { width, height: 860 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    await context.addCookies([{ name, value, domain: '127.0.0.1', path: '/' }]);
    const own = await context.newPage();
    own.setDefaultTimeout(patienceMs);
    const found: string[] = [];
    for (const hash of pages) {
      await own.goto('about:blank');
      await own.goto(`http://127.0.0.1:${served.server.listensOn}/#/${hash}`);
      await own.locator('main h1, main h2').first().waitFor();
      await expect.poll(() => own.locator('.loading').count()).toBe(0);
      for (const fault of await barriers(own)) found.push(`${hash}: ${fault}`);
      const isTooWide = await own.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      );
      if (isTooWide) found.push(`${hash}: wider than ${width} pixels`);
      await own.screenshot({ path: join(screenshots, `${hash.replace(/\W.*/, '') || 'overview'}-${width}.png`) });
    }
    await context.close();
    expect(found).toEqual([]);
  });

  it('have met no error, and nothing that their policy forbids', () => {
    expect(faults).toEqual([]);
  });
});
