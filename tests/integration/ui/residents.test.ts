import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Explorable, type Explored, measures, type PresenceMap } from '../../../ui/data/explore.ts';
import { openWarehouse } from '../../../warehouse/open.ts';
import { databases } from '../databases.ts';
import { barriers, browserPath, launch, patienceMs } from './chromium.ts';
import { Flats } from './flats.ts';

const start = Date.UTC(2024, 0, 1) / 1000;
const short = `from=${start}&to=${start + 86_400}`;
const long = `from=${start}&to=${start + 30 * 86_400}`;

/** What the pages ask for, but not for residents. */
const shut = [
  '/api/overview',
  '/api/graph',
  '/api/select?selector=room_hour',
  '/api/columns',
  '/api/states',
  '/api/node?id=model.room_hour',
  '/api/history?id=model.room_hour',
  '/api/rows?id=model.room_hour',
  '/api/rows?id=model.fact_energy_minute&limit=500',
  '/api/runs',
  '/api/run?id=1',
  '/api/sources',
  '/api/rejected?source=sensors&name=x',
  '/api/gaps',
  '/api/improbable',
  '/api/settings',
  '/api/jobs',
  '/api/jobs/stream',
  '/api/jobs/start',
  '/api/nothing',
  '/nothing',
];

/** The same by other spellings, which a router might take for an address. */
const disguised = [
  '/api/%72ows?id=model.room_hour',
  '/api/rows/?id=model.room_hour',
  '/API/rows?id=model.room_hour',
  '/api//rows?id=model.room_hour',
  '/api/explore/../rows?id=model.room_hour',
  '/api/explore/%2e%2e/rows?id=model.room_hour',
  '/api/rows;x?id=model.room_hour',
  '/api/rows#?/api/explore',
  '/api/jobs?/api/explore',
];

describe.each(databases)("a resident's link, on $name", (kind) => {
  let flats: Flats;
  let cookie: string;
  let pageKey: string;
  beforeAll(async () => {
    flats = new Flats(kind);
    await flats.start();
    ({ cookie, pageKey } = await flats.enter('jimmy'));
  });
  afterAll(() => flats?.close());

  const explore = async (apartment: number | string, measure: string, range: string, as = cookie) => {
    const got = await flats.ask(`/api/explore?apartment=${apartment}&measure=${measure}&${range}`, as);
    return { status: got.status, text: got.body, answer: JSON.parse(got.body) as Explored };
  };

  it('shows its own flat by the hour and by the minute', async () => {
    const { body } = await flats.ask('/api/explorable', cookie);
    expect((JSON.parse(body) as Explorable).apartments).toEqual([
      { key: 1, name: 'Jimmy', from: start, to: start + 200 * 3600 },
    ]);
    for (const { name } of measures.filter((one) => one.name !== 'predictions')) {
      const { answer } = await explore(1, name, long);
      expect([name, answer.step, answer.times.length]).toEqual([name, 'hour', 200]);
      expect(answer.series.map(({ title, values }) => [title, values[0]])).toEqual([['Own room', 1000]]);
      const near = (await explore(1, name, short)).answer;
      expect([name, near.step, near.times.length]).toEqual([name, 'minute', 100]);
    }
    expect((await explore(1, 'predictions', long)).answer.series).toHaveLength(2);
    const { days } = JSON.parse((await flats.ask('/api/presence?apartment=1', cookie)).body) as PresenceMap;
    expect(days).toHaveLength(9);
  });

  it('shows no row of another flat, whatever is asked', async () => {
    for (const { name } of measures)
      for (const range of [short, long]) {
        const { status, answer } = await explore(2, name, range);
        expect([name, status, answer.times, answer.series]).toEqual([name, 200, [], []]);
      }
    const presence = await flats.ask('/api/presence?apartment=2', cookie);
    expect(JSON.parse(presence.body)).toEqual({ days: [] });
    for (const apartment of ['2 or true', '1,2', '1)or(true', '%', 'null', '2%00', "1'--", '1&apartment=2']) {
      const given = apartment.includes('&') ? apartment : encodeURIComponent(apartment).replaceAll('%2500', '%00');
      for (const path of [
        `/api/explore?apartment=${given}&measure=power&${short}`,
        `/api/presence?apartment=${given}`,
      ]) {
        const { status, body } = await flats.ask(path, cookie);
        expect([path, status === 200 ? body : status]).toEqual([path, expect.toBeOneOf([400, 422, '{"days":[]}'])]);
        expect(body).not.toMatch(/Strange|Jeremie|\b2\d{3}\b(?!-)/);
      }
    }
  });

  it.each([...shut, ...disguised])('shows nothing else: %s', async (path) => {
    const { status, body } = await flats.ask(path, cookie);
    expect([path, status]).toEqual([path, expect.toBeOneOf([400, 403, 404])]);
    expect(body).not.toMatch(/Strange|Jeremie|room_hour|2000/);
  });

  it('starts and stops nothing, with whatever key', async () => {
    const before = flats.served.jobs.list().length;
    for (const key of [pageKey, flats.served.pageKey])
      for (const path of ['/api/jobs/start', '/api/jobs/cancel', '/api/explore', '/']) {
        const origin = `http://127.0.0.1:${flats.served.server.listensOn}`;
        const headers = { origin, 'x-datacycle-page': key, 'content-type': 'application/json' };
        const body = JSON.stringify({ name: 'lint', given: {} });
        expect((await flats.ask(path, cookie, { method: 'POST', headers, body })).status).toBe(403);
      }
    // Nor does the key of a resident's page help whoever has the owner's cookie.
    const own = { 'x-datacycle-page': pageKey, 'content-type': 'application/json' };
    const headers = { ...own, origin: `http://127.0.0.1:${flats.served.server.listensOn}` };
    const body = JSON.stringify({ name: 'lint', given: {} });
    const got = await flats.ask('/api/jobs/start', flats.served.cookie, { method: 'POST', headers, body });
    expect(got.status).toBe(403);
    expect(flats.served.jobs.list()).toHaveLength(before);
  });

  it('says of the project its name alone', async () => {
    const about = JSON.parse((await flats.ask('/api/about', cookie)).body) as object;
    expect(about).toEqual({ project: 'flats', target: '', database: '', isEmbedded: false, version: '', sources: [] });
    const page = (await flats.ask('/', cookie)).body;
    expect(page).toContain(`<meta name="datacycle-resident" content="${flats.served.server.residents[0]?.name}">`);
    expect((await flats.ask('/', flats.served.cookie)).body).not.toContain('datacycle-resident');
  });

  it('is one of several, each with rows of its own, while whoever runs the pages sees all', async () => {
    const other = await flats.enter('jeremie');
    expect(other.cookie).not.toBe(cookie);
    // At the same time: on the embedded database they share one connection.
    const asked = await Promise.all(
      [cookie, other.cookie, flats.served.cookie, cookie].map((as) => flats.ask('/api/explorable', as)),
    );
    const names = asked.map(({ body }) => (JSON.parse(body) as Explorable).apartments.map(({ name }) => name));
    expect(names).toEqual([['Jimmy'], ['Jeremie'], ['Jeremie', 'Jimmy'], ['Jimmy']]);
    expect((await explore(2, 'power', long, other.cookie)).answer.series[0]?.values[0]).toBe(2000);
    expect((await explore(1, 'power', long, other.cookie)).answer.series).toEqual([]);
    const rows = await flats.ask('/api/rows?id=model.dim_room', flats.served.cookie);
    expect(rows.body).toContain('Strange room');
  });

  it.skipIf(browserPath === undefined || kind !== databases[0])(
    'is one page, in the language of the browser',
    async () => {
      const browser = await launch();
      const context = await browser.newContext({ locale: 'fr-CH', viewport: { width: 390, height: 860 } });
      const page = await context.newPage();
      page.setDefaultTimeout(patienceMs);
      const asked: string[] = [];
      page.on('response', (response) => asked.push(`${response.status()} ${new URL(response.url()).pathname}`));
      await page.goto(flats.served.server.residents[0]?.address ?? '');
      await page.getByRole('heading', { name: 'Explorer' }).waitFor();
      await page.locator('.chart canvas').waitFor();
      await page.getByText('Par heure en °C, 168 points en UTC.').waitFor();
      expect(await page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual(['Explorer']);
      expect(await page.getByLabel('Appartement').locator('option').allInnerTexts()).toEqual(['Jimmy']);
      await page.getByLabel('Mesure').selectOption('predictions');
      await page.getByRole('button', { name: 'Tout', exact: true }).click();
      // A forecast, broken, beside what came true.
      const lines = () => page.locator('.u-legend .u-label').allInnerTexts();
      await expect.poll(lines).toEqual(['Heure', 'Own room, presence', 'Own room, presence, prédit']);
      // Other addresses show the same, and ask for nothing more.
      await page.goto(`http://127.0.0.1:${flats.served.server.listensOn}/#/operate`);
      await page.getByLabel('Langue').selectOption('pt');
      await page.getByRole('heading', { name: 'Explorar' }).waitFor();
      await page.locator('.chart canvas').waitFor();
      expect(await barriers(page)).toEqual([]);
      const questions = () => [...new Set(asked.filter((one) => one.includes('/api/')))].sort();
      await expect
        .poll(questions)
        .toEqual(['200 /api/about', '200 /api/explorable', '200 /api/explore', '200 /api/presence']);
      await browser.close();
    },
  );

  it.skipIf(kind !== databases.at(-1))('shows a renter the climate of his rooms, and no more', async () => {
    const settings = join(flats.project.root, 'project.yml');
    const before = readFileSync(settings, 'utf8');
    flats.project.write({ 'project.yml': before.replace('vars:', `vars:\n  renter: ${flats.role('jimmy')}`) });
    await flats.build();
    const { body } = await flats.ask('/api/explorable', cookie);
    expect((JSON.parse(body) as Explorable).apartments).toEqual([
      { key: 1, name: 'Jimmy', from: start, to: start + 100 * 60 },
    ]);
    const hours = (await explore(1, 'temperature', long)).answer;
    expect([hours.step, hours.times]).toEqual(['hour', [start, start + 3600]]);
    expect(hours.series.map(({ title, values }) => [title, values])).toEqual([['Own room', [1029.5, 1079.5]]]);
    expect((await explore(1, 'windows', long)).answer.series[0]?.values).toEqual([60, 40]);
    for (const measure of ['power', 'presence', 'predictions'])
      for (const range of [short, long]) expect((await explore(1, measure, range)).answer.series).toEqual([]);
    expect((await explore(2, 'temperature', short)).answer.series).toEqual([]);
    flats.project.write({ 'project.yml': before });
    await flats.build();
    expect((await explore(1, 'power', long)).answer.series).toHaveLength(1);
  });

  it('shows what the database says, and not what the program filters', async () => {
    await flats.sql(`grant ${flats.role('jeremie')} to ${flats.role('jimmy')}`);
    expect((await explore(2, 'power', long)).answer.series[0]?.values[0]).toBe(2000);
    await flats.sql(`revoke ${flats.role('jeremie')} from ${flats.role('jimmy')}`);
    expect((await explore(2, 'power', long)).answer.series).toEqual([]);
    expect(existsSync(join(flats.project.root, '.datacycle', 'ui-audit.jsonl'))).toBe(true);
  });

  it.skipIf(kind !== databases[0])('reads with the same rights through a process that holds the database', async () => {
    const { body: overview } = await flats.ask('/api/explorable', flats.served.cookie);
    await flats.stop();
    const folder = join(flats.project.root, '.datacycle', 'db');
    const holder = await openWarehouse({ url: undefined, folder, purpose: 'watch', concurrency: 1 });
    await flats.serve();
    ({ cookie } = await flats.enter('jimmy'));
    const { apartments } = JSON.parse((await flats.ask('/api/explorable', cookie)).body) as Explorable;
    expect(apartments.map(({ name }) => name)).toEqual(['Jimmy']);
    for (const { name } of measures) expect((await explore(2, name, short)).answer.series).toEqual([]);
    const asked = (path: string) => flats.ask(path, flats.served.cookie);
    expect((await asked('/api/explorable')).body).toBe(overview);
    expect((await asked('/api/about')).body).toMatch(/read through datacycle watch pid \d+/);
    expect((await asked('/api/overview')).status).toBe(200);
    // When that process has ended the pages have the database themselves.
    await holder.close();
    await expect.poll(async () => (await asked('/api/explorable')).body).toBe(overview);
    expect((await asked('/api/about')).body).not.toMatch(/read through/);
    await flats.build();
  });
});
