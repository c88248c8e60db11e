import { stringify } from 'csv-stringify/sync';
import { errorLines, type Line } from '../../runner/run/report.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Verified } from '../../runner/verify/verify.ts';
import type { Difference, DifferenceKind, Verdict } from '../../runner/verify/verify-node.ts';
import { DatacycleError } from '../../warehouse/errors.ts';
import { formatTable } from '../terminal/table.ts';

const width = 48;
/** Longer values are cut in tables; JSON and CSV have them whole. */
const widestValue = 60;

const kinds: Readonly<Record<DifferenceKind, string>> = {
  changed: 'changed',
  missing: 'missing',
  surplus: 'surplus',
  referenced: 'still referenced',
};

/** What became of one model, on one line. */
export function verdictLine({ node, verdict, seconds }: Verified): Line {
  const name = relationName(node);
  const start = `${name} ${'.'.repeat(Math.max(3, width - name.length))} `;
  const time = ` ${seconds.toFixed(2)}s`;
  switch (verdict.status) {
    case 'equal': {
      const waiting = verdict.counts.referenced;
      const note = waiting === 0 ? '' : ` (${thousands(waiting)} more are still referenced)`;
      return { tone: 'good', text: `${start}equal, ${count(verdict.rows - waiting, 'row')}${note}${time}` };
    }
    case 'differs':
      return {
        tone: 'bad',
        text: `${start}DIFFERS: ${differing(verdict)}, ${count(verdict.rows, 'row')} in the table${time}`,
      };
    case 'behind':
      return { tone: 'warning', text: `${start}behind: ${verdict.reason}` };
    case 'skipped':
      return { tone: 'warning', text: `${start}not compared: ${verdict.reason}` };
    case 'error':
      return { tone: 'bad', text: `${start}ERROR${time}` };
    default:
      return verdict satisfies never;
  }
}

function differing({ counts }: Extract<Verdict, { counts: unknown }>): string {
  const present = (Object.keys(kinds) as DifferenceKind[]).filter((kind) => counts[kind] > 0);
  return present.map((kind) => `${thousands(counts[kind])} ${kinds[kind]}`).join(', ');
}

/** For every model with something to tell: a table of its differing rows, or its error. */
export function differenceLines(results: readonly Verified[], limit: number): Line[] {
  return results.flatMap(({ node, verdict }): Line[] => {
    if (verdict.status === 'error') return [{ tone: 'plain', text: '' }, ...errorLines(verdict.error)];
    if (verdict.status !== 'equal' && verdict.status !== 'differs') return [];
    if (verdict.differences.length === 0) return [];
    const rows = verdict.differences.flatMap(tableRows);
    const table = formatTable(['difference', 'key', 'column', 'actual', 'expected'], rows);
    const total = Object.values(verdict.counts).reduce((sum, each) => sum + each, 0);
    const text = `${verdict.differences.length} of ${thousands(total)} differing rows are shown; --limit -1 shows all.`;
    return [
      { tone: 'plain', text: '' },
      { tone: 'faint', text: relationName(node) },
      ...table.split('\n').map((line): Line => ({ tone: 'plain', text: line })),
      ...(limit >= 0 && total > verdict.differences.length ? [{ tone: 'faint', text } as const] : []),
    ];
  });
}

/** A changed row has a line for each column; one that is on one side only has one, with its values. */
function tableRows({ kind, key, values }: Difference): string[][] {
  const names = Object.keys(key);
  const keyText = names.map((name) => `${name}=${shown(key[name] ?? null)}`).join(', ');
  if (kind === 'changed')
    return values.map(({ column, actual, expected }) => [kinds[kind], keyText, column, shown(actual), shown(expected)]);
  const side = kind === 'missing' ? 'expected' : 'actual';
  const row = cut(values.map((value) => `${value.column}=${value[side] ?? 'NULL'}`).join(', ')) || 'a row';
  return [[kinds[kind], keyText, '', ...(kind === 'missing' ? ['no row', row] : [row, 'no row'])]];
}

function shown(value: string | null): string {
  return value === null ? 'NULL' : cut(value);
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= widestValue ? text : `${characters.slice(0, widestValue - 3).join('')}...`;
}

/** How many models became what. */
export function countsOf(results: readonly Verified[]): Record<Verdict['status'], number> {
  const counts = { equal: 0, differs: 0, behind: 0, skipped: 0, error: 0 };
  for (const { verdict } of results) counts[verdict.status] += 1;
  return counts;
}

/** How it ended, and what to do. */
export function summaryLine(results: readonly Verified[], stopped: boolean): Line {
  const { equal, differs, behind, skipped, error: errors } = countsOf(results);
  const parts = [
    equal > 0 ? `${count(equal, 'model')} equal${equal === 1 ? 's' : ''} a build from scratch` : '',
    differs > 0 ? `${count(differs, 'model')} differ${differs === 1 ? 's' : ''}` : '',
    errors > 0 ? count(errors, 'error') : '',
    behind > 0 ? `${behind} behind (\`datacycle build\` first, then verify again)` : '',
    skipped > 0 ? `${skipped} not compared` : '',
    stopped ? 'stopped before the end' : '',
  ].filter(Boolean);
  const fix =
    differs === 0
      ? ''
      : ` \`datacycle run --full-refresh --select ${results
          .flatMap(({ node, verdict }) => (verdict.status === 'differs' ? [node.name] : []))
          .join(' ')}\` puts right what differs.`;
  const bad = differs > 0 || errors > 0;
  const text = parts.length === 0 ? 'The selection holds no model and no seed.' : `${parts.join(', ')}.${fix}`;
  return { tone: bad ? 'bad' : behind + skipped > 0 || stopped ? 'warning' : 'good', text };
}

/** One model as machines read it. */
export function jsonOf({ node, seconds, verdict }: Verified): object {
  const model = { model: node.name, relation: relationName(node), status: verdict.status, seconds };
  if (verdict.status !== 'error') return { ...model, ...verdict };
  const { error } = verdict;
  const known = error instanceof DatacycleError ? { where: error.where, hint: error.hint } : {};
  return { ...model, what: error.message, ...known };
}

/** One line for each value that differs; NULL is an empty field, text is quoted. */
export function csvOf(results: readonly Verified[]): string {
  const rows = results.flatMap(({ node, verdict }) =>
    verdict.status === 'equal' || verdict.status === 'differs'
      ? verdict.differences.flatMap(({ kind, key, values }) =>
          (values.length === 0 ? [{ column: '', actual: null, expected: null }] : values).map((value) => [
            node.name,
            kind,
            JSON.stringify(key),
            value.column,
            value.actual,
            value.expected,
          ]),
        )
      : [],
  );
  return stringify([['model', 'difference', 'key', 'column', 'actual', 'expected'], ...rows], { quoted_string: true });
}

function relationName({ relation: { schema, name } }: Verified['node']): string {
  return `${schema}.${name}`;
}

function count(number: number, noun: string): string {
  return `${thousands(number)} ${noun}${number === 1 ? '' : 's'}`;
}
