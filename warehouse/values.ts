/** Type OIDs of pg_catalog (src/include/catalog/pg_type.dat) whose values both adapters must return alike. */
const oid = {
  bool: 16,
  int8: 20,
  json: 114,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  numeric: 1700,
  jsonb: 3802,
} as const;

function keep(text: string): string {
  return text;
}

/** A number where a double holds the integer exactly, else its digits as text. */
function integer(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/**
 * How text values become JavaScript values, by type OID: int8 a number (text beyond 2^53), numeric and all dates and
 * times the text PostgreSQL prints (no precision or time zone is lost), json parsed. Other types keep the drivers' defaults.
 */
export const valueParsers: Readonly<Record<number, (text: string) => unknown>> = {
  [oid.int8]: integer,
  [oid.numeric]: keep,
  [oid.date]: keep,
  [oid.time]: keep,
  [oid.timetz]: keep,
  [oid.timestamp]: keep,
  [oid.timestamptz]: keep,
  [oid.interval]: keep,
  [oid.json]: JSON.parse,
  [oid.jsonb]: JSON.parse,
};

/** The parser of a type for {@link Values} `text`: what a cast to text gives, which for all types but bool is what PostgreSQL sends. */
export function textParser(id: number): (text: string) => string {
  return id === oid.bool ? (text) => (text === 't' ? 'true' : 'false') : keep;
}
