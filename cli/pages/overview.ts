import type { Advice, Overview, Problem } from '../../ui/data/overview.ts';
import { isConfigured, sources } from '../sources/sources.ts';
import { readStatus, type Status } from '../status/status.ts';
import type { Site } from './site.ts';

/** Larger tables are not counted: the page is to be there at once. */
const exactBelow = 20_000;

/** Whether all is well, by the same reading as `datacycle status`, and what to do next. */
export async function overviewOf(site: Site): Promise<Overview> {
  const now = new Date();
  const compiled = await site.compiled();
  const status = await readStatus(await site.warehouse(), compiled, Object.values(sources), now, exactBelow);
  const { fullTests: _fullTests, settings: _settings, problems, sources: rows, ...rest } = status;
  const ids = new Map([...compiled.manifest.nodes.values()].map((node) => [node.name, node.id]));
  const pageOf = ({ kind, name }: Status['problems'][number]) =>
    kind === 'node' || ids.has(name) ? `node/${ids.get(name) ?? ''}` : 'sources';
  return {
    now: now.toISOString(),
    ...rest,
    sources: rows.map(({ unread: _unread, ...row }) => row),
    problems: problems.map((one): Problem => ({ ...one, problem: shortened(one.problem), page: pageOf(one) })),
    advice: adviceOf(
      status,
      Object.values(sources).flatMap((source) => (isConfigured(source, compiled.project) ? [source.name] : [])),
      !compiled.project.env.DB_URL,
    ),
  };
}

/** Its page has the whole of it. */
function shortened(problem: string): string {
  return problem.length > 500 ? `${problem.slice(0, 500)} …` : problem;
}

/** What to do next, the most urgent first. Pure. @param configured names of the sources that are set. */
export function adviceOf(
  status: Pick<Status, 'sources' | 'runs' | 'problems' | 'watcher' | 'audits'>,
  configured: readonly string[],
  isEmbedded: boolean,
): readonly Advice[] {
  const advice: Advice[] = [];
  const loaded = status.sources.some(({ files }) => files > 0);
  if (configured.length === 0 && !loaded && status.runs.length === 0) {
    advice.push({
      text: isEmbedded
        ? 'No source is set. The demo writes a sample day, loads it and builds everything on the embedded database.'
        : 'No source is set: SMB_PATH, SFTP_HOST or MYSQL_URL in .env say where data come from.',
      values: {},
      job: isEmbedded ? { name: 'demo', given: {} } : null,
    });
    return advice;
  }
  for (const { source, failures } of status.sources)
    if (failures > 0 && configured.includes(source))
      advice.push({
        text: 'Loading {source} failed {count} times: try it again.',
        values: { source, count: failures },
        job: load(source),
      });
  if (!loaded && configured.length > 0)
    advice.push({ text: 'Nothing has been loaded yet.', values: {}, job: load('all') });
  else if (status.runs.length === 0) advice.push({ text: 'Nothing has been built yet.', values: {}, job: build('') });
  for (const { model, test, badRows } of status.audits)
    advice.push({
      text: '{count} bad rows hold {model} back ({test}): look at them, then build it again.',
      values: { count: badRows, model, test },
      job: build(`${model}+`),
    });
  const failed = status.problems.filter(({ kind }) => kind === 'node');
  if (failed.length > 0 && status.audits.length === 0)
    advice.push({
      text: '{count} models or tests did not do well last: see their errors, mend the cause, then do them again.',
      values: { count: failed.length },
      job: { name: 'retry', given: {} },
    });
  for (const { name } of status.problems.filter(({ kind }) => kind === 'freshness'))
    advice.push({
      text: '{name} is older than project.yml allows.',
      values: { name },
      job: configured.includes(name) ? load(name) : build(status.runs.length === 0 ? '' : `+${name}`),
    });
  if (status.watcher === null && configured.length > 0 && !isEmbedded)
    advice.push({
      text: 'No watcher is at work: `datacycle watch` loads and builds by itself.',
      values: {},
      job: null,
    });
  return advice.slice(0, 8);
}

function load(source: string): Advice['job'] {
  return { name: 'load', given: { source } };
}

function build(select: string): Advice['job'] {
  return { name: 'build', given: select === '' ? {} : { select } };
}
