import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../cli/demo/household/random.ts';
import { loadWeather } from '../../../loaders/weather/load-weather.ts';
import { oneDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { codes, hour, withHome } from './weather-lines.ts';

/** What is to become of a damaged file; `either` where only its bytes tell. */
type Verdict = 'landed' | 'rejected' | 'either';
type Damage = readonly [verdict: Verdict, change: (content: Buffer, pick: (below: number) => number) => Buffer];

const head = 'Time,Value,Prediction,Site,Measurement,Unit';

/** A file of a site and two days, with leads or with numbers of runs. */
function forecast(withLeads: boolean): string {
  const lines = Array.from({ length: 20 }, (_, at) =>
    Object.values(codes).map((code) => {
      const prediction = String(withLeads ? (at % 3) + 3 * (at % 2) : (at % 2) * 12).padStart(2, '0');
      return `${hour('10-02', at)},${at + code.length / 10},${prediction},${at % 5 === 0 ? '"Aadorf / Tänikon"' : 'Sion'},${code},u`;
    }),
  );
  return `${head}\n${lines.flat().join('\n')}\n`;
}

/** Changes one of the lines after the header. */
function inLine(change: (line: string) => string): Damage[1] {
  return (content, pick) => {
    const lines = content.toString('utf8').split('\n');
    const at = 1 + pick(Math.max(1, lines.length - 2));
    lines[at] = change(lines[at] ?? '');
    return Buffer.from(lines.join('\n'));
  };
}

function inText(change: (text: string) => string): Damage[1] {
  return (content) => Buffer.from(change(content.toString('utf8')));
}

function insert(bytes: readonly number[]): Damage[1] {
  return (content, pick) => {
    const at = head.length + 2 + pick(content.length - head.length - 2);
    return Buffer.concat([content.subarray(0, at), Buffer.from(bytes), content.subarray(at)]);
  };
}

/** After these the file is a forecast file still. */
const harmless: readonly Damage[] = [
  ['landed', inLine((line) => line.replace(/,[\d.]+,/, ',n/a,'))],
  ['landed', inLine((line) => line.replace(/,[\d.]+,/, ',1e999,'))],
  ['landed', inLine((line) => line.replace(/,[\d.]+,/, ',-99999.0,'))],
  ['landed', inLine((line) => line.replace(/,[\d.]+,/, ',NaN,'))],
  ['landed', inLine((line) => line.replace(/^[^,]*/, '2023-02-30 25:61:00'))],
  ['landed', inLine((line) => line.replace(/^[^,]*/, '-infinity'))],
  ['landed', inLine((line) => line.split(',').slice(0, 3).join(','))],
  ['landed', inLine((line) => `${line},more,and,more`)],
  ['landed', inLine((line) => line.replace('Sion', 'Si"on'))],
  ['landed', inLine((line) => line.replace('Sion', "'; drop table x; --\\N\\."))],
  ['landed', inLine((line) => line.replace('Sion', '\u{1f327}\u0301\ufeff'))],
  ['landed', inLine((line) => line.replace(/PRED_\w+/, ''))],
  ['landed', inLine((line) => `${line}\n${line}`)],
  ['landed', inLine(() => 'garbage')],
  ['landed', inText((text) => text.replaceAll('\n', '\r\n'))],
  ['landed', inText((text) => `\ufeff${text.replace('\ufeff', '')}`)],
  ['landed', inText((text) => text.trimEnd())],
];

const fatal: readonly Damage[] = [
  ['rejected', () => Buffer.alloc(0)],
  ['rejected', () => Buffer.from(`${head}\n`)],
  ['rejected', insert([0])],
  ['rejected', insert([0xff])],
  ['rejected', inText((text) => text.replace('Site', 'Place'))],
  ['rejected', inText((text) => text.replace('Unit', 'Unit,Value'))],
  ['rejected', inText((text) => text.slice(text.indexOf('\n') + 1))],
  ['rejected', inText((text) => `${text.trimEnd()}\n2023-10-02 00:00:00+00:00,1,00,"never closed`)],
  ['rejected', inLine((line) => `${line}${'x'.repeat(70_000)}`)],
];

const anything: readonly Damage[] = [
  ['either', (content, pick) => content.subarray(0, pick(content.length))],
  ['either', (content, pick) => flipped(content, pick)],
  ['either', (content, pick) => flipped(flipped(content, pick), pick)],
  ['either', (content, pick) => Buffer.concat([content, content.subarray(pick(content.length))])],
  ['either', insert([0x22])],
];

function flipped(content: Buffer, pick: (below: number) => number): Buffer {
  const changed = Buffer.from(content);
  const at = pick(changed.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << pick(8));
  return changed;
}

describe.each(oneDatabase)('damaged forecast files on $name', (kind) => {
  it(
    'each is landed or rejected, none stops the load, and what silver makes of them equals a build from scratch',
    () =>
      withHome(kind, async (home, warehouse) => {
        const count = rounds({ gate: 200, long: 2000 });
        const random = seededRandom(4711);
        const pick = (below: number) => Math.floor(random.next() * below);
        const oneOf = <T>(list: readonly T[]): T => list[pick(list.length)] as T;
        const expected = new Map<string, Verdict>();
        const land = async (from: number, to: number) => {
          for (let at = from; at < to; at += 1) {
            const day = new Date(Date.UTC(2017, 0, 1 + at)).toISOString().slice(0, 10);
            let content = Buffer.from(forecast(pick(2) === 0));
            let verdict: Verdict = 'landed';
            const last = pick(3) === 0 ? [oneOf(fatal)] : pick(3) === 0 ? [oneOf(anything)] : [];
            for (const [outcome, change] of [oneOf(harmless), oneOf(harmless), ...last]) {
              content = Buffer.from(change(content, pick));
              verdict = outcome;
            }
            expected.set(`Pred_${day}.csv`, verdict);
            const path = join(home.bronze, 'weather', ...day.split('-'), `Pred_${day}.csv`);
            mkdirSync(dirname(path), { recursive: true });
            writeFileSync(path, content);
          }
          return loadWeather(
            warehouse,
            { sftp: undefined, bronzeRoot: home.bronze, attempts: 1, retryDelay: 0 },
            { mode: 'from-bronze', clock: () => new Date('2023-11-01T00:00:00Z') },
          );
        };
        const build = (fullRefresh: boolean) =>
          home.build({ fullRefresh, select: ['+weather_clean', '+weather_file_audit', 'weather_audit_adds_up'] });
        const silver = () =>
          Promise.all(
            ['weather_forecasts', 'weather_clean', 'weather_file_audit'].map((table) =>
              home.rows(`select (to_jsonb(t) - 'load_id')::text as row from silver.${table} as t order by 1`),
            ),
          );
        const first = await land(0, count / 2);
        await build(false);
        const second = await land(count / 2, count);
        await build(false);
        const rejected = await home.rows<{ name: string; status: string }>('select name, status from staging.file');
        expect(rejected).toHaveLength(count);
        const wrong = rejected.filter(
          ({ name, status }) => expected.get(name) !== 'either' && expected.get(name) !== status,
        );
        expect(wrong).toEqual([]);
        expect(first.landed + second.landed).toBe(rejected.filter(({ status }) => status === 'landed').length);
        // Files that were rejected before are judged again by the second load.
        expect(second.landed + second.rejected.count).toBe(count / 2 + first.rejected.count);
        expect([first.skipped.count, second.skipped.count]).toEqual([0, 0]);
        expect(
          await home.rows(
            `select l.load_id from staging.load as l
           left join lateral (select sum(lines) as lines from staging.weather_chunk as c where c.load_id = l.load_id) as c on true
           where l.records <> coalesce(c.lines, 0) or l.files <> 1`,
          ),
        ).toEqual([]);
        const incremental = await silver();
        await build(true);
        expect(await silver()).toEqual(incremental);
      }),
    1_200_000,
  );
});
