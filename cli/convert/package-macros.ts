import { type Expression, NotConverted } from '../../runner/template/jinja-expression.ts';

/** Writes a call of a macro that everybody takes from dbt or dbt_utils as the SQL that it makes. */
type Ready = (args: ReadonlyMap<string, Expression>, text: (one: Expression) => string) => string;

const plain =
  (sql: string): Ready =>
  () =>
    sql;

/** A call whose arguments have names and places; one that is missing has the text given. */
function filled(
  names: readonly string[],
  sql: (...args: string[]) => string,
  ...byDefault: (string | undefined)[]
): Ready {
  return (args, text) => {
    const found = names.map((name, index) => {
      const one = args.get(String(index)) ?? args.get(name);
      const value = one === undefined ? byDefault[index] : text(one);
      if (value === undefined) throw new NotConverted(`the argument "${name}" is missing`);
      return value;
    });
    return sql(...found);
  };
}

/** How many bounds of a part of time lie between two times, as dbt counts them; its weeks begin on Sunday. */
function difference(first = '', second = '', part = ''): string {
  const between = (of: (time: string) => string) => `(${of(second)} - ${of(first)})`;
  const months = (time: string) => `(extract(year from (${time})::date) * 12 + extract(month from (${time})::date))`;
  const seconds = { hour: 3600, minute: 60, second: 1 } as const;
  switch (part) {
    case 'day':
      return between((time) => `(${time})::date`);
    case 'week':
      return `(${between((time) => `date_trunc('week', (${time})::date + 1)::date`)} / 7)`;
    case 'month':
      return `${between(months)}::int`;
    case 'quarter':
      return between((time) => `(extract(year from (${time})::date) * 4 + extract(quarter from (${time})::date))::int`);
    case 'year':
      return `${between((time) => `extract(year from (${time})::date)`)}::int`;
    case 'hour':
    case 'minute':
    case 'second':
      return `(extract(epoch from ${between((time) => `date_trunc('${part}', (${time})::timestamp)`)}) / ${seconds[part]})::bigint`;
    default:
      throw new NotConverted(`datediff in "${part}": write the SQL for it`);
  }
}

function itemsOf(
  args: ReadonlyMap<string, Expression>,
  place: number,
  name: string,
  text: (one: Expression) => string,
): string[] {
  const list = args.get(String(place)) ?? args.get(name);
  if (list?.kind !== 'list') throw new NotConverted(`"${name}" is no list that is written out: write the SQL for it`);
  return list.items.map(text);
}

const pivotArguments =
  'column values alias agg cmp prefix suffix then_value else_value quote_identifiers distinct'.split(' ');

/** A column for each value, as dbt_utils names them. */
function pivot(args: ReadonlyMap<string, Expression>, text: (one: Expression) => string): string {
  const given = (name: string, byDefault: string): string => {
    const one = args.get(String(pivotArguments.indexOf(name))) ?? args.get(name);
    if (one === undefined) return byDefault;
    return one.kind === 'value' && typeof one.value === 'boolean' ? String(one.value) : text(one);
  };
  const unknown = [...args.keys()].find((key) => !pivotArguments.includes(key) && !(Number(key) in pivotArguments));
  if (unknown !== undefined) throw new NotConverted(`pivot with the argument "${unknown}": write the SQL for it`);
  const [column, agg, cmp] = [given('column', ''), given('agg', 'sum'), given('cmp', '=')];
  if (column === '' || given('quote_identifiers', 'true') !== 'true')
    throw new NotConverted('pivot without a column, or without quotes: write the SQL for it');
  const [before, after] = [given('prefix', ''), given('suffix', '')];
  const [then, otherwise] = [given('then_value', '1'), given('else_value', '0')];
  const distinct = given('distinct', 'false') === 'true' ? 'distinct ' : '';
  return itemsOf(args, 1, 'values', text)
    .map((one) => {
      const name = given('alias', 'true') === 'true' ? ` as "${before}${one}${after}"` : '';
      const value = one.replaceAll("'", "''");
      return `${agg}(${distinct}case when ${column} ${cmp} '${value}' then ${then} else ${otherwise} end)${name}`;
    })
    .join(',\n    ');
}

/** By their names without that of the package. */
export const packageMacros: Readonly<Record<string, Ready | undefined>> = {
  generate_surrogate_key: (args, text) =>
    `md5(${itemsOf(args, 0, 'field_list', text)
      .map((one) => `coalesce(cast(${one} as text), '_dbt_utils_surrogate_key_null_')`)
      .join(" || '-' || ")})`,
  star: (args, text) => {
    if (args.has('except') || args.has('1'))
      throw new NotConverted('star with exceptions needs the columns: name them');
    const alias = args.get('relation_alias');
    return alias === undefined ? '*' : `${text(alias)}.*`;
  },
  date_spine: filled(
    ['datepart', 'start_date', 'end_date'],
    (part, start, end) =>
      `select generate_series((${start})::timestamp, (${end})::timestamp - interval '1 microsecond', interval '1 ${part}') as date_${part}`,
  ),
  pivot,
  group_by: filled(['n'], (n) => `group by ${Array.from({ length: Number(n) }, (_, index) => index + 1).join(', ')}`),
  safe_divide: filled(['numerator', 'denominator'], (a, b) => `(${a}) / nullif((${b}), 0)`),
  date_trunc: filled(['datepart', 'date'], (part, date) => `date_trunc('${part}', ${date})`),
  dateadd: filled(
    ['datepart', 'interval', 'from'],
    (part, count, from) => `(${from} + (${count}) * interval '1 ${part}')`,
  ),
  datediff: filled(['first_date', 'second_date', 'datepart'], difference),
  last_day: filled(
    ['date', 'datepart'],
    (date, part) => `(date_trunc('${part}', ${date}) + interval '1 ${part}' - interval '1 day')::date`,
  ),
  safe_cast: filled(['field', 'type'], (field, type) => `cast(${field} as ${type})`),
  cast: filled(['field', 'type'], (field, type) => `cast(${field} as ${type})`),
  hash: filled(['field'], (field) => `md5(cast(${field} as text))`),
  length: filled(['expression'], (text) => `length(${text})`),
  position: filled(['substring_text', 'string_text'], (part, text) => `position(${part} in ${text})`),
  replace: filled(['field', 'old_chars', 'new_chars'], (text, old, now) => `replace(${text}, ${old}, ${now})`),
  right: filled(['string_text', 'length_expression'], (text, length) => `right(${text}, ${length})`),
  split_part: filled(
    ['string_text', 'delimiter_text', 'part_number'],
    (text, delimiter, number) => `split_part(${text}, ${delimiter}, ${number})`,
  ),
  listagg: filled(
    ['measure', 'delimiter_text', 'order_by_clause'],
    (measure, delimiter, order) => `string_agg(${measure}, ${delimiter}${order === '' ? '' : ` ${order}`})`,
    undefined,
    "','",
    '',
  ),
  // PostgreSQL 15 has no any_value.
  any_value: filled(['expression'], (one) => `min(${one})`),
  bool_or: filled(['expression'], (one) => `bool_or(${one})`),
  cast_bool_to_text: filled(['bool_expression'], (one) => `cast(${one} as text)`),
  string_literal: filled(['value'], (text) => `'${text.replaceAll("'", "''")}'`),
  escape_single_quotes: filled(['expression'], (text) => text.replaceAll("'", "''")),
  except: plain('except'),
  intersect: plain('intersect'),
  deduplicate: filled(
    ['relation', 'partition_by', 'order_by'],
    (relation, key, order) => `select distinct on (${key}) * from ${relation} order by ${key}, ${order}`,
  ),
  current_timestamp: plain('now()'),
  type_string: plain('text'),
  type_timestamp: plain('timestamp'),
  type_int: plain('int'),
  type_bigint: plain('bigint'),
  type_numeric: plain('numeric(28, 6)'),
  type_float: plain('double precision'),
  type_boolean: plain('boolean'),
  concat: (args, text) => itemsOf(args, 0, 'fields', text).join(' || '),
};
