import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadOptions } from '../../../../loaders/landing/summary.ts';
import { loadRegistry } from '../../../../loaders/registry/load-registry.ts';
import { loadWeather } from '../../../../loaders/weather/load-weather.ts';
import { pidbStatements } from '../../../fixtures/pidb.ts';
import { CuttingProxy } from '../../../servers/cutting-proxy.ts';
import { type MariadbServer, startMariadb } from '../../../servers/mariadb.ts';
import type { SftpServer } from '../../../servers/sftp.ts';
import { startSftp } from '../../../servers/sftp-server.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { SensorShare } from '../../loaders/sensor-share.ts';
import { forecastFile, WeatherShare } from '../../loaders/weather-share.ts';
import { rounds } from '../../rounds.ts';
import { type Said, SmallWatch } from './small-project.ts';
import { eventually } from './watch-process.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.stop());

/** After how long a server counts as silent, in ms: a minute in the long form, as in an installation. */
const silentMs = rounds({ gate: 1000, long: 60_000 });
/** How long packets are dropped, in ms: five minutes, which in the gate take 5 s, in the long form also 10 s and half an hour. */
const outages = [300, 10, 1800].map((seconds) => (seconds / 60) * silentMs).slice(0, rounds({ gate: 1, long: 3 }));
/** Between two checks. */
const intervalMs = rounds({ gate: 50, long: 2000 });

describe.skipIf(mariadb === undefined).each(oneDatabase)(
  'a network that drops packets to a source, on $name',
  (kind) => {
    const registryServer = mariadb as MariadbServer;
    let database: TestDatabase;
    let sftp: SftpServer;
    let share: WeatherShare;
    let sensors: SensorShare;
    let small: SmallWatch;
    let proxies: Readonly<Record<'weather' | 'registry', CuttingProxy>>;
    const said: Said[] = [];

    beforeAll(async () => {
      database = await kind.open();
      sftp = await startSftp();
      share = new WeatherShare(sftp);
      sensors = await SensorShare.create();
      await registryServer.reset();
      await registryServer.run(pidbStatements());
      proxies = { weather: await CuttingProxy.to(sftp.port), registry: await CuttingProxy.to(registryServer.port) };
      const { weather, registry } = proxies;
      const url = registryServer.url.replace(`:${registryServer.port}/`, `:${registry.port}/`);
      const timeouts = { connectMs: silentMs, silentMs };
      small = new SmallWatch({
        warehouse: database.warehouse,
        folder: sensors.folder,
        now: new Date(2023, 7, 24, 12),
        weather: (warehouse, _project, options) =>
          loadWeather(
            warehouse,
            {
              sftp: share.address({ port: weather.port, silentMs }),
              bronzeRoot: share.bronze,
              attempts: 1,
              retryDelay: 0,
            },
            options,
          ),
        registry: async (options: LoadOptions) =>
          (
            await loadRegistry(
              database.warehouse,
              { url, bronzeRoot: join(share.root, 'registry') },
              { ...options, attempts: 1, timeouts, retryDelayMs: 1 },
            )
          ).landed,
      });
    });
    afterAll(async () => {
      small?.dispose();
      for (const proxy of Object.values(proxies ?? {})) await proxy.stop();
      share?.dispose();
      await sensors?.remove();
      await sftp?.stop();
      await database?.drop();
    });

    /** A check, without waiting for what it sets off. */
    const tick = async () => {
      await small.watcher.tick(new AbortController().signal, async () => true);
      said.push(...small.said());
      await sleep(intervalMs);
    };
    const landed = (source: string) => said.filter((one) => one.event === 'landed' && one.source === source).length;
    let day = 24;

    it.each(
      outages.flatMap((outage) => (['at once', 'in the middle'] as const).map((when) => [outage, when] as const)),
    )(
      'for %d ms, %s: each reason once and one end of it for each source, and each file once',
      async (outage, when) => {
        said.length = 0;
        day += 1;
        const name = `Pred_2023-08-${day}.csv`;
        share.put(name, forecastFile(`2023-08-${day}`, 400));
        small.now = new Date(2023, 7, day, 12);
        for (const [source, proxy] of Object.entries(proxies)) {
          // In the middle: what the server has said so far of the listing or of the tables is all that comes.
          if (when === 'in the middle') proxy.stallAfter = source === 'weather' ? 6000 : 2000;
          else proxy.silent = true;
        }
        const begun = performance.now();
        if (when === 'in the middle') {
          const stalled = Promise.all(Object.values(proxies).map((proxy) => proxy.stalled()));
          let isStalled = false;
          void stalled.then(() => {
            isStalled = true;
          });
          while (!isStalled) await tick();
          for (const proxy of Object.values(proxies)) proxy.silent = true;
        }
        while (performance.now() - begun < outage) await tick();
        expect([landed('weather'), landed('registry')]).toEqual([0, 0]);
        for (const proxy of Object.values(proxies)) {
          proxy.stallAfter = undefined;
          proxy.silent = false;
        }
        const back = performance.now();
        await eventually(
          async () => {
            await tick();
            return landed('weather') > 0 && landed('registry') > 0;
          },
          'both sources landed',
          () => JSON.stringify(said),
          silentMs + 90_000,
        );
        // A try that waits ends when the server has been silent for so long; the next one lands.
        expect(performance.now() - back).toBeLessThan(silentMs + 45_000);
        await small.watcher.settled();
        said.push(...small.said());
        for (const source of ['weather', 'registry']) {
          const told = said.filter(({ event }) => event.startsWith(`${source} `));
          // A line more where the reason changes: an answer is missing, nothing connects, the server has given up a login meanwhile.
          const reasons = told.filter(({ event }) => event.endsWith('failed')).map(({ text }) => text);
          expect(new Set(reasons).size).toBe(reasons.length);
          expect(reasons.length).toBeLessThanOrEqual(3);
          for (const text of reasons)
            expect(text).toMatch(
              /has not answered for [\d.]+ s|does not answer: is a firewall in between|the connection was lost/,
            );
          if (outage > 2 * silentMs) expect(reasons).not.toEqual([]);
          const ends = told.filter(({ event }) => event.endsWith('recovered'));
          expect(ends).toHaveLength(Math.min(1, reasons.length));
          if (ends.length > 0) expect(told.at(-1)).toBe(ends[0]);
          expect(landed(source)).toBe(1);
        }
        const { rows } = await database.warehouse.query(
          'select status, count(*)::int as n from staging.file where name = $1 group by 1',
          [name],
        );
        expect(rows).toEqual([{ status: 'landed', n: 1 }]);
      },
      outages.reduce((sum, one) => sum + one, 0) * 2 + 240_000,
    );
  },
);
