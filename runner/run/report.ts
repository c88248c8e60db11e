import { DatacycleError } from '../../warehouse/errors.ts';
import { showCommand } from '../data-test/bad-rows.ts';
import { isBuilt, type Node } from '../manifest/manifest.ts';
import { isTest } from '../manifest/unit-test-node.ts';
import { count, thousands } from '../text/figures.ts';
import { firstRowLines } from './first-rows.ts';
import type { RunHookResult } from './run-hooks.ts';
import type { NodeResult, RunEvent, RunSummary } from './run-result.ts';

/** How a line of the report is meant; the terminal gives it a colour. */
export type Tone = 'plain' | 'good' | 'bad' | 'warning' | 'faint';

export interface Line {
  readonly tone: Tone;
  readonly text: string;
}

const width = 64;

/** Whether a result is not told by itself; it is counted all the same. */
type IsSilent = (result: NodeResult) => boolean;

/** The lines that tell a person of one event; none for events that only a live display shows. */
export function reportLines(event: RunEvent, isSilent: IsSilent = () => false): readonly Line[] {
  switch (event.type) {
    case 'started':
      return [
        {
          tone: 'faint',
          text: `${event.command}: ${count(event.total, 'node')} on ${event.address}, ${count(event.threads, 'thread')}`,
        },
      ];
    case 'node-started':
      return [];
    case 'node-waits': {
      const { name, whom } = event;
      return whom === undefined ? [] : [{ tone: 'warning', text: `${name} waits for a lock of ${whom}` }];
    }
    case 'node-finished':
      return isSilent(event.result) ? [] : [resultLine(event.result, event.index, event.total)];
    case 'hook-finished':
      return [hookLine(event.hook)];
    case 'finished':
      return summaryLines(event.summary, isSilent);
    default:
      return event satisfies never;
  }
}

/** One object per event for machines (`--log-format json`). */
export function reportJson(
  event: RunEvent,
): ({ readonly type: string } & Readonly<Record<string, unknown>>) | undefined {
  switch (event.type) {
    case 'started':
      return event;
    case 'node-started':
      return { type: event.type, index: event.index, total: event.total, node: event.node.name, kind: event.node.kind };
    case 'node-waits':
      return { type: event.type, node: event.name, waits_for: event.whom ?? null };
    case 'node-finished':
      return { type: event.type, index: event.index, total: event.total, ...resultJson(event.result) };
    case 'hook-finished': {
      const { name, seconds, error } = event.hook;
      const status = error === undefined ? 'success' : 'error';
      return { type: event.type, hook: name, status, seconds, message: error?.message ?? '', ...whereOf(error) };
    }
    case 'finished': {
      const { runId, ok, seconds, results } = event.summary;
      return { type: event.type, runId, ok, seconds, ...countByStatus(results) };
    }
    default:
      return event satisfies never;
  }
}

function resultJson(result: NodeResult): object {
  // The rows of a test may be a person's, and what is logged is kept.
  const { node, error, rows: _rows, ...rest } = result;
  return { node: node.name, kind: node.kind, file: node.file, ...rest, ...whereOf(error) };
}

function whereOf(error: Error | undefined): object {
  return error instanceof DatacycleError ? { where: error.where, hint: error.hint } : {};
}

function hookLine({ name, seconds, error }: RunHookResult): Line {
  const dots = '.'.repeat(Math.max(3, width - name.length));
  const time = `${seconds.toFixed(2)}s`.padStart(8);
  const [tone, label] = error === undefined ? (['good', 'OK'] as const) : (['bad', 'ERROR'] as const);
  return { tone, text: `hook ${name} ${dots} ${label}${time}` };
}

function resultLine(result: NodeResult, index: number, total: number): Line {
  const { node, status, seconds } = result;
  const place = `${String(index).padStart(String(total).length)} of ${total}`;
  const kind = (node.kind === 'model' ? node.materialized : node.kind)
    .replace('materialized_view', 'matview')
    .replace('unit_test', 'unit test')
    .padEnd(11);
  const name = shownName(node);
  const dots = '.'.repeat(Math.max(3, width - name.length));
  const time = status === 'skipped' ? '' : `${seconds.toFixed(2)}s`.padStart(8);
  return { tone: toneOf(result), text: `${place}  ${kind} ${name} ${dots} ${label(result)}${time}` };
}

/** The name of a node in reports: its relation, where it has one of its own. */
export function shownName(node: Node): string {
  return isBuilt(node) ? `${node.relation.schema}.${node.relation.name}` : node.name;
}

function toneOf({ status, message, warned }: NodeResult): Tone {
  if (status === 'error' || status === 'fail') return 'bad';
  if (status === 'warn' || status === 'skipped' || warned === true) return 'warning';
  return status === 'pass' || message === 'nothing new' ? 'plain' : 'good';
}

function label(result: NodeResult): string {
  const { status, message } = result;
  if (isTest(result.node)) {
    const name = { pass: 'PASS', warn: 'WARN', fail: 'FAIL', error: 'ERROR', skipped: 'SKIP', success: 'PASS' }[status];
    return status === 'error' ? name : [name, message === '' ? '' : `(${message})`].filter(Boolean).join(' ');
  }
  if (status === 'error') return 'ERROR';
  if (status === 'skipped') return `SKIP (${message})`;
  const rows = changes(result);
  return ['OK', rows, message === '' ? '' : `(${message})`].filter(Boolean).join(' ');
}

function changes({ inserted, updated, deleted, node, message }: NodeResult): string {
  const parts = [
    inserted > 0 ? `+${thousands(inserted)}` : '',
    updated > 0 ? `~${thousands(updated)}` : '',
    deleted > 0 ? `-${thousands(deleted)}` : '',
  ].filter(Boolean);
  if (parts.length > 0) return `${parts.join(' ')} rows`;
  return node.kind === 'seed' || (node.kind === 'model' && node.materialized !== 'view' && message !== 'nothing new')
    ? '0 rows changed'
    : '';
}

function summaryLines(summary: RunSummary, isSilent: IsSilent): Line[] {
  const { results, hooks, seconds, ok } = summary;
  const counts = countByStatus(results);
  const rows = results.reduce((sum, result) => sum + result.inserted + result.updated + result.deleted, 0);
  const lines: Line[] = [];
  for (const result of results) {
    if (result.status !== 'error' && result.status !== 'fail' && result.status !== 'warn') continue;
    if (isSilent(result)) continue;
    lines.push({ tone: 'plain', text: '' }, ...problemLines(result));
  }
  const brokenHooks = hooks.flatMap(({ error }) => error ?? []);
  for (const error of brokenHooks) lines.push({ tone: 'plain', text: '' }, ...errorLines(error));
  const tests = counts.pass + counts.warn + counts.fail;
  const left = results.filter((result) => result.left === true);
  const leftTests = left.filter(({ node }) => isTest(node)).length;
  const leftNodes = left.length - leftTests;
  const built = counts.success - leftNodes;
  const parts = [
    built > 0 ? `${built} built (${thousands(rows)} rows changed)` : '',
    leftNodes > 0 ? `${leftNodes} left as they are` : '',
    tests > 0
      ? `${counts.pass} of ${count(tests, 'test')} passed${leftTests > 0 ? `, ${leftTests} of them before` : ''}`
      : '',
    counts.warn > 0 ? `${counts.warn} warned` : '',
    counts.fail > 0 ? `${counts.fail} failed` : '',
    counts.error > 0 ? count(counts.error, 'error') : '',
    brokenHooks.length > 0 ? `${count(brokenHooks.length, 'hook')} of the run failed` : '',
    counts.skipped > 0 ? `${counts.skipped} skipped` : '',
  ].filter(Boolean);
  const text = parts.length === 0 ? 'Nothing to do' : parts.join(', ');
  lines.push(
    { tone: 'plain', text: '' },
    { tone: ok ? 'good' : 'bad', text: `${ok ? 'Done' : 'Failed'}: ${text} in ${seconds.toFixed(2)}s.` },
  );
  return lines;
}

function problemLines(result: NodeResult): Line[] {
  const { node, status, error } = result;
  if (error !== undefined) return errorLines(error);
  const tone: Tone = status === 'warn' ? 'warning' : 'bad';
  return [
    { tone, text: `${status === 'warn' ? 'Warning' : 'Failed'}: ${node.name}: ${result.message}` },
    {
      tone: 'faint',
      text: `  ${node.kind === 'test' || node.kind === 'unit_test' ? `${node.place.file}:${node.place.line}` : node.file}`,
    },
    ...(result.difference ?? []).map((text): Line => ({ tone: 'plain', text })),
    ...(result.rows === undefined ? [] : firstRowLines(result.rows, countedRows(result))),
    ...(node.kind === 'test' ? [seeThem(showCommand(node, result.rows))] : []),
  ];
}

/** How many bad rows there are; undefined where something else was counted. */
function countedRows({ node, failures }: NodeResult): number | undefined {
  const verdict = node.kind === 'test' ? node.verdict : undefined;
  return verdict === undefined || verdict.failCalc === 'count(*)' ? failures : undefined;
}

function seeThem(command: string): Line {
  return { tone: 'plain', text: `  See them with: ${command}` };
}

/** What, where, why and what to do, of any error. */
export function errorLines(error: Error): Line[] {
  const lines: Line[] = [{ tone: 'bad', text: `Error: ${error.message}` }];
  if (!(error instanceof DatacycleError)) return lines;
  if (error.where !== undefined) lines.push({ tone: 'faint', text: `  at ${error.where}` });
  if (error.detail !== undefined)
    lines.push(
      ...error.detail
        .split('\n')
        .map((text): Line => ({ tone: 'plain', text: text.startsWith('  ') ? text : `  ${text}` })),
    );
  if (error.hint !== undefined) lines.push({ tone: 'plain', text: `  ${error.hint}` });
  return lines;
}

function countByStatus(results: readonly NodeResult[]): Record<NodeResult['status'], number> {
  const counts = { success: 0, pass: 0, warn: 0, fail: 0, error: 0, skipped: 0 };
  for (const result of results) counts[result.status] += 1;
  return counts;
}
