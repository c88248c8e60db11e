import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableOf } from '../../../../cli/looking/show.ts';
import { errorLines } from '../../../../runner/run/report.ts';
import { ProjectError } from '../../../../runner/text/errors.ts';
import { databases, type TestDatabase } from '../../databases.ts';
import { emptyButBookkeeping } from '../../emptied.ts';
import { TemporaryProject } from '../../temporary-project.ts';
import type { Fault } from './fault.ts';
import { batchFaults } from './planted-batches.ts';
import { dataFaults } from './planted-in-data.ts';
import { modelFaults } from './planted-in-models.ts';
import { propertyFaults } from './planted-in-properties.ts';
import { settingFaults } from './planted-settings.ts';

/** Files as they are written, and the place that the sign ‸ marks in one of them. */
function plant(fault: Fault): { files: Record<string, string>; where: string; quoted: string } {
  const texts = { ...fault.files, ...(fault.inline === undefined ? {} : { '--inline': fault.inline }) };
  const marked = Object.entries(texts).find(([, text]) => text.includes('‸'));
  if (marked === undefined) return { files: texts, where: fault.file ?? 'nothing is marked', quoted: '' };
  const [file, text] = marked;
  // A byte-order mark is no character of the first line.
  const lines = text.replace('\uFEFF', '').split(/\r?\n/);
  const index = lines.findIndex((line) => line.includes('‸'));
  const before = lines[index]?.split('‸')[0] ?? '';
  const number = String(index + 1);
  const line = lines[index]?.replace('‸', '') ?? '';
  // An emoji is one character to look at, but two of a file's columns, as editors count them.
  const caret = `${[...before].map((character) => (character === '\t' ? '\t' : ' ')).join('')}^`;
  return {
    files: Object.fromEntries(Object.entries(texts).map(([path, content]) => [path, content.replace('‸', '')])),
    where: `${file}:${number}:${before.length + 1}`,
    quoted: fault.quoted ?? `  ${number} | ${line}\n  ${' '.repeat(number.length)} | ${caret}`,
  };
}

const standing = `
create schema staging;
create table staging.event (load_id bigint, code text, amount integer);
insert into staging.event values (1, 'a', 5), (2, 'b', 0), (3, 'b', null);
create function public.doubled(text) returns integer language sql as 'select 2 * $1::integer';
create function public.refused(integer) returns integer language plpgsql as 'begin return 1 / ($1 - $1); end';
`;

/** What a person reads of the first error. */
async function messageOf(fault: Fault, files: Record<string, string>, database: TestDatabase): Promise<string> {
  const project = new TemporaryProject(files);
  try {
    const compiled = project.compile();
    // What is found without a database needs none that was emptied.
    await emptyButBookkeeping(database.warehouse);
    for (const sql of standing.split(';\n').filter((one) => one.trim() !== '')) await database.warehouse.query(sql);
    if (fault.inline !== undefined) return await tableOf(database.warehouse, compiled, files['--inline'] ?? '');
    if (fault.after !== undefined) {
      const first = await project.run(database.warehouse);
      expect(first.results.map(({ error }) => error)).toEqual([undefined]);
      await database.warehouse.query("insert into staging.event values (4, 'c', 1)");
    }
    const { results } = await project.run(database.warehouse);
    const { error } = results.find((result) => result.error !== undefined) ?? {};
    return error === undefined ? 'no error' : lines(error);
  } catch (error) {
    if (error instanceof ProjectError) return error.message;
    return lines(error instanceof Error ? error : new Error(String(error)));
  } finally {
    project.dispose();
  }
}

function lines(error: Error): string {
  return errorLines(error)
    .map(({ text }) => text)
    .join('\n');
}

describe.each(databases)('on $name an error stands at its exact place:', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());

  it.each(
    [...modelFaults, ...propertyFaults, ...dataFaults, ...settingFaults, ...batchFaults].map(
      (fault) => [fault.name, fault] as const,
    ),
  )('%s', async (_name, fault) => {
    const { files, where, quoted } = plant(fault);
    const message = await messageOf(fault, files, database);
    expect(message).toContain(fault.message);
    expect(message).toMatch(new RegExp(`(^|at )${where.replaceAll('.', '\\.')}(: |$)`, 'm'));
    expect(message).toContain(quoted);
    for (const part of fault.also ?? []) expect(message).toContain(part);
  });
});
