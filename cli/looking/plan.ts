import { compiledProject } from '../../runner/cache/cache.ts';
import type { Node } from '../../runner/manifest/manifest.ts';
import { wordsOf } from '../../runner/plan/decision-words.ts';
import type { Doing } from '../../runner/preview/decisions.ts';
import { type Planned, previewRun } from '../../runner/preview/preview.ts';
import type { Project } from '../../runner/project/project.ts';
import { type Line, shownName, type Tone } from '../../runner/run/report.ts';
import { count, thousands } from '../../runner/text/figures.ts';
import { chosenNodes } from '../selection/chosen-nodes.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { openWithoutTrace } from '../settings/environment.ts';
import { eventTimeRange } from '../settings/event-time.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Says what `build` of a selection would do. @returns 1 if a node could not be built, otherwise 0. */
export async function plan(
  project: Project,
  flags: RunFlags & { readonly output?: string | undefined },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const range = eventTimeRange(flags);
  const compiled = await compiledProject(project);
  tellNotices(terminal, compiled);
  const selected = await chosenNodes(compiled, flags, terminal);
  const warehouse = await openWithoutTrace(project, 'plan', signal);
  try {
    const planned = await previewRun(compiled, warehouse, {
      command: 'build',
      selected,
      fullRefresh: flags.fullRefresh === true,
      reuse: flags.reuse !== false,
      range,
      clock: () => new Date(),
    });
    if (terminal.json) for (const one of planned) terminal.event({ type: 'planned', ...planJson(one) });
    else if (flags.output === 'json')
      terminal.output(JSON.stringify({ nodes: planned.map(planJson), ...totalOf(planned) }));
    else terminal.lines(planLines(planned));
    return planned.some(({ action }) => action === 'error') ? 1 : 0;
  } finally {
    await warehouse.close();
  }
}

function planJson({ node, seconds, news, ...rest }: Planned): object {
  return { node: node.name, kind: node.kind, file: node.file, ...rest, news: news ?? [], seconds: seconds ?? null };
}

/** What is done how often; `seconds` is of one after the other, and of those that have a history. */
function totalOf(planned: readonly Planned[]) {
  const actions: Record<string, number> = {};
  for (const { action } of planned) actions[action] = (actions[action] ?? 0) + 1;
  return {
    actions,
    uncertain: planned.filter(({ certain }) => !certain).length,
    seconds: planned.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
    unknown: planned.filter(({ seconds }) => seconds === undefined).length,
  };
}

const words: Readonly<Record<Planned['action'], string>> = {
  create: 'create',
  view: 'view',
  replace: 'rebuild',
  increment: 'increment',
  snapshot: 'snapshot',
  refresh: 'refresh',
  skip: 'skip',
  test: 'test',
  reuse: 'reuse',
  error: 'ERROR',
};

const tones: Readonly<Record<Planned['action'], Tone>> = {
  create: 'good',
  view: 'good',
  replace: 'warning',
  increment: 'good',
  snapshot: 'good',
  refresh: 'good',
  skip: 'faint',
  test: 'plain',
  reuse: 'faint',
  error: 'bad',
};

function planLines(planned: readonly Planned[]): readonly Line[] {
  if (planned.length === 0) return [{ tone: 'warning', text: 'Nothing is selected.' }];
  const width = Math.min(56, Math.max(...planned.map(({ node }) => shownName(node).length)));
  return [...planned.flatMap((one) => linesOf(one, width)), totalLine(planned)];
}

function linesOf(one: Planned, width: number): readonly Line[] {
  const { node, action, reason, hint, otherwise = [] } = one;
  const shown = action === 'replace' && node.kind === 'seed' ? 'load' : words[action];
  const said = [wordFor(node, { action, reason }), newsText(one)].filter(Boolean).join('; ');
  const text = `${shown.padEnd(9)}  ${shownName(node).padEnd(width)}  ${said}`.trimEnd();
  const indent = ' '.repeat(11);
  const others = otherwise.map((other) => `${words[other.action]}${other.reason === '' ? '' : `: ${other.reason}`}`);
  return [
    { tone: tones[action], text },
    ...(hint === undefined ? [] : [{ tone: 'plain' as const, text: `${indent}${hint}` }]),
    ...(others.length === 0
      ? []
      : [{ tone: 'faint' as const, text: `${indent}or ${others.join(', or ')}, as what it reads turns out` }]),
  ];
}

/** What the run's own line says of it, or why where that says nothing. */
function wordFor(node: Node, { action, reason }: Doing): string {
  if (action === 'test' || action === 'reuse' || action === 'error') return reason;
  const words = wordsOf({ mode: action, reason });
  if (words === 'created' || words === `${action} created`) return '';
  return words === '' && action === 'replace' && node.kind !== 'seed' ? 'what it reads may have changed' : words;
}

function newsText({ news = [], batches, differs, recreates = [] }: Planned): string {
  const parts = news.map(
    ({ upstream, mark, loads, rows }) =>
      `${upstream}: ${rows === 0 ? 'nothing new yet' : `${thousands(rows)} rows in ${count(loads, 'load')}`} after ${mark === null ? 'the beginning' : `load ${mark}`}`,
  );
  return [
    ...parts,
    ...(batches === undefined ? [] : [count(batches, 'batch', 'batches')]),
    ...(differs === undefined ? [] : [differs ? 'its file has other rows' : 'its rows are those of its file']),
    ...(recreates.length === 0
      ? []
      : [`recreates ${recreates.join(' and ')}, which ${recreates.length === 1 ? 'reads' : 'read'} it`]),
  ].join(', ');
}

function totalLine(planned: readonly Planned[]): Line {
  const { actions, uncertain, seconds, unknown } = totalOf(planned);
  const counts = Object.entries(actions).map(([action, number]) => `${number} ${words[action as Planned['action']]}`);
  const time =
    unknown === planned.length
      ? 'no history to estimate the time from'
      : `about ${seconds.toFixed(seconds < 10 ? 1 : 0)} s of work as in earlier runs${unknown === 0 ? '' : `, ${unknown} not known`}`;
  const doubt = uncertain === 0 ? '' : `; ${uncertain} may turn out otherwise`;
  return { tone: 'plain', text: `Plan: ${counts.join(', ')}${doubt}; ${time}. Nothing was changed.` };
}
