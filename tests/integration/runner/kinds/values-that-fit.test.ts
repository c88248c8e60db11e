import { describe, expect, test } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const files = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: x }] }]',
  'models/kept.sql': `{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all"}}
select * from {{source "raw" "x"}}`,
  'models/added.sql': `{{config materialized="incremental" unique_key="id" on_schema_change="ignore"}}
select * from {{source "raw" "x"}}`,
  'models/batched.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="day" batch_size="day" begin="2023-01-01" unique_key="id" on_schema_change="ignore"}}
select *, date '2023-01-01' as day from {{source "raw" "x"}}
where date '2023-01-01' >= {{batch_start}} and date '2023-01-01' < {{batch_end}}`,
};
const now = new Date('2023-01-01T12:00:00Z');
const statements = [
  'create table raw.x (id int, v int, t varchar(3), d date)',
  `insert into raw.x values (1, 1, 'abc', '2023-01-01')`,
];

describe.each(oneDatabase)('a source that gains types its readers lack, on $name', (kind) => {
  const { database, run, rows, errorOf } = projectOn(kind, files, statements);

  test.each(['kept', 'added', 'batched'])(
    '%s takes values that fit, and refuses to round or cut others',
    async (model) => {
      await run({ now });
      await database.warehouse.query(
        'alter table raw.x alter v type numeric, alter t type text, alter d type timestamp',
      );
      await database.warehouse.query(`insert into raw.x values (2, 2.0, 'x', '2023-01-02')`);
      await run({ now });
      const there = () => rows(`select id, v, t, d::text from public.${model} order by id`);
      const first = [
        { id: 1, v: 1, t: 'abc', d: '2023-01-01' },
        { id: 2, v: 2, t: 'x', d: '2023-01-02' },
      ];
      expect(await there()).toEqual(first);
      await database.warehouse.query(`update raw.x set v = 2.5, t = 'x   ', d = '2023-01-02 12:00' where id = 2`);
      const error = await errorOf(model, { now, select: [model] });
      expect(error).toMatchObject({
        message: expect.stringContaining(model),
        detail: expect.stringContaining('v: 2.5 (numeric) would become 3 (integer)'),
        hint: expect.stringContaining(`alter table "public"."${model}" alter column "v" type numeric;`),
      });
      // Of a batch the detail names it.
      expect(`${error.message}\n${String(Reflect.get(error, 'detail'))}`).toContain(
        `${model === 'batched' ? '2023-01-01' : model}: the table's types would change values that the query yields`,
      );
      expect(error).toMatchObject({ detail: expect.stringMatching(/t: x {4}\(text\)[\s\S]*d: 2023-01-02 12:00:00/) });
      expect(await there()).toEqual(first);
    },
  );
});
