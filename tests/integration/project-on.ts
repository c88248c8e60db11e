import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { Row } from '../../warehouse/warehouse.ts';
import type { DatabaseKind, TestDatabase } from './databases.ts';
import { emptyButBookkeeping } from './emptied.ts';
import { resultOf, rowsOf, TemporaryProject } from './temporary-project.ts';

type RunOptions = Parameters<TemporaryProject['run']>[1];

/** An emptied database and a project to build in it. Only tests, and hooks around each of them, may use them. */
export interface ProjectOn {
  readonly database: Pick<TestDatabase, 'warehouse' | 'url'>;
  readonly project: TemporaryProject;
  readonly rows: (sql: string) => Promise<readonly Row[]>;
  /** Runs everything and returns the messages by name; nothing may fail. */
  readonly run: (options?: RunOptions) => Promise<Readonly<Record<string, string>>>;
  /** Runs everything and returns the error of this node, which has to fail. */
  readonly errorOf: (name: string, options?: RunOptions) => Promise<Error>;
}

/**
 * One database for all tests of a `describe`, and one project. Before each of them the database is emptied but for a schema
 * `raw`, in which these statements make the sources, and the project is made of these files. The bookkeeping is made by the first
 * of the tests that builds; later ones find its tables without rows.
 */
export function projectOn(
  kind: DatabaseKind,
  files: Readonly<Record<string, string>>,
  statements: readonly string[] = [],
  settings?: Readonly<Record<string, string>>,
): ProjectOn {
  let opened: TestDatabase | undefined;
  const there = (): TestDatabase => {
    if (opened === undefined) throw new Error('the database is opened before the first test, not earlier');
    return opened;
  };
  const database = {
    get warehouse() {
      return there().warehouse;
    },
    get url() {
      return there().url;
    },
  };
  const project = new TemporaryProject({});
  beforeAll(async () => {
    opened = await kind.open(settings);
  });
  afterAll(async () => {
    project.dispose();
    await opened?.drop();
  });
  beforeEach(async () => {
    await emptyButBookkeeping(database.warehouse);
    await database.warehouse.query('create schema raw');
    for (const statement of statements) await database.warehouse.query(statement);
    project.begin(files);
  });
  return {
    database,
    project,
    rows: (sql) => rowsOf(database.warehouse, sql),
    async run(options) {
      const summary = await project.run(database.warehouse, options);
      expect(summary.results.flatMap((result) => result.error?.message ?? [])).toEqual([]);
      return Object.fromEntries(summary.results.map((result) => [result.node.name, result.message]));
    },
    async errorOf(name, options) {
      const { error } = resultOf(await project.run(database.warehouse, options), name);
      if (error === undefined) throw new Error(`${name} did not fail`);
      return error;
    },
  };
}

/** A project on loads of events; `files` besides its source. */
export function eventsOn(
  kind: DatabaseKind,
  files: Readonly<Record<string, string>> = {},
): ProjectOn & {
  /** Lands `(id, room, value), ...` as a load of this number. */
  readonly land: (load: number, values: string) => Promise<unknown>;
} {
  const table = 'create table raw.events (load_id bigint, id int, room text, value double precision)';
  const on = projectOn(kind, { 'models/sources.yml': eventSources, ...files }, [table]);
  const land = (load: number, values: string) =>
    on.rows(`insert into raw.events select ${load}, v.* from (values ${values}) as v`);
  return { ...on, land };
}

/** The source that most projects of the tests are made of, and the loads that land in it. */
export const eventSources = 'sources: [{ name: raw, tables: [{ name: events }] }]';
export const newLoads = '{{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}';
