import { literal } from '../../../warehouse/quote.ts';
import { highWater, invocationId, runStartedAt } from '../../manifest/placeholders.ts';
import { type Config, configKeys, configSchema } from '../../project/config.ts';
import { overlay } from '../../project/overlay.ts';
import type { Project } from '../../project/project.ts';
import { whyIgnored } from '../../project/values/ignored-keys.ts';
import { isSecret, secretSetting } from '../../project/values/secrets.ts';
import { isContext } from '../../template/context.ts';
import { type Helper, type HelperCall, HelperError } from '../../template/template.ts';
import type { Problem } from '../../text/errors.ts';
import { formatPlace, type Place } from '../../text/place.ts';
import { schemaFault } from '../../text/schema-fault.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Written } from '../../yaml/written.ts';
import { valueHelpers } from './value-helpers.ts';

/** The form in which a model is rendered. */
export type Mode = 'full' | 'incremental';

/** How names become relations; compile gives one that only checks names, then one that knows the relations. */
export interface Resolver {
  /** The SQL for `{{ref "name"}}`; without `filter` all of its rows, also in a batch. @throws HelperError */
  ref(name: string, filter: boolean, version?: string | number): string;
  /** The SQL for `{{source "source" "table"}}`. @throws HelperError */
  source(source: string, table: string, filter: boolean): string;
  /** The id of an upstream named in `{{high_water "..."}}`. @throws HelperError */
  upstream(name: string): string;
  /** The SQL for `{{batch_start}}` or `{{batch_end}}`; undefined where there are no batches. */
  bound(which: 'start' | 'end'): string | undefined;
}

/** What rendering found out about a template. */
export interface Recorded {
  config: Config;
  /** The places of its settings. */
  readonly places: Map<string, Written>;
  /** The calls of {{config}} that have been taken in: each counts once, though a model is rendered twice. */
  readonly calls: Set<string>;
  readonly highWater: Set<string>;
  readonly secrets: Set<string>;
  volatile: boolean;
  /** What the template itself tells whoever compiles it. */
  readonly notices: Problem[];
  /** Whether anything in it depends on the form in which it is rendered. */
  hasForms: boolean;
  /** The place of its first {{#incremental}}, if it has one. */
  incremental: Place | undefined;
}

export function newRecord(): Recorded {
  return {
    config: {},
    places: new Map(),
    calls: new Set(),
    highWater: new Set(),
    secrets: new Set(),
    volatile: false,
    hasForms: false,
    notices: [],
    incremental: undefined,
  };
}

export const helperNames = [
  'config',
  'ref',
  'source',
  'var',
  'env',
  'secret',
  'literal',
  'flag',
  'incremental',
  'high_water',
  'run_started_at',
  'batch_start',
  'batch_end',
  'invocation_id',
  'raise_compiler_error',
  'warn',
  'log',
  'set',
  ...(Object.keys(valueHelpers) as (keyof typeof valueHelpers)[]),
] as const;

/** How people write yes and no in an environment variable. */
const truth: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((text) => [text, true] as const),
  ...['false', 'no', 'off', '0'].map((text) => [text, false] as const),
]);

/** The helpers of the model language, bound to one rendering. */
export function modelHelpers(
  project: Project,
  mode: Mode,
  resolver: Resolver,
  record: Recorded,
): Record<(typeof helperNames)[number], Helper> {
  return {
    config(args, { named, place, argument }) {
      if (args.length > 0) throw new HelperError('config takes name=value', 'Write {{config materialized="table"}}.');
      const settings = { ...named };
      for (const key of Object.keys(named)) {
        if ((configKeys as readonly string[]).includes(key)) continue;
        const why = whyIgnored(key, [], false);
        if (why !== undefined) {
          record.notices.push({ what: `"${key}" is not used: ${why}`, place: argument(key) });
          delete settings[key];
          continue;
        }
        throw new HelperError(`"${key}" is not a known setting`, didYouMean(key, configKeys), argument(key));
      }
      const checked = configSchema.safeParse(settings);
      const issue = checked.error?.issues[0];
      if (issue !== undefined) {
        const { what, hint } = schemaFault(issue, named[String(issue.path[0])]);
        throw new HelperError(`"${issue.path.join('.')}": ${what}`, hint, argument(String(issue.path[0])));
      }
      const call = `${formatPlace(place)} ${JSON.stringify(named)}`;
      if (record.calls.has(call)) return '';
      record.calls.add(call);
      const places = new Map(Object.keys(settings).map((key): [string, Written] => [key, { place: argument(key) }]));
      const merged = overlay(record, { config: checked.data ?? {}, places });
      record.config = merged.config;
      for (const [key, at] of merged.places) record.places.set(key, at);
      return '';
    },
    ref(args, call) {
      // As in dbt, the project's name may precede the model's.
      const [name = '', of] = [...text('ref', args, args.length === 2 ? 2 : 1)].reverse();
      if (of !== undefined && of !== project.settings.name)
        throw new HelperError(
          `there is no project "${of}" here`,
          `There are no packages: this project is ${project.settings.name}.`,
        );
      const { v, version = v } = call.named;
      return resolver.ref(name.normalize('NFC'), isFiltered('ref', call), version as string | number | undefined);
    },
    source(args, call) {
      const [source = '', table = ''] = text('source', args, 2);
      return resolver.source(source, table, isFiltered('source', call));
    },
    var(args) {
      const [name, fallback] = args;
      if (typeof name !== 'string')
        throw new HelperError('var takes a name', 'Write {{var "name"}} or {{var "name" "default"}}.');
      const value = (Object.hasOwn(project.vars, name) ? project.vars[name] : undefined) ?? fallback;
      if (value === undefined) {
        const hint = didYouMean(name, Object.keys(project.vars)) ?? 'Set it under vars in project.yml or with --vars.';
        throw new HelperError(`the variable "${name}" is not set`, hint);
      }
      return value;
    },
    env(args) {
      const [name, fallback] = args;
      if (typeof name !== 'string') throw new HelperError('env takes a name', 'Write {{env "NAME" "default"}}.');
      const given = project.env[name];
      if (isSecret(name, given, project.settings.secrets)) {
        throw new HelperError(
          `${name} looks like a secret, and compiled SQL is kept in files`,
          `List it under secrets in project.yml and write {{secret "${name}"}}.`,
        );
      }
      const value = given || fallback;
      if (value === undefined)
        throw new HelperError(
          `${name} is not set in the environment or .env`,
          'Set it, or give a default: {{env "NAME" "default"}}.',
        );
      return value;
    },
    secret(args) {
      const [name = ''] = text('secret', args, 1);
      const known = project.settings.secrets ?? [];
      if (!known.includes(name)) {
        throw new HelperError(
          `"${name}" is not declared`,
          didYouMean(name, known) ?? 'List it under secrets in project.yml.',
        );
      }
      if (!project.env[name])
        throw new HelperError(`the secret ${name} is not set`, 'Set it in the environment or in .env.');
      record.secrets.add(name);
      return `current_setting(${literal(secretSetting(name))})`;
    },
    literal(args) {
      const [value] = args;
      if (value === null || value === undefined) return 'null';
      if (typeof value === 'object') throw new HelperError('literal takes one value, not a list or an object');
      return literal(String(value));
    },
    flag([value]) {
      const answer = truth.get(String(value).trim().toLowerCase());
      if (answer !== undefined) return answer;
      throw new HelperError(
        `"${String(value)}" is neither true nor false`,
        `Write one of ${[...truth.keys()].join(', ')}.`,
      );
    },
    incremental(_args, { block, place }) {
      record.hasForms = true;
      if (block === undefined)
        throw new HelperError('incremental is a block', 'Write {{#incremental}} ... {{/incremental}}.');
      record.incremental ??= place;
      return block(mode === 'incremental' ? 'body' : 'else');
    },
    high_water(args) {
      record.hasForms = true;
      const [name = ''] = text('high_water', args, 1);
      if (mode !== 'incremental') {
        throw new HelperError(
          'high_water has no value in a full build',
          'Put it inside {{#incremental}} ... {{/incremental}}.',
        );
      }
      const id = resolver.upstream(name.normalize('NFC'));
      record.highWater.add(id);
      return highWater(id);
    },
    run_started_at() {
      record.volatile = true;
      return runStartedAt;
    },
    batch_start: () => boundOf(resolver, 'start'),
    batch_end: () => boundOf(resolver, 'end'),
    invocation_id() {
      record.volatile = true;
      return invocationId;
    },
    warn([what], { place }) {
      record.notices.push({ what: String(what), place });
      return '';
    },
    log([what], { named, place }) {
      // As in dbt: without info=true it is for the log file alone, and there is none of the compiler.
      if (named.info === true) record.notices.push({ what: String(what), place });
      return '';
    },
    set(args, call) {
      if (args.length > 0)
        throw new HelperError('set takes name=value', 'Write {{set rooms=(list "kitchen" "bath")}}.');
      const { context } = call;
      if (!isContext(context))
        throw new HelperError(
          'nothing can be set inside of #each or #with',
          'Write {{#with value as |name|}} ... {{/with}}, or set it before.',
        );
      Object.assign(context, call.named);
      return '';
    },
    ...valueHelpers,
    raise_compiler_error([what], { named }) {
      throw new HelperError(String(what), typeof named.hint === 'string' ? named.hint : undefined);
    },
  };
}

/** What `filter` of {{ref}} and {{source}} says; a microbatch model reads the rows of its batch unless it is false. */
function isFiltered(helper: 'ref' | 'source', { named, argument }: HelperCall): boolean {
  const known = helper === 'ref' ? ['filter', 'v', 'version'] : ['filter'];
  for (const key of Object.keys(named)) {
    if (known.includes(key)) continue;
    throw new HelperError(`${helper} has no setting "${key}"`, didYouMean(key, known), argument(key));
  }
  const { filter = true } = named;
  if (typeof filter === 'boolean') return filter;
  throw new HelperError('filter is true or false', `Write {{${helper} ... filter=false}}.`, argument('filter'));
}

function boundOf(resolver: Resolver, which: 'start' | 'end'): string {
  const bound = resolver.bound(which);
  if (bound !== undefined) return bound;
  throw new HelperError(
    `there is no batch here that has a ${which}`,
    'Only a model with incremental_strategy="microbatch" is built in batches.',
  );
}

function text(helper: string, args: readonly unknown[], count: number): string[] {
  const names = args.filter((arg): arg is string => typeof arg === 'string' && arg !== '');
  if (args.length === count && names.length === count) return names;
  throw new HelperError(
    `${helper} takes ${count === 1 ? 'one name' : `${count} names`} in quotes`,
    `Write {{${helper} ${Array.from({ length: count }, () => '"..."').join(' ')}}}.`,
  );
}
