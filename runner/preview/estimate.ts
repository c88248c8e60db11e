import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Node } from '../manifest/manifest.ts';
import type { Doing } from './decisions.ts';

/** How many of the newest results of a node count. */
const newest = 5;

/** How long nodes took in earlier runs. */
export class History {
  /** Median seconds by node and reason, and by node alone. */
  readonly #seconds: ReadonlyMap<string, number>;

  private constructor(seconds: ReadonlyMap<string, number>) {
    this.#seconds = seconds;
  }

  /** @param isRecorded whether there is a history. */
  static async read(on: Queryable, isRecorded: boolean): Promise<History> {
    if (!isRecorded) return new History(new Map());
    const { rows } = await on.query<{ node: string; reason: string | null; seconds: number }>(
      `select node, reason, percentile_cont(0.5) within group (order by seconds)::float8 as seconds
       from (
           select r.node, coalesce(r.message, '') as reason, extract(epoch from r.finished_at - r.started_at) as seconds,
               row_number() over (partition by r.node, coalesce(r.message, '') order by u.run_no desc) as nth
           from datacycle.run_result as r
           join datacycle.run as u using (run_id)
           where r.status in ('success', 'pass', 'warn')
       ) as results
       where nth <= ${newest}
       group by node, reason`,
    );
    return new History(new Map(rows.map(({ node, reason, seconds }) => [JSON.stringify([node, reason]), seconds])));
  }

  /** Seconds that the same took with a node; undefined if it has not been done. */
  secondsOf({ name }: Node, { action, reason }: Doing): number | undefined {
    if (action === 'error' || action === 'reuse') return 0;
    const known = this.#seconds.get(JSON.stringify([name, action === 'test' ? '' : reason]));
    // To find that there is nothing to do takes next to no time.
    return known ?? (action === 'skip' ? 0 : undefined);
  }
}
