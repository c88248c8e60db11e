/*
 * Writes Tabular Model Definition Language, the text form of a semantic model: one tab an indentation level, properties
 * below their object, children below the properties.
 */

/** What follows a property's name: a value, another object's name (after its table's), or DAX or M. */
export type TmdlProperty =
  | { readonly name: string; readonly value: string | number | boolean }
  | { readonly name: string; readonly reference: readonly [string, ...string[]] }
  | { readonly name: string; readonly expression: string };

/** A table, column, measure, role, ... */
export interface TmdlObject {
  readonly type: string;
  /** Undefined for the few that have none, such as refreshPolicy. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** What follows the equals sign of the declaration: DAX or M, or a word such as a partition's kind. */
  readonly value?: string | undefined;
  readonly properties?: readonly TmdlProperty[];
  readonly children?: readonly TmdlObject[];
}

/** One document: its objects with a blank line between, and a line break at the end. */
export function tmdl(objects: readonly TmdlObject[]): string {
  return `${objects.map((object) => objectLines(object, 0).join('\n')).join('\n\n')}\n`;
}

/** An object's name as a declaration and a reference have it: `Date`, `'Power (W)'`, `'Anna''s room'`. */
export function tmdlName(name: string): string {
  return /^[\p{L}\p{N}_-]+$/u.test(name) ? name : `'${name.replaceAll("'", "''")}'`;
}

function objectLines(object: TmdlObject, depth: number): string[] {
  const indent = '\t'.repeat(depth);
  const name = object.name === undefined ? '' : ` ${tmdlName(object.name)}`;
  const lines = [
    ...description(object.description).map((line) => `${indent}/// ${line}`.trimEnd()),
    ...assignment(`${indent}${object.type}${name}`, object.value, depth),
  ];
  for (const property of object.properties ?? []) lines.push(...propertyLines(property, depth + 1));
  for (const child of object.children ?? []) lines.push('', ...objectLines(child, depth + 1));
  return lines;
}

function propertyLines(property: TmdlProperty, depth: number): string[] {
  const start = `${'\t'.repeat(depth)}${property.name}`;
  if ('expression' in property) return assignment(start, property.expression, depth);
  if ('reference' in property) return [`${start}: ${property.reference.map(tmdlName).join('.')}`];
  // A flag alone means true, as Power BI itself writes it.
  if (property.value === true) return [start];
  return [`${start}: ${typeof property.value === 'string' ? text(property.value) : String(property.value)}`];
}

/**
 * `start = expression`. An expression of several lines must begin on a line of its own, indented deeper than its sibling
 * properties: one that begins on the line of the equals sign ends there. What all lines are indented by goes. A first line
 * that is still indented deeper than another one would be refused, unless all lines are between backticks: then the
 * closing ones set the indentation.
 */
function assignment(start: string, expression: string | undefined, depth: number): string[] {
  if (expression === undefined) return [start];
  const lines = expression
    .replaceAll('\r\n', '\n')
    .replace(/^(?:[ \t]*\n)+/, '')
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
  const [only = '', ...more] = lines;
  if (more.length === 0) return [`${start} = ${only.trim()}`];
  const indent = '\t'.repeat(depth + 2);
  const common = Math.min(...lines.filter((line) => line !== '').map(indentation));
  const shifted = lines.map((line) => (line === '' ? '' : `${indent}${line.slice(common)}`));
  return indentation(only) > common
    ? [`${start} = ${fence}`, ...shifted, `${indent}${fence}`]
    : [`${start} =`, ...shifted];
}

const fence = '```';

/** How many blanks and tabs a line begins with. */
function indentation(line: string): number {
  return line.length - line.trimStart().length;
}

/** A text value is written without quotes unless its ends could be misread. */
function text(value: string): string {
  const line = value.replace(/\s*[\r\n]+\s*/g, ' ');
  return line === '' || line !== line.trim() || line.startsWith('`') || line.includes('"')
    ? `"${line.replaceAll('"', '""')}"`
    : line;
}

function description(value: string | undefined): string[] {
  const trimmed = value?.trim() ?? '';
  return trimmed === '' ? [] : trimmed.split(/\r?\n/).map((line) => line.trim());
}
