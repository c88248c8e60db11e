import { CsvError, parse } from 'csv-parse/sync';
import type { UnitTestRows } from '../manifest/unit-test-node.ts';
import type { Project } from '../project/project.ts';
import type { UnitTestRowsWritten } from '../project/properties-schema.ts';
import { ProjectError } from '../text/errors.ts';
import { oneStatement } from '../text/one-statement.ts';
import { SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import type { YamlFile, YamlPath } from '../yaml/yaml-file.ts';

/**
 * The rows that an input or an expectation of a unit test has, written there or in a file of tests/fixtures.
 * @returns undefined where none are written at all.
 * @throws ProjectError
 */
export function unitTestRows(
  project: Project,
  written: UnitTestRowsWritten,
  yaml: YamlFile,
  path: YamlPath,
): UnitTestRows | undefined {
  const { rows, format = 'dict', fixture } = written;
  const fault = (what: string, key: string, hint?: string) => new ProjectError([yaml.problem(what, path, hint, key)]);
  if (fixture !== undefined) {
    if (rows !== undefined && rows !== null)
      throw fault('it has rows and a fixture', 'fixture', 'Take one of them out.');
    if (format === 'dict') throw fault('a fixture is CSV or SQL', 'fixture', 'Add format: csv, or format: sql.');
    const files = project.fixtures.filter(({ path: file }) => file.endsWith(`.${format}`));
    const wanted = fixture.endsWith(`.${format}`) ? fixture : `${fixture}.${format}`;
    const found = files.find(({ path: file }) => file.endsWith(`/fixtures/${wanted}`));
    if (found === undefined) {
      const known = files.map(({ path: file }) => file.replace(/^.*\/fixtures\//, '').replace(/\.\w+$/, ''));
      throw fault(
        `there is no fixture "${wanted}"`,
        'fixture',
        didYouMean(fixture, known) ?? 'Fixtures are in tests/fixtures/.',
      );
    }
    const start = { file: found.path, line: 1, column: 1 };
    return format === 'csv'
      ? { kind: 'values', rows: csvRows(found.text, (what) => new ProjectError([{ what, place: start }])) }
      : { kind: 'query', sql: oneStatement(SqlText.from(start, found.text, true).trim(), 'a fixture') };
  }
  if (rows === undefined || rows === null) return undefined;
  if (typeof rows !== 'string') {
    if (format !== 'dict') throw fault(`rows in ${format} are text`, 'rows', 'Write rows: | and the text below.');
    return { kind: 'values', rows };
  }
  switch (format) {
    case 'csv':
      return { kind: 'values', rows: csvRows(rows, (what) => fault(what, 'rows')) };
    case 'sql':
      return { kind: 'query', sql: oneStatement(yaml.text(rows, [...path, 'rows']).trim(), 'a query') };
    case 'dict':
      throw fault('rows of format dict are a list', 'rows', 'Add format: csv, or format: sql.');
    default:
      return format satisfies never;
  }
}

/** The rows of a CSV text by their columns; an empty field is NULL. */
function csvRows(text: string, fault: (what: string) => ProjectError): readonly Readonly<Record<string, unknown>>[] {
  try {
    const [header = [], ...rows] = parse(text, { trim: true, skip_empty_lines: true, bom: true });
    const orNull = (value: string | undefined) => (value === undefined || value === '' ? null : value);
    return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, orNull(row[index])])));
  } catch (error) {
    if (error instanceof CsvError) throw fault(`this is no CSV: ${error.message}`);
    throw error;
  }
}
