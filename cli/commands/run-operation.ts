import { randomUUID } from 'node:crypto';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import { runOperation } from '../../runner/operation/operation.ts';
import { type Project, sourceTexts } from '../../runner/project/project.ts';
import { count } from '../../runner/text/figures.ts';
import { objectOfFlag, openForModels } from '../settings/environment.ts';
import { tellNotices } from '../terminal/notices.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface OperationFlags {
  /** YAML of the macro's arguments by their names. */
  readonly args?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * Renders a macro and runs its SQL in one transaction; prints the rows of statements that yield some, and notices.
 * @throws ProjectError | UsageError | NodeError
 */
export async function runOperationCommand(
  project: Project,
  macro: string,
  flags: OperationFlags,
  terminal: Terminal,
): Promise<0> {
  const args = (await objectOfFlag('--args', flags.args, `--args '{role: reporter}'`)) ?? {};
  const compiled = await freshlyCompiled(project);
  tellNotices(terminal, compiled);
  const { sql, notices } = compiled.operation(macro, args);
  tellNotices(terminal, { notices, project });
  if (flags.dryRun === true) {
    terminal.output(sql.text);
    return 0;
  }
  const file = project.macros.find(({ path }) => path.endsWith(`/${macro}.sql`))?.path ?? macro;
  let isRunning = false;
  // What opening a database says is of no operation.
  const onNotice = (text: string) => {
    if (isRunning) terminal.notice(text);
  };
  const warehouse = await openForModels(project, 'run-operation', 1, undefined, onNotice);
  try {
    isRunning = true;
    const done = await runOperation(warehouse, sql, {
      name: macro,
      file,
      sourceText: sourceTexts(project),
      runStartedAt: new Date().toISOString(),
      runId: randomUUID(),
    });
    for (const { word, result } of done) {
      const { columns, rows, rowCount } = result;
      if (terminal.json) terminal.event({ type: 'statement', statement: word, row_count: rowCount, rows });
      else if (columns.length > 0)
        terminal.output(
          formatTable(
            columns,
            rows.map((row) => columns.map((name) => row[name])),
          ),
        );
      else if (rowCount > 0) terminal.say(`${word}: ${count(rowCount, 'row')}`);
    }
    if (terminal.json) terminal.event({ type: 'operation', macro, statements: done.length });
    else
      terminal.say(
        done.length === 0
          ? `${macro} renders no SQL: nothing is done.`
          : `Done: ${macro}, ${count(done.length, 'statement')}.`,
        'good',
      );
    return 0;
  } finally {
    await warehouse.close();
  }
}
