import { type Project, sourceTexts } from '../../runner/project/project.ts';
import type { Excerpt } from '../../ui/data/state.ts';

/** So many lines are shown before and after the one at fault. */
const around = 3;

/** The lines around the place that a recorded error names, `... (file:line:column)`; null if it names none that is still there. */
export function excerptOf(project: Project, message: string): Excerpt | null {
  const [, file, at] = /\(([^():]+):(\d+)(?::\d+)?\)\s*$/.exec(message) ?? [];
  const text = file === undefined ? undefined : sourceTexts(project)(file);
  if (file === undefined || text === undefined) return null;
  const line = Number(at);
  const all = text.split('\n');
  if (line < 1 || line > all.length) return null;
  const first = Math.max(1, line - around);
  return {
    file,
    line,
    lines: all.slice(first - 1, line + around).map((one, index) => ({ number: first + index, text: one })),
  };
}
