import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Log } from '../../../ui/data/log.ts';
import type { SourcesPage } from '../../../ui/data/overview.ts';
import type { RunList } from '../../../ui/data/state.ts';
import { TemporaryProject } from '../temporary-project.ts';
import { type Served, send, serve } from './served.ts';

const files = {
  'project.yml': `name: flats
vars: { apartments: [{ id: jimmy, owner: JimmyLoup }] }
bi: { schema: bi }
exports: { rooms: { model: doubled, to: { folder: files } } }
`,
  'seeds/rooms.csv': 'room,floor\nKitchen,1\nAttic,3\n',
  'models/doubled.sql':
    '{{config materialized="table"}}\nselect\n    room,\n    floor * 2 as doubled\nfrom {{ref "rooms"}}\n',
  'models/doubled.yml': `models:
  - name: doubled
    description: Twice
    bi: { name: Doubled }
    columns:
      - { name: room, description: Name, data_type: text, tests: [unique] }
      - { name: doubled, description: Twice, data_type: int }
`,
};

interface Press {
  readonly given?: Readonly<Record<string, string>>;
  readonly state?: 'done' | 'failed';
  readonly command: string;
  /** What its lines say. */
  readonly says: RegExp;
}

/** A file whose owner no apartment has. */
const strange = '24.08.2023 0000_Third_received.json';

const dry = { 'dry-run': 'yes' };

/** Each button as it is pressed, in this order; the demo has a test of its own. */
const presses: Readonly<Record<string, Press>> = {
  load: { command: 'datacycle load', says: /^sensors: 0 files landed, 1 rejected/m },
  'from-bronze': {
    given: { source: 'sensors' },
    command: 'datacycle load sensors --from-bronze',
    says: /^sensors: 0 /m,
  },
  'replay-file': {
    given: { source: 'sensors', file: strange },
    command: `datacycle load sensors --from-bronze --file '${strange}'`,
    says: /^sensors: 0 files landed, 1 rejected.*\n {2}rejected .*_Third_received\.json: the owner in the name is unknown/,
  },
  build: { command: 'datacycle build', says: /Done: 3 built \(4 rows changed\), 1 of 1 test passed/ },
  'full-refresh': {
    given: { select: 'doubled' },
    command: 'datacycle build --full-refresh --select doubled',
    says: /Done: 1 built \(0 rows changed\)/,
  },
  retry: { command: 'datacycle retry', says: /^Nothing to retry/ },
  test: { given: { select: 'doubled' }, command: 'datacycle test --select doubled', says: /Done: 1 of 1 test passed/ },
  plan: { command: 'datacycle plan', says: /skip +public\.doubled +nothing that it reads has changed/ },
  verify: { command: 'datacycle verify', says: /1 model equals a build from scratch/ },
  lint: { command: 'datacycle lint', state: 'failed', says: /the seed rooms has no description/ },
  compress: {
    given: dry,
    command: 'datacycle bronze compress --dry-run',
    says: /^sensors: 0 files would be compressed/,
  },
  prune: { given: dry, command: 'datacycle bronze prune --dry-run', says: /Bronze is kept for ever/ },
  'prune-staging': {
    given: dry,
    command: 'datacycle bronze prune-staging --dry-run',
    says: /^sensors: 0 files .* would go/,
  },
  expire: { given: dry, command: 'datacycle expire --dry-run', says: /every row is kept/ },
  predict: { state: 'failed', command: 'datacycle predict score', says: /no model room_quarter_state/ },
  export: { given: { full: 'yes' }, command: 'datacycle export --full', says: /^rooms: 1 file written; 2 rows/ },
  bi: { command: 'datacycle bi', says: /^Wrote 1 table/ },
};

describe('every button', () => {
  const project = new TemporaryProject(files);
  let served: Served;
  const asked = async <T>(path: string) =>
    JSON.parse((await send(served.server.listensOn, { path, headers: { cookie: served.cookie } })).body) as T;
  const log = (of: string) => asked<Log>(`/api/log?of=${of}`);
  beforeAll(async () => {
    for (const folder of ['share', 'logs', join('.datacycle', 'bronze')])
      mkdirSync(join(project.root, folder), { recursive: true });
    const file = join(project.root, 'share', strange);
    writeFileSync(file, '{"plugs":{"Office":{"power":1}}}');
    // Long enough ago: it is not still being written.
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    project.write({ '.env': `SMB_PATH=${join(project.root, 'share')}\nLOG_DIR=logs\n` });
    served = await serve(project.root);
  });
  afterAll(async () => {
    await served?.close();
    project.dispose();
  });

  it('is pressed here', () => {
    const names = served.jobs.kinds.map(({ name }) => name);
    expect(names.filter((name) => name !== 'demo').sort()).toEqual(Object.keys(presses).sort());
  });

  it.each(Object.entries(presses))(
    '%s does its command',
    async (name, { given = {}, state = 'done', command, says }) => {
      served.jobs.start(name, given, 'ann');
      await served.ended();
      const [job] = served.jobs.list();
      const text = job?.lines.map((line) => line.text).join('\n') ?? '';
      expect([job?.command, job?.state, text]).toEqual([command, state, expect.stringMatching(says)]);
    },
  );

  it('leaves a line of its start and of its end in the trail', () => {
    const trail = readFileSync(join(project.root, '.datacycle', 'ui-audit.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const told = trail.map((line) => JSON.parse(line) as { event: string; by: string; command: string });
    expect(told.map(({ event, by, command }) => [event, by, command])).toEqual(
      Object.values(presses).flatMap(({ command, state = 'done' }) => [
        ['started', 'ann', command],
        [state, 'ann', command],
      ]),
    );
  });

  it('lands one rejected file once what was wrong is mended', async () => {
    const rejected = async () => (await asked<SourcesPage>('/api/sources')).rejected.map(({ name }) => name);
    expect(await rejected()).toEqual([strange]);
    project.write({
      'project.yml': files['project.yml'].replace('[', '[{ id: third, owner: Third }, '),
    });
    served.jobs.start('replay-file', { source: 'sensors', file: strange }, 'ann');
    await served.ended();
    const [job] = served.jobs.list();
    expect([job?.state, job?.lines[0]?.text]).toEqual([
      'done',
      expect.stringMatching(/^sensors: 1 files landed, 0 rej/),
    ]);
    expect(await rejected()).toEqual([]);
    project.write({ 'project.yml': files['project.yml'] });
  });

  it('is stopped between two transactions', async () => {
    const { id } = served.jobs.start('build', {}, 'ann');
    expect(served.jobs.cancel(id, 'bob')).toBe(true);
    await served.ended();
    expect(served.jobs.list()[0]?.state).toBe('cancelled');
    served.jobs.start('build', {}, 'ann');
    await served.ended();
    expect(served.jobs.list()[0]?.state).toBe('done');
  });

  it('writes what the page of logs shows, the newest lines whole, secrets masked', async () => {
    const { file, entries } = await log('commands');
    expect(file).toBe(join(project.root, 'logs', 'datacycle.log'));
    expect(entries.length).toBeGreaterThan(5);
    const watch = join(project.root, 'logs', 'datacycle-watch.log');
    const { runs } = await asked<RunList>('/api/runs');
    const build = runs.find(({ command, status }) => command === 'build' && status === 'success');
    const ofRun = await asked<Log>(`/api/runlog?id=${build?.id}`);
    expect([ofRun.file, ofRun.entries.some(({ text }) => text.includes('doubled'))]).toEqual([
      join(project.root, 'logs'),
      true,
    ]);
    expect(ofRun.entries.filter(({ time }) => time < (build?.startedAt ?? ''))).toEqual([]);
    expect(ofRun.entries.length).toBeLessThan(entries.length);
    expect(await log('watch')).toEqual({ file: watch, entries: [] });
    const line = (text: string, level = 'info') => JSON.stringify({ time: '2024-01-01T00:00:00.000Z', level, text });
    const lines = Array.from({ length: 5000 }, (_, index) => line(`check ${index} ${'x'.repeat(60)}`));
    writeFileSync(watch, [...lines, line('the share is away', 'error'), '{"torn'].join('\n'));
    const shown = await log('watch');
    expect(shown.entries.length).toBeLessThan(401);
    expect(shown.entries.at(-1)).toEqual({
      time: '2024-01-01T00:00:00.000Z',
      level: 'error',
      text: 'the share is away',
    });
    expect(shown.entries[0]?.text).toMatch(/^check \d+ x{60}$/);
    expect(existsSync(watch)).toBe(true);
    const none = await send(served.server.listensOn, { path: '/api/log?of=../x', headers: { cookie: served.cookie } });
    expect(none.status).toBe(422);
  });
});
