import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fg from 'fast-glob';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '..', '..', '..');

/** The functions of a file that build SQL (they return steps or an SQL text) and whose docstring shows none of it. */
function silentBuilders(text: string): readonly string[] {
  const functions = text.matchAll(
    /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export function (\w+)\((?:(?!^export|^function)[\s\S])*?\): (?:readonly )?(?:Step(?:\[\])?|GrantPlan|SqlText) \{$/gm,
  );
  return [...functions].flatMap(([, docstring = '', name = '']) =>
    /`[^`]*\b(?:select|insert|update|delete|create|drop|alter|grant|revoke|comment|refresh|on)\b[^`]*`/.test(docstring)
      ? []
      : [name],
  );
}

/** Builders of steps from any SQL. */
const ofAnySql = ['run', 'counted'];

test('every builder of SQL shows in its docstring the SQL that it makes', () => {
  const files = fg.sync('runner/materialize/**/*.ts', { cwd: repository });
  const silent = files.flatMap((file) =>
    silentBuilders(readFileSync(join(repository, file), 'utf8')).map((name) => `${file}: ${name}`),
  );
  expect(silent.filter((one) => !ofAnySql.some((name) => one.endsWith(`step.ts: ${name}`)))).toEqual([]);
});

test('a builder without SQL in its docstring is found', () => {
  const said = '/** Drops a table: `drop table t`. */\nexport function one(t: string): Step {\n}\n';
  const silent = '/** Drops a table. */\nexport function two(\n  t: string,\n): Step[] {\n}\n';
  expect(silentBuilders(said + silent)).toEqual(['two']);
});
