import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readDesign } from '../../../cli/bi/design.ts';
import { writePreview } from '../../../cli/bi/preview.ts';
import { fieldName } from '../../../powerbi/model/fields.ts';
import { isActivated, relationshipsOf } from '../../../powerbi/model/relationships.ts';
import { formatNumber } from '../../../powerbi/preview/format.ts';
import { measureQueries } from '../../../powerbi/preview/measure-query.ts';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import type { BiType, Exposure } from '../../../runner/manifest/exposure.ts';
import { identifier, relation } from '../../../warehouse/quote.ts';
import type { TestDatabase } from '../databases.ts';
import type { Household } from '../main-job/household.ts';
import { options } from './reader/exposures.ts';
import { SchemaCheck, schemaFolder } from './reader/schemas.ts';
import { modelFaults } from './reader/tmdl-model.ts';
import { columnReference, type ReadObject, readTmdl } from './reader/tmdl-reader.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');

/** What Power Query makes of a type of PostgreSQL. */
const modelTypes: Readonly<Record<string, string>> = {
  integer: 'int64',
  bigint: 'int64',
  'double precision': 'double',
  numeric: 'double',
  date: 'dateTime',
  'timestamp without time zone': 'dateTime',
  text: 'string',
  boolean: 'boolean',
} satisfies Partial<Record<BiType | 'integer' | 'timestamp without time zone', string>>;

/** The project as it is built: its tests share one database, since to fill one takes longest. */
export interface Built {
  readonly database: TestDatabase;
  readonly home: Household;
  readonly exposures: readonly Exposure[];
}

/** Declares the tests of the semantic model and of the pages, in a database with something for each of them. */
export function testsOfTheModel(built: () => Built): void {
  describe('the semantic model', () => {
    let database: TestDatabase;
    let home: Household;
    let exposures: readonly Exposure[];
    let files: ReadonlyMap<string, string>;
    let objects: readonly ReadObject[];

    beforeAll(() => {
      ({ database, home, exposures } = built());
      files = powerBiProject(exposures, options, readDesign(repository)).files;
      objects = [...files].filter(([path]) => path.endsWith('.tmdl')).flatMap(([, text]) => readTmdl(text).objects);
    });

    it('has a table for each view of schema bi, and each column with the type of the database', async () => {
      const rows = await home.rows(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'bi'",
      );
      const inDatabase = rows.map((row) => `${row.table_name}.${row.column_name} ${modelTypes[String(row.data_type)]}`);
      const inModel = objects
        .filter(({ type, children }) => type === 'table' && children.some(({ value }) => value === 'm'))
        .flatMap((table) =>
          table.children
            .filter(({ type }) => type === 'column')
            .map(({ properties }) => `${table.name}.${properties.get('sourceColumn')} ${properties.get('dataType')}`),
        );
      expect(inModel.length).toBeGreaterThan(100);
      expect([...inModel].sort()).toEqual([...inDatabase].sort());
    });

    it('is one model: what it names is there, and no name is there twice', () => {
      const documents = [...files].filter(([path]) => path.endsWith('.tmdl')).map(([, text]) => readTmdl(text));
      expect(modelFaults(documents)).toEqual([]);
    });

    it('has an active relationship for each foreign key that opens no second path, and no other', async () => {
      const rows = await home.rows(`
        select c.conrelid::regclass::text as from_table, a.attname as from_column,
               c.confrelid::regclass::text as to_table, b.attname as to_column
        from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
        where c.contype = 'f' and c.connamespace = 'gold'::regnamespace and cardinality(c.conkey) = 1`);
      const shown = new Set(exposures.map(({ model }) => `gold.${model.slice('model.'.length)}`));
      expect(rows.filter((row) => !shown.has(String(row.from_table)))).toEqual([]);
      const inDatabase = rows.map((row) => `${row.from_table}.${row.from_column} ${row.to_table}.${row.to_column}`);
      const sourceOf = (written: string | undefined) => {
        const [table, name] = columnReference(written ?? '');
        const exposure = exposures.find((one) => one.name === table);
        return `gold.${exposure?.model.slice('model.'.length)}.${exposure?.columns.find((one) => one.name === name)?.source}`;
      };
      const inModel = objects
        .filter(({ type }) => type === 'relationship')
        .map(({ properties }) => `${sourceOf(properties.get('fromColumn'))} ${sourceOf(properties.get('toColumn'))}`);
      const inactive = relationshipsOf(exposures)
        .filter((one) => !one.active && !isActivated(one, exposures))
        .map(({ from, reference, to }) => {
          const ends = [
            [from, reference.column],
            [to, reference.toColumn],
          ] as const;
          const [one, other] = ends.map(
            ([{ model, columns }, name]) =>
              `gold.${model.slice('model.'.length)}.${columns.find((column) => column.name === name)?.source}`,
          );
          return `${one} ${other}`;
        });
      expect(inModel.length).toBeGreaterThan(25);
      expect([...inModel, ...inactive].sort()).toEqual([...inDatabase].sort());
    });

    it('finds keys that are unique on the side of one', async () => {
      for (const { toExposure, toColumn } of exposures.flatMap(({ references }) => references)) {
        const [row] = await home.rows(
          `select count(*) as rows, count(distinct "${toColumn}") as keys from ${relation('bi', toExposure)}`,
        );
        expect(row?.keys, `${toExposure}.${toColumn}`).toEqual(row?.rows);
      }
    });

    it('has a calendar without gaps whose every day stands there once', async () => {
      const [row] = await home.rows('select count(*) as days, max("Date") - min("Date") + 1 as span from bi."Date"');
      expect(Number(row?.days)).toBeGreaterThan(300);
      expect(Number(row?.days)).toBe(Number(row?.span));
    });

    it('fetches minutes through the index of their key', async () => {
      for (const name of ['Energy by minute', 'Environment by minute', 'Presence by minute']) {
        const plan = await database.warehouse.transaction(async (session) => {
          await session.query('set local enable_seqscan = off');
          return session.query(
            `explain select * from ${relation('bi', name)} where "Minute key" >= 202310120000 and "Minute key" < 202310120010`,
          );
        });
        expect(plan.rows.map((row) => Object.values(row).join()).join('\n'), name).toMatch(
          /Index Cond: \(\(?datetime_key >= '?202310120000/,
        );
      }
    });

    it('reads a day of a table through the index of its key of the day', async () => {
      const byDay = exposures.flatMap(({ name, model, columns }) => {
        const key = columns.find(({ source }) => source === 'date_key');
        return key === undefined || !/\.(fact_|room_|apartment_day)/.test(model) ? [] : [{ name, key: key.name }];
      });
      byDay.push({ name: 'Weather forecast by hour', key: 'Issue date key' });
      expect(byDay.length).toBeGreaterThan(9);
      for (const { name, key } of byDay) {
        const plan = await database.warehouse.transaction(async (session) => {
          await session.query('set local enable_seqscan = off');
          return session.query(`explain select * from ${relation('bi', name)} where ${identifier(key)} = 20231012`);
        });
        const lines = plan.rows.map((row) => Object.values(row).join()).join('\n');
        expect(lines, `${name}.${key}`).toMatch(/Index Cond: \((prediction_)?date_key = 20231012\)/);
      }
    });

    it.runIf(schemaFolder !== undefined)("keeps to Microsoft's schemas", () => {
      const check = new SchemaCheck(schemaFolder ?? '');
      const json = [...files].filter(([, text]) => text.startsWith('{\n  "$schema"'));
      expect(json.flatMap(([path, text]) => check.errors(text).map((error) => `${path} ${error}`))).toEqual([]);
    });

    it('shows every measure of a page that the model has, and no other field', () => {
      const shown = [...files]
        .filter(([path]) => path.endsWith('visual.json'))
        .flatMap(([, text]) => [...text.matchAll(/"queryRef": "([^"]+)"/g)].map(([, field = '']) => fieldName(field)));
      const tables = new Map(objects.filter(({ type }) => type === 'table').map((table) => [table.name, table]));
      for (const { table, name } of shown)
        expect(
          tables.get(table)?.children.some((child) => child.name === name),
          `${table}.${name}`,
        ).toBe(true);
      expect(new Set(shown.map(({ table, name }) => `${table}.${name}`)).size).toBeGreaterThan(30);
    });

    it('draws every page from the same definitions, with the numbers of the database', async () => {
      const folder = join(home.folder, 'preview');
      const into = { folder, language: 'fr' };
      const { missing } = await writePreview(database.warehouse, exposures, readDesign(repository), into);
      const pages = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
      expect([...pages.keys()].sort()).toEqual([
        'compare-compare.html',
        'energy.html',
        'environment.html',
        'outlook.html',
        'overview.html',
        'predictions.html',
        'presence.html',
        'room.html',
        'sensor-health.html',
      ]);
      expect(missing).toEqual([]);
      const [meter] = await home.rows(
        `select sum(energy_kwh) as kwh from gold.fact_energy_minute join gold.dim_device using (device_key)
         where sensor_type = 'consumption' and is_valid`,
      );
      expect(Number(meter?.kwh)).toBeGreaterThan(0);
      expect(pages.get('energy.html')).toContain(`>${formatNumber(Number(meter?.kwh), '#,0.00')}`);
      expect(pages.get('energy.html')).toContain('>Énergie<');
    });

    it('computes every measure, alone and by the dimensions that filter it', async () => {
      const failed: string[] = [];
      for (const { name: table, measures, references } of exposures) {
        const by = ['Apartment', 'Room', 'Date'].filter((one) =>
          references.some(({ toExposure }) => toExposure === one),
        );
        const names = measures.map(({ name }) => name);
        // Of a day with few rows, since each cell is computed by itself.
        const oneDay = [{ field: { table: 'Date', name: 'Date' }, values: ['2023-10-17'] }];
        for (const fields of [[], by.map((one) => ({ table: one, name: one }))]) {
          const where = fields.length === 0 ? [] : oneDay;
          const { queries, refused } = measureQueries(exposures, { table, measures: names, by: fields, where });
          failed.push(...refused.map(({ measure, reason }) => `${measure}: ${reason}`));
          for (const query of queries)
            await database.warehouse.query(query.sql, query.params).catch((error: unknown) => {
              failed.push(`${query.measures.join(', ')}: ${error instanceof Error ? error.message : String(error)}`);
            });
        }
      }
      expect(failed).toEqual([]);
    });
  });
}
