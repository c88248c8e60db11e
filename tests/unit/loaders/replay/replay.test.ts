import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { atOnce, steadily, timewarp } from '../../../../loaders/replay/pace.ts';
import { RecordedFolder } from '../../../../loaders/replay/place.ts';
import { findRecording, sensorOf } from '../../../../loaders/replay/recording.ts';
import { replay } from '../../../../loaders/replay/replay.ts';
import type { MessageSink } from '../../../../loaders/stream/message-log.ts';
import { QueueLog } from '../../../../loaders/stream/queue-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'datacycle-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (room: string, file: string, ...lines: string[]) => {
  mkdirSync(join(folder, room), { recursive: true });
  writeFileSync(join(folder, room, file), lines.join('\n'));
};

/** Keeps what is sent. */
class Kept implements MessageSink {
  readonly sent: (readonly [topic: string, key: string, value: string, time: number])[] = [];

  send(topic: string, key: string, value: string, time: number): undefined {
    this.sent.push([topic, key, value, time]);
    return undefined;
  }

  async flush(): Promise<void> {
    // Everything is here.
  }
}

const sentOf = async (skip = 0, filter = {}) => {
  const sink = new Kept();
  const summary = await replay(await findRecording(new RecordedFolder(folder), filter), sink, {
    pace: atOnce,
    skip,
    sentAt: 'event',
  });
  return { sent: sink.sent, summary };
};

describe('a replay', () => {
  it('sends the readings of all files in the order of their times, as messages', async () => {
    put('413', 'co2.csv', '1377299107, 488.00', '1377299117, 489.50', '');
    put('413', 'motion.csv', 'time, value', '1377299107000, 2.00', '# pause', '1377299109500000, 0.00');
    put('621A', 'Temp.csv', '1377299108, ', '1377299110, 21.5\r');
    put('621A', 'smoke.csv', '1377299111, none');
    const { sent, summary } = await sentOf();
    expect(sent).toEqual([
      ['iot.co2', '413:co2', '{"room":"413","sensor":"co2","ts":1377299107,"value":488.0}', 1_377_299_107_000],
      ['iot.pir', '413:pir', '{"room":"413","sensor":"pir","ts":1377299107,"value":2}', 1_377_299_107_000],
      [
        'iot.temperature',
        '621A:temperature',
        '{"room":"621A","sensor":"temperature","ts":1377299108,"value":null}',
        1_377_299_108_000,
      ],
      ['iot.pir', '413:pir', '{"room":"413","sensor":"pir","ts":1377299109.5,"value":0}', 1_377_299_109_500],
      [
        'iot.temperature',
        '621A:temperature',
        '{"room":"621A","sensor":"temperature","ts":1377299110,"value":21.5}',
        1_377_299_110_000,
      ],
      ['iot.sensor', '621A:smoke', '{"room":"621A","sensor":"smoke","ts":1377299111,"value":null}', 1_377_299_111_000],
      ['iot.co2', '413:co2', '{"room":"413","sensor":"co2","ts":1377299117,"value":489.5}', 1_377_299_117_000],
    ]);
    expect(summary).toEqual({ messages: 7, skippedLines: 2 });
    for (const [, , value] of sent) expect(() => JSON.parse(value)).not.toThrow();
  });

  it('goes on behind what was sent, and keeps to rooms and sensors', async () => {
    put('413', 'co2.csv', ...Array.from({ length: 9000 }, (_, at) => `${1_377_299_107 + 2 * at}, ${at}.00`));
    put('415', 'co2.csv', ...Array.from({ length: 9000 }, (_, at) => `${1_377_299_108 + 2 * at}, ${at}.00`));
    const all = (await sentOf()).sent;
    expect(all).toHaveLength(18_000);
    expect(all.map(([, , , time]) => time)).toEqual(all.map(([, , , time]) => time).sort((a, b) => a - b));
    expect((await sentOf(17_990)).sent).toEqual(all.slice(17_990));
    expect((await sentOf(0, { rooms: ['415'] })).sent).toEqual(all.filter(([, key]) => key === '415:co2'));
    expect((await sentOf(17_990)).summary).toEqual({ messages: 10, skippedLines: 0 });
    await expect(findRecording(new RecordedFolder(folder), { sensors: ['pir'] })).rejects.toThrow(
      'no file <room>/<sensor>.csv of these rooms',
    );
  });

  it('waits for nothing that an earlier one has landed in the queue, at whatever rate it goes on', async () => {
    put('413', 'co2.csv', ...Array.from({ length: 40 }, (_, at) => `${1_377_299_107 + at}, ${at}.00`));
    put('413', 'pir.csv', ...Array.from({ length: 40 }, (_, at) => `${1_377_299_107 + at}, 1`));
    const starts = new Map([
      ['iot.co2:0', { first: 100, landed: 130 }],
      ['iot.pir:0', { first: 0, landed: 29 }],
    ]);
    const queue = new QueueLog('queue', ['iot.co2', 'iot.pir'], starts);
    const paced: number[] = [];
    const summary = await replay(await findRecording(new RecordedFolder(folder), {}), queue, {
      pace: { waitFor: (seconds) => paced.push(seconds) * 0 },
      skip: 0,
      sentAt: 'event',
    });
    expect(summary.messages).toBe(10 + 11);
    expect(paced).toHaveLength(10 + 11);
    expect(paced[0]).toBe(1_377_299_107 + 29);
    expect((await queue.bounds(['iot.co2', 'iot.pir'])).map(({ earliest, end }) => [earliest, end])).toEqual([
      [130, 140],
      [29, 40],
    ]);
  });

  it('knows sensors by several names', () => {
    expect(['CO2.csv', 'Light.csv', 'rh.csv', 'hum', 'motion', 'temp.csv', 'noise.csv'].map(sensorOf)).toEqual([
      'co2',
      'luminosity',
      'humidity',
      'humidity',
      'pir',
      'temperature',
      'noise',
    ]);
  });
});

describe('the pace', () => {
  it('is so many messages a second, or what it was, divided', () => {
    let now = 1000;
    const five = steadily(5, () => now);
    expect([five.waitFor(0), five.waitFor(0), five.waitFor(0)]).toEqual([0, 200, 400]);
    now = 1500;
    expect(five.waitFor(0)).toBe(100);
    // Late: at once.
    now = 9000;
    expect(five.waitFor(0)).toBe(0);
    now = 0;
    const ten = timewarp(10, () => now);
    expect([ten.waitFor(500), ten.waitFor(530), ten.waitFor(500.01)]).toEqual([0, 3000, 0]);
    // Never slower than it was.
    const slow = timewarp(0.1, () => now);
    expect([slow.waitFor(500), slow.waitFor(530)]).toEqual([0, 30_000]);
  });
});
