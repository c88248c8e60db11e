import { normalType, timeType } from '../../manifest/column-type.ts';
import type { Constraint, PartitionBy } from '../../manifest/manifest.ts';
import { isPartitionName } from '../../manifest/partition-names.ts';
import type { Config } from '../../project/config.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { ProjectError } from '../../text/errors.ts';
import type { Place } from '../../text/place.ts';
import { isTimeZone, timeZoneHint } from '../../text/time-zone.ts';
import type { CompileContext, Draft } from '../draft/context.ts';

const granularities = ['month', 'day'] as const;

type Declared = Exclude<NonNullable<Config['partition_by']>, false>;

/**
 * How a model's table is partitioned. Set for a folder it counts for the tables there that declare the column; set for a
 * model, it has to fit.
 * @throws ProjectError for what it does not fit, and for keys that PostgreSQL could not hold across partitions.
 */
export function partitionByOf(
  draft: Draft,
  constraints: readonly Constraint[],
  context: CompileContext,
): PartitionBy | undefined {
  const declared = draft.config.partition_by;
  if (declared === undefined || declared === false) return undefined;
  const kind = draft.kind === 'seed' ? 'seed' : (draft.config.materialized ?? 'view');
  const isTable = kind === 'table' || kind === 'incremental';
  const column = draft.properties?.value.columns?.find(({ name }) => name === declared.column);
  const isOwn =
    draft.properties?.value.config?.partition_by !== undefined || draft.record.config.partition_by !== undefined;
  if (!isOwn && (!isTable || column === undefined)) return undefined;
  const complain = (what: string, hint: string, place = settingPlace(draft.settings, 'partition_by')): never => {
    throw new ProjectError([{ what: `${draft.name}: ${what}`, hint, place }]);
  };
  if (!isTable)
    complain(
      `partition_by is for tables, and this is ${kind === 'ephemeral' ? 'an' : 'a'} ${kind}`,
      'Take it out, or use materialized="table" or "incremental".',
    );
  const granularity = granularities.find((one) => one === declared.granularity);
  const inside = (part: keyof Declared) => settingPlace(draft.settings, 'partition_by', part);
  if (granularity === undefined)
    return complain(
      `partition_by knows no granularity "${declared.granularity}"`,
      `Write ${granularities.join(' or ')}.`,
      inside('granularity'),
    );
  const type = column?.data_type === undefined ? undefined : normalType(column.data_type);
  if (type !== undefined && timeType(type) === undefined)
    complain(
      `partition_by needs a column of type date, timestamp or timestamptz, and "${declared.column}" is ${type}`,
      'Name another column, or take partition_by out.',
      inside('column'),
    );
  const zone = declared.time_zone;
  if (zone !== undefined && !isTimeZone(zone))
    complain(`"${zone}" is no time zone`, timeZoneHint(zone), inside('time_zone'));
  if (zone !== undefined && type !== undefined && timeType(type) !== 'timestamp with time zone')
    complain(
      `"${declared.column}" is ${type}, whose months and days are the same in every time zone`,
      'Take time_zone out: it is for timestamptz.',
      inside('time_zone'),
    );
  if (draft.config.surrogate_key !== undefined)
    complain(
      'a partitioned table has no surrogate_key: PostgreSQL keeps no single column unique across partitions',
      'Take one of the two out.',
      settingPlace(draft.settings, 'surrogate_key'),
    );
  for (const { what, columns, place } of uniqueOnes(draft, constraints))
    if (!columns.includes(declared.column))
      complain(
        `${what} must hold "${declared.column}", by which the table is partitioned`,
        'PostgreSQL keeps unique within each partition only. Add the column to the key, or take partition_by out.',
        place,
      );
  for (const other of context.drafts.values())
    if (
      other.relation.schema === draft.relation.schema &&
      isPartitionName(other.relation.name, draft.relation.name, granularity)
    )
      complain(
        `a partition of it may have to be called ${other.relation.name}, which is the name of ${other.name}'s table`,
        `Give ${other.name} another alias or schema.`,
      );
  return { column: declared.column, granularity, timeZone: zone ?? 'UTC' };
}

interface UniqueOne {
  readonly what: string;
  readonly columns: readonly string[];
  readonly place: Place | undefined;
}

/** Everything that is to be unique in the whole table. */
function uniqueOnes({ config, settings }: Draft, constraints: readonly Constraint[]): UniqueOne[] {
  const key = (name: string, columns: readonly string[] | undefined): UniqueOne[] =>
    columns === undefined || columns.length === 0
      ? []
      : [{ what: `${name} (${columns.join(', ')})`, columns, place: settingPlace(settings, name) }];
  return [
    ...key('unique_key', config.unique_key),
    ...constraints.flatMap((one) =>
      one.type === 'primary_key' || one.type === 'unique'
        ? [{ what: `${one.type} (${one.columns.join(', ')})`, columns: one.columns, place: one.place }]
        : [],
    ),
    ...(config.indexes ?? []).flatMap(({ unique, columns = [], expressions = [] }, at) => {
      const on = [...columns, ...expressions].join(', ');
      return unique === true
        ? [{ what: `the unique index on (${on})`, columns, place: settingPlace(settings, 'indexes', at) }]
        : [];
    }),
  ];
}
