import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseSubject } from '../../../cli/subject/erase.ts';
import { findSubject } from '../../../cli/subject/find.ts';
import { subjectNamed } from '../../../cli/subject/named.ts';
import { forTarget } from '../../../runner/state/own-bookkeeping.ts';
import { ensureState } from '../../../runner/state/schema.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { testExports } from './exports.ts';
import { QuietTerminal } from './quiet-terminal.ts';
import { clock, isJimmys, TwoApartments } from './two-apartments.ts';

describe.each(oneDatabase)('exporting and erasing a subject on $name', (kind) => {
  let database: TestDatabase;
  let two: TwoApartments;
  let jimmysKey: unknown;
  let others: Map<string, string[]>;
  const terminal = new QuietTerminal();
  const signal = new AbortController().signal;
  beforeAll(async () => {
    database = await kind.open();
    two = new TwoApartments(database.warehouse);
    await two.fill();
    const [row] = await two.home.rows<{ key: unknown }>(
      `select apartment_key as key from gold.dim_apartment where apartment_id = 'jimmy'`,
    );
    jimmysKey = row?.key;
    others = await two.rows((one, table) => !isJimmys(one, table, jimmysKey));
  });
  afterAll(async () => {
    two.home.dispose();
    await database.drop();
  });
  const erase = (options: { dryRun?: boolean; onStep?: (step: string) => void } = {}) => {
    const compiled = two.compile();
    const named = subjectNamed(compiled.project, 'jimmy');
    return eraseSubject(database.warehouse, compiled, named, terminal, {
      clock,
      signal,
      yes: true,
      dryRun: false,
      ...options,
    });
  };

  // Of what is not erased yet.
  testExports(() => ({ warehouse: database.warehouse, two, jimmysKey }));

  it('finds a table that no model makes, whosever its rows are', async () => {
    const find = async () => {
      const compiled = two.compile();
      const named = subjectNamed(compiled.project, 'jimmy');
      const findings = await findSubject(database.warehouse, compiled, named, terminal, signal);
      return findings.filter(({ what }) => what.startsWith('rows that may be'));
    };
    expect(await find()).toEqual([]);
    await database.warehouse.query(
      'create table gold.old_fact as select apartment_key, 1 as energy from gold.dim_apartment',
    );
    expect(await find()).toEqual([
      {
        place: 'gold.old_fact',
        what: 'rows that may be its: no model makes this table',
        count: 2,
        first: [],
      },
    ]);
    await database.warehouse.query('drop table gold.old_fact');
  });

  it('finds bad rows of failed audits that name it', async () => {
    const { warehouse } = database;
    await warehouse.query(
      `insert into datacycle.audit_failure (run_id, model, test, at, rows)
       select run_id, 'fact_energy_minute', 'kept', started_at, 4 from datacycle.run order by run_no limit 1`,
    );
    await warehouse.query(
      `insert into datacycle.audit_row (run_id, test, model, row_no, row)
       select f.run_id, f.test, f.model, row_no, row::jsonb
       from datacycle.audit_failure as f,
           unnest($1::text[]) with ordinality as bad (row, row_no)`,
      [
        [
          JSON.stringify({ apartment_key: jimmysKey, energy_wh: -1 }),
          JSON.stringify({ apartment_key: Number(jimmysKey) + 1000, energy_wh: -1 }),
          JSON.stringify({ energy_wh: -1 }),
          JSON.stringify({ energy_wh: -1, name: 'JimmyLoup' }),
        ],
      ],
    );
    const compiled = two.compile();
    const named = subjectNamed(compiled.project, 'jimmy');
    const found = await findSubject(warehouse, compiled, named, terminal, signal);
    expect(found.filter(({ place }) => place === 'datacycle.audit_row')).toMatchObject([
      { place: 'datacycle.audit_row', what: 'rows that name it', count: 1 },
    ]);
  });

  it('begins with something of both in every table with a subject', async () => {
    const jimmys = await two.rows((row, table) => isJimmys(row, table, jimmysKey));
    const both = [...jimmys].filter(([, rows]) => rows.length > 0).map(([table]) => table);
    expect(both).toEqual(
      expect.arrayContaining([
        'silver.sensor_value_rejects',
        'silver.prediction_rejects',
        'silver.log_sensor_errors',
        'silver.room_readings',
        'silver.room_quarter',
        'silver.room_quarter_profile',
        'gold.fact_prediction',
        'gold.dim_device',
      ]),
    );
    for (const table of both) expect(others.get(table), table).not.toEqual([]);
    expect(await two.search('jimmy')).not.toEqual([]);
  });

  it('asked what would go, touches nothing', async () => {
    const before = await two.rows();
    // What would go is said in any case, and then that nobody may have access to it any more.
    await expect(erase({ dryRun: true })).rejects.toMatchObject({
      where: 'seeds/user_apartments.csv:2, seeds/user_apartments.csv:4',
    });
    expect(terminal.said.join('\n')).toMatch(/silver\.sensor_events +\| +[\d,]+ \| its rows/);
    await expect(erase()).rejects.toMatchObject({ hint: expect.stringContaining('Take these lines out first') });
    two.takeAccess();
    expect(await erase({ dryRun: true })).toBe(0);
    expect(await two.rows()).toEqual(before);
    expect(two.log('datacycle.log')).toContain('JimmyLoup');
    expect(terminal.said.join('\n')).toMatch(/silver\.sensor_events +\| +[\d,]+ \| its rows/);
  });

  it('stopped before each of its steps and repeated, it goes on to the end, and the others’ rows stay as they are', async () => {
    const steps: string[] = [];
    const stopEvery = rounds({ gate: 4, long: 1 });
    const buildEvery = rounds({ gate: 24, long: 8 });
    for (let allowed = 0; ; allowed += 1) {
      steps.length = 0;
      const stopped = erase({
        onStep: (step) => {
          // Each table is a step of the same kind.
          const isStop = !step.includes('.') || steps.length % stopEvery === 0;
          if (steps.length === allowed && isStop) throw new Error('killed');
          if (steps.length === allowed) allowed += 1;
          steps.push(step);
        },
      });
      const outcome = await stopped.catch((error: unknown) => String(error));
      if (outcome === 'Error: killed') {
        // A build may run in between: what comes back then, or cannot be built, goes when the erasure is repeated.
        const fullRefresh = allowed % (2 * buildEvery) === 4;
        if (allowed % buildEvery === 4) await two.home.build({ dataTests: false, fullRefresh }).catch(() => undefined);
        continue;
      }
      expect([outcome, terminal.said.slice(-5)]).toEqual([0, expect.anything()]);
      break;
    }
    expect(steps.length).toBeGreaterThan(25);
    expect(JSON.stringify(await two.home.rows('select * from staging.tombstone'))).not.toMatch(/jimmy/i);
    for (const [table, rows] of await two.rows()) if (!isShared(table)) expect(rows, table).toEqual(others.get(table));
  });

  it('nothing of the subject is left: in no table, no statistics, no file, no log', async () => {
    expect(await two.search('jimmy')).toEqual([]);
    const compiled = two.compile();
    const named = subjectNamed(compiled.project, 'jimmy');
    const findings = await findSubject(database.warehouse, compiled, named, terminal, signal);
    expect(findings).toEqual([]);
  });

  it('the other lines of the logs stay', () => {
    expect(two.log('datacycle.log')).toBe('{"text":"built"}\n');
    expect(two.log('datacycle-watch.log.1.gz')).toBe('{"text":"built"}');
    expect(two.log('of-others.log')).toBe('jimmy');
  });

  it('loading and building again brings nothing back, an increment and a rebuild give the same', async () => {
    await two.home.load('full');
    await two.home.load('from-bronze');
    await two.loadRegistry();
    await two.home.build({ dataTests: false });
    const increment = await two.home.contents();
    expect(await two.search('jimmy')).toEqual([]);
    await two.home.build({ dataTests: false, fullRefresh: true });
    expect(await two.home.contents()).toEqual(increment);
    for (const [table, rows] of await two.rows()) if (!isShared(table)) expect(rows, table).toEqual(others.get(table));
  });

  it('repeated when all is gone, it finds nothing to do, and names a target that has tables of its own', async () => {
    expect(await erase()).toBe(0);
    expect(terminal.said.join('\n')).not.toContain('of the target');
    await ensureState(forTarget(database.warehouse, 'dc_dev'));
    expect(await erase()).toBe(0);
    expect(terminal.said.join('\n')).toContain(
      '  - the tables of the target that has its bookkeeping in the schema dc_dev_datacycle: erase there, too, with --target\n',
    );
  });
});

/** Nobody's, and made of everybody's: a rebuild leaves out what only the subject's rows gave rise to. */
function isShared(table: string): boolean {
  return /^gold\.dim_(date|datetime|model|horizon|target)$/.test(table);
}
