import type { Problem } from '../../text/errors.ts';
import { advance } from '../../text/place.ts';
import type { SourceFile } from '../../text/source-file.ts';

const block =
  /\{%-?\s*docs\s+(\w+)\s*-?%\}([\s\S]*?)\{%-?\s*enddocs\s*-?%\}|\{\{#docs\s+"(\w+)"\s*\}\}([\s\S]*?)\{\{\/docs\}\}/g;

/**
 * The docs blocks of .md files by their names, as descriptions name them by `{{doc "name"}}`. Written as in dbt, or as everything else
 * here: `{{#docs "name"}} ... {{/docs}}`.
 */
export function docsBlocks(files: readonly SourceFile[], problems: Problem[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, text } of files) {
    for (const match of text.matchAll(block)) {
      const [, theirs, theirText, ours, ourText] = match;
      const name = theirs ?? ours ?? '';
      if (found.has(name))
        problems.push({
          what: `there are two docs blocks "${name}"`,
          place: advance({ file: path, line: 1, column: 1 }, text, match.index),
          hint: 'Rename one of them.',
        });
      found.set(name, (theirText ?? ourText ?? '').trim());
    }
  }
  return found;
}
