import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import { FakePostgres } from '../../servers/fake-postgres.ts';

const admin = process.env.TEST_DB_URL ?? '';
/** An address of this machine that is not the loopback's: to the program, another machine. */
const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address;

async function tried(url: string, settings: Readonly<Record<string, string>> = {}) {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const warehouse = await openWarehouse({ url, folder: '', purpose: 'test', concurrency: 2, settings, warn });
  try {
    const { rows } = await warehouse.query<{ ssl: boolean }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    return { isEncrypted: rows[0]?.ssl, warnings };
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return { message, hint, warnings };
  } finally {
    await warehouse.close();
  }
}

describe('whoever answers in the place of the server, without TLS', () => {
  const host = elsewhere ?? '';
  let fake: FakePostgres | undefined;
  afterEach(() => fake?.stop());

  it.skipIf(elsewhere === undefined)('is not given the password in clear, nor a secret', async () => {
    fake = await FakePostgres.on(host, 'clear');
    const secrets = { 'datacycle.secret_pseudonym_key': 'hush-key' };
    const { message, hint } = await tried(`postgres://u:hush-word@${host}:${fake.port}/d`, secrets);
    expect(message).toBe(
      `the server at ${host}:${fake.port} asks for the password in clear over a connection without TLS; it was not sent`,
    );
    expect(hint).toContain('sslmode=disable');
    expect(fake.heard).toContain('datacycle test');
    expect(fake.heard).not.toContain('hush');
  });

  it.skipIf(elsewhere === undefined)('gets it where the URL says sslmode=disable', async () => {
    fake = await FakePostgres.on(host, 'clear');
    const { message } = await tried(`postgres://u:hush-word@${host}:${fake.port}/d?sslmode=disable`);
    expect(message).toContain('the password is wrong');
    expect(fake.heard).toContain('hush-word');
  });

  it('gets it on this machine', async () => {
    fake = await FakePostgres.on('127.0.0.1', 'clear');
    const { message, warnings } = await tried(`postgres://u:hush-word@127.0.0.1:${fake.port}/d`);
    expect(message).toContain('the password is wrong');
    expect(fake.heard).toContain('hush-word');
    expect(warnings).toEqual([]);
  });

  it.skipIf(elsewhere === undefined)('is reported, once, where the password is only proven', async () => {
    fake = await FakePostgres.on(host, 'md5');
    const { warnings } = await tried(`postgres://u:hush-word@${host}:${fake.port}/d`);
    expect(warnings).toEqual([expect.stringMatching(/is not encrypted.*\(md5\).*sslmode=require.*sslmode=disable/)]);
    expect(fake.heard).not.toContain('hush');
    const { port } = fake;
    expect((await tried(`postgres://u:hush-word@${host}:${port}/d?sslmode=disable`)).warnings).toEqual([]);
    expect((await tried(`postgres://u:hush-word@${host}:${port}/d?sslmode=require`)).message).toBe(
      `the server at ${host}:${port} does not offer TLS, which sslmode=require asks for`,
    );
  });
});

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0;
  } catch {
    return false;
  }
})();

describe.skipIf(admin === '' || !hasOpenssl)('sslmode, on PostgreSQL with a certificate of its own', () => {
  let folder = '';
  const asAdmin = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    for (const sql of statements) await client.query(sql);
    await client.end();
  };
  const at = (parameters: string, host = '127.0.0.1') =>
    `${Object.assign(new URL(admin), { hostname: host }).href}?${parameters.replaceAll('ROOT', encodeURIComponent(join(folder, 'server.crt')))}`;

  beforeAll(async () => {
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    const { rows } = await client.query<{ data: string }>(`select current_setting('data_directory') as data`);
    await client.end();
    const { uid, gid } = statSync(rows[0]?.data ?? '');
    folder = mkdtempSync(join(tmpdir(), 'datacycle-tls-'));
    chmodSync(folder, 0o755);
    const [key, cert] = [join(folder, 'server.key'), join(folder, 'server.crt')];
    const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const made = ['req', '-new', '-x509', '-days', '2', '-nodes', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert];
    execFileSync('openssl', [...made, ...named], { stdio: 'pipe' });
    chmodSync(key, 0o600);
    chownSync(key, uid, gid);
    await asAdmin(
      `alter system set ssl_cert_file = '${cert}'`,
      `alter system set ssl_key_file = '${key}'`,
      'alter system set ssl = on',
      'select pg_reload_conf()',
    );
    await vi.waitUntil(async () => (await tried(at('sslmode=require'))).isEncrypted, { timeout: 90_000 });
  });
  afterAll(async () => {
    if (folder === '') return;
    await asAdmin('alter system reset ssl', 'select pg_reload_conf()');
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['', false],
    ['sslmode=disable', false],
    ['sslmode=allow', false],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['ssl=true', true],
    ['sslmode=no-verify', true],
    ['sslmode=verify-ca&sslrootcert=ROOT', true],
    ['sslmode=require&sslrootcert=ROOT', true],
  ])('%s connects, encrypted: %s', async (parameters, isEncrypted) => {
    expect(await tried(at(parameters))).toEqual({ isEncrypted, warnings: [] });
  });

  it('verifies the name with verify-full alone, and says what to set where it does not fit', async () => {
    expect(await tried(at('sslmode=verify-full&sslrootcert=ROOT', 'localhost'))).toEqual({
      isEncrypted: true,
      warnings: [],
    });
    const { message, hint } = await tried(at('sslmode=verify-full&sslrootcert=ROOT'));
    expect(message).toMatch(/^the encrypted connection to 127\.0\.0\.1:\d+ failed: /);
    expect(hint).toContain('sslmode=verify-ca');
  });

  it('names the parameter where nobody known has signed the certificate', async () => {
    const { message, hint } = await tried(at('sslmode=verify-full'));
    expect(message).toContain('self-signed certificate');
    expect(hint).toContain('sslrootcert=/path/to/root.crt');
  });
});
