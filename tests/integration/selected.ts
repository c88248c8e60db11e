import type { Compiled } from '../../runner/compile/compile.ts';
import { type Selection, selectNodes } from '../../runner/selection/selection.ts';

/** The ids that a selection names. A test whose selector matches nothing asks for nothing by mistake. */
export function selectedBy(compiled: Compiled, selection: Selection = {}): ReadonlySet<string> {
  const { ids, warnings } = selectNodes(compiled, selection);
  if (warnings[0] !== undefined) throw new Error(warnings[0].what);
  return ids;
}
