import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyToFile } from '../../../warehouse/copy-to-file.ts';
import { StatementError } from '../../../warehouse/errors.ts';
import { literal } from '../../../warehouse/quote.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { databases, type TestDatabase } from '../databases.ts';

async function textOf(session: Session, sql: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of session.copyOut(sql)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

describe.each(databases)('COPY TO STDOUT on $name', ({ open }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await open();
  });
  afterEach(() => database.drop());

  it('gives what PostgreSQL writes, byte for byte', async () => {
    const text = await database.warehouse.session((session) =>
      textOf(session, `copy (values (1, E'a "b"\\nü', null), (2, '', 'x')) to stdout (format csv, header)`),
    );
    expect(text).toBe('column1,column2,column3\n1,"a ""b""\nü",\n2,"",x\n');
  });

  it('written as a file for a spreadsheet, has an apostrophe before what would be a formula; numbers stay', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'datacycle-copy-'));
    const texts = ['=1+1', '+cmd', '-2 x', '@sum', '\t=1', '\r=1', '-2.5', '+1e-3', 'a=1', ' ', '']
      .map(literal)
      .join(', ');
    const query = `select n as "n o", t, v, -1.5 as num, null::text as nothing, array['=x'] as list
        from unnest(array[${texts}], array['=v']::varchar[]) with ordinality as u (t, v, n)`;
    await database.warehouse.session(async (session) => {
      await copyToFile(session, query, join(folder, 'a.csv'));
      await copyToFile(session, 'select 1 as one where false', join(folder, 'none.csv'));
    });
    const [header, ...lines] = readFileSync(join(folder, 'a.csv'), 'utf8').split('\n');
    expect(header).toBe('n o,t,v,num,nothing,list');
    expect(lines.map((line) => line.split(',')[1])).toEqual([
      ...["'=1+1", "'+cmd", "'-2 x", "'@sum", "'\t=1", `"'\r=1"`, '-2.5', '+1e-3', 'a=1', ' ', '""', undefined],
    ]);
    expect(lines[0]).toBe("1,'=1+1,'=v,-1.5,,{=x}");
    expect(readFileSync(join(folder, 'none.csv'), 'utf8')).toBe('one\n');
    rmSync(folder, { recursive: true });
  });

  it('gives nothing for no rows', async () => {
    const text = await database.warehouse.session((session) =>
      textOf(session, 'copy (select 1 where false) to stdout'),
    );
    expect(text).toBe('');
  });

  it('gives back what was copied in, in a transaction that goes on afterwards', async () => {
    const rows = Array.from({ length: 50_000 }, (_, index) => `${index}\t${'x'.repeat(index % 100)}\n`);
    await database.warehouse.transaction(async (session) => {
      await session.query('create table numbers (n integer, text text)');
      await session.copyIn('copy numbers from stdin', slices(rows));
      expect(await textOf(session, 'copy (select * from numbers order by n) to stdout')).toBe(rows.join(''));
      await session.query('insert into numbers (n) values (-1)');
    });
    const { rows: counted } = await database.warehouse.query('select count(*)::int as n from numbers');
    expect(counted).toEqual([{ n: 50_001 }]);
  });

  it('can be left early; the session goes on', async () => {
    await database.warehouse.session(async (session) => {
      for await (const _ of session.copyOut(
        `copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout`,
      )) {
        break;
      }
      expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      const leave = async () => {
        for await (const _ of session.copyOut('copy (select 1) to stdout')) throw new Error('the disk is full');
      };
      await expect(leave()).rejects.toThrow('the disk is full');
      expect((await session.query('select 2 as two')).rows).toEqual([{ two: 2 }]);
    });
  });

  it('reports a statement that fails at once or after some rows; the session goes on', async () => {
    await database.warehouse.session(async (session) => {
      const late = 'copy (select 1 / (100000 - n) from generate_series(1, 100000) as n) to stdout';
      for (const [sql, code] of [
        ['copy nothing_here to stdout', '42P01'],
        [late, '22012'],
      ] as const) {
        const failure = await textOf(session, sql).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(StatementError);
        expect(failure).toMatchObject({ code, sql });
        expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      }
    });
  });
});

async function* slices(lines: readonly string[]): AsyncGenerator<string> {
  for (let at = 0; at < lines.length; at += 1000) yield lines.slice(at, at + 1000).join('');
}
