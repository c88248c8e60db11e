import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import type { JobKind, JobParam } from '../../ui/data/job.ts';
import type { GlobalOptions } from '../settings/environment.ts';
import { hasApartments } from '../settings/settings.ts';
import { isConfigured, sources } from '../sources/sources.ts';

const select: JobParam = { name: 'select', label: 'What (selectors; empty: everything)', type: 'selector' };
const full: JobParam = { name: 'full', label: 'Look for late files, too', type: 'flag' };
const dryRun: JobParam = { name: 'dry-run', label: 'Only say what would be done', type: 'flag' };

interface Recipe extends Omit<JobKind, 'typed'> {
  readonly command: (given: Readonly<Record<string, string>>) => readonly string[];
}

const selected = ({ select: text = '' }: Readonly<Record<string, string>>) => {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  return parts.length === 0 ? [] : ['--select', ...parts];
};
const flag = (given: Readonly<Record<string, string>>, name: string) => (given[name] === 'yes' ? [`--${name}`] : []);

const loadKind = (names: readonly string[]): Recipe => ({
  name: 'load',
  label: 'Load',
  group: 'Load',
  description: 'Lands what is new: raw files to Bronze and staging.',
  params: [{ name: 'source', label: 'Source', type: 'choice', choices: ['all', ...names] }, full],
  confirm: null,
  command: (given) => [
    'load',
    ...(given.source === undefined || given.source === 'all' ? [] : [given.source]),
    ...flag(given, 'full'),
  ],
});

const always: readonly Recipe[] = [
  {
    name: 'from-bronze',
    label: 'Replay Bronze',
    group: 'Load',
    description: 'Lands again from Bronze whatever staging lacks, rejected files judged anew.',
    params: [{ name: 'source', label: 'Source', type: 'choice', choices: ['all', 'sensors', 'weather', 'registry'] }],
    confirm: null,
    command: (given) => [
      'load',
      ...(given.source === undefined || given.source === 'all' ? [] : [given.source]),
      '--from-bronze',
    ],
  },
  {
    name: 'replay-file',
    label: 'Replay a file',
    group: 'Load',
    description: 'Judges one file of Bronze again, once what was wrong is mended: a good one is landed.',
    params: [
      { name: 'source', label: 'Source', type: 'choice', choices: ['sensors', 'weather', 'registry'] },
      { name: 'file', label: 'Name of the file', type: 'file' },
    ],
    confirm: null,
    command: ({ source = 'sensors', file = '' }) => ['load', source, '--from-bronze', '--file', file],
  },
  {
    name: 'build',
    label: 'Build',
    group: 'Build',
    description: 'Seeds, models and tests in dependency order; only what has changed.',
    params: [select],
    confirm: null,
    command: (given) => ['build', ...selected(given)],
  },
  {
    name: 'full-refresh',
    label: 'Full refresh',
    group: 'Build',
    description: 'Rebuilds incremental models from all of their upstreams. Readers notice nothing; it may take long.',
    params: [select],
    confirm: 'Rebuild from all rows? Readers notice nothing, but it may take long.',
    command: (given) => ['build', '--full-refresh', ...selected(given)],
  },
  {
    name: 'retry',
    label: 'Retry',
    group: 'Build',
    description: 'Does the last run again for what failed or was skipped.',
    params: [],
    confirm: null,
    command: () => ['retry'],
  },
  {
    name: 'test',
    label: 'Test',
    group: 'Check',
    description: 'Runs the unit tests and the data tests.',
    params: [select],
    confirm: null,
    command: (given) => ['test', ...selected(given)],
  },
  {
    name: 'plan',
    label: 'Plan',
    group: 'Check',
    description: 'Says what a build would do with each node, and why. Changes nothing.',
    params: [select],
    confirm: null,
    command: (given) => ['plan', ...selected(given)],
  },
  {
    name: 'verify',
    label: 'Verify',
    group: 'Check',
    description: 'Builds models from scratch beside their tables and says where they differ. Changes nothing.',
    params: [select],
    confirm: null,
    command: (given) => ['verify', ...selected(given)],
  },
  {
    name: 'lint',
    label: 'Lint',
    group: 'Check',
    description: 'Says what of the SQL and the .yml files breaks a rule.',
    params: [],
    confirm: null,
    command: () => ['lint'],
  },
  ...(
    [
      ['compress', 'Compress Bronze', 'Compresses landed files that are older than a week.'],
      ['prune', 'Prune Bronze', 'Deletes Bronze files that are older than BRONZE_RETENTION_DAYS and safely in silver.'],
      ['prune-staging', 'Prune staging', 'Deletes staging rows that all models have consumed; Bronze keeps them.'],
    ] as const
  ).map(
    ([action, label, description]): Recipe => ({
      name: action,
      label,
      group: 'Keep house',
      description,
      params: [dryRun],
      confirm: action === 'compress' ? null : 'This deletes. Was a dry run looked at first?',
      command: (given) => ['bronze', action, ...flag(given, 'dry-run')],
    }),
  ),
  {
    name: 'expire',
    label: 'Expire rows',
    group: 'Keep house',
    description: "Deletes rows that are older than project.yml's retention says.",
    params: [dryRun],
    confirm: 'This deletes. Was a dry run looked at first?',
    command: (given) => ['expire', ...flag(given, 'dry-run')],
  },
  {
    name: 'predict',
    label: 'Predict',
    group: 'Hand over',
    description:
      'score: predicts what is due. train: learns from what was measured and chooses the best models, which may take long.',
    params: [{ name: 'action', label: 'Do', type: 'choice', choices: ['score', 'train'] }],
    confirm: null,
    command: (given) => ['predict', given.action ?? 'score'],
  },
  {
    name: 'export',
    label: 'Export',
    group: 'Hand over',
    description: 'Writes the files that the exports of project.yml describe: what has changed.',
    params: [{ name: 'full', label: 'All files again', type: 'flag' }],
    confirm: null,
    command: (given) => ['export', ...flag(given, 'full')],
  },
  {
    name: 'bi',
    label: 'Power BI project',
    group: 'Hand over',
    description: 'Writes a Power BI project on the views of schema bi.',
    params: [],
    confirm: null,
    command: () => ['bi'],
  },
];

const demo: Recipe = {
  name: 'demo',
  label: 'Demo',
  group: 'Load',
  description: 'A sample day of two apartments: written, loaded, built and tested on the embedded database.',
  params: [],
  confirm: null,
  command: () => ['demo'],
};

/** The jobs of a project; loads of those sources that are set, and the demo where there are apartments and no server. */
export function jobKinds(project: Project, isEmbedded: boolean): readonly JobKind[] {
  const names = Object.values(sources).flatMap((source) => (isConfigured(source, project) ? [source.name] : []));
  const recipes = [
    ...(names.length === 0 ? [] : [loadKind(names)]),
    ...(isEmbedded && hasApartments(project) ? [demo] : []),
    ...always,
  ];
  return recipes.map((recipe) => ({ ...recipe, typed: asTyped(recipe.command({})) }));
}

/** A button with the values of its parameters. */
export interface JobAsked {
  readonly name: string;
  readonly given: Readonly<Record<string, string>>;
}

/** A command line as a person types it. */
export function asTyped(command: readonly string[]): string {
  return `datacycle ${command.map((arg) => (/^[\w.:+*@/=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)).join(' ')}`;
}

/** The flags that a command of this process gives to those that it runs within it. */
export function globalArgs({ projectDir, target, vars }: GlobalOptions): readonly string[] {
  return [
    '--project-dir',
    projectDir,
    ...(target === undefined ? [] : ['--target', target]),
    ...(vars === undefined ? [] : ['--vars', vars]),
  ];
}

/** Whether a job works on the project's files alone. */
export function needsNoDatabase(name: string): boolean {
  return name === 'lint';
}

/**
 * The command line of a job. No text of a person becomes a flag: selectors and names are refused that begin like one.
 * @throws UsageError for an unknown job, an unknown parameter or a value that it cannot have.
 */
export function commandOf(
  kinds: readonly JobKind[],
  name: string,
  given: Readonly<Record<string, string>>,
): readonly string[] {
  const kind = kinds.find((one) => one.name === name);
  if (kind === undefined)
    throw new UsageError({
      what: `there is no job "${name}"`,
      hint: didYouMean(
        name,
        kinds.map((one) => one.name),
      ),
    });
  for (const [param, value] of Object.entries(given)) {
    const known = kind.params.find((one) => one.name === param);
    if (known === undefined || !fits(known, value))
      throw new UsageError({ what: `"${value}" is no ${param} for the job ${name}` });
  }
  return (kind as JobKind & Recipe).command(given);
}

function fits(param: JobParam, value: string): boolean {
  switch (param.type) {
    case 'flag':
      return value === 'yes' || value === 'no';
    case 'file':
      return value.length <= 1000 && !value.startsWith('-') && !/\p{Cc}/u.test(value);
    case 'choice':
      return param.choices.includes(value);
    case 'selector':
      return value.length <= 2000 && value.split(/\s+/).every((part) => !part.startsWith('-'));
    default:
      return param satisfies never;
  }
}
