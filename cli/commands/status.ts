import { compileProject } from '../../runner/compile.ts';
import type { Project } from '../../runner/project.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { openProjectWarehouse } from '../environment.ts';
import { formatTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface Status {
  readonly sources: readonly Record<string, unknown>[];
  readonly rejected: readonly Record<string, unknown>[];
  readonly relations: readonly { name: string; rows: number | null; built_at: string | null }[];
  readonly runs: readonly Record<string, unknown>[];
  readonly problems: readonly Record<string, unknown>[];
}

/** What is there, how fresh it is and what went wrong last. Exit code 1 if something needs a person. */
export async function status(project: Project, terminal: Terminal): Promise<0 | 1> {
  const compiled = compileProject(project);
  const warehouse = await openProjectWarehouse(project, 'status', 1);
  try {
    const nodes = [...compiled.manifest.nodes.values()].flatMap((node) =>
      (node.kind === 'model' && (node.materialized === 'table' || node.materialized === 'incremental')) ||
      node.kind === 'seed'
        ? [node]
        : [],
    );
    const found = await read(
      warehouse,
      nodes.map((node) => ({ name: node.name, relation: relation(node.relation.schema, node.relation.name) })),
    );
    if (terminal.json) terminal.event({ type: 'status', ...found });
    else print(found, terminal);
    return found.problems.length > 0 ? 1 : 0;
  } finally {
    await warehouse.close();
  }
}

async function read(warehouse: Warehouse, relations: readonly { name: string; relation: string }[]): Promise<Status> {
  const { rows: present } = await warehouse.query<{ staging: boolean; runner: boolean }>(
    `select to_regclass('staging.file') is not null as staging, to_regclass('datacycle.run_result') is not null as runner`,
  );
  const hasStaging = present[0]?.staging === true;
  const hasRunner = present[0]?.runner === true;
  const sources = hasStaging
    ? await warehouse.query(`select l.source, count(*) as loads, sum(l.files)::bigint as files, sum(l.rejected)::bigint as rejected,
             to_char(max(l.finished_at), 'YYYY-MM-DD HH24:MI') as last_load_utc,
             (select to_char(max(f.source_time) at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from staging.file f
              where f.source = l.source and f.status = 'landed') as newest_file_utc
         from staging.load l group by l.source order by l.source`)
    : undefined;
  const rejected = hasStaging
    ? await warehouse.query(
        `select source, name, reason from staging.file where status = 'rejected' order by file_id desc limit 10`,
      )
    : undefined;
  const counts = [];
  for (const { name, relation: quoted } of relations) {
    const { rows } = await warehouse.query<{ present: boolean }>('select to_regclass($1) is not null as present', [
      quoted,
    ]);
    if (rows[0]?.present !== true) {
      counts.push({ name, rows: null, built_at: null });
      continue;
    }
    const { rows: counted } = await warehouse.query<{ rows: number }>(`select count(*) as rows from ${quoted}`);
    const built = hasRunner
      ? await warehouse.query<{ at: string }>(
          `select to_char(built_at, 'YYYY-MM-DD HH24:MI') as at from datacycle.model where model = $1`,
          [name],
        )
      : undefined;
    counts.push({ name, rows: counted[0]?.rows ?? 0, built_at: built?.rows[0]?.at ?? null });
  }
  const runs = hasRunner
    ? await warehouse.query(`select to_char(started_at, 'YYYY-MM-DD HH24:MI:SS') as started, command, status,
             round(extract(epoch from finished_at - started_at)::numeric, 1) as seconds,
             (select count(*) from datacycle.run_result r where r.run_id = run.run_id and r.status in ('error', 'fail')) as failed
         from datacycle.run order by started_at desc limit 5`)
    : undefined;
  const problems = hasRunner
    ? await warehouse.query(`select r.node, r.status, r.message from datacycle.run_result r
         join (
             select node, max(finished_at) as finished_at from datacycle.run_result group by node
         ) as latest using (node, finished_at)
         where r.status in ('error', 'fail', 'skipped')
         order by r.status, r.node`)
    : undefined;
  return {
    sources: sources?.rows ?? [],
    rejected: rejected?.rows ?? [],
    relations: counts,
    runs: runs?.rows ?? [],
    problems: problems?.rows ?? [],
  };
}

function print(found: Status, terminal: Terminal): void {
  section('Sources', found.sources, 'Nothing has been loaded yet: datacycle load', terminal);
  section('Rejected files (newest first)', found.rejected, '', terminal);
  section('Tables', found.relations, 'The project has no tables.', terminal);
  section('Last runs', found.runs, 'Nothing has been built yet: datacycle build', terminal);
  section('Needs a person', found.problems, '', terminal);
  if (found.problems.length === 0) terminal.say('Nothing needs a person.', 'good');
}

function section(title: string, rows: readonly object[], whenEmpty: string, terminal: Terminal): void {
  if (rows.length === 0 && whenEmpty === '') return;
  terminal.say(title, 'faint');
  const first = rows[0];
  if (first === undefined) terminal.say(whenEmpty);
  else
    terminal.output(
      formatTable(
        Object.keys(first),
        rows.map((row) => Object.values(row)),
      ),
    );
  terminal.output('');
}
