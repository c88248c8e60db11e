import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalDays, type MessageForm, unixMs } from '../../../../loaders/stream/form.ts';
import { MessageReader, messageText } from '../../../../loaders/stream/read-message.ts';
import { UsualMessages } from '../../../../loaders/stream/usual-message.ts';

const form: MessageForm = {
  topics: ['iot.co2'],
  zone: 'America/Los_Angeles',
  time: 'ts',
  partitionBy: ['room', 'sensor'],
  numbers: ['value', 'second'],
};

/** Numbers as senders write them, and as they do not. */
const written = fc.oneof(
  fc.constantFrom('null', '0', '-0', '0.0', '-0.0', '488.0', '488', '0.50', '1e3', '01', '.5', '1.', '"7"', 'true'),
  fc.integer({ min: -40_000, max: 40_000 }).map(String),
  fc.integer({ min: -40_000, max: 40_000 }).map((value) => `${value}.0`),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.stringMatching(/^-?\d{1,20}(\.\d{1,20})?$/),
);
const name = fc.oneof(
  fc.constantFrom('413', '621A', 'co2', '', 'a"b', 'a\\u0041', 'Büro', 'Room 1', 'a.b'),
  fc.string({ unit: 'binary', maxLength: 70 }),
);
const time = fc.oneof(
  fc.constantFrom('1377299107', '1377299107.5', '1377299107000', '0', '00', '-1', '1e9', '99999999999999999'),
  fc.integer({ min: 0, max: 2_000_000_000 }).map(String),
);

describe('messages in the usual form', () => {
  it('say what their JSON says, and are told from others to the last digit', () => {
    const usual = new UsualMessages(form);
    let [known, plain, pointed] = [0, 0, 0];
    fc.assert(
      fc.property(name, name, time, written, written, (room, sensor, ts, value, second) => {
        const text = `{"room":"${room}","sensor":"${sensor}","ts":${ts},"value":${value},"second":${second}}`;
        const found = usual.read(Buffer.from(text).toString('latin1'));
        if (found === undefined) return;
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect(found.parts).toEqual([parsed.room, parsed.sensor]);
        expect(found.numbers).toEqual([parsed.value, parsed.second]);
        expect(found.eventMs).toBe(unixMs(parsed.ts));
        const madeOf = (pointZero: boolean) =>
          messageText(form, found.parts, Math.floor(found.eventMs / 1000), found.numbers, pointZero);
        expect(found.rest).toBe(madeOf(false) === text ? null : madeOf(true) === text ? '' : text);
        known += 1;
        if (found.rest === null) plain += 1;
        if (found.rest === '') pointed += 1;
      }),
      { numRuns: 5000, seed: 7 },
    );
    // All three kinds were among them, or this would prove nothing.
    expect(Math.min(plain, pointed, known - plain - pointed)).toBeGreaterThan(10);
  });

  it('are those of a sender that writes compact JSON, and no others', () => {
    const reader = new MessageReader(form, new LocalDays(form.zone));
    const read = (text: string) => reader.read({ offset: 0, time: 0, value: Buffer.from(text) });
    const compact = '{"room":"413","sensor":"co2","ts":1377299107,"value":488.0,"second":null}';
    expect(new UsualMessages(form).read(compact)).toEqual({
      eventMs: 1_377_299_107_000,
      parts: ['413', 'co2'],
      numbers: [488, null],
      rest: '',
    });
    for (const other of [
      compact.replace(',"ts"', ', "ts"'),
      `${compact} `,
      compact.replace('488.0', '4.88e2'),
      compact.replace('"second"', '"third"'),
    ]) {
      expect(new UsualMessages(form).read(Buffer.from(other).toString('latin1')), other).toBeUndefined();
      expect(read(other), other).toHaveProperty('reading.rest', other);
    }
    // It is JSON that says no more than its columns.
    expect(read(compact.replace('413', 'Büro'))).toHaveProperty('reading.rest', '');
    expect(read(compact)).toHaveProperty('reading.rest', '');
  });

  it('are left to JSON where two fields have one name', () => {
    const twice = new UsualMessages({ ...form, numbers: ['value', 'value'] });
    expect(twice.read('{"room":"413","sensor":"co2","ts":1,"value":1,"value":2}')).toBeUndefined();
  });
});
