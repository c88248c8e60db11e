import { StatementError } from '../../warehouse/errors.ts';
import { rolledBack } from '../../warehouse/rolled-back.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { type HookContext, runHook } from '../build/transaction/hooks.ts';
import type { RunHook } from '../compile/run-hooks.ts';
import type { BuiltNode, Hook } from '../manifest/manifest.ts';
import { NodeError } from '../text/errors.ts';
import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';
import { sqlTokens } from '../text/sql-tokens.ts';
import type { Findings } from './findings.ts';

interface Attempt {
  /** The node, or the hook of a run. */
  readonly of: string;
  readonly name: string;
  readonly sql: SqlText;
  readonly place: Place | undefined;
  readonly file: string;
  readonly inTransaction: boolean;
}

/**
 * Tries hooks on tables without rows, each by itself. What they create stays, since models may need it; rows that they write are
 * rolled back. That a role does not exist is no fault: there are none in a check.
 */
export class HookTrial {
  readonly #warehouse: Warehouse;
  readonly #findings: Findings;
  readonly #context: HookContext;
  /** What failed because something was not there: it may be later. */
  readonly #again: Attempt[] = [];

  constructor(warehouse: Warehouse, findings: Findings, context: HookContext) {
    this.#warehouse = warehouse;
    this.#findings = findings;
    this.#context = context;
  }

  /** The hooks of a node in one of its forms; of the incremental one those that differ from the full one. */
  async ofNode(node: BuiltNode, when: Hook['when'], form: 'full' | 'incremental'): Promise<void> {
    for (const hook of node.hooks ?? []) {
      const sql = hook[form];
      if (hook.when !== when || (form === 'incremental' && sql.text === hook.full.text)) continue;
      const name = `${node.name}: ${hook.name}${form === 'incremental' ? ' (incremental)' : ''}`;
      await this.#try({
        of: node.name,
        name,
        sql,
        place: hook.place,
        file: node.file,
        inTransaction: hook.inTransaction,
      });
    }
  }

  async ofRun(hooks: readonly RunHook[]): Promise<void> {
    for (const { name, sql, place } of hooks)
      await this.#try({ of: name, name, sql, place, file: 'project.yml', inTransaction: false });
  }

  /** Tries once more what lacked something, now that everything is there. */
  async finish(): Promise<void> {
    for (const attempt of this.#again) {
      const fault = await this.#fault(attempt);
      if (fault !== undefined) this.#findings.add('error', attempt.of, fault);
      else {
        const { name: what, place, file } = attempt;
        const error = new NodeError({
          what: `${what} names something that is not there yet when it first runs`,
          ...(place === undefined ? { where: file } : { place }),
          hint: 'It will fail in a new installation.',
        });
        this.#findings.add('warning', attempt.of, error);
      }
    }
    this.#again.length = 0;
  }

  async #try(attempt: Attempt): Promise<void> {
    const fault = await this.#fault(attempt);
    if (fault === undefined) return;
    if (codeOf(fault) === '42P01') this.#again.push(attempt);
    else this.#findings.add('error', attempt.of, fault);
  }

  async #fault(attempt: Attempt): Promise<NodeError | undefined> {
    const { sql, inTransaction } = attempt;
    if (sql.text === '') return undefined;
    const run = (on: Queryable) => runHook(on, attempt, this.#context);
    try {
      if (writesRows(sql)) await rolledBack(this.#warehouse, run);
      else if (inTransaction) await this.#warehouse.transaction(run);
      else await this.#warehouse.session(run);
      return undefined;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      return isMissingRole(error) ? undefined : error;
    }
  }
}

function writesRows(sql: SqlText): boolean {
  const first = [...sqlTokens(sql.text)].find(({ kind }) => kind !== 'blank' && kind !== 'comment');
  return ['insert', 'update', 'delete', 'merge', 'with', 'select', 'truncate'].includes(
    first?.text.toLowerCase() ?? '',
  );
}

function codeOf({ cause }: NodeError): string | undefined {
  return cause instanceof StatementError ? cause.code : undefined;
}

function isMissingRole({ cause }: NodeError): boolean {
  return cause instanceof StatementError && cause.code === '42704' && cause.message.startsWith('role ');
}
