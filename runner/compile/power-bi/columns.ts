import { identifier, literal } from '../../../warehouse/quote.ts';
import { normalType } from '../../manifest/column-type.ts';
import type { BiType, ExposedColumn } from '../../manifest/exposure.ts';
import type { ModelNode } from '../../manifest/manifest.ts';
import type { BiModel, ColumnProperties, Described } from '../../project/properties-schema.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { YamlPath } from '../../yaml/yaml-file.ts';
import { faultOfName, inWords, NamesTaken } from './names.ts';
import { showing, timestamp } from './showing.ts';

/** Reports a fault at a path below the model's place in its .yml. */
export type Complain = (what: string, path: YamlPath, hint?: string) => void;

/** A column of a view and what the view selects for it. */
export interface ViewColumn {
  readonly column: ExposedColumn;
  readonly expression: string;
}

/** What the view shows of a model, column by column in the order of its .yml. */
export function viewColumns(
  model: ModelNode,
  described: Described,
  bi: BiModel,
  zone: string,
  complain: Complain,
): ViewColumn[] {
  const declared = described.columns ?? [];
  const keys = keyColumns(model);
  const blanked = blankedColumns(declared, bi, keys, complain);
  const found: ViewColumn[] = [];
  const taken = new NamesTaken();
  for (const [index, { name: source, description = '', data_type, bi: settings = {} }] of declared.entries()) {
    if (settings === false) continue;
    const at = ['columns', index];
    const how = showing(data_type);
    if (how.kind === 'refused') {
      complain(`"${source}" ${how.what}`, [...at, 'data_type'], how.hint);
      continue;
    }
    const base = settings.name ?? inWords(source);
    const blank = blanked.get(source);
    const value = blank === undefined ? identifier(source) : `case when ${blank.when} end`;
    const add = (name: string, type: BiType, sqlType: string, expression: string, ...notes: string[]) => {
      const fault = faultOfName(name);
      const other = taken.take(name, source);
      if (fault !== undefined) complain(fault.what, [...at, 'bi', 'name'], fault.hint);
      else if (other !== undefined)
        complain(
          `"${other}" and "${source}" would both be called "${name}"`,
          [...at, 'bi', 'name'],
          'Power BI does not tell upper from lower case: give one of them another `bi: { name }`.',
        );
      const summarize = settings.summarize ?? (isNumber(type) && !keys.has(source) ? 'sum' : 'none');
      if (!isNumber(type) && (summarize === 'sum' || summarize === 'average'))
        complain(`"${source}" is ${type}, of which there is no ${summarize}`, [...at, 'bi', 'summarize']);
      const column: ExposedColumn = {
        name,
        source,
        type,
        sqlType,
        description: sentences(
          settings.description ?? description,
          ...notes,
          ...(blank === undefined ? [] : [blank.note]),
        ),
        format: settings.format,
        hidden: settings.hidden ?? keys.has(source),
        summarize,
        folder: settings.folder,
        sortBy: settings.sort_by,
      };
      found.push({ column, expression });
    };
    if (how.kind === 'instant') {
      const instant = blank === undefined ? value : `(${value})`;
      for (const [place, where, note] of [
        ['UTC', 'UTC', 'In UTC'],
        ['local', zone, `In the local time of ${zone}`],
      ] as const)
        add(`${base} (${place})`, 'timestamp', timestamp, `${instant} at time zone ${literal(where)}`, note);
    } else {
      // A case expression loses the precision of its branches.
      const cast = how.cast || (blank !== undefined && how.type === 'numeric');
      const bare = cast && blank !== undefined ? `(${value})` : value;
      add(base, how.type, how.sqlType, cast ? `${bare}::${how.sqlType}` : bare);
    }
  }
  return withSorting(found, declared, complain);
}

/** Columns of primary and foreign keys. */
function keyColumns(model: ModelNode): ReadonlySet<string> {
  return new Set(
    model.constraints.flatMap((one) => (one.type === 'primary_key' || one.type === 'foreign_key' ? one.columns : [])),
  );
}

/** The condition of every column that is empty where the flag tells, and a note that says so. */
function blankedColumns(
  declared: readonly ColumnProperties[],
  { blank }: BiModel,
  keys: ReadonlySet<string>,
  complain: Complain,
): ReadonlyMap<string, { readonly when: string; readonly note: string }> {
  if (blank === undefined) return new Map();
  const [key, name] = 'if' in blank ? (['if', blank.if] as const) : (['unless', blank.unless] as const);
  const byName = new Map(declared.map((column) => [column.name, column]));
  const flag = byName.get(name);
  if (flag === undefined)
    complain(`there is no column "${name}"`, ['bi', 'blank', key], didYouMean(name, byName.keys()));
  else if (flag.bi === false)
    complain(
      `"${name}" is left out of the view`,
      ['bi', 'blank', key],
      'Readers must see why values are missing: show it.',
    );
  else if (normalType(flag.data_type ?? '') !== 'boolean')
    complain(`"${name}" is ${flag.data_type ?? 'of no declared type'}, but a flag is boolean`, ['bi', 'blank', key]);
  const flagName = flag === undefined || flag.bi === false ? name : (flag.bi?.name ?? inWords(name));
  const found = new Map<string, { when: string; note: string }>();
  for (const [index, column] of blank.columns.entries()) {
    const at = ['bi', 'blank', 'columns', index];
    if (!byName.has(column)) complain(`there is no column "${column}"`, at, didYouMean(column, byName.keys()));
    else if (column === name) complain(`the flag "${name}" itself cannot be blanked`, at);
    else if (keys.has(column)) complain(`"${column}" is a key: without it the row belongs nowhere`, at);
    const [condition, note] =
      key === 'if'
        ? [`${identifier(name)} then null else ${identifier(column)}`, `Empty where "${flagName}" is true`]
        : [`${identifier(name)} then ${identifier(column)}`, `Empty where "${flagName}" is not true`];
    found.set(column, { when: condition, note });
  }
  return found;
}

/** The columns with the names of those whose order they have; of two times UTC's, which never goes back an hour. */
function withSorting(
  found: readonly ViewColumn[],
  declared: readonly ColumnProperties[],
  complain: Complain,
): ViewColumn[] {
  return found.map(({ column, expression }) => {
    if (column.sortBy === undefined) return { column, expression };
    const shown = found.filter((other) => other.column.source !== column.source);
    const other = shown.find(({ column: { source } }) => source === column.sortBy);
    if (other === undefined) {
      const index = declared.findIndex(({ name }) => name === column.source);
      complain(
        `"${column.source}" cannot be sorted by "${column.sortBy}", which is no other column that the view shows`,
        ['columns', index, 'bi', 'sort_by'],
        didYouMean(
          column.sortBy,
          shown.map(({ column: { source } }) => source),
        ),
      );
    }
    return { column: { ...column, sortBy: other?.column.name }, expression };
  });
}

function isNumber(type: BiType): boolean {
  return type === 'bigint' || type === 'double precision' || type === 'numeric';
}

/** Texts as sentences, one after the other. */
function sentences(...texts: readonly string[]): string {
  const kept = texts.map((text) => text.trim()).filter((text) => text !== '');
  return kept.length === 1 ? (kept[0] ?? '') : kept.map((text) => text.replace(/\.?$/, '.')).join(' ');
}
