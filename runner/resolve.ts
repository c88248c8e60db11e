import { identifier, relation } from '../warehouse/quote.ts';
import type { CompileContext, Draft } from './compile-context.ts';
import { ephemeralName } from './ephemeral.ts';
import type { Resolver } from './helpers.ts';
import type { RelationName, SourceNode } from './manifest.ts';
import { didYouMean } from './suggest.ts';
import { HelperError } from './template.ts';

/**
 * The resolver that all templates share; records what is used by id.
 * @param asBare the id of a model or seed that is referred to by the bare name of its table, which stands for something else.
 */
export function resolverFor(
  context: CompileContext,
  own: RelationName | undefined,
  used: Set<string>,
  asBare?: string,
): Resolver {
  const { drafts, disabled, sources, incomplete } = context;
  const sourceOf = (key: string): Pick<SourceNode, 'id' | 'relation'> => {
    const node = sources.get(key);
    if (node !== undefined) return node;
    if (incomplete) return { id: `source.${key}`, relation: { schema: 'unknown', name: key } };
    throw new HelperError(
      `there is no source "${key}"`,
      didYouMean(key, sources.keys()) ?? 'Declare it under sources in a .yml file.',
    );
  };
  const draftOf = (name: string): Draft => {
    const draft = drafts.get(name);
    if (draft !== undefined) return draft;
    if (disabled.has(name))
      throw new HelperError(`the model "${name}" is disabled`, 'Set enabled: true for it, or take the reference out.');
    throw new HelperError(`there is no model or seed "${name}"`, didYouMean(name, drafts.keys()));
  };
  return {
    own,
    ref(name) {
      const draft = draftOf(name);
      used.add(draft.id);
      if (draft.config.materialized === 'ephemeral') return ephemeralName(draft.name);
      if (draft.id === asBare) return identifier(draft.relation.name);
      return relation(draft.relation.schema, draft.relation.name);
    },
    source(source, table) {
      const node = sourceOf(`${source}.${table}`);
      used.add(node.id);
      return relation(node.relation.schema, node.relation.name);
    },
    upstream(name) {
      const id = drafts.has(name) || !name.includes('.') ? draftOf(name).id : sourceOf(name).id;
      used.add(id);
      return id;
    },
  };
}
