import { relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { ask } from '../database/question.ts';
import { sourcesBehind } from '../manifest/lineage.ts';
import { followedByMark, type Manifest, type ModelNode } from '../manifest/manifest.ts';
import { reasonToRebuild } from '../plan/decide.ts';
import { UpstreamVersions } from '../reuse/upstream-versions.ts';
import { allModels, type Consumed, consumedBy } from '../state/models.ts';
import { hasState } from '../state/schema.ts';

/** A model that is made of a source's rows. */
export interface Reader {
  readonly model: string;
  /** `increments`: it takes what is above its high-water mark; `all`: it looks at every row whenever it runs. */
  readonly takes: 'increments' | 'all';
  /** The largest load_id it has consumed; 0 if none, and for one that takes all. */
  readonly loadId: number;
  /** Why it still needs rows that it has consumed before, in words; undefined if it does not. */
  readonly waiting: string | undefined;
}

/**
 * The models that read a source, and what each has consumed. A view between a source and the models that follow it by
 * high-water mark counts as a part of those.
 * @param source as models name it, e.g. `staging.sensor_file`.
 */
export async function readersOf(on: Queryable, manifest: Manifest, source: string): Promise<readonly Reader[]> {
  const models = [...manifest.nodes.values()].flatMap((node) =>
    node.kind === 'model' && node.materialized !== 'ephemeral' && reads(manifest, node, source) ? [node] : [],
  );
  const recorded = (await hasState(on)) ? await ask(on, allModels) : new Map();
  const versions = new UpstreamVersions(manifest, recorded);
  const isFollowedOnly = followedOnly(manifest);
  const found: Reader[] = [];
  for (const node of models) {
    if (node.materialized === 'view') {
      if (!isFollowedOnly(node)) found.push({ model: node.name, takes: 'all', loadId: 0, waiting: undefined });
      continue;
    }
    const state = recorded.get(node.name);
    const { schema, name } = node.relation;
    const { rows } = await on.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
      relation(schema, name),
    ]);
    const there = rows[0]?.there === true;
    const consumed: ReadonlyMap<string, Consumed> =
      state === undefined ? new Map() : versions.inTodaysForm(node, await ask(on, consumedBy(node.name)));
    const marks = followed(manifest, node, source).map((upstream) => consumed.get(upstream)?.loadId ?? 0);
    found.push({
      model: node.name,
      takes: marks.length > 0 ? 'increments' : 'all',
      loadId: marks.length > 0 ? Math.min(...marks) : 0,
      waiting:
        state === undefined || !there
          ? 'is not built yet'
          : marks.some((mark) => mark > 0) && (await isEmptied(on, node))
            ? emptied
            : node.materialized === 'incremental' && node.config.full_refresh !== false
              ? waitingFor(
                  reasonToRebuild(node, { recorded: state, consumed, upstreams: now() }, { fullRefresh: false }),
                )
              : undefined,
    });

    function now(): ReadonlyMap<string, Consumed> {
      return new Map(
        node.reads.flatMap((id) => {
          const upstream = manifest.nodes.get(id);
          return upstream === undefined
            ? []
            : [[upstream.name, { version: versions.of(node, id), loadId: null }] as const];
        }),
      );
    }
  }
  return found;
}

const emptied =
  'had rows and has none any more: it was emptied by hand (datacycle build --full-refresh fills it again)';

/**
 * Whether a table has no row although runs inserted some, so that its marks are about rows that no longer exist. A table that never
 * had a row, such as a list of faults without any, is fine.
 */
async function isEmptied(on: Queryable, { name, relation: at }: ModelNode): Promise<boolean> {
  const { rows } = await on.query<{ emptied: boolean }>(
    `select not exists (select from ${relation(at)})
         and exists (select from datacycle.run_result where node = $1 and rows_inserted > 0) as emptied`,
    [name],
  );
  return rows[0]?.emptied === true;
}

function waitingFor(reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : `waits to be rebuilt (${reason})`;
}

function reads(manifest: Manifest, node: ModelNode, source: string): boolean {
  return sourcesBehind(manifest, node.reads).includes(source);
}

/** The names of the upstreams that a model follows by high-water mark and that are the source or a view of it. */
function followed(manifest: Manifest, node: ModelNode, source: string): string[] {
  return followedByMark(node).flatMap((id) =>
    sourcesBehind(manifest, [id]).includes(source) ? [manifest.nodes.get(id)?.name ?? ''] : [],
  );
}

/** For a view: whether it has readers and all of them follow it by high-water mark, so that none misses rows it has consumed. */
function followedOnly(manifest: Manifest): (view: ModelNode) => boolean {
  const known = new Map<string, boolean>();
  const isFollowedOnly = (view: ModelNode): boolean => {
    const before = known.get(view.id);
    if (before !== undefined) return before;
    const readers = [...manifest.nodes.values()].flatMap((node) =>
      node.kind === 'model' && node.materialized !== 'ephemeral' && node.reads.includes(view.id) ? [node] : [],
    );
    const answer =
      readers.length > 0 &&
      readers.every((node) =>
        node.materialized === 'view' ? isFollowedOnly(node) : followedByMark(node).includes(view.id),
      );
    known.set(view.id, answer);
    return answer;
  };
  return isFollowedOnly;
}
