import type { ExportOutcome } from '../../exporting/export.ts';
import type { Conditions } from './conditions.ts';
import { messageOf } from './landing.ts';
import { inWords } from './timing.ts';
import type { WatchLog } from './watch-log.ts';

/** What the log says of exports. */
export function exportReports(log: WatchLog, conditions: Conditions) {
  const failing = new Set<string>();
  return {
    onNotice: (text: string) => log.write('warning', 'notice', text),
    onDone(name: string, { written, unchanged, removed, rows }: ExportOutcome, elapsedMs: number) {
      failing.delete(name);
      if (failing.size === 0) conditions.recovered('exports');
      const text = `exported ${name} in ${inWords(elapsedMs)}: ${written} files written, ${unchanged} as before`;
      log.write('info', 'exported', text, { name, written, unchanged, removed, rows });
    },
    onFailed(name: string, error: unknown, retryMs: number) {
      failing.add(name);
      conditions.failed('exports', messageOf(error), `${name} is tried again in ${inWords(retryMs)}.`);
    },
  };
}
