import { mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LoadFailedError } from '../../../loaders/landing/errors.ts';
import { type Listed, type Ssh2Habits, startSsh2Server } from '../../servers/ssh2-server.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { forecastFile, WeatherShare } from './weather-share.ts';

describe('what is in the folder of a server', () => {
  let db: TestDatabase;
  const cleanUp: (() => unknown)[] = [];

  beforeAll(async () => {
    db = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
  });
  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
    await db.warehouse.query('drop schema if exists staging cascade');
  });
  afterAll(() => db.drop());

  /** A file, a link to it from outside, a folder and a link to a folder. */
  const shareOf = async (habits: Ssh2Habits) => {
    const server = await startSsh2Server(undefined, habits);
    cleanUp.push(() => server.stop());
    const share = new WeatherShare(server);
    cleanUp.push(() => share.dispose());
    share.put('Pred_2023-10-01.csv', forecastFile('2023-10-01'));
    share.put('outside', forecastFile('2023-10-02'));
    mkdirSync(join(share.folder, 'Pred_2023-10-03.csv'));
    symlinkSync('outside', join(share.folder, 'Pred_2023-10-02.csv'));
    symlinkSync('Pred_2023-10-03.csv', join(share.folder, 'Pred_2023-10-04.csv'));
    return share;
  };

  const long = (longname: (entry: Listed) => string) => (entry: Listed) => ({ ...entry, longname: longname(entry) });
  const permissionsOnly = ({ mode, ...attrs }: Listed['attrs']) => ({ ...attrs, mode: Number(mode) & 0o7777 });

  it.each<[string, Ssh2Habits]>([
    ['with the bare name for people', { listed: long(({ filename }) => filename) }],
    ['with a DOS listing', { listed: long(({ filename }) => `01-05-23  06:00AM   150000 ${filename}`) }],
    ['with nothing for people', { listed: long(() => '') }],
    ['with folders that look like files', { listed: long(({ longname }) => `-${longname.slice(1)}`) }],
    ['without attributes', { listed: (entry) => ({ ...entry, longname: '', attrs: {} }) }],
    ['with permissions that lack the type', { listed: (entry) => ({ ...entry, attrs: permissionsOnly(entry.attrs) }) }],
    ['without sizes', { listed: ({ attrs: { size: _, ...attrs }, ...entry }) => ({ ...entry, attrs }) }],
  ])('a list %s', async (_, habits) => {
    const share = await shareOf(habits);
    expect(await share.load(db.warehouse)).toMatchObject({
      landed: 2,
      skipped: { count: 2, first: [{ reason: 'it is no regular file' }, { reason: 'it is no regular file' }] },
      unread: { count: 0 },
    });
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 0, loads: [] });
  });

  it('a server that gives nothing but names and contents', async () => {
    const share = await shareOf({ listed: (entry) => ({ ...entry, attrs: {} }), told: () => ({}) });
    const { landed, unread } = await share.load(db.warehouse);
    expect(landed).toBe(2);
    expect(unread?.first.map(({ name }) => name)).toEqual(['Pred_2023-10-03.csv', 'Pred_2023-10-04.csv']);
    const { rows } = await db.warehouse.query('select sum(lines)::int as lines from staging.weather_chunk');
    expect(rows).toEqual([{ lines: 960 }]);
  });

  it('judges a rejected file again when its time has changed: its space may be there before its content', async () => {
    const server = await startSsh2Server();
    cleanUp.push(() => server.stop());
    const share = new WeatherShare(server);
    cleanUp.push(() => share.dispose());
    const whole = forecastFile('2023-10-02');
    const write = (content: string | Buffer, second: number) => {
      share.put('Pred_2023-10-02.csv', content);
      utimesSync(join(share.folder, 'Pred_2023-10-02.csv'), second, second);
    };
    write(Buffer.alloc(Buffer.byteLength(whole)), 1_696_200_000);
    expect(await share.load(db.warehouse)).toMatchObject({ rejected: { count: 1 } });
    write(Buffer.alloc(Buffer.byteLength(whole)), 1_696_200_060);
    expect(await share.load(db.warehouse)).toMatchObject({ rejected: { count: 1 } });
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 0, rejected: { count: 0 } });
    write(whole, 1_696_200_120);
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 1, rejected: { count: 0 } });
  });

  it('a load that can read no new file of any is no success; one of several is reported', async () => {
    const share = await shareOf({});
    await share.load(db.warehouse);
    symlinkSync('nowhere', join(share.folder, 'Pred_2023-10-05.csv'));
    const error = await share.load(db.warehouse).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(LoadFailedError);
    expect(String(error)).toMatch(/no new forecast could be read \(1 file\): Pred_2023-10-05\.csv: it is a link/);
    share.put('Pred_2023-10-06.csv', forecastFile('2023-10-06'));
    expect(await share.load(db.warehouse)).toMatchObject({
      landed: 1,
      unread: { count: 1, first: [{ name: 'Pred_2023-10-05.csv', reason: 'it is a link that leads to no file' }] },
    });
  });
});
