import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BronzeWriter } from '../../../loaders/landing/bronze.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { LocalDays } from '../../../loaders/stream/form.ts';
import { landBatch } from '../../../loaders/stream/land-batch.ts';
import { noteBounds, StaleOffsetError } from '../../../loaders/stream/offsets.ts';
import { MessageReader } from '../../../loaders/stream/read-message.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { form, queueOf, reading, StreamBronze, staged } from './stream-messages.ts';

/** Ten minutes before midnight in Los Angeles. */
const evening = Date.parse('2013-08-24T06:50:00Z') / 1000;

describe.each(oneDatabase)('messages of topics, on $name', (kind) => {
  let db: TestDatabase;
  let bronze: StreamBronze;
  beforeEach(async () => {
    db = await kind.open();
    bronze = new StreamBronze();
  });
  afterEach(async () => {
    bronze.dispose();
    await db.drop();
  });

  const ledger = async () =>
    (
      await db.warehouse.query<{ path: string; status: string; reason: string | null; sha256: string }>(
        `select bronze_path as path, status, reason, sha256 from staging.file where source = 'stream' order by 1`,
      )
    ).rows;
  const offsets = async () =>
    (
      await db.warehouse.query(
        `select topic, next_offset::integer as next, planned_offset as planned, end_offset::integer as end
         from staging.stream_offset order by 1`,
      )
    ).rows;

  it('are landed as Parquet by day, room and sensor, and as rows, with their offsets', async () => {
    const messages = [
      ['iot.co2', reading('413', 'co2', evening, 488.5)],
      ['iot.co2', reading('413', 'co2', evening + 600, null)],
      ['iot.pir', reading('621A', 'pir', evening, 3)],
      ['iot.co2', '{"room":"413","sensor":"co2","ts":1377327005,"value":488.0}'],
    ] as const;
    const summary = await bronze.load(db.warehouse, queueOf(messages));
    expect(summary).toMatchObject({ source: 'stream', landed: 4, rejected: { count: 0 }, loads: [1] });
    expect(await staged(db.warehouse)).toEqual([
      {
        topic: 'iot.co2',
        partition: 0,
        at: 0,
        message: `{"ts": ${evening}, "room": "413", "value": 488.5, "sensor": "co2"}`,
      },
      {
        topic: 'iot.co2',
        partition: 0,
        at: 1,
        message: `{"ts": ${evening + 600}, "room": "413", "value": null, "sensor": "co2"}`,
      },
      {
        topic: 'iot.co2',
        partition: 0,
        at: 2,
        message: '{"ts": 1377327005, "room": "413", "value": 488.0, "sensor": "co2"}',
      },
      {
        topic: 'iot.pir',
        partition: 0,
        at: 0,
        message: `{"ts": ${evening}, "room": "621A", "value": 3, "sensor": "pir"}`,
      },
    ]);
    const files = [
      'stream/event_date=2013-08-23/room=413/sensor=co2/iot.co2@queue-p0-0-3.parquet',
      'stream/event_date=2013-08-23/room=621A/sensor=pir/iot.pir@queue-p0-0-1.parquet',
      'stream/event_date=2013-08-24/room=413/sensor=co2/iot.co2@queue-p0-0-3.parquet',
    ];
    expect([...bronze.files().keys()]).toEqual(files);
    expect((await ledger()).map(({ path, sha256 }) => [path, sha256])).toEqual([...bronze.files()]);
    const [first, whole, ...others] = await bronze.rows('event_date=2013-08-23/room=413');
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      room: '413',
      sensor: 'co2',
      ts_unix: BigInt(evening),
      value: 488.5,
      topic: 'iot.co2',
      partition: 0,
      offset: 0n,
      kafka_ts: new Date(1_700_000_000_000),
      event_ts: new Date(evening * 1000),
      event_date: new Date('2013-08-23'),
      message: null,
    });
    // Whole numbers written with .0, which the columns alone would not say.
    expect(whole).toMatchObject({ offset: 2n, value: 488, message: '' });
    expect(await offsets()).toEqual([
      { topic: 'iot.co2', next: 3, planned: null, end: 3 },
      { topic: 'iot.pir', next: 1, planned: null, end: 1 },
    ]);
  });

  it('are rejected with their reason, each on its own, where they cannot be landed', async () => {
    const bad = [
      ['', 'it is empty'],
      ['{"room":', 'it is not JSON'],
      ['[1]', 'it is no JSON object'],
      ['{"sensor":"co2","ts":1377327005,"value":1}', 'its room is no text'],
      ['{"room":413,"sensor":"co2","ts":1377327005}', 'its room is no text'],
      ['{"room":"413","sensor":"co2","ts":"soon"}', 'its ts is no Unix time of the years 1970 to 2199'],
      ['{"room":"413","sensor":"co2","ts":99999999999}', 'its ts is no Unix time of the years 1970 to 2199'],
      ['{"room":"4\\u00001","sensor":"co2","ts":1377327005}', 'it holds the character U+0000'],
      ['{"room":"4\\ud8001","sensor":"co2","ts":1377327005}', 'it holds half of a pair of surrogates'],
      [
        '{"room":"413","sensor":"co2","ts":1377327005,"value":1e400}',
        'it holds a number that double precision does not',
      ],
      [`{"room":"${'x'.repeat(61)}","sensor":"co2","ts":1377327005}`, 'its room is too long to name a folder'],
      // PostgreSQL would refuse the whole range, and the topic would stand still.
      [
        `{"room":"\\u0041","sensor":"co2","ts":1377327005,"more":${'[{"":'.repeat(8000)}1${'}]'.repeat(8000)}}`,
        'it is nested deeper than 1000 levels',
      ],
    ] as const;
    const flat = `[${'[],"]}{[\\\\\\"",{},'.repeat(2000)}[]]`;
    const good = [
      `{"room":"413","sensor":"co2","ts":1377327005,"more":${flat}}`,
      '{ "room":"a/b:c*", "sensor":"co2", "ts":1377327005000, "value":"12", "more":["\\t", 1e20] }',
      '{"room":"\\u00e9","sensor":"co2","ts":1377327005.25,"value":1}',
    ];
    const all = [...bad.map(([text]) => text), ...good].map((text) => ['iot.co2', text] as const);
    const summary = await bronze.load(db.warehouse, queueOf(all));
    expect(summary.landed).toBe(3);
    expect(summary.rejected.first.map(({ name, reason }) => [name, reason])).toEqual(
      bad.map(([, reason], at) => [`iot.co2:0 at ${at}`, reason]),
    );
    expect(await bronze.rows('rejected/')).toMatchObject(
      bad.map(([text, reason], at) => ({ offset: BigInt(at), reason, message: text })),
    );
    expect((await ledger()).filter(({ status }) => status === 'rejected')).toMatchObject([
      { path: 'stream/rejected/iot.co2@queue-p0-0-15.parquet', reason: 'of a message: it is empty' },
    ]);
    expect([...bronze.files().keys()].filter((path) => path.includes('event_date'))).toEqual([
      'stream/event_date=2013-08-23/room=%C3%A9/sensor=co2/iot.co2@queue-p0-0-15.parquet',
      'stream/event_date=2013-08-23/room=413/sensor=co2/iot.co2@queue-p0-0-15.parquet',
      'stream/event_date=2013-08-23/room=a%2Fb%3Ac%2A/sensor=co2/iot.co2@queue-p0-0-15.parquet',
    ]);
  });

  it('come back from Bronze as they were sent', async () => {
    const texts = [
      reading('413', 'co2', evening, 488.5),
      '{"room":"413","sensor":"co2","ts":1377327005,"value":488.0}',
      '{ "room":"413", "sensor":"co2", "ts":1377327005.25, "value":"12", "more":["\\t"] }',
      'not JSON',
      reading('421', 'co2', evening + 700, -0),
    ].map((text) => ['iot.co2', text] as const);
    await bronze.load(db.warehouse, queueOf(texts));
    const before = await staged(db.warehouse);
    expect(before).toHaveLength(4);
    for (const table of ['stream_message', 'stream_offset', 'file'])
      await db.warehouse.query(`delete from staging.${table}`);
    const summary = await bronze.load(db.warehouse, queueOf([]), { mode: 'from-bronze' });
    expect(summary).toMatchObject({ listed: 'bronze', landed: 4, skipped: { count: 0 } });
    expect(await staged(db.warehouse)).toEqual(before);
    expect(await offsets()).toEqual([{ topic: 'iot.co2', next: 5, planned: null, end: 5 }]);
    expect(await bronze.load(db.warehouse, queueOf([]), { mode: 'from-bronze' })).toMatchObject({
      landed: 0,
      loads: [],
    });
  });

  it('are refused to a process that believes in offsets that another has passed', async () => {
    await ensureStaging(db.warehouse);
    const days = new LocalDays(form.zone);
    const landing = () => ({
      warehouse: db.warehouse,
      log: 'queue',
      form,
      reader: new MessageReader(form, days),
      bronze: new BronzeWriter(bronze.root),
      clock: () => new Date(),
    });
    const range = (from: number, to: number) => ({
      topic: 'iot.co2',
      partition: 0,
      from,
      to,
      end: 9,
      messages: Array.from({ length: to - from }, (_, at) => ({
        offset: from + at,
        time: 0,
        value: Buffer.from(reading('413', 'co2', evening + from + at, 1)),
      })),
    });
    await noteBounds(db.warehouse, 'queue', [{ topic: 'iot.co2', partition: 0, earliest: 0, end: 9 }], new Date());
    await landBatch(landing(), [range(0, 3)]);
    // Frozen before its plan, then after it: the other one has landed as much, or more, meanwhile.
    await expect(landBatch(landing(), [range(0, 3)])).rejects.toThrow(StaleOffsetError);
    await expect(landBatch(landing(), [range(0, 5)])).rejects.toThrow(/other offsets are landed of queue/);
    await expect(landBatch(landing(), [range(0, 3)], new Date())).rejects.toThrow(StaleOffsetError);
    expect((await staged(db.warehouse)).map(({ at }) => at)).toEqual([0, 1, 2]);
    expect(await offsets()).toEqual([{ topic: 'iot.co2', next: 3, planned: null, end: 9 }]);
    expect(await ledger()).toHaveLength(1);
  });

  it('that are gone before they were landed are told, and passed over only if that is wished', async () => {
    await bronze.load(db.warehouse, queueOf([['iot.co2', reading('413', 'co2', evening, 1)]]));
    const later = () =>
      queueOf(
        Array.from({ length: 6 }, (_, at) => ['iot.co2', reading('413', 'co2', evening + at, 2)] as const),
        new Map([['iot.co2:0', { first: 0, landed: 4 }]]),
      );
    await expect(bronze.load(db.warehouse, later())).rejects.toThrow(
      'iot.co2:0: the broker keeps it from offset 4 on: 3 messages from 1 were not landed and are gone',
    );
    expect(await bronze.load(db.warehouse, later(), { skipLost: true })).toMatchObject({
      landed: 2,
      warnings: { count: 1, first: [{ name: 'iot.co2:0' }] },
    });
    await expect(bronze.load(db.warehouse, queueOf([]))).rejects.toThrow(
      'iot.co2:0 ends at offset 0, but messages up to 5',
    );
  });

  it('are landed in several batches, and none twice when the same are offered again', async () => {
    const many = Array.from(
      { length: 2500 },
      (_, at) => [form.topics[at % 2] ?? '', reading('413', at % 2 === 0 ? 'co2' : 'pir', evening + at, at)] as const,
    );
    const first = await bronze.load(db.warehouse, queueOf(many), {}, 400);
    expect(first.landed).toBe(2500);
    expect(first.loads.length).toBeGreaterThanOrEqual(6);
    const again = queueOf(many, new Map(form.topics.map((topic) => [`${topic}:0`, { first: 0, landed: 1250 }])));
    expect(await bronze.load(db.warehouse, again)).toMatchObject({ landed: 0, loads: [] });
    expect(new Set((await staged(db.warehouse)).map(({ topic, at }) => `${topic} ${at}`)).size).toBe(2500);
    const rows = await bronze.rows();
    expect(new Set(rows.map(({ topic, offset }) => `${topic} ${offset}`)).size).toBe(2500);
    expect(rows).toHaveLength(2500);
  });
});
