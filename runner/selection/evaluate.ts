import type { Criterion, IndirectSelection } from './criterion.ts';
import type { Combination, Definition } from './definition.ts';
import { type MatchContext, matcherOf } from './methods.ts';
import type { Selectable } from './selectable.ts';

/** Ids that are selected, and tests that would be if all of their parents were. */
interface Found {
  readonly direct: ReadonlySet<string>;
  readonly indirect: ReadonlySet<string>;
}

/**
 * The ids that a definition selects.
 * @param onNothing called for each part that should match something and does not.
 * @throws UsageError for a value that its method cannot have.
 */
export function evaluate(
  definition: Definition,
  context: MatchContext,
  onNothing: (part: Combination) => void,
): ReadonlySet<string> {
  return find(definition, context, onNothing).direct;
}

function find(definition: Definition, context: MatchContext, onNothing: (part: Combination) => void): Found {
  if (definition.kind === 'criterion') return findOne(definition, context);
  const parts = definition.parts.map((part) => find(part, context, onNothing));
  const combined = combine(
    definition.kind,
    parts.map(({ direct }) => direct),
  );
  const indirect = combine(
    definition.kind,
    parts.map((part) => new Set([...part.direct, ...part.indirect])),
  );
  const direct = withComplete(combined, indirect, definition.indirect, context);
  if (definition.expected !== undefined && direct.size === 0) onNothing(definition);
  return { direct, indirect };
}

function combine(kind: Combination['kind'], sets: readonly ReadonlySet<string>[]): Set<string> {
  const [first = new Set<string>(), ...rest] = sets;
  switch (kind) {
    case 'union':
      return new Set(sets.flatMap((set) => [...set]));
    case 'intersection':
      return new Set([...first].filter((id) => rest.every((set) => set.has(id))));
    case 'difference':
      return new Set([...first].filter((id) => !rest.some((set) => set.has(id))));
    default:
      return kind satisfies never;
  }
}

function findOne(criterion: Criterion, context: MatchContext): Found {
  const { nodes, graph } = context;
  const matches = matcherOf(criterion, context);
  const roots = [...nodes.values()].filter(matches).map(({ id }) => id);
  const selected = new Set(roots);
  const add = (ids: Iterable<string>) => {
    for (const id of ids) selected.add(id);
  };
  if (criterion.childrensParents) {
    const family = [...roots, ...graph.descendants(roots)];
    add(family);
    add(graph.ancestors(family));
  }
  if (criterion.parents !== undefined) add(graph.ancestors(roots, criterion.parents));
  if (criterion.children !== undefined) add(graph.descendants(roots, criterion.children));
  return withTests(selected, criterion.indirect, context);
}

function isTest(node: Selectable | undefined): node is Selectable {
  return node?.type === 'test' || node?.type === 'unit_test';
}

/** Adds the tests of what is selected; those that lack a parent are returned separately. */
function withTests(selected: ReadonlySet<string>, how: IndirectSelection, context: MatchContext): Found {
  if (how === 'empty') return { direct: selected, indirect: new Set() };
  const { nodes, graph } = context;
  const direct = new Set(selected);
  const indirect = new Set<string>();
  const present = how === 'buildable' ? buildable(selected, context, true) : selected;
  for (const id of selected) {
    for (const dependent of graph.downstreams(id)) {
      const node = nodes.get(dependent);
      if (!isTest(node)) continue;
      if (how === 'eager' || node.dependsOn.every((parent) => present.has(parent))) direct.add(node.id);
      else indirect.add(node.id);
    }
  }
  return { direct, indirect };
}

/** Adds the tests whose parents are all there now that several parts have been put together. */
function withComplete(
  direct: ReadonlySet<string>,
  indirect: ReadonlySet<string>,
  how: IndirectSelection,
  context: MatchContext,
): ReadonlySet<string> {
  if (how !== 'cautious' && how !== 'buildable') return direct;
  const complete = new Set(direct);
  const present = how === 'buildable' ? buildable(direct, context, false) : direct;
  for (const id of indirect) {
    const node = context.nodes.get(id);
    if (node?.type === 'test' && node.dependsOn.every((parent) => present.has(parent))) complete.add(id);
  }
  return complete;
}

/** What a build of the selection can read: itself, and all that is before it. */
function buildable(selected: ReadonlySet<string>, { nodes, graph }: MatchContext, sources: boolean): Set<string> {
  const present = new Set([...selected, ...graph.ancestors([...selected])]);
  if (sources) for (const node of nodes.values()) if (node.type === 'source') present.add(node.id);
  return present;
}
