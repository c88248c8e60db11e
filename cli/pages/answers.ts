import { selectNodes } from '../../runner/selection/selection.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Questions } from '../../ui/data/port.ts';
import { explorable, explored, presenceMap } from '../explore/explore.ts';
import { isConfigured, sources } from '../sources/sources.ts';
import { graphOf } from './graph.ts';
import { improbableOf } from './improbable.ts';
import { logOf, logOfRun } from './logs.ts';
import { detailOf } from './node.ts';
import { overviewOf } from './overview.ts';
import { rowsOf } from './rows.ts';
import { runDetail, runList, runOf } from './run-pages.ts';
import { settingsOf } from './settings.ts';
import type { Site } from './site.ts';
import { gapsOf, rejectedFile, sourcesPage } from './source-pages.ts';
import { historyOf, statesOf } from './states.ts';

/** All questions of the pages, answered from this project. */
export function questionsOf(site: Site): Questions {
  return {
    about: {
      params: [],
      ask: async () => {
        const { project } = site;
        const isEmbedded = !project.env.DB_URL;
        return {
          project: project.settings.name,
          target: project.target.name,
          database: (await site.warehouse().catch(() => undefined))?.address ?? unreached(isEmbedded),
          isEmbedded,
          version: '0.1.0',
          sources: Object.values(sources).map((source) => ({
            name: source.name,
            isConfigured: isConfigured(source, project),
          })),
        };
      },
    },
    overview: { params: [], ask: () => overviewOf(site) },
    graph: {
      params: ['tests'],
      ask: async ({ tests }) => {
        const compiled = await site.compiled();
        return { ...graphOf(compiled, tests === 'yes'), problem: site.problem ?? null };
      },
    },
    select: {
      params: ['selector'],
      ask: async ({ selector = '' }) => {
        const compiled = await site.compiled();
        const select = selector.split(/\s+/).filter((part) => part !== '');
        const files = (await import('../../runner/selection/files.ts')).selectionFiles;
        const { ids, warnings } = selectNodes(compiled, { select }, files);
        return {
          ids: [...ids],
          warnings: warnings.map(({ what, hint }) => [what, hint].filter(Boolean).join('. ')),
        };
      },
    },
    columns: { params: [], ask: async () => ({ lineage: await site.columns() }) },
    states: { params: [], ask: () => statesOf(site) },
    node: {
      params: ['id'],
      ask: async ({ id = '' }) => {
        const compiled = await site.compiled();
        return detailOf(compiled, nodeOf(compiled, id));
      },
    },
    history: {
      params: ['id'],
      ask: async ({ id = '' }) => historyOf(site, nodeOf(await site.compiled(), id)),
    },
    rows: {
      params: ['id', 'limit'],
      ask: async ({ id = '', limit = '50' }) => rowsOf(site, nodeOf(await site.compiled(), id), Number(limit)),
    },
    runs: { params: [], ask: () => runList(site) },
    run: { params: ['id'], ask: ({ id = '' }) => runDetail(site, id) },
    runlog: {
      params: ['id'],
      ask: async ({ id = '' }) => {
        const { startedAt, finishedAt } = await runOf(site, id);
        return logOfRun(site.project, startedAt, finishedAt);
      },
    },
    sources: { params: [], ask: () => sourcesPage(site) },
    rejected: { params: ['source', 'name'], ask: ({ source = '', name = '' }) => rejectedFile(site, source, name) },
    gaps: { params: [], ask: () => gapsOf(site) },
    improbable: { params: [], ask: () => improbableOf(site) },
    explorable: { params: [], ask: () => explorable(site) },
    explore: { params: ['apartment', 'measure', 'from', 'to'], ask: (given) => explored(site, given) },
    presence: { params: ['apartment'], ask: ({ apartment = '' }) => presenceMap(site, apartment) },
    log: { params: ['of'], ask: async ({ of = 'watch' }) => logOf(site.project, of) },
    settings: { params: [], ask: async () => settingsOf(site.project) },
  };
}

function unreached(isEmbedded: boolean): string {
  return isEmbedded
    ? 'the embedded database, which another process holds and does not show'
    : 'a server that cannot be reached';
}

function nodeOf({ manifest }: Awaited<ReturnType<Site['compiled']>>, id: string) {
  const node = manifest.nodes.get(id);
  if (node === undefined) throw new UsageError({ what: `there is no node "${id}"` });
  return node;
}
