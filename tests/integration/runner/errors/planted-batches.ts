import type { Fault } from './fault.ts';

const timed = `sources: [{ name: staging, tables: [{ name: event, event_time: "at" }] }]\n`;
const event = `(select code, amount, load_id, timestamptz '2023-08-18' as at from {{source "staging" "event" filter=false}})`;

/** A microbatch model `m` (code, at) with these settings, each on a line of its own in its .yml. */
const batches = (name: string, settings: readonly string[], message: string, sql?: string): Fault => ({
  name: `batches: ${name}`,
  message,
  files: {
    'models/s.yml': timed,
    'models/m.sql': sql ?? `select code, at from ${event} as e where at >= {{batch_start}} and at < {{batch_end}}`,
    'models/m.yml': `models:\n  - name: m\n    config:\n      materialized: incremental\n${settings.map((one) => `      ${one}\n`).join('')}`,
  },
});
const strategy = 'incremental_strategy: microbatch';
const marked = 'incremental_strategy: ‸microbatch';
const rest = ['event_time: at', 'batch_size: month', 'begin: 2023-08-01'];
const without = (key: string) => rest.filter((one) => !one.startsWith(key));

/** Faults of models that are built in batches. */
export const batchFaults: readonly Fault[] = [
  batches('without event_time', [marked, ...without('event_time')], '"microbatch" needs event_time'),
  batches('without batch_size', [marked, ...without('batch_size')], '"microbatch" needs batch_size'),
  batches('without begin', [marked, ...without('begin')], '"microbatch" needs begin'),
  batches(
    'a size that is none',
    [strategy, ...without('batch_size'), 'batch_size: ‸fortnight'],
    'there is no "fortnight"',
  ),
  batches(
    'a begin that is none',
    [strategy, ...without('begin'), 'begin: ‸2023-02-30'],
    '"2023-02-30" is no date and no time',
  ),
  batches('a begin in the future', [strategy, ...without('begin'), 'begin: ‸3023-02-20'], 'lies in the future'),
  batches('a lookback of less than none', [strategy, ...rest, 'lookback: ‸-1'], 'lookback'),
  batches('a zone that is none', [strategy, ...rest, 'time_zone: ‸Europe/Zurch'], '"Europe/Zurch" is no time zone'),
  batches('a zone by its abbreviation', [strategy, ...rest, 'time_zone: ‸CET'], '"CET" is no time zone'),
  batches(
    'settings of another strategy',
    [strategy, ...rest, 'merge_update_columns: ‸[code]'],
    'merge_update_columns has no meaning here',
  ),
  batches(
    'settings without the strategy',
    ['unique_key: code', 'batch_size: ‸day'],
    'batch_size has no meaning here',
    'select 1 as code',
  ),
  batches(
    'nothing is filtered',
    [marked, ...rest],
    'every batch would read everything',
    `select code, at from ${event} as e`,
  ),
  batches(
    'an incremental block',
    [strategy, ...rest],
    'has no {{#incremental}} block',
    `select code, at from ${event} as e\n‸{{#incremental}}where at > {{batch_start}}{{/incremental}}`,
  ),
  batches(
    'a bound where there are no batches',
    ['unique_key: code'],
    'there is no batch here',
    'select 1 as code, ‸{{batch_start}} as at',
  ),
  batches(
    'a filter that is none',
    [strategy, ...rest],
    'filter is true or false',
    'select * from {{source "staging" "event" ‸filter="no"}}',
  ),
  batches(
    'a setting of ref that is none',
    [strategy, ...rest],
    'source has no setting "filtre"',
    'select * from {{source "staging" "event" ‸filtre=false}}',
  ),
  batches(
    'event_time is not there',
    [strategy, 'event_time: ‸time', ...without('event_time')],
    'm has no column "time" (named in event_time)',
  ),
  batches(
    'event_time says no time',
    [strategy, 'event_time: ‸code', ...without('event_time')],
    'event_time "code" is of type text',
  ),
  batches(
    "a source's event_time is not there",
    [strategy, ...rest],
    'column "at" does not exist',
    'select code, now() as at from ‸{{source "staging" "event"}}',
  ),
  batches(
    'in one of them',
    [strategy, ...rest],
    'division by zero',
    `select code, at, 1 ‸/ (amount - 5) as x
from ${event} as e where at >= {{batch_start}} and at < {{batch_end}}`,
  ),
];
