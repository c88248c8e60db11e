// The rooms of the house, from the ground up, and the lint rules that hold their arrows down. `npm run rooms` writes the rules
// into biome.rooms.json; a test fails while the two differ.
//
// A room imports from rooms of its layer that stand before it, and from the layers that its layer may use. A sub-room stands
// before its room: the room may import it, never the other way round.
import { writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

/** What each layer may import, and its rooms. A layer without rooms is one. */
export const layers = [
  { name: 'warehouse', uses: [], rooms: [] },
  { name: 'objects', uses: ['warehouse/errors.ts'], rooms: [] },
  { name: 'parquet', uses: [], rooms: [] },
  {
    name: 'runner',
    uses: ['warehouse'],
    rooms: [
      'text',
      'sql',
      'yaml',
      'template',
      'project/values',
      'project',
      'manifest',
      'lineage',
      'compile/draft',
      'compile/settings',
      'compile/power-bi',
      'compile/data-test',
      'compile',
      'cache',
      'selection',
      'lint',
      'database/locks',
      'database',
      'state',
      'materialize/parts',
      'materialize',
      'plan',
      'data-test',
      'reuse',
      'build/transaction',
      'build/microbatch',
      'build',
      'unit-test',
      'run',
      'preview',
      'verify',
      'check',
      'retention',
      'subject',
      'operation',
    ],
  },
  {
    name: 'loaders',
    uses: ['warehouse', 'objects'],
    rooms: [
      'landing/tables',
      'landing/remote',
      'landing',
      'tombstones',
      'weather',
      'sensors',
      'registry/mysql',
      'registry',
      'stream',
      'kafka',
      'sensor-messages',
      'replay',
      'housekeeping',
      'erasure',
    ],
  },
  {
    name: 'powerbi',
    uses: ['runner/manifest/exposure.ts', 'warehouse/quote.ts'],
    rooms: ['model', 'report', 'preview', 'project'],
  },
  { name: 'exporting', uses: ['warehouse', 'objects', 'parquet', 'runner', 'loaders'], rooms: [] },
  { name: 'learning', uses: [], rooms: ['data', 'trees', 'linear', 'model', 'measure', 'worker'] },
  { name: 'predictions', uses: ['warehouse', 'learning'], rooms: [] },
  { name: 'predictors', uses: ['warehouse', 'predictions'], rooms: [] },
  {
    name: 'ui',
    uses: ['runner/lineage/lineage.ts', 'runner/lineage/trace.ts', 'warehouse/errors.ts'],
    rooms: ['data', 'layout', 'server', 'browser/parts', 'browser/graph', 'browser/pages', 'browser'],
  },
  {
    name: 'api',
    uses: ['warehouse', 'parquet', 'runner', 'ui/server/headers.ts'],
    rooms: ['resource', 'query', 'answer', 'keys', 'odata', 'server'],
  },
  {
    name: 'cli',
    uses: [
      'warehouse',
      'objects',
      'runner',
      'loaders',
      'powerbi',
      'exporting',
      'learning',
      'predictions',
      'predictors',
      'ui',
      'api',
    ],
    rooms: [
      'flags',
      'settings',
      'terminal',
      'selection',
      'housekeeping',
      'sources',
      'bi',
      'schedule',
      'exports',
      'demo/household',
      'demo/building',
      'demo/days',
      'demo',
      'init',
      'predict',
      'jobs',
      'watch',
      'status',
      'subject',
      'completion',
      'looking',
      'commands',
      'analysis',
      'convert',
      'beginning',
      'earlier',
      'explore',
      'pages',
      'docs',
      'serve',
    ],
  },
];

/**
 * The door of each room: the file to read first. It begins with a comment of 5 to 15 lines: what happens in the room, in
 * which order, and what holds at the end.
 */
export const doors = {
  warehouse: 'warehouse.ts',
  objects: 'bucket.ts',
  parquet: 'table.ts',
  'runner/text': 'sql-text.ts',
  'runner/sql': 'parser.ts',
  'runner/yaml': 'yaml-file.ts',
  'runner/template': 'template.ts',
  'runner/project/values': 'yaml-templates.ts',
  'runner/project': 'project.ts',
  'runner/manifest': 'manifest.ts',
  'runner/lineage': 'lineage.ts',
  'runner/compile/draft': 'draft.ts',
  'runner/compile/settings': 'microbatch.ts',
  'runner/compile/power-bi': 'views.ts',
  'runner/compile/data-test': 'data-tests.ts',
  'runner/compile': 'compile.ts',
  'runner/cache': 'cache.ts',
  'runner/selection': 'selection.ts',
  'runner/lint': 'lint.ts',
  'runner/database/locks': 'lock-waits.ts',
  'runner/database': 'catalog.ts',
  'runner/state': 'schema.ts',
  'runner/materialize/parts': 'step.ts',
  'runner/materialize': 'table.ts',
  'runner/plan': 'plan.ts',
  'runner/data-test': 'audit.ts',
  'runner/reuse': 'reuse.ts',
  'runner/build/transaction': 'run-steps.ts',
  'runner/build/microbatch': 'batches.ts',
  'runner/build': 'build-node.ts',
  'runner/unit-test': 'unit-tester.ts',
  'runner/run': 'run.ts',
  'runner/preview': 'preview.ts',
  'runner/verify': 'verify.ts',
  'runner/check': 'check.ts',
  'runner/retention': 'expire.ts',
  'runner/subject': 'rows.ts',
  'runner/operation': 'operation.ts',
  'loaders/landing': 'load.ts',
  'loaders/landing/remote': 'remote-bronze.ts',
  'loaders/tombstones': 'tombstones.ts',
  'loaders/weather': 'load-weather.ts',
  'loaders/sensors': 'load-sensors.ts',
  'loaders/registry/mysql': 'server.ts',
  'loaders/registry': 'load-registry.ts',
  'loaders/landing/tables': 'stream.ts',
  'loaders/stream': 'load-stream.ts',
  'loaders/kafka': 'kafka-log.ts',
  'loaders/sensor-messages': 'message.ts',
  'loaders/replay': 'replay.ts',
  'loaders/housekeeping': 'prune-staging.ts',
  'loaders/erasure': 'landed.ts',
  'powerbi/model': 'model.ts',
  'powerbi/report': 'report.ts',
  'powerbi/preview': 'preview.ts',
  'powerbi/project': 'project.ts',
  exporting: 'export.ts',
  'learning/data': 'matrix.ts',
  'learning/trees': 'boosting.ts',
  'learning/linear': 'design.ts',
  'learning/model': 'train.ts',
  'learning/measure': 'classification.ts',
  'learning/worker': 'training.ts',
  predictions: 'train.ts',
  predictors: 'ask.ts',
  'ui/data': 'port.ts',
  'ui/layout': 'layout.ts',
  'ui/server': 'server.ts',
  'ui/browser/parts': 'api.ts',
  'ui/browser/graph': 'canvas.tsx',
  'ui/browser/pages': 'route.ts',
  'ui/browser': 'main.tsx',
  'api/resource': 'resource.ts',
  'api/query': 'parameters.ts',
  'api/answer': 'rows.ts',
  'api/keys': 'keys.ts',
  'api/odata': 'service.ts',
  'api/server': 'server.ts',
  'cli/flags': 'ignored.ts',
  'cli/settings': 'settings.ts',
  'cli/terminal': 'terminal.ts',
  'cli/selection': 'chosen-nodes.ts',
  'cli/housekeeping': 'housekeeping.ts',
  'cli/sources': 'sources.ts',
  'cli/bi': 'write-folder.ts',
  'cli/schedule': 'daily-job.ts',
  'cli/exports': 'exporter.ts',
  'cli/demo/household': 'household.ts',
  'cli/demo/building': 'building.ts',
  'cli/demo/days': 'days.ts',
  'cli/demo': 'sample-day.ts',
  'cli/init': 'database.ts',
  'cli/predict': 'predictor.ts',
  'cli/watch': 'watcher.ts',
  'cli/status': 'status.ts',
  'cli/subject': 'erase.ts',
  'cli/docs': 'generate.ts',
  'cli/completion': 'candidates.ts',
  'cli/looking': 'show.ts',
  'cli/commands': 'run.ts',
  'cli/earlier': 'retry.ts',
  'cli/analysis': 'lineage.ts',
  'cli/convert': 'convert.ts',
  'cli/beginning': 'new.ts',
  'cli/jobs': 'job-runner.ts',
  'cli/explore': 'explore.ts',
  'cli/pages': 'ui.ts',
  'cli/serve': 'serve.ts',
  cli: 'main.ts',
};

/** Rooms that take and return values: none of their files may name what asks the database. */
const pure = ['runner/materialize/parts', 'runner/materialize', 'runner/plan'];
const connections = {
  group: ['**/warehouse/warehouse.ts'],
  importNamePattern: '(Queryable|Session|Warehouse)',
  message: 'This room is pure: it makes decisions and SQL of values, and no function of it takes a connection.',
};

const outside = ['tests', 'bench', 'bin'];

function rule(files, patterns) {
  const options = { patterns };
  return {
    includes: [files],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

/** The specifiers by which a file of `from` names the files of another folder; `deep`: those of its sub-rooms, too. */
function specifiers(from, to, deep) {
  const path = posix.relative(from, to);
  return `${path.startsWith('.') ? path : `./${path}`}/${deep ? '**' : '*.{ts,tsx}'}`;
}

/** What no file of a layer may import, named from any of its folders. */
function foreign({ name, uses }) {
  const others = [...layers.map((layer) => layer.name), ...outside].filter((other) => other !== name);
  const shut = others.filter((other) => !uses.includes(other)).map((other) => `**/${other}/**`);
  const open = uses.filter((use) => use.endsWith('.ts')).map((use) => `!**/${use}`);
  const may = uses.length === 0 ? 'nothing above it' : `${uses.join(', ')} only`;
  return { group: [...shut, ...open], message: `${name}/ may import ${may}.` };
}

/** The rules of one room: all rooms of its layer that stand behind it, and the layer's own files, are out of reach. */
function roomRule(layer, room, index) {
  const { name, rooms } = layer;
  const folder = posix.join(name, room);
  const behind = rooms.slice(index + 1);
  // A room whose sub-rooms stand before it is shut file by file, or else they would be shut with it.
  const group = behind.map((other) =>
    specifiers(folder, posix.join(name, other), !rooms.slice(0, index + 1).some((own) => own.startsWith(`${other}/`))),
  );
  group.push(specifiers(folder, name, false));
  const before = rooms.slice(0, index);
  const message = `${folder}/ may import rooms that stand before it in bin/rooms.mjs only: ${before.join(', ') || 'none'}.`;
  return rule(`${folder}/*.{ts,tsx}`, [
    foreign(layer),
    { group, message },
    ...(pure.includes(folder) ? [connections] : []),
  ]);
}

/** The lint rules, made of the table. */
export function overrides() {
  return layers.flatMap((layer) =>
    layer.rooms.length === 0
      ? [rule(`${layer.name}/**`, [foreign(layer)])]
      : [
          rule(`${layer.name}/*.ts`, [foreign(layer)]),
          ...layer.rooms.map((room, index) => roomRule(layer, room, index)),
        ],
  );
}

/** biome.rooms.json: what biome.json extends. */
export const rulesFile = join(root, 'biome.rooms.json');

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url)
  writeFileSync(rulesFile, JSON.stringify({ overrides: overrides() }));
