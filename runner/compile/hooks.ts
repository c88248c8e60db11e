import { type Hook, isBuilt, type Node } from '../manifest/manifest.ts';
import { type HookKey, writtenHooks } from '../project/additive-settings.ts';
import { sqlOf } from '../project/setting-places.ts';
import type { Problem } from '../text/errors.ts';
import { SqlText } from '../text/sql-text.ts';
import type { CompileContext, Draft } from './draft/context.ts';
import { attempt } from './draft/draft.ts';
import { renderHook } from './hook-template.ts';

/**
 * Gives models and seeds their hooks. What a hook refers to is built before the model, unless it is itself made of the
 * model: then nothing waits, and the hook meets what there is.
 */
export function addHooks(context: CompileContext, nodes: Map<string, Node>, problems: Problem[]): void {
  const dependsOn = new Map([...nodes].map(([id, node]) => [id, node.dependsOn]));
  for (const draft of context.drafts.values()) {
    if (draft.config.materialized === 'ephemeral') continue;
    const used = new Set<string>();
    const hooks = (['pre_hook', 'post_hook'] as const).flatMap((key) => hooksOf(context, draft, key, used, problems));
    const node = nodes.get(draft.id);
    if (hooks.length === 0 || !isBuilt(node)) continue;
    const first = [...used].filter((id) => id !== node.id && !isBehind(id, node.id, dependsOn));
    const all = [...new Set([...node.dependsOn, ...first])];
    dependsOn.set(node.id, all);
    nodes.set(node.id, { ...node, hooks, hooksRead: first, dependsOn: all });
  }
}

function hooksOf(context: CompileContext, draft: Draft, key: HookKey, used: Set<string>, problems: Problem[]): Hook[] {
  const { sql_header: header } = draft.config;
  const headers =
    key === 'post_hook' || header === undefined
      ? []
      : [{ text: header, transaction: true, sql: sqlOf(draft.settings, 'sql_header', header) }];
  const written = [...headers, ...writtenHooks({ config: draft.config, places: draft.settings }, key)];
  const when = key === 'pre_hook' ? 'pre' : 'post';
  return written.flatMap(({ sql, text, transaction }, index): Hook[] => {
    const name =
      index < headers.length ? 'sql_header' : written.length === 1 ? key : `${key} ${index + 1} of ${written.length}`;
    const source = {
      name,
      written: sql ?? new SqlText(text),
      own: draft,
      refuses: {
        // What is built is decided in the transaction.
        ...(when === 'pre' && !transaction
          ? { incremental: 'Before the transaction it is not known which form is built. Leave transaction: false out.' }
          : {}),
        ...(transaction
          ? {
              transactionControl:
                'The rows and the record of the run commit together. Take it out, or set transaction: false.',
              session: 'Write `set local`: it ends with the transaction of the model.',
            }
          : { session: settingsOfTarget }),
      },
    };
    const found: Hook[] = [];
    attempt(problems, () => {
      const [full = new SqlText(''), incremental = full] = renderHook(context, source, ['full', 'incremental'], used);
      found.push({ name, when, inTransaction: transaction, place: source.written.placeAt(0), full, incremental });
    });
    return found;
  });
}

/** What to do instead of changing a session where no transaction ends it. */
export const settingsOfTarget =
  'Put it under `settings` of the target in project.yml; for one model, write `set local` in a hook that is not transaction: false.';

/** Whether `id` depends on `other`, directly or not. */
function isBehind(id: string, other: string, dependsOn: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>();
  const visit = (one: string): boolean => {
    if (one === other) return true;
    if (seen.has(one)) return false;
    seen.add(one);
    return (dependsOn.get(one) ?? []).some(visit);
  };
  return visit(id);
}
