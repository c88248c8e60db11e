import type { ColumnNotes } from '../../exporting/manifest.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Export } from '../../runner/manifest/exposure-node.ts';
import { readDesign } from '../bi/design.ts';

/**
 * What the manifest of an export says of its columns: their descriptions and, for columns whose `.yml` says so by `meta: { label: ... }`, what
 * they are called in English and, by the captions of the reports, in the other languages.
 */
export function columnNotes({ manifest, project }: Compiled, { model }: Export): ReadonlyMap<string, ColumnNotes> {
  const node = model === undefined ? undefined : manifest.nodes.get(model);
  if (node === undefined || !('columns' in node)) return new Map();
  const { captions } = readDesign(project.root);
  return new Map(
    node.columns.map(({ name, description, label }) => {
      const others = [...captions].flatMap(([language, texts]) => {
        const text = label === undefined ? undefined : texts.get(label);
        return text === undefined ? [] : [[language, text] as const];
      });
      const labels = label === undefined ? undefined : { en: label, ...Object.fromEntries(others) };
      return [name, { ...(description === '' ? {} : { description }), ...(labels === undefined ? {} : { labels }) }];
    }),
  );
}
