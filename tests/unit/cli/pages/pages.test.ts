import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../../bin/setup.mjs';
import { lanesOf } from '../../../../cli/pages/lanes.ts';
import { maskedTokens } from '../../../../cli/pages/mask.ts';
import { adviceOf } from '../../../../cli/pages/overview.ts';
import { settingsOf } from '../../../../cli/pages/settings.ts';

describe('the bars of a run', () => {
  it('have a row of their own where they overlap', () => {
    const spans = [
      { start: 0, seconds: 2 },
      { start: 1, seconds: 2 },
      { start: 2, seconds: 1 },
      { start: 2.5, seconds: 1 },
    ];
    expect(lanesOf(spans)).toEqual([0, 1, 0, 2]);
    // A hundred that begin at once share a dozen rows.
    const many = Array.from({ length: 100 }, (_, at) => ({ start: 0, seconds: at + 1 }));
    expect(Math.max(...lanesOf(many))).toBe(11);
    expect(lanesOf(many).slice(11, 14)).toEqual([11, 0, 1]);
  });
});

describe('a rejected file', () => {
  it.each([
    ['{"user":"a","api_token":"abcDEF123","x":1}', '{"user":"a","api_token":"***","x":1}'],
    ['{"api_token": "abc', '{"api_token": "***"'],
    [String.raw`{"api_token":"a\"b","x":1}`, '{"api_token":"***","x":1}'],
    ['{"API_TOKEN":123456}', '{"API_TOKEN":"***"}'],
    ['garbage 0123456789abcdef0123456789abcdef garbage', 'garbage *** garbage'],
    ['{"plugs":{"Kitchen":{"power":12.5,"total":123456}}}', '{"plugs":{"Kitchen":{"power":12.5,"total":123456}}}'],
  ])('is shown without its token: %s', (text, shown) => {
    expect(maskedTokens(text)).toBe(shown);
  });
});

describe('settings', () => {
  it('show of a secret only whether it is set', () => {
    const env = { DB_URL: 'postgres://me:pw@host/db', SFTP_HOST: 'weather', PSEUDONYM_KEY: 'k3y', OWN_SECRET: 'x' };
    const shown = settingsOf({ env, settings: { name: 'p', secrets: ['OWN_SECRET'] } });
    const of = (name: string) => shown.find((one) => one.name === name)?.value;
    expect(['DB_URL', 'SFTP_HOST', 'PSEUDONYM_KEY', 'OWN_SECRET', 'MYSQL_URL'].map(of)).toEqual([
      '***',
      'weather',
      '***',
      '***',
      null,
    ]);
    expect(JSON.stringify(shown)).not.toMatch(/pw@|k3y/);
  });

  it('are all that .env.example names, each once', () => {
    const example = readFileSync(join(root, '.env.example'), 'utf8');
    const named = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
    const shown = settingsOf({ env: {}, settings: { name: 'p' } }).map(({ name }) => name);
    expect(named.length).toBeGreaterThan(40);
    expect([...new Set(named)].filter((name) => !shown.includes(name ?? ''))).toEqual([]);
    expect(shown).toEqual([...new Set(shown)]);
  });
});

describe('what to do next', () => {
  const empty = { sources: [], runs: [], problems: [], watcher: null, audits: [] };
  const loaded = {
    source: 'sensors',
    loads: 1,
    files: 10,
    rejected: 0,
    newest: null,
    lastLoad: null,
    lastSuccess: null,
    failures: 0,
    message: null,
    unread: null,
  };
  const run = { startedAt: '', command: 'build', status: 'success', seconds: 1, failed: 0 };

  it('is the demo where nothing is set, to load where nothing is there, to build, and nothing', () => {
    const jobs = (status: Parameters<typeof adviceOf>[0], configured: readonly string[]) =>
      adviceOf(status, configured, true).map(({ job }) => job?.name);
    expect(jobs(empty, [])).toEqual(['demo']);
    expect(jobs(empty, ['sensors'])).toEqual(['load']);
    expect(jobs({ ...empty, sources: [loaded] }, ['sensors'])).toEqual(['build']);
    expect(jobs({ ...empty, sources: [loaded], runs: [run] }, ['sensors'])).toEqual([]);
  });

  it('is to load again what failed, and to retry what did not do well', () => {
    const failed = { ...loaded, failures: 3, message: 'the share is away' };
    const problem = { kind: 'node' as const, name: 'dim_room', problem: 'error' };
    const advice = adviceOf({ ...empty, sources: [failed], runs: [run], problems: [problem] }, ['sensors'], true);
    expect(advice.map(({ job }) => job)).toEqual([
      { name: 'load', given: { source: 'sensors' } },
      { name: 'retry', given: {} },
    ]);
  });
});
