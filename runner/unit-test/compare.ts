import { identifier, identifiers } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { readTemporaryColumns } from '../database/catalog.ts';
import { statement } from '../database/statement.ts';
import type { UnitTestNode } from '../manifest/manifest.ts';
import type { Expected } from '../manifest/unit-test-node.ts';
import { NodeError } from '../text/errors.ts';
import { SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import { insertInto } from './inputs.ts';

/** A row as text, by the columns that are compared; NULL stays. */
export type TextRow = readonly (string | null)[];

/** How the rows that there are differ from those that are expected. */
export interface Difference {
  readonly columns: readonly string[];
  /** Rows that are expected and not there, and rows that are there and not expected. */
  readonly missing: readonly TextRow[];
  readonly surplus: readonly TextRow[];
  /** How many rows are expected, and how many there are. */
  readonly expected: number;
  readonly actual: number;
}

const expectedTable = 'pg_temp."datacycle_expected"';

/**
 * Compares rows, duplicates included, in the columns that are expected; values of a column have its type.
 * @param actual the relation, as written after `from`.
 * @throws NodeError at the place of what is expected, where it does not fit the columns.
 */
export async function compare(
  session: Session,
  { model }: UnitTestNode,
  { rows, place }: Expected,
  actual: string,
): Promise<Difference | undefined> {
  await session.query(
    `create temporary table "datacycle_expected" on commit drop as select * from ${actual} with no data`,
  );
  const shape = await readTemporaryColumns(session, 'datacycle_expected');
  let names = shape.map(({ name }) => name);
  if (rows.kind === 'values' && rows.rows.length > 0)
    names = [...new Set(rows.rows.flatMap((row) => Object.keys(row)))];
  if (rows.kind === 'query') names = await columnsOfQuery(session, rows.sql);
  for (const name of names)
    if (!shape.some((column) => column.name === name))
      throw new NodeError({
        what: `${model.name} yields no column "${name}"`,
        place,
        hint: didYouMean(
          name,
          shape.map((column) => column.name),
        ),
      });
  await insertInto(session, expectedTable, shape, rows, place);
  const compared = names
    .map((name) => comparable(name, shape.find((column) => column.name === name)?.type ?? ''))
    .join(', ');
  const only = async (of: string, than: string) => {
    const texts = names.map((name) => `${identifier(name)}::text`).join(', ');
    const columns = identifiers(names);
    const { rows: found } = await session.query(
      `select array[${texts}]::text[] as "row"\nfrom (\n    select ${compared} from ${of}\n    except all\n    select ${compared} from ${than}\n) as lacking\norder by ${columns}`,
    );
    return found.map(({ row }) => row as TextRow);
  };
  const missing = await only(expectedTable, actual);
  const surplus = await only(actual, expectedTable);
  if (missing.length + surplus.length === 0) return undefined;
  return {
    columns: names,
    missing,
    surplus,
    expected: await count(session, expectedTable),
    actual: await count(session, actual),
  };
}

async function columnsOfQuery(session: Session, sql: SqlText): Promise<string[]> {
  await statement(
    session,
    SqlText.join('create temporary table "datacycle_columns" on commit drop as\n', sql, '\nwith no data'),
  );
  const columns = await readTemporaryColumns(session, 'datacycle_columns');
  await session.query('drop table pg_temp."datacycle_columns"');
  return columns.map(({ name }) => name);
}

/** A column in a form that has an equality and an order. */
function comparable(name: string, type: string): string {
  const column = identifier(name);
  if (type === 'json') return `${column}::jsonb as ${column}`;
  return /^(xml|point|line|lseg|box|path|polygon|circle)$/.test(type) ? `${column}::text as ${column}` : column;
}

async function count(session: Session, of: string): Promise<number> {
  const { rows } = await session.query(`select count(*) as rows from ${of}`);
  return Number(rows[0]?.rows ?? 0);
}
