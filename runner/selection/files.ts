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
