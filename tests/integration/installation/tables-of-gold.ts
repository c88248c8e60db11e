import { isBuilt, rowSecurityOf } from '../../../runner/manifest/manifest.ts';
import { compiledAt } from '../compiled-project.ts';

/** What a project has in gold: whether a table has an apartment, and whether its rows are guarded. Views show what tables do. */
export function tablesOfGold(root: string) {
  const { manifest } = compiledAt(root, {});
  return [...manifest.nodes.values()].flatMap((node) =>
    node.kind === 'model' && isBuilt(node) && node.materialized !== 'view' && node.relation.schema === 'gold'
      ? [
          {
            name: node.name,
            guarded: rowSecurityOf(node) !== undefined,
            hasApartment: node.columns.some(({ name }) => name === 'apartment_key'),
          },
        ]
      : [],
  );
}
