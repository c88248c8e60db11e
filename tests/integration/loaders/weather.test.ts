import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LoadFailedError, LoadInterruptedError } from '../../../loaders/landing/errors.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { CuttingProxy } from '../../servers/cutting-proxy.ts';
import type { SftpServer } from '../../servers/sftp.ts';
import { startSftp } from '../../servers/sftp-server.ts';
import { startSsh2Server, withoutSizes } from '../../servers/ssh2-server.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { forecastFile, WeatherShare } from './weather-share.ts';

const head = 'Time,Value,Prediction,Site,Measurement,Unit';

let server: SftpServer;
beforeAll(async () => {
  server = await startSftp();
});
afterAll(() => server.stop());

describe.each(oneDatabase)('loading weather files, on $name', (kind) => {
  let db: TestDatabase;
  let share: WeatherShare;

  beforeEach(async () => {
    db = await kind.open();
    share = new WeatherShare(server);
  });
  afterEach(async () => {
    share.dispose();
    await db.drop();
  });
  const rows = async <R extends Row>(sql: string) => (await db.warehouse.query<R>(sql)).rows;
  const linesOf = async (name: string) =>
    rows<{ line_no: number; record: Record<string, string | null> }>(
      `select l.line_no, l.record from staging.weather_line l join staging.file f using (file_id) where f.name = '${name}' order by 1`,
    );

  it('lands each file once: Bronze byte for byte, its lines in staging, one load a file', async () => {
    const contents = new Map(['2023-10-01', '2023-10-02'].map((day) => [`Pred_${day}.csv`, forecastFile(day, 60)]));
    for (const [name, content] of contents) share.put(name, content);
    share.put('readme.txt', 'not a forecast');
    const summary = await share.load(db.warehouse);
    expect(summary).toMatchObject({ source: 'weather', landed: 2, rejected: { count: 0 }, loads: [1, 2] });
    expect(share.inBronze()).toEqual([
      'weather/2023/10/01/Pred_2023-10-01.csv',
      'weather/2023/10/02/Pred_2023-10-02.csv',
    ]);
    for (const [name, content] of contents) {
      const [file] = await rows<{
        bronze_path: string;
        bytes: number;
        sha256: string;
        status: string;
        load_id: number;
      }>(`select bronze_path, bytes, sha256, status, load_id from staging.file where name = '${name}'`);
      const bytes = readFileSync(join(share.bronze, file?.bronze_path ?? ''));
      expect(bytes.equals(Buffer.from(content))).toBe(true);
      expect(file).toMatchObject({
        status: 'landed',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      });
      const source = content.trimEnd().split('\n');
      const lines = await linesOf(name);
      expect(lines).toHaveLength(source.length - 1);
      expect(lines.map((line) => line.line_no)).toEqual(source.slice(1).map((_, index) => index + 2));
      for (const { line_no, record } of [lines[0], lines[777], lines.at(-1)].filter((line) => line !== undefined)) {
        const values = (source[line_no - 1] ?? '').replaceAll('"', '').split(',');
        expect(record).toEqual(Object.fromEntries(head.split(',').map((column, index) => [column, values[index]])));
      }
    }
    expect(await rows('select source, files, records, rejected from staging.load order by load_id')).toEqual([
      { source: 'weather', files: 1, records: 1200, rejected: 0 },
      { source: 'weather', files: 1, records: 1200, rejected: 0 },
    ]);
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 0, loads: [], bytes: 0 });
    share.put('Pred_2023-10-03.csv', forecastFile('2023-10-03'));
    expect(await share.load(db.warehouse, 'full')).toMatchObject({ landed: 1, loads: [3] });
  });

  it('rejects what is no forecast file, keeps its Bronze copy, and lands the rest', async () => {
    const bad: Record<string, [string | Buffer, RegExp]> = {
      'Pred_2023-10-01.csv': ['', /it is empty/],
      'Pred_2023-10-02.csv': [`${head}\n`, /a header and no lines/],
      'Pred_2023-10-03.csv': ['Time,Value,Prediction,Site,Unit\n1,2,3,4,5\n', /lacks Measurement/],
      'Pred_2023-10-04.csv': ['a;b\n1;2\n', /is not the header/],
      'Pred_2023-10-05.csv': [`${forecastFile('2023-10-05', 20)}x,1,00,A\u0000B,PRED_T_2M_ctrl,C\n`, /NUL character/],
      'Pred_2023-10-06.csv': [
        Buffer.concat([Buffer.from(forecastFile('2023-10-06')), Buffer.from('x,1,00,Z\xfcrich,c,d\n', 'latin1')]),
        /not UTF-8/,
      ],
      'Pred_2023-10-13.csv': [Buffer.from(`\uFEFF${head}\n`, 'utf16le'), /^it is UTF-16, not UTF-8$/],
      'Pred_2023-10-07.csv': [`${forecastFile('2023-10-07')}x,1,00,"never closed,c,d\n`, /not valid CSV/],
      'Pred_2023-02-30.csv': [forecastFile('2023-02-28'), /date in the name does not exist/],
      'Pred_0999-12-31.csv': [forecastFile('2023-02-28'), /year in the name is not one from 1970 to 2099/],
      'Pred_9999-12-31.csv': [forecastFile('2023-02-28'), /year in the name is not one from 1970 to 2099/],
      'Pred_yesterday.csv': [forecastFile('2023-10-08'), /no readable date/],
      'Pred_2023-10-09.csv.gz': [gzipSync(forecastFile('2023-10-09')).subarray(0, 300), /compression is broken/],
      'Pred_2023-10-10.csv.gz': [Buffer.from('no gzip at all'), /compression is broken/],
      'Pred_2023-10-11.csv': [`${head},Site\n1,2,3,4,5,6,7\n`, /names a column twice/],
      'Pred_2023-10-12.csv': [`${head}\n${'x'.repeat(1_100_000)}\n`, /not valid CSV \(CSV_MAX_RECORD_SIZE/],
    };
    for (const [name, [content]] of Object.entries(bad)) share.put(name, content);
    share.put('Pred_2023-10-20.csv', forecastFile('2023-10-20'));
    const summary = await share.load(db.warehouse);
    expect(summary).toMatchObject({ landed: 1, rejected: { count: Object.keys(bad).length } });
    for (const [name, [content, reason]] of Object.entries(bad)) {
      const [file] = await rows<{ reason: string; bronze_path: string; sha256: string }>(
        `select reason, bronze_path, sha256 from staging.file where name = '${name.replace('.gz', '')}'`,
      );
      expect(file?.reason, name).toMatch(reason);
      const bytes = readFileSync(join(share.bronze, file?.bronze_path ?? ''));
      expect(bytes.equals(Buffer.from(content as string)), name).toBe(true);
      expect(file?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    expect(await rows('select distinct name from staging.weather_chunk')).toEqual([{ name: 'Pred_2023-10-20.csv' }]);
    // Neither again from the server, nor with another verdict from Bronze.
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 0, rejected: { count: 0 }, loads: [] });
    expect(await share.load(db.warehouse, 'from-bronze')).toMatchObject({
      landed: 0,
      rejected: { count: 16 },
      loads: [],
    });
  });

  it('tolerates a byte-order mark, other line ends, letter case, order and number of columns, quotes and short lines', async () => {
    share.put(
      'Pred_2023-10-01.csv',
      '\ufeffunit,TIME,Extra,value,"Prediction",Site, Measurement\r\n' +
        '°C,2023-10-01 00:00:00+00:00,e,1.5,00,"Genève, Cointrin ""x""",PRED_T_2M_ctrl\r\n' +
        '°C,2023-10-01 01:00:00+00:00,"two\nlines",2.5,00,Sion,PRED_T_2M_ctrl\r\n' +
        '°C,2023-10-01 02:00:00+00:00,f,3.5,00,Sion,PRED_T_2M_ctrl\r\n' +
        '\r\n' +
        '°C,2023-10-01 03:00:00+00:00\r\n' +
        '°C,2023-10-01 04:00:00+00:00,g,4.5,00,back\\slash\tTab,PRED_T_2M_ctrl,too,many',
    );
    share.put('Pred_2023-10-02.csv.gz', gzipSync(forecastFile('2023-10-02', 3)));
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 2, rejected: { count: 0 } });
    const lines = await linesOf('Pred_2023-10-01.csv');
    expect(lines.map(({ line_no, record }) => [line_no, record.Time, record.Value, record.Site])).toEqual([
      [2, '2023-10-01 00:00:00+00:00', '1.5', 'Genève, Cointrin "x"'],
      [3, '2023-10-01 01:00:00+00:00', '2.5', 'Sion'],
      [5, '2023-10-01 02:00:00+00:00', '3.5', 'Sion'],
      [6, null, null, null],
      [7, '2023-10-01 03:00:00+00:00', null, null],
      [8, '2023-10-01 04:00:00+00:00', '4.5', 'back\\slash\tTab'],
    ]);
    expect(lines[1]?.record.Extra).toBe('two\nlines');
    expect(await linesOf('Pred_2023-10-02.csv')).toHaveLength(60);
  });

  it('from Bronze come the same rows, also compressed ones, and nothing comes twice', async () => {
    for (const day of ['2023-10-01', '2023-10-02', '2023-10-03']) share.put(`Pred_${day}.csv`, forecastFile(day, 30));
    await share.load(db.warehouse);
    const all = 'select name, first_line, lines, columns from staging.weather_chunk order by name, first_line';
    const before = await rows(all);
    expect(await share.load(db.warehouse, 'from-bronze')).toMatchObject({ listed: 'bronze', landed: 0, loads: [] });
    await db.warehouse.query(`delete from staging.weather_chunk where name <> 'Pred_2023-10-02.csv'`);
    await db.warehouse.query(`delete from staging.file where name = 'Pred_2023-10-03.csv'`);
    const one = await share.load(db.warehouse, 'from-bronze', { file: 'Pred_2023-10-03.csv' });
    expect([one.loads, (await share.load(db.warehouse, 'from-bronze')).loads]).toEqual([[4], [5]]);
    expect(await rows(all)).toEqual(before);
    await db.warehouse.query('truncate staging.weather_chunk');
    const plain = 'weather/2023/10/01/Pred_2023-10-01.csv';
    share.putBronze(`${plain}.gz`, gzipSync(readFileSync(join(share.bronze, plain))));
    rmSync(join(share.bronze, plain));
    const ledger = () => rows('select name, bytes, sha256 from staging.file order by name');
    const asItCame = await ledger();
    expect(await share.load(db.warehouse, 'from-bronze')).toMatchObject({ landed: 3 });
    expect(await rows(all)).toEqual(before);
    expect(await ledger()).toEqual(asItCame);
  });

  it('the connection cut 20 times in mid-file: nothing lost, nothing doubled, nothing left over', async () => {
    const proxy = await CuttingProxy.to(server.port);
    try {
      const days = Array.from({ length: 9 }, (_, index) => `2023-10-0${index + 1}`);
      for (const day of days) share.put(`Pred_${day}.csv`, forecastFile(day, 72));
      const size = forecastFile('2023-10-01', 72).length;
      // After the greetings (some 5 KB), at a different place of a file each time, also beyond the first file.
      proxy.plan = Array.from(
        { length: 20 },
        (_, index) => 6000 + ((index * 7919) % size) + (index % 5 === 4 ? size : 0),
      );
      const notices: string[] = [];
      const summary = await share.load(db.warehouse, 'new', {
        sftp: { port: proxy.port },
        attempts: 30,
        onNotice: (text) => notices.push(text),
      });
      expect(proxy.cuts).toBe(20);
      expect(summary.rejected.count + summary.skipped.count).toBe(0);
      expect(notices).toHaveLength(20);
      for (const notice of notices)
        expect(notice).toMatch(/^Try \d+ of 30: cannot .*the connection broke\. Next try in 0 s\.$/);
      expect(share.inBronze()).toEqual(days.map((day) => `weather/${day.replaceAll('-', '/')}/Pred_${day}.csv`));
      expect(
        await rows(
          'select name, sum(lines)::int as lines, count(distinct load_id)::int as loads from staging.weather_chunk group by 1 order by 1',
        ),
      ).toEqual(days.map((day) => ({ name: `Pred_${day}.csv`, lines: 1440, loads: 1 })));
      expect(await rows('select count(*)::int as files from staging.file')).toEqual([{ files: 9 }]);
    } finally {
      await proxy.stop();
    }
  });

  it('a server that stays away is one clear error after all tries; the next load goes on', async () => {
    const proxy = await CuttingProxy.to(server.port);
    try {
      share.put('Pred_2023-10-01.csv', forecastFile('2023-10-01'));
      proxy.away = true;
      const error = await share.load(db.warehouse, 'new', { sftp: { port: proxy.port }, attempts: 3 }).catch(String);
      expect(error).toMatch(/cannot connect \(sFTP server 127\.0\.0\.1:\d+\): the connection broke/);
      proxy.away = false;
      expect(await share.load(db.warehouse, 'new', { sftp: { port: proxy.port } })).toMatchObject({ landed: 1 });
    } finally {
      await proxy.stop();
    }
    const nobody = await share.load(db.warehouse, 'new', { sftp: { port: 1 } }).catch((fault: unknown) => fault);
    expect(nobody).toBeInstanceOf(LoadFailedError);
    expect(String(nobody)).toContain('nothing listens there');
  });

  it('an interrupt ends a transfer and leaves nothing of its file', async () => {
    for (const day of ['2023-10-01', '2023-10-02', '2023-10-03']) share.put(`Pred_${day}.csv`, forecastFile(day, 72));
    const interrupt = new AbortController();
    const load = share.load(db.warehouse, 'new', {
      signal: interrupt.signal,
      onProgress: ({ files }) => files === 1 && interrupt.abort(),
    });
    await expect(load).rejects.toThrow(LoadInterruptedError);
    expect(share.inBronze()).toEqual(['weather/2023/10/01/Pred_2023-10-01.csv']);
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 2 });
  });

  it('lands the rest of a file that has grown, and says so when it became another one', async () => {
    const whole = forecastFile('2023-10-01', 60);
    share.put('Pred_2023-10-01.csv', whole.slice(0, 70_000));
    share.put('Pred_2023-10-02.csv', forecastFile('2023-10-02'));
    await share.load(db.warehouse);
    share.put('Pred_2023-10-01.csv', whole);
    share.put('Pred_2023-10-02.csv', forecastFile('2023-10-02', 30).replaceAll('Sion', 'Sitten'));
    const { landed, warnings } = await share.load(db.warehouse);
    expect([landed, warnings.count]).toEqual([1, 1]);
    expect(warnings.first[0]).toMatchObject({
      name: 'Pred_2023-10-02.csv',
      reason: expect.stringMatching(/other content/),
    });
    const lines = await linesOf('Pred_2023-10-01.csv');
    expect(lines.map(({ record }) => record.Time)).toEqual(
      whole
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]),
    );
    expect(await linesOf('Pred_2023-10-02.csv')).toHaveLength(480);
    const path = 'weather/2023/10/01/Pred_2023-10-01.csv';
    expect(readFileSync(join(share.bronze, path), 'utf8')).toBe(whole);
    expect(await rows(`select load_id, bytes, sha256 from staging.file where name = 'Pred_2023-10-01.csv'`)).toEqual([
      { load_id: 3, bytes: Buffer.byteLength(whole), sha256: createHash('sha256').update(whole).digest('hex') },
    ]);
    share.put('Pred_2023-10-01.csv', `${whole}x,1,00,A\u0000B,PRED_T_2M_ctrl,C\n`);
    expect((await share.load(db.warehouse)).rejected.count).toBe(1);
    expect(await linesOf('Pred_2023-10-01.csv')).toHaveLength(lines.length);
    share.put('Pred_2023-10-01.csv', '');
    expect((await share.load(db.warehouse)).warnings.first[0]?.reason).toMatch(/has 0 bytes now and had \d+/);
  });

  it('judges a rejected file again when it has changed at the source', async () => {
    share.put('Pred_2023-10-01.csv', '');
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 0, rejected: { count: 1 } });
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 0, rejected: { count: 0 } });
    share.put('Pred_2023-10-01.csv', forecastFile('2023-10-01'));
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 1, rejected: { count: 0 } });
    expect(await rows('select status, reason from staging.file')).toEqual([{ status: 'landed', reason: null }]);
  });

  it.skipIf(process.platform !== 'linux')('a file that cannot be fetched does not keep the others', async () => {
    share.put('Pred_2023-10-01.csv', forecastFile('2023-10-01'));
    // A name in Latin-1, which no UTF-8 can ask for.
    writeFileSync(
      Buffer.concat([Buffer.from(join(share.folder, 'Pred_2023-10-02_caf')), Buffer.from([0xe9]), Buffer.from('.csv')]),
      'x',
    );
    symlinkSync('nowhere', join(share.folder, 'Pred_2023-10-03.csv'));
    share.put('Pred_2023-10-04.csv', forecastFile('2023-10-04'));
    const { landed, skipped } = await share.load(db.warehouse);
    expect(landed).toBe(2);
    expect(skipped.first.map(({ reason }) => reason)).toEqual([
      'it is a link that leads to no file',
      expect.stringMatching(/^the server does not give it: /),
    ]);
    expect(share.inBronze()).toHaveLength(2);
  });

  it('neither a header that ends otherwise nor lines without end lose a line', async () => {
    const lines = forecastFile('2023-10-01').trimEnd().split('\n');
    share.put('Pred_2023-10-01.csv', `${lines[0]}\r\n${lines.slice(1).join('\n')}\n`);
    share.put('Pred_2023-10-02.csv', `${lines.join('\r')}\r`);
    const long = lines.slice(1, 200).map((line) => `${line},${'x'.repeat(50_000)}`);
    share.put('Pred_2023-10-03.csv', `${lines[0]},Remark\n${long.join('\n')}\n`);
    expect(await share.load(db.warehouse)).toMatchObject({ landed: 3, rejected: { count: 0 } });
    expect(
      await rows(
        'select name, sum(lines)::int as lines, count(*) > 1 as parts from staging.weather_chunk group by 1 order by 1',
      ),
    ).toEqual([
      { name: 'Pred_2023-10-01.csv', lines: 480, parts: false },
      { name: 'Pred_2023-10-02.csv', lines: 480, parts: false },
      { name: 'Pred_2023-10-03.csv', lines: 199, parts: true },
    ]);
    expect((await linesOf('Pred_2023-10-03.csv')).map((line) => line.line_no)).toEqual(
      long.map((_, index) => index + 2),
    );
  });

  it.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
    'a full disk in mid-land: one error, no half file, and the next load goes on',
    async () => {
      const small = mkdtempSync(join(tmpdir(), 'datacycle-full-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', small]);
      // What does not fit by its size is not even begun.
      const vague = await startSsh2Server('tiger & dragon 7', withoutSizes);
      const full = new WeatherShare(vague, join(small, 'bronze'));
      try {
        for (const day of ['2023-10-01', '2023-10-02', '2023-10-03'])
          full.put(`Pred_${day}.csv`, forecastFile(day, 90));
        const error = await full.load(db.warehouse).catch((fault: unknown) => fault);
        expect(error).toBeInstanceOf(LoadFailedError);
        expect(String(error)).toMatch(/cannot write .* into Bronze.*ENOSPC/);
        expect(full.inBronze()).toEqual(['weather/2023/10/01/Pred_2023-10-01.csv']);
        execFileSync('mount', ['-o', 'remount,size=10m', small]);
        expect(await full.load(db.warehouse)).toMatchObject({ landed: 2 });
        expect(await rows('select count(*)::int as lines from staging.weather_line')).toEqual([{ lines: 5400 }]);
      } finally {
        full.dispose();
        await vague.stop();
        execFileSync('umount', [small]);
        rmSync(small, { recursive: true, force: true });
      }
    },
  );
});
