import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatTable } from '../cli/terminal/table.ts';
import { startDatabase, withClient } from './database.ts';
import { nodeStart } from './installation.ts';
import { type Measured, runNode } from './measure.ts';
import { type Row, row, rowCells, rowTitles } from './report.ts';

/*
 * What the runner itself costs where the SQL costs nothing: 1,000 models compiled and listed, and 200 views created, with one thread
 * and with four, beside the same statements sent by hand. BENCH_ROUNDS (5) times each; the median counts.
 */
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const program = resolve('bin', 'datacycle.mjs');
const schema = 'bench_models';
const home = mkdtempSync(join(tmpdir(), 'datacycle-bench-models-'));
const { url, stop } = await startDatabase([schema, 'datacycle']);

/** A tree of models: every tenth reads a constant, the others the model a tenth of their number. */
function queryOf(index: number, reference: (name: string) => string): string {
  return index < 10
    ? `select ${index} as id, 'a' as kind`
    : `select id, kind from ${reference(`m${Math.floor(index / 10)}`)}`;
}

function writeProject(folder: string, models: number): string {
  mkdirSync(join(folder, 'models'), { recursive: true });
  writeFileSync(join(folder, 'project.yml'), `name: bench\nmodels:\n  +schema: ${schema}\n  +materialized: view\n`);
  for (let index = 0; index < models; index += 1)
    writeFileSync(join(folder, 'models', `m${index}.sql`), `${queryOf(index, (name) => `{{ref "${name}"}}`)}\n`);
  return folder;
}

function run(project: string, ...args: string[]): Promise<Measured> {
  return runNode([program, ...args, '--project-dir', project], { DB_URL: url });
}

async function repeated(work: () => Promise<Measured>, before?: () => Promise<void> | void): Promise<Measured[]> {
  const runs: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await before?.();
    runs.push(await work());
  }
  return runs;
}

const empty = () =>
  withClient(url, async (client) => {
    await client.query(`drop schema if exists ${schema} cascade`);
    await client.query('drop schema if exists datacycle cascade');
  });

/** The views by hand: one connection, one statement after the other. It runs in this process, whose memory says nothing. */
async function byHand(models: number): Promise<Measured> {
  const started = performance.now();
  await withClient(url, async (client) => {
    await client.query(`create schema ${schema}`);
    for (let index = 0; index < models; index += 1)
      await client.query(`create view ${schema}.m${index} as ${queryOf(index, (name) => `${schema}.${name}`)}`);
  });
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: 0, memoryMb: 0, output: '' };
}

try {
  const thousand = writeProject(join(home, 'thousand'), 1000);
  const cold = () => rmSync(join(thousand, 'target'), { recursive: true, force: true });
  const start = await repeated(nodeStart);
  const rows: Row[] = [
    row(
      'compile 1,000 models, nothing kept',
      await repeated(() => run(thousand, 'compile'), cold),
      "Node's start",
      start,
    ),
    row('ls 1,000 models, again', await repeated(() => run(thousand, 'ls')), "Node's start", start),
  ];
  const views = 200;
  const project = writeProject(join(home, 'views'), views);
  await run(project, 'ls');
  const hand = await repeated(() => byHand(views), empty);
  for (const threads of ['1', '4']) {
    const fresh = await repeated(() => run(project, 'run', '--threads', threads), empty);
    rows.push(row(`run ${views} views for the first time, ${threads} threads`, fresh, 'the same statements', hand));
  }
  for (const threads of ['1', '4']) {
    const again = await repeated(() => run(project, 'run', '--no-reuse', '--threads', threads));
    rows.push(row(`run ${views} views again, ${threads} threads`, again, 'the same statements', hand));
  }
  process.stdout.write(`${formatTable(rowTitles, rows.map(rowCells))}\n`);
  for (const { what, seconds, floorSeconds } of rows.slice(2))
    process.stdout.write(
      `${what}: ${((1000 * (seconds - floorSeconds)) / views).toFixed(2)} ms a model over the statements\n`,
    );
  mkdirSync('target', { recursive: true });
  writeFileSync(join('target', 'bench-models.json'), `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
} finally {
  rmSync(home, { recursive: true, force: true });
  await stop?.();
}
