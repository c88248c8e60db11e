import type { EventTimeRange } from '../../../../runner/state/batch-windows.ts';
import { verifiedByDefault, verifyModels } from '../../../../runner/verify/verify.ts';
import type { DatabaseKind } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { resultOf, type TemporaryProject } from '../../temporary-project.ts';

export const settings = 'materialized="incremental" incremental_strategy="microbatch"';
export const batches = (config: string) => `{{config ${settings} ${config}}}`;
export const readings = (config = '', columns = 'room, at, value') =>
  `${batches(`event_time="at" batch_size="day" begin="2023-08-01" unique_key="room, at" ${config}`)}
select ${columns} from {{source "raw" "events"}} where value < 1000`;
export const daily = (from = '{{ref "readings"}}', config = 'lookback=0') =>
  `${batches(`event_time="day" batch_size="day" begin="2023-08-01" unique_key="room, day" ${config}`)}
select room, at::date as day, sum(value) as value from ${from} group by room, at::date`;

/** Readings in batches of a day, and what their runs say. */
export function readingsInBatches(kind: DatabaseKind) {
  const {
    database,
    project,
    rows: query,
  } = projectOn(
    kind,
    {
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events, event_time: at }] }]',
      'models/readings.sql': readings(),
    },
    ['create table raw.events (load_id bigint, room text, at timestamptz, value int)'],
  );

  const land = (rows: string, load = 1) =>
    query(`insert into raw.events select ${load}, v.room, v.at::timestamptz, v.value
      from (values ${rows}) as v (room, at, value)`);
  const run = (day: string, options: Parameters<TemporaryProject['run']>[1] = {}) =>
    project.run(database.warehouse, { now: new Date(`${day}T12:00:00Z`), ...options });
  const backfill = (start: string, end?: string): { range: EventTimeRange } => ({ range: { start, end } });
  const outcome = async (day: string, options: Parameters<TemporaryProject['run']>[1] = {}, name = 'readings') => {
    const { status, message, inserted, updated, deleted } = resultOf(await run(day, options), name);
    return `${status}: ${message} +${inserted} ~${updated} -${deleted}`;
  };
  const rows = (table = 'readings', column = 'at') =>
    query(`select room, ${column}::text as at, value::int as value from public.${table} order by 1, 2`);
  const generation = async (model = 'readings') =>
    (await query(`select generation from datacycle.model where model = '${model}'`))[0]?.generation;
  const threeDays = `('a', '2023-08-01 10:00+00', 1), ('a', '2023-08-02 10:00+00', 2), ('b', '2023-08-03 10:00+00', 3)`;
  const verify = async () => {
    const compiled = project.compile();
    const results = await verifyModels(compiled, database.warehouse, {
      selected: verifiedByDefault(compiled.manifest),
      limit: 5,
      clock: () => new Date(),
      onVerified: () => undefined,
    });
    return results.map(({ node, verdict }) => {
      const reason = 'reason' in verdict ? `: ${verdict.reason}` : '';
      return `${node.name} ${verdict.status}${'error' in verdict ? `: ${verdict.error.message}` : reason}`;
    });
  };
  return { database, project, query, land, run, backfill, outcome, rows, generation, threeDays, verify };
}
