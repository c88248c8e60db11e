import type { Compiled } from '../../runner/compile/compile.ts';
import type { ModelNode } from '../../runner/manifest/manifest.ts';
import { newestSql } from '../../runner/plan/freshness.ts';
import type { FreshnessSettings } from '../../runner/project/project-schema.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { StatementError } from '../../warehouse/errors.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { isConfigured, type Source } from '../sources/sources.ts';
import { exists, type SourceState } from './source-state.ts';

/**
 * `ok`, `warn` and `error` by the thresholds of project.yml; `unused`: its source is not configured or was never loaded;
 * `absent`: there is no row yet; `unreadable`: the expression of project.yml fails.
 */
export type FreshnessLevel = 'ok' | 'warn' | 'error' | 'unused' | 'absent' | 'unreadable';

export interface Freshness {
  readonly name: string;
  readonly level: FreshnessLevel;
  /** ISO text. */
  readonly newest: string | null;
  readonly ageSeconds: number | null;
  readonly warnAfterSeconds: number | null;
  readonly errorAfterSeconds: number | null;
  /** Why it is unreadable. */
  readonly message: string | null;
}

export interface FreshnessContext {
  readonly compiled: Compiled;
  readonly sources: readonly Source[];
  readonly states: readonly SourceState[];
  readonly now: Date;
}

/**
 * The age of everything that project.yml sets a threshold for.
 * @throws UsageError for a name that is neither a source nor a model.
 */
export async function readFreshness(on: Queryable, context: FreshnessContext): Promise<readonly Freshness[]> {
  const { compiled, sources, states, now } = context;
  const settings = Object.entries(compiled.project.settings.freshness ?? {});
  const found: Freshness[] = [];
  for (const [name, wanted] of settings) {
    const source = sources.find((one) => one.name === name);
    if (source !== undefined) {
      const state = states.find((one) => one.source === name);
      const newest = state?.newest ?? state?.lastSuccess ?? state?.lastLoad ?? undefined;
      const used = isConfigured(source, compiled.project) && state !== undefined;
      found.push(judge(name, wanted, used, newest, now));
      continue;
    }
    const model = modelNamed(name, context);
    if (!followsUsed(model, context)) found.push(judge(name, wanted, false, undefined, now));
    else found.push(await ofModel(on, context, model, wanted));
  }
  return found;
}

/** @throws UsageError for a name in project.yml's freshness that is neither a source nor a model. */
export function checkFreshnessNames(context: Pick<FreshnessContext, 'compiled' | 'sources'>): void {
  for (const name of Object.keys(context.compiled.project.settings.freshness ?? {}))
    if (!context.sources.some((source) => source.name === name)) modelNamed(name, context);
}

function modelNamed(name: string, { compiled, sources }: Pick<FreshnessContext, 'compiled' | 'sources'>): ModelNode {
  const node = [...compiled.manifest.nodes.values()].find((one) => one.kind === 'model' && one.name === name);
  if (node?.kind === 'model') return node;
  const { settingsFile } = compiled.project;
  const models = [...compiled.manifest.nodes.values()].flatMap((one) => (one.kind === 'model' ? [one.name] : []));
  const known = [...sources.map((source) => source.name), ...models];
  const place = settingsFile.place(['freshness'], name);
  throw new UsageError({
    what: `freshness names "${name}", which is neither a source nor a model`,
    where: `${place.file}:${place.line}`,
    hint: didYouMean(name, known) ?? `The sources are ${sources.map((source) => source.name).join(', ')}.`,
  });
}

/** Whether a model's freshness is judged: if it has sources upstream, one of them must be in use. */
function followsUsed(model: ModelNode, { compiled, sources, states }: FreshnessContext): boolean {
  const behind = compiled.graph.ancestors(model.id);
  const followed = sources.filter(({ staging }) => behind.has(`source.${staging}`));
  return (
    followed.length === 0 ||
    followed.some(
      (source) => isConfigured(source, compiled.project) && states.some(({ source: name }) => name === source.name),
    )
  );
}

async function ofModel(
  on: Queryable,
  { compiled, now }: FreshnessContext,
  model: ModelNode,
  wanted: FreshnessSettings,
): Promise<Freshness> {
  const from = relation(model.relation);
  if (!(await exists(on, from))) return judge(model.name, wanted, true, undefined, now);
  try {
    const { rows } =
      wanted.newest === undefined
        ? await on.query<{ newest: number | null }>(
            `select (extract(epoch from max(built_at)) * 1000)::float8 as newest from datacycle.model where model = $1`,
            [model.name],
          )
        : await on.query<{ newest: number | null }>(newestSql(compiled.project, model, wanted.newest).text);
    const newest = rows[0]?.newest;
    return judge(model.name, wanted, true, newest == null ? undefined : new Date(newest).toISOString(), now);
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    return { ...judge(model.name, wanted, true, undefined, now), level: 'unreadable', message: error.message };
  }
}

/** Clocks and zones differ; what is dated later than that hides how old the rest is. */
const mostAheadMs = 26 * 3_600_000;

/** Pure. Data from the future are as bad as old ones. @param newest ISO text, undefined if there is nothing. */
export function judge(
  name: string,
  { warn_after: warnAfter, error_after: errorAfter }: FreshnessSettings,
  used: boolean,
  newest: string | undefined,
  now: Date,
): Freshness {
  const age = newest === undefined ? undefined : Math.max(0, (now.getTime() - new Date(newest).getTime()) / 1000);
  const isAhead = newest !== undefined && new Date(newest).getTime() > now.getTime() + mostAheadMs;
  const level = (): FreshnessLevel => {
    if (!used) return 'unused';
    if (age === undefined) return 'absent';
    if (isAhead) return 'error';
    if (errorAfter !== undefined && age > errorAfter) return 'error';
    return warnAfter !== undefined && age > warnAfter ? 'warn' : 'ok';
  };
  return {
    name,
    level: level(),
    newest: newest ?? null,
    ageSeconds: age === undefined ? null : Math.round(age),
    warnAfterSeconds: warnAfter ?? null,
    errorAfterSeconds: errorAfter ?? null,
    message: isAhead ? 'it is dated in the future: a clock was wrong' : null,
  };
}
