import { Graph } from '../../manifest/graph.ts';
import { type BuiltNode, isBuilt, type Node } from '../../manifest/manifest.ts';
import type { TestNode } from '../../manifest/test-node.ts';
import type { Config } from '../../project/config.ts';
import { type SettingPlaces, settingPlace } from '../../project/setting-places.ts';
import { type Problem, ProjectError } from '../../text/errors.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { CompileContext } from '../draft/context.ts';

interface Singular {
  readonly file: string;
  /** Ids of all that it reads. */
  readonly used: ReadonlySet<string>;
  readonly config: Config;
  readonly settings: SettingPlaces;
  /** It says itself that it is an audit, not only its folder. */
  readonly asked: boolean;
}

/**
 * The id of the model or seed that a singular test audits, or whose new rows it tests; undefined if it does neither.
 * @throws ProjectError if the model is ambiguous, or does not exist.
 */
export function auditedBy(
  context: CompileContext,
  { file, used, config, settings, asked }: Singular,
): string | undefined {
  const fault = (key: 'audit' | 'audits' | 'scope', what: string, hint: string | undefined) => {
    const place = settingPlace(settings, key) ?? { file, line: 1, column: 1 };
    return new ProjectError([{ what: place.file === file ? what : `${file}: ${what}`, hint, place }]);
  };
  const { audit = false, scope, audits } = config;
  const isAudit = audit !== false;
  if (!isAudit && scope === undefined && audits !== undefined)
    throw fault('audits', 'audits has no meaning for a test that is no audit', 'Set audit=true or audit="new_rows".');
  if (!isAudit && scope === undefined) return undefined;
  const [key, says] = isAudit ? (['audit', 'audits'] as const) : (['scope', 'tests the rows of'] as const);
  const built = [...context.drafts.values()].filter(
    ({ id, config: { materialized } }) => used.has(id) && materialized !== 'ephemeral',
  );
  const names = built.map(({ name }) => name);
  if (audits !== undefined) {
    const named = built.find(({ name }) => name === audits);
    if (named !== undefined) return named.id;
    const hint = didYouMean(audits, names) ?? 'Name a model or seed that it reads by {{ref}}.';
    throw fault('audits', `it does not read "${audits}", or that is ephemeral, so that it cannot audit it`, hint);
  }
  const [only] = built;
  if (built.length === 1) return only?.id;
  if (built.length > 1) {
    const setting = isAudit ? `audit=${audit === true ? 'true' : '"new_rows"'}` : 'scope="new_rows"';
    const hint = `Say so: {{config ${setting} audits="${only?.name ?? ''}"}}.`;
    throw fault(key, `it reads ${names.join(', ')}: nothing says which of them it ${says}`, hint);
  }
  // What a folder says for all of its tests is no mistake of one that has no use for it.
  if (!asked) return undefined;
  const nothing = isAudit ? 'there is nothing to audit' : 'no build brings new rows';
  throw fault(key, `it reads no model or seed that is built, so that ${nothing}`, `Take ${key} out.`);
}

/**
 * The models and seeds with audits that read other models as well: those are built first, so that the audits read them as this run
 * builds them. They are no upstreams of the rows, so `reads` is unchanged.
 * @param problems gets an audit that reads a model downstream of the one that it audits.
 */
export function auditedLast(
  nodes: ReadonlyMap<string, Node>,
  tests: readonly TestNode[],
  problems: Problem[],
): BuiltNode[] {
  const graph = new Graph(new Map([...nodes].map(([id, node]) => [id, node.dependsOn])));
  const behind = new Map<string, Set<string>>();
  for (const { audit, dependsOn, place } of tests) {
    if (audit === undefined) continue;
    const name = nodes.get(audit.of)?.name ?? audit.of;
    const later = graph.descendants(audit.of);
    for (const id of dependsOn) {
      const other = nodes.get(id);
      if (id === audit.of || !isBuilt(other)) continue;
      if (later.has(id)) {
        const what = `it audits ${name}, but reads ${other.name}, which is built after it`;
        const hint = `An audit runs before anything is made of ${name}: let it audit ${other.name}, or make it a plain test.`;
        problems.push({ what, hint, place });
        continue;
      }
      behind.set(audit.of, (behind.get(audit.of) ?? new Set()).add(id));
    }
  }
  return [...behind].flatMap(([id, others]) => {
    const node = nodes.get(id);
    if (!isBuilt(node)) return [];
    return [{ ...node, dependsOn: [...new Set([...node.dependsOn, ...others])] }];
  });
}
