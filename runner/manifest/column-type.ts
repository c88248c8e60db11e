import type { ColumnSpec, SeedNode } from './manifest.ts';

/** Types by names that other databases have for them; PostgreSQL does not know these. */
const foreignTypes: Readonly<Record<string, string>> = {
  string: 'text',
  int64: 'bigint',
  float64: 'double precision',
  double: 'double precision',
  datetime: 'timestamp without time zone',
  timestamp_ntz: 'timestamp without time zone',
  timestamp_tz: 'timestamp with time zone',
  number: 'numeric',
  bytes: 'bytea',
};

const typeAliases: Readonly<Record<string, string>> = {
  int: 'integer',
  int4: 'integer',
  int2: 'smallint',
  int8: 'bigint',
  float8: 'double precision',
  float: 'double precision',
  float4: 'real',
  bool: 'boolean',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
  decimal: 'numeric',
  varchar: 'character varying',
  char: 'character',
  varbit: 'bit varying',
  ...foreignTypes,
};

/** Types whose length is 1 unless one is given. */
const oneByDefault: readonly string[] = ['character', 'bit'];

/** The name that PostgreSQL prints for a type as users write it, e.g. `int` -> `integer`. */
export function normalType(type: string): string {
  // A quoted name is itself.
  if (type.includes('"')) return type.trim();
  const text = type
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/ ?([(,]) ?/g, '$1')
    .replace(/ \)/g, ')')
    .replace(/ array(?: ?\[\d+\])?$/, '[]');
  // A name, its length, what of the name follows the length (`with time zone`), and that it is an array.
  const parts = /^([a-z0-9_ ]+?)(\([^)]*\))?( [a-z ]+)?((?:\[\d*\])*)$/.exec(text);
  if (parts === null) return text;
  const [, base = '', length = '', rest = '', array = ''] = parts;
  const [, name = '', zone = ''] =
    /^(.*?)( with(?:out)? time zone)?$/.exec(rest === '' ? (typeAliases[base] ?? base) : base) ?? [];
  if (base === 'float' && length !== '')
    return `${Number(length.slice(1, -1)) < 25 ? 'real' : 'double precision'}${array === '' ? '' : '[]'}`;
  const scaled = name === 'numeric' && /^\(\d+\)$/.test(length) ? `${length.slice(0, -1)},0)` : length;
  const size = length === '' && rest === '' && oneByDefault.includes(name) ? '(1)' : scaled;
  return `${name}${size}${zone}${rest}${array === '' ? '' : '[]'}`;
}

const plain =
  /^(?:smallint|integer|bigint|real|double precision|boolean|text|date|uuid|bytea|jsonb?|xml|interval|numeric(?:\(\d+,-?\d+\))?|character(?: varying)?(?:\(\d+\))?|time(?:stamp)?(?:\([0-6]\))? with(?:out)? time zone)(?:\[\])?$/;

/** Whether {@link normalType} is sure to spell a type as PostgreSQL does. */
export function isPlainType(type: string): boolean {
  return plain.test(normalType(type));
}

/** A type as it is written, or PostgreSQL's name of one that it calls otherwise. */
function knownType(type: string): string {
  const [base = ''] = /^\w+/.exec(type.trim().toLowerCase()) ?? [];
  return Object.hasOwn(foreignTypes, base) ? normalType(type) : type;
}

/** Columns of a seed as declared in its settings or its .yml. */
export function declaredTypes(node: SeedNode): ReadonlyMap<string, string> {
  const fromColumns = node.columns.flatMap((column: ColumnSpec) =>
    column.dataType === undefined ? [] : [[column.name, column.type ?? column.dataType] as const],
  );
  const all = [...fromColumns, ...Object.entries(node.config.column_types ?? {})];
  return new Map(all.map(([name, type]) => [name, knownType(type)]));
}

/** The types that say a day or a moment, as PostgreSQL spells them without a precision. */
const timeTypes = ['date', 'timestamp without time zone', 'timestamp with time zone'] as const;

export type TimeType = (typeof timeTypes)[number];

/** The type without its precision (`timestamp(3) with time zone`); undefined if it says no day. */
export function timeType(type: string): TimeType | undefined {
  const bare = type.replace(/\(\d\)/, '');
  return timeTypes.find((one) => one === bare);
}
