import { StatementError } from '../../warehouse/errors.ts';
import { identifier, identifiers, relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { readTemporaryColumns } from '../database/catalog.ts';
import { statement } from '../database/statement.ts';
import type { UnitTestNode } from '../manifest/manifest.ts';
import { type UnitTestInput, type UnitTestRows, unitTestSchema } from '../manifest/unit-test-node.ts';
import { NodeError } from '../text/errors.ts';
import type { Place } from '../text/place.ts';
import { SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import { createTable, type Shape } from './scratch.ts';

/** Makes the empty table of what a unit test's model reads, or of the model itself. */
export async function createInput(session: Session, test: UnitTestNode, id: string, shape: Shape): Promise<void> {
  await session.query(createTable(inputName(test, id), shape));
}

function inputName({ of, model, inputs }: UnitTestNode, id: string): string {
  return id === of ? relation(model.relation) : relation(unitTestSchema, inputs[id] ?? id);
}

/**
 * Adds the rows of an input, or puts them in the place of those that are there.
 * @param files the rows of seeds as JSON, by their ids.
 * @throws NodeError at the place of the input.
 */
export async function insertRows(
  session: Session,
  test: UnitTestNode,
  { of, replaces, rows, place }: UnitTestInput,
  shapes: ReadonlyMap<string, Shape>,
  files: ReadonlyMap<string, string>,
): Promise<void> {
  const table = inputName(test, of);
  const shape = shapes.get(of) ?? [];
  if (replaces) await session.query(`delete from ${table}`);
  if (rows.kind !== 'file') await insertInto(session, table, shape, rows, place);
  else {
    const names = shape.map(({ name }) => name);
    await insertJson(session, table, files.get(of) ?? '[]', names, place);
  }
}

/** Adds rows to a table, each value in the column of its name. @throws NodeError at their place */
export async function insertInto(
  session: Session,
  table: string,
  shape: Shape,
  rows: UnitTestRows,
  place: Place,
): Promise<void> {
  const known = shape.map(({ name }) => name);
  const check = (names: readonly string[]) => {
    for (const name of names)
      if (!known.includes(name))
        throw new NodeError({ what: `there is no column "${name}"`, place, hint: didYouMean(name, known) });
  };
  if (rows.kind === 'query') {
    await statement(session, SqlText.join('create temporary table "datacycle_given" on commit drop as\n', rows.sql));
    const given = await readTemporaryColumns(session, 'datacycle_given');
    check(given.map(({ name }) => name));
    const names = identifiers(given.map(({ name }) => name));
    const cast = given.map(({ name }) => {
      const type = shape.find((column) => column.name === name)?.type ?? 'text';
      return `${identifier(name)}::${type}`;
    });
    await session.query(`insert into ${table} (${names}) select ${cast.join(', ')} from pg_temp."datacycle_given"`);
    await session.query('drop table pg_temp."datacycle_given"');
    return;
  }
  if (rows.kind === 'file') return;
  const names = [...new Set(rows.rows.flatMap((row) => Object.keys(row)))];
  check(names);
  if (names.length > 0) await insertJson(session, table, JSON.stringify(rows.rows), names, place);
  else for (const _row of rows.rows) await session.query(`insert into ${table} default values`);
}

/** PostgreSQL reads the values from JSON as it reads text: an error for a value that a column cannot hold names the value. */
async function insertJson(
  session: Session,
  table: string,
  rows: string,
  names: readonly string[],
  place: Place,
): Promise<void> {
  const list = identifiers(names);
  try {
    await session.query(
      `insert into ${table} (${list}) select ${list} from json_populate_recordset(null::${table}, $1::json)`,
      [rows],
    );
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    throw new NodeError({ what: error.message, place, detail: error.detail, cause: error });
  }
}
