import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { headersOf } from '../../../loaders/sensor-messages/message.ts';
import { publishBacklog } from '../../../loaders/sensor-messages/published.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import { QueueLog } from '../../../loaders/stream/queue-log.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { apartments, Household, sampleMinutes } from '../main-job/household.ts';
import { clock, loadFrom, publishInto, queueBehind, stagedFiles, topic } from './apartments-topic.ts';

/** What is compared: silver, and facts by minute of devices and of rooms. */
const part = ['+fact_energy_minute', '+fact_presence_minute'];

describe.each(oneDatabase)('the files of apartments as messages, on $name', (kind) => {
  let sender: TestDatabase;
  let receiver: TestDatabase;
  let home: Household;
  let portfolio: Household;
  beforeEach(async () => {
    [sender, receiver] = [await kind.open(), await kind.open()];
    home = new Household(sender.warehouse, part);
    portfolio = new Household(receiver.warehouse, part);
    return async () => {
      for (const one of [home, portfolio]) one.dispose();
      for (const one of [sender, receiver]) await one.drop();
    };
  });
  const ledger = async () =>
    (
      await receiver.warehouse.query<{ name: string; path: string; status: string; reason: string | null }>(
        `select name, bronze_path as path, status, reason from staging.file where source = 'sensors' order by name`,
      )
    ).rows;
  const queueOf = (...messages: readonly (readonly [key: string, value: string, name?: string])[]) => {
    const queue = new QueueLog('queue', [topic]);
    for (const [key, value, name] of messages)
      void queue.send(topic, key, value, 0, name === undefined ? undefined : headersOf(name, value));
    return queue;
  };

  it('give a portfolio the same silver and gold as the files give an installation', async () => {
    const minutes = sampleMinutes('12.10.2023', (minute) => minute >= 600 && minute < 660 && minute % 2 === 0);
    const late = minutes.filter((_, at) => at % 10 === 3);
    home.put(minutes.filter((file) => !late.includes(file)));
    home.put([{ name: '12.10.2023 1003_JimmyLoup_received.json', content: '{"half": ' }]);
    expect(await home.load()).toMatchObject({ landed: minutes.length - late.length, rejected: { count: 1 } });
    const first = await queueBehind(receiver.warehouse).catch(() => new QueueLog('queue', [topic]));
    expect(await publishInto(sender.warehouse, first)).toBe(minutes.length - late.length);
    expect(await loadFrom(receiver.warehouse, first, portfolio.bronze)).toMatchObject({
      source: 'sensors',
      landed: minutes.length - late.length,
      rejected: { count: 0 },
    });
    await portfolio.build();
    home.put(late);
    await home.load();
    const second = await queueBehind(receiver.warehouse);
    expect(await publishInto(sender.warehouse, second)).toBe(late.length);
    expect(await publishInto(sender.warehouse, second)).toBe(0);
    expect(await publishBacklog(sender.warehouse, topic)).toMatchObject({ files: 0, since: null });
    expect(await loadFrom(receiver.warehouse, second, portfolio.bronze)).toMatchObject({ landed: late.length });
    for (const one of [home, portfolio]) await one.build();
    const staged = await stagedFiles(sender.warehouse);
    expect(staged).toHaveLength(minutes.length);
    expect(await stagedFiles(receiver.warehouse)).toEqual(staged);
    const [expected, found] = [await home.contents(), await portfolio.contents()];
    expect(expected.get('fact_energy_minute')?.length).toBeGreaterThan(50);
    expect(found).toEqual(expected);
    // Bronze of the portfolio alone gives the same rows again, and no secret is in it.
    const [{ path = '' } = {}] = await ledger();
    expect(readFileSync(join(portfolio.bronze, path), 'utf8')).not.toContain('api_token');
    await receiver.warehouse.query('drop schema staging cascade');
    const again = { share: undefined, bronzeRoot: portfolio.bronze, apartments };
    await loadSensors(receiver.warehouse, again, { mode: 'from-bronze', clock });
    expect(await stagedFiles(receiver.warehouse)).toEqual(staged);
  });

  it('are landed once and rejected as files are, whatever is sent', async () => {
    const [one, two, three] = sampleMinutes('12.10.2023', (minute) => minute >= 600 && minute < 602);
    if (one === undefined || two === undefined || three === undefined) throw new Error('there are four');
    const keyOf = ({ name }: { name: string }) => (name.includes('Jimmy') ? 'jimmy' : 'jeremie');
    const other = one.content.replace('"power"', '"power" ');
    const queue = queueOf(
      [keyOf(one), one.content, one.name],
      // Again, and changed: a name is landed once.
      [keyOf(one), other, one.name],
      // Without headers, by its key and its datetime; with them, first as half a file, then whole.
      [keyOf(two), two.content],
      [keyOf(three), '{"half": ', three.name],
      [keyOf(three), three.content, three.name],
      ['jimmy', '{"no": "datetime"}'],
      ['stranger', one.content, '12.10.2023 1000_Stranger_received.json'],
      ['jimmy', one.content, '../../outside_received.json'],
      ['jimmy', '', '12.10.2023 1005_JimmyLoup_received.json'],
    );
    const summary = await loadFrom(receiver.warehouse, queue, portfolio.bronze);
    expect(summary).toMatchObject({ landed: 3, rejected: { count: 3 } });
    const rows = await ledger();
    expect(rows.filter(({ status }) => status === 'landed').map(({ name }) => name)).toEqual(
      [one.name, two.name, three.name].sort(),
    );
    expect(rows.filter(({ status }) => status === 'rejected')).toEqual([
      {
        name: '12.10.2023 1000_Stranger_received.json',
        path: 'rejected/12.10.2023 1000_Stranger_received.json',
        status: 'rejected',
        reason: 'the owner in the name is unknown',
      },
      {
        name: '12.10.2023 1005_JimmyLoup_received.json',
        path: 'jimmy/2023/10/12/10/12.10.2023 1005_JimmyLoup_received.json',
        status: 'rejected',
        reason: expect.any(String),
      },
      {
        name: `${topic}-p0-5.json`,
        path: `rejected/${topic}-p0-5.json`,
        status: 'rejected',
        reason: 'the name has no readable time',
      },
    ]);
    for (const { path } of rows) expect(existsSync(join(portfolio.bronze, path)), path).toBe(true);
    // What came first under a name stays.
    expect(readFileSync(join(portfolio.bronze, keyOf(one), '2023/10/12/10', one.name), 'utf8')).toBe(one.content);
  });

  it('are left out where their apartment was erased', async () => {
    const files = sampleMinutes('12.10.2023', (minute) => minute === 600);
    await loadFrom(receiver.warehouse, queueOf(), portfolio.bronze).catch(() => undefined);
    await receiver.warehouse.query(
      `insert into staging.tombstone (salt, apartment_hash, owner_hash, owner_length, requested_at)
       values ('\\x00', sha256('\\x00' || convert_to('jimmy', 'UTF8')), sha256('\\x00' || convert_to('jimmyloup', 'UTF8')), 9, now())`,
    );
    const messages = files.map(
      ({ name, content }) => [name.includes('Jimmy') ? 'jimmy' : 'jeremie', content, name] as const,
    );
    const summary = await loadFrom(receiver.warehouse, queueOf(...messages), portfolio.bronze);
    expect(summary).toMatchObject({ landed: 1, ignored: 1, rejected: { count: 0 } });
    expect((await ledger()).map(({ name }) => name)).toEqual(['12.10.2023 1000_JeremieVianin_received.json']);
    expect(existsSync(join(portfolio.bronze, 'jimmy'))).toBe(false);
  });
});
