import { isBuilt } from '../../runner/manifest/manifest.ts';
import type { Improbable } from '../../ui/data/port.ts';
import { relation } from '../../warehouse/quote.ts';
import { exists } from '../status/source-state.ts';
import type { Site } from './site.ts';

/** So many are shown, the newest. */
const shown = 50;

/** The readings that could be true and are not probable, where the project has that model and it was built (docs/anomalies.md). */
export async function improbableOf(site: Site): Promise<Improbable> {
  const { manifest } = await site.compiled();
  const node = manifest.nodes.get('model.reading_anomalies');
  if (!isBuilt(node)) return { isBuilt: false, readings: [] };
  const on = await site.warehouse();
  const from = relation(node.relation);
  if (!(await exists(on, from))) return { isBuilt: false, readings: [] };
  const { rows } = await on.query<Improbable['readings'][number] & Record<string, unknown>>(
    `select to_char(quarter at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as quarter, apartment, room, measure, reason,
         value::float8 as value, expected::float8 as expected, score::float8 as score
     from ${from}
     order by quarter desc, score desc, apartment, room, measure
     limit ${shown}`,
  );
  return { isBuilt: true, readings: rows };
}
