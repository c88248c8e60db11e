// The commands that look without touching:
//
//   1. what the project says       ls.ts, compile.ts, parse.ts, check.ts; compile and parse write below target/
//   2. what is in the database     show.ts, status.ts, freshness.ts, verify.ts, debug.ts
//   3. what a build would do       plan.ts
//
// One file for each, made as those of commands/ are. None writes to the project's tables.

import { stringify } from 'csv-stringify/sync';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import type { FreshlyCompiled } from '../../runner/compile/compile.ts';
import { keptRowsQuery } from '../../runner/data-test/audit-failure.ts';
import { explain, statement } from '../../runner/database/statement.ts';
import { isBuilt } from '../../runner/manifest/manifest.ts';
import { type Project, sourceTexts } from '../../runner/project/project.ts';
import { type SourceTexts, UsageError } from '../../runner/text/errors.ts';
import { oneStatement } from '../../runner/text/one-statement.ts';
import { SqlText } from '../../runner/text/sql-text.ts';
import type { Result, Warehouse } from '../../warehouse/warehouse.ts';
import { chosenNodes, isEverything } from '../selection/chosen-nodes.ts';
import { deferred } from '../selection/defer.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { openForModels } from '../settings/environment.ts';
import { tellNotices } from '../terminal/notices.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface ShowFlags extends RunFlags {
  readonly inline?: string | undefined;
  /** A query as it is, no template: nothing is compiled. */
  readonly inlineDirect?: string | undefined;
  /** The bad rows that the newest failure of an audit kept. */
  readonly kept?: boolean | undefined;
  readonly limit: number;
  readonly output: 'table' | 'json' | 'csv';
}

interface Query {
  readonly name: string;
  readonly file: string;
  readonly sql: SqlText;
  readonly sourceText: SourceTexts;
}

/** Shows the rows of a query, a model or a failing test, or what a failed audit kept. Runs in a read-only transaction. */
export async function show(project: Project, flags: ShowFlags, terminal: Terminal): Promise<0> {
  checkFlags(flags);
  // What is no template needs no project that compiles.
  const compiled = flags.inlineDirect === undefined ? await freshlyCompiled(project) : undefined;
  if (compiled !== undefined) tellNotices(terminal, compiled);
  const chosen =
    compiled === undefined || flags.inline !== undefined
      ? new Set<string>()
      : await chosenNodes(compiled, showable(flags), terminal);
  const queryOf = (from: FreshlyCompiled) =>
    flags.inline === undefined ? selectedQuery(from, flags, chosen) : inlineQuery(from, flags.inline);
  // Before the database is opened: a fault in the query needs no server to be found.
  const plain = compiled === undefined ? directQuery(flags.inlineDirect ?? '') : queryOf(compiled);
  const warehouse = await openForModels(project, 'show', 1);
  try {
    const named =
      compiled !== undefined && flags.defer === true
        ? queryOf(await deferred(compiled, chosen, flags, async () => warehouse))
        : plain;
    const query =
      flags.kept === true ? await keptOf(warehouse, named, flags.output === 'json' || terminal.json) : named;
    if (query === undefined) {
      terminal.say(`No bad rows of a failed audit are recorded for ${named.name}.`);
      return 0;
    }
    const shown = await showOn(warehouse, query, terminal.json ? { ...flags, output: 'lines' } : flags);
    if (shown.text !== '') terminal.output(shown.text);
    if (shown.rows === flags.limit && !terminal.json) {
      const rows = `${shown.rows} ${shown.rows === 1 ? 'row' : 'rows'}`;
      terminal.errors([{ tone: 'faint', text: `At most ${rows} are shown; --limit -1 shows all.` }]);
    }
    return 0;
  } finally {
    await warehouse.close();
  }
}

function checkFlags({ kept, inline, inlineDirect, defer }: ShowFlags): void {
  if (kept === true && (inline ?? inlineDirect) !== undefined)
    throw new UsageError({
      what: '--kept needs a selection, not a query',
      hint: 'Write --kept --select and an audit.',
    });
  if (inlineDirect === undefined) return;
  const other = inline === undefined ? defer === true && '--defer' : '--inline';
  if (other !== false)
    throw new UsageError({
      what: `--inline-direct and ${other} exclude each other`,
      hint: 'A query by --inline-direct is sent as it is; in one by --inline, {{ref "x"}} works.',
    });
}

/** The bad rows that an audit kept when it failed last; undefined if there are none. */
async function keptOf(warehouse: Warehouse, named: Query, asJson: boolean): Promise<Query | undefined> {
  const sql = await keptRowsQuery(warehouse, named.name, asJson);
  return sql && { ...named, sql };
}

/** Runs one inline query of the project on an open database and lays it out as a table. */
export async function tableOf(warehouse: Warehouse, compiled: FreshlyCompiled, inline: string): Promise<string> {
  const query = inlineQuery(compiled, inline);
  return (await showOn(warehouse, query, { limit: -1, output: 'table' })).text;
}

interface Format {
  readonly limit: number;
  /** `lines`: one JSON object a line. */
  readonly output: ShowFlags['output'] | 'lines';
}

async function showOn(warehouse: Warehouse, query: Query, flags: Format): Promise<{ text: string; rows: number }> {
  const asJson = flags.output === 'json' || flags.output === 'lines';
  const limit = flags.limit < 0 ? '' : `\nlimit ${flags.limit}`;
  // JSON comes from the database itself: numbers keep every digit, and times are ISO 8601.
  const sql = SqlText.join(
    `select ${asJson ? 'row_to_json(shown)::text as row' : '*'}\nfrom (\n`,
    query.sql,
    `\n) as shown${limit}`,
  );
  try {
    const result = await warehouse.transaction(async (session) => {
      await session.query('set transaction read only');
      return statement(session, sql, 'text');
    });
    return { text: format(result, flags.output), rows: result.rows.length };
  } catch (error) {
    throw explain(error, query);
  }
}

function format({ rows, columns }: Result, output: Format['output']): string {
  const objects = rows.map((row) => String(row.row));
  if (output === 'lines') return objects.join('\n');
  if (output === 'json') return objects.length === 0 ? '[]' : `[\n  ${objects.join(',\n  ')}\n]`;
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UsageError({
      what: `two columns are called "${twice}"`,
      hint: 'Give them names of their own: select a.id as a_id, b.id as b_id.',
    });
  }
  const cells = rows.map((row) => columns.map((column) => row[column]));
  if (output === 'table') return formatTable(columns, cells);
  // As COPY does: NULL is an empty field, the empty text has quotes.
  return stringify([columns, ...cells], { cast: { string: (value) => ({ value, quoted_empty: true }) } });
}

function inlineQuery(compiled: FreshlyCompiled, inline: string): Query {
  const file = { path: '--inline', text: inline };
  const sql = compiled.query(file);
  if (sql.text.trim() === '') throw new UsageError({ what: 'the query is empty', hint: `Write --inline "select ..."` });
  const sourceText = sourceTexts(compiled.project);
  return {
    name: 'inline query',
    file: file.path,
    sql,
    sourceText: (path) => (path === file.path ? inline : sourceText(path)),
  };
}

/** SQL as the user wrote it, that no template is read from. */
function directQuery(text: string): Query {
  const file = '--inline-direct';
  const sql = oneStatement(SqlText.from({ file, line: 1, column: 1 }, text, true).trim(), 'a query');
  if (sql.text === '') throw new UsageError({ what: 'the query is empty', hint: `Write ${file} "select ..."` });
  return { name: 'inline query', file, sql, sourceText: () => text };
}

/** @throws UsageError if nothing is selected. */
function showable(flags: ShowFlags): ShowFlags {
  if (!isEverything(flags)) return flags;
  throw new UsageError({
    what: 'show needs a query or a selection',
    hint: `Write --inline "select * from {{ref 'dim_room'}}" or --select dim_room.`,
  });
}

function selectedQuery(compiled: FreshlyCompiled, flags: ShowFlags, chosen: ReadonlySet<string>): Query {
  const sourceText = sourceTexts(compiled.project);
  const nodes = [...chosen].flatMap((id) => compiled.manifest.nodes.get(id) ?? []);
  const named =
    nodes.find((node) => flags.select?.includes(node.name)) ?? nodes.find((node) => isBuilt(node)) ?? nodes[0];
  if (named?.kind === 'model') {
    return { name: named.name, file: named.file, sql: named.fullSql, sourceText };
  }
  if (named?.kind === 'seed') {
    const file = { path: named.file, text: `select * from {{ref "${named.name}"}}` };
    return {
      name: named.name,
      file: named.file,
      sql: compiled.query(file),
      sourceText: () => file.text,
    };
  }
  if (named?.kind === 'test') return { name: named.name, file: named.file, sql: named.sql, sourceText };
  throw new UsageError({ what: 'the selection holds nothing that can be shown' });
}
