import { readState } from './previous-state.ts';
import type { SelectionFiles } from './selection.ts';
import { namedSelector, readSelectors } from './selectors-file.ts';

/** Reads selectors.yml and what earlier runs left. */
export const selectionFiles: SelectionFiles = {
  readState,
  selectorOf(root, name, indirect) {
    const selectors = readSelectors(root, indirect);
    const wanted = name ?? selectors.byDefault;
    return wanted === undefined ? undefined : namedSelector(selectors, wanted);
  },
};

/** The same where nodes are compared with those of an earlier run, which takes PostgreSQL's parser. */
export async function comparingFiles(): Promise<SelectionFiles> {
  const [{ loadSqlParser }, { isSameSql }] = await Promise.all([
    import('../sql/parser.ts'),
    import('../template/same-sql.ts'),
  ]);
  const parser = await loadSqlParser();
  return { ...selectionFiles, sameSql: (one, other) => isSameSql(one, other, parser) };
}
