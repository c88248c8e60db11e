import { randomUUID } from 'node:crypto';
import { compiledProject } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import type { Tone } from '../../runner/run/report.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { chosenNodes, type SelectionFlags } from '../selection/chosen-nodes.ts';
import { type SourceResult, writeSources } from '../selection/target-files.ts';
import { openToRead } from '../settings/environment.ts';
import { sources } from '../sources/sources.ts';
import { ageOfSource, askedSources, noRows, type SourceAge } from '../status/source-freshness.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { inWords } from '../watch/timing.ts';

export interface FreshnessFlags extends SelectionFlags {
  readonly output?: string | undefined;
}

const tones: Readonly<Record<SourceAge['status'], Tone>> = {
  pass: 'good',
  warn: 'warning',
  error: 'bad',
  'runtime error': 'bad',
};

/**
 * Says of the selected sources how old their newest rows are, and writes target/sources.json. Changes nothing in the database.
 * Exit code 1 if one is older than its error_after, or than its warn_after where such warnings are errors, or cannot be asked.
 */
export async function freshness(project: Project, flags: FreshnessFlags, terminal: Terminal): Promise<0 | 1> {
  const startedAt = new Date();
  const compiled = await compiledProject(project);
  const chosen = await chosenNodes(compiled, flags, terminal);
  const nodes = [...compiled.manifest.nodes.values()].flatMap((node) =>
    node.kind === 'source' && chosen.has(node.id) ? [node] : [],
  );
  const isText = !terminal.json && flags.output !== 'json';
  const results: SourceResult[] = [];
  const warehouse = await openToRead(project, 'freshness', 1);
  try {
    for (const { node, loader } of await askedSources(warehouse, nodes, Object.values(sources))) {
      const age = await ageOfSource(warehouse, node, loader);
      const result = resultOf(age, project.settings.name);
      results.push(result);
      if (terminal.json) terminal.event({ type: 'source_freshness', ...result });
      else if (isText) terminal.say(lineOf(age), tones[age.status]);
    }
  } finally {
    await warehouse.close();
  }
  if (results.length === 0 && !terminal.json)
    terminal.errors([{ tone: 'warning', text: 'No selected source has a warn_after or error_after: nothing to ask.' }]);
  const file = writeSources(project, { startedAt, invocationId: randomUUID(), results }, terminal);
  if (!terminal.json && flags.output === 'json') terminal.output(JSON.stringify(file));
  const warned = terminal.warnings?.('LogFreshnessResult') === 'error' ? ['warn'] : [];
  return results.some(({ status }) => ['error', 'runtime error', ...warned].includes(status)) ? 1 : 0;
}

function lineOf(age: SourceAge): string {
  const begin = `${age.status.padEnd(5)}  ${age.node.name}`;
  if (age.status === 'runtime error') return `${begin}: ${age.message} (${age.node.place.file}:${age.node.place.line})`;
  if (age.newest === noRows) return `${begin}: it has no rows`;
  return `${begin}: its newest rows came in ${inWords(age.ageSeconds * 1000)} ago (${age.newest})`;
}

function resultOf(age: SourceAge, project: string): SourceResult {
  const unique_id = uniqueId({ id: age.node.id, type: 'source', project });
  if (age.status === 'runtime error') return { unique_id, error: age.message, status: age.status };
  const { warn_after = null, error_after = null, filter = null } = age.node.freshness ?? {};
  return {
    unique_id,
    max_loaded_at: age.newest,
    snapshotted_at: age.asked,
    max_loaded_at_time_ago_in_s: age.ageSeconds,
    status: age.status,
    criteria: { warn_after, error_after, filter },
    adapter_response: {},
    timing: [],
    thread_id: 'main',
    execution_time: age.seconds,
  };
}
