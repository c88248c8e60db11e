import type { ProjectLineage } from '../lineage/lineage.ts';
import { isBuilt, type Manifest, type ModelNode, type SeedNode } from '../manifest/manifest.ts';
import type { Place } from '../text/place.ts';
import type { Finding } from './finding.ts';

/** Models and seeds without a description. */
export function undocumentedModels(nodes: readonly (ModelNode | SeedNode)[]): Finding[] {
  return nodes.flatMap((node) =>
    node.description.trim() === ''
      ? [
          {
            rule: 'undocumented-model',
            name: node.name,
            what: `the ${node.kind} ${node.name} has no description`,
            hint: 'Say in the .yml beside it what a row is.',
            place: beginningOf(node),
          },
        ]
      : [],
  );
}

/** Columns without a description: those that a .yml declares, and those that the SQL has besides. */
export function undocumentedColumns(nodes: readonly (ModelNode | SeedNode)[], lineage: ProjectLineage): Finding[] {
  return nodes.flatMap((node) => {
    const declared = new Map(node.columns.map((one) => [one.name, one]));
    const found = lineage[node.id]?.columns ?? [];
    const names = new Set([...declared.keys(), ...found.map(({ column }) => column)]);
    return [...names].flatMap((column): Finding[] => {
      const spec = declared.get(column);
      if ((spec?.description ?? '').trim() !== '') return [];
      const written = found.find((one) => one.column === column)?.place;
      return [
        {
          rule: 'undocumented-column',
          name: node.name,
          what: `the column ${column} of ${node.name} has no description`,
          hint: 'Describe it under columns in the .yml beside it.',
          place: spec?.place ?? written ?? beginningOf(node),
        },
      ];
    });
  });
}

/** Models of which nothing says what identifies a row: no unique key, no constraint, no test. */
export function modelsWithoutKey(nodes: readonly (ModelNode | SeedNode)[], manifest: Manifest): Finding[] {
  const tested = new Set(
    [...manifest.nodes.values()].flatMap((node) =>
      node.kind === 'test' && (node.generic === 'unique' || node.generic === 'unique_combination_of_columns')
        ? node.dependsOn
        : [],
    ),
  );
  return nodes.flatMap((node): Finding[] => {
    if (node.kind !== 'model' || node.materialized === 'ephemeral' || tested.has(node.id)) return [];
    const isKeyed =
      (node.config.unique_key ?? []).length > 0 ||
      node.constraints.some(({ type }) => type === 'primary_key' || type === 'unique');
    if (isKeyed) return [];
    return [
      {
        rule: 'model-without-key',
        name: node.name,
        what: `nothing says what identifies a row of ${node.name}`,
        hint: 'Test its key with `unique` in its .yml, or give it a unique_key or a primary_key.',
        place: beginningOf(node),
      },
    ];
  });
}

/** What people write: seeds, and models that no .yml generates. */
export function writtenNodes({ nodes, order }: Manifest): (ModelNode | SeedNode)[] {
  return order.flatMap((id) => {
    const node = nodes.get(id);
    if (!isBuilt(node)) return [];
    return node.materialized === 'view' && node.shows !== undefined ? [] : [node];
  });
}

function beginningOf({ file }: ModelNode | SeedNode): Place {
  return { file, line: 1, column: 1 };
}
