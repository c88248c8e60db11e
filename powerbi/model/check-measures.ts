import type { Exposure } from '../../runner/manifest/exposure.ts';
import { type DaxReference, scanDax } from './dax-scan.ts';

/** Something wrong with a measure. */
export interface MeasureProblem {
  /** The id of the model that declares it. */
  readonly model: string;
  /** Its place among the model's measures. */
  readonly index: number;
  readonly what: string;
  readonly hint: string | undefined;
}

/**
 * Finds in the measures what Power BI would refuse: tables, columns and measures that are not there, brackets without an
 * end, measures that need each other. Power BI does not tell upper from lower case in names.
 */
export function checkMeasures(exposures: readonly Exposure[]): MeasureProblem[] {
  const tables = new Map(exposures.map((exposure) => [exposure.name.toLowerCase(), exposure]));
  const declared = exposures.flatMap((exposure) =>
    exposure.measures.map((measure, index) => ({ exposure, measure, index })),
  );
  const byName = new Map(declared.map((one) => [one.measure.name.toLowerCase(), one]));
  return declared.flatMap((one) => {
    const problem = (what: string, hint?: string) => ({ model: one.exposure.model, index: one.index, what, hint });
    const name = `measure "${one.measure.name}"`;
    const problems: MeasureProblem[] = [];
    const scan = scanDax(one.measure.expression);
    if (scan.fault !== undefined) problems.push(problem(`${name}: ${scan.fault.what}`, 'Correct the expression.'));
    const texts = new Set(scan.texts.map((text) => text.toLowerCase()));
    for (const reference of scan.references) {
      const fault = faultOf(reference, tables, byName, texts);
      if (fault !== undefined) problems.push(problem(`${name}: ${fault.what}`, fault.hint));
    }
    const circle = circleFrom(one, byName);
    if (circle !== undefined)
      problems.push(problem(`${name} needs itself: ${circle.join(' -> ')}`, 'Break the circle.'));
    return problems;
  });
}

interface Declared {
  readonly exposure: Exposure;
  readonly measure: Exposure['measures'][number];
  readonly index: number;
}

function faultOf(
  reference: DaxReference,
  tables: ReadonlyMap<string, Exposure>,
  measures: ReadonlyMap<string, Declared>,
  texts: ReadonlySet<string>,
): { what: string; hint: string } | undefined {
  const name = reference.name.toLowerCase();
  if (reference.kind === 'bare') {
    if (measures.has(name) || texts.has(name)) return undefined;
    return {
      what: `there is no measure [${reference.name}]`,
      hint: "A column needs its table before it: 'Table'[Column].",
    };
  }
  const table = tables.get(reference.kind === 'table' ? name : reference.table.toLowerCase());
  if (table === undefined) {
    const missing = reference.kind === 'table' ? reference.name : reference.table;
    return { what: `there is no table '${missing}'`, hint: `There are ${quoted([...tables.values()])}.` };
  }
  if (reference.kind === 'table') return undefined;
  if ([...table.columns, ...table.measures].some((one) => one.name.toLowerCase() === name)) return undefined;
  return {
    what: `table '${table.name}' has no column [${reference.name}]`,
    hint: `It has ${quoted(table.columns)}.`,
  };
}

function circleFrom(start: Declared, measures: ReadonlyMap<string, Declared>): string[] | undefined {
  const seen = new Set<Declared>();
  const walk = (one: Declared, path: readonly string[]): string[] | undefined => {
    for (const reference of scanDax(one.measure.expression).references) {
      const next = reference.kind === 'table' ? undefined : measures.get(reference.name.toLowerCase());
      // A column may be called like a measure of another table.
      if (next === undefined || (reference.kind === 'field' && !isMeasureOf(reference.table, next))) continue;
      if (next === start) return [...path, start.measure.name];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...path, next.measure.name]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start.measure.name]);
}

function isMeasureOf(table: string, declared: Declared): boolean {
  return declared.exposure.name.toLowerCase() === table.toLowerCase();
}

function quoted(named: readonly { readonly name: string }[]): string {
  return named.map(({ name }) => `"${name}"`).join(', ');
}
