import { createConnection, createServer } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import { databases } from '../databases.ts';

const secret = `a key with "quotes" 'and' back\\slashes\\\\, a\ttab, ünïcode à and -c work_mem=1 `;
const settings = { 'datacycle.secret_api_key': secret };
const server = process.env.TEST_DB_URL ?? '';

it.each(databases)('a secret reaches models whole, on $name', async ({ open }) => {
  const { warehouse, drop } = await open(settings);
  try {
    const { rows } = await warehouse.query(`select current_setting('datacycle.secret_api_key') as key`);
    expect(rows).toEqual([{ key: secret }]);
  } finally {
    await drop();
  }
});

const opened: { close(): unknown }[] = [];
afterAll(() => {
  for (const one of opened) one.close();
});

it.skipIf(server === '')(
  'a secret is a parameter of a statement after the login, and is in no other packet',
  async () => {
    const connections: Buffer[][] = [];
    const { hostname, port } = new URL(server);
    const proxy = createServer((client) => {
      const sent: Buffer[] = [];
      connections.push(sent);
      const upstream = createConnection(Number(port), hostname);
      client.on('data', (piece: Buffer) => sent.push(piece));
      client.pipe(upstream).pipe(client);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
    opened.push(proxy);
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port: through } = proxy.address() as { port: number };
    const url = Object.assign(new URL(server), { port: String(through) }).href;
    const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 2, settings });
    const { rows } = await warehouse.query(
      `select length(current_setting('datacycle.secret_api_key')) as length, current_setting('TimeZone') as zone`,
    );
    const [others] = (
      await warehouse.query(`select
        (select count(*) from pg_settings where name like 'datacycle.%') as settings,
        (select count(*) from pg_stat_activity where query like '%quo' || 'tes%') as statements`)
    ).rows;
    expect(others).toEqual({ settings: 0, statements: 0 });
    await warehouse.close();
    expect(rows).toEqual([{ length: secret.length, zone: 'UTC' }]);
    expect(connections).toHaveLength(1);
    const all = Buffer.concat(connections[0] ?? []);
    // The first message begins the connection; it carries its own length.
    const startup = all.subarray(0, all.readInt32BE(0)).toString();
    const statements = all.subarray(all.readInt32BE(0)).toString();
    expect(startup).toContain('datacycle test');
    expect(startup).not.toContain('quotes');
    expect(statements).toContain('set_config');
    expect(statements.match(/quotes/g)).toHaveLength(1);
  },
);
