// Compares each table with a build from scratch, and changes nothing.
//
//   1. verify.ts                            one node after the other, each in a `repeatable read` transaction that is rolled back
//   2. verify-node.ts, verify-batches.ts    say why a node cannot be compared, or make its rows in temporary tables
//   3. compare.ts                           one query that counts and lists the rows that differ
//
// The rows come from the steps that plan/ makes for a build. A node that cannot be compared is a verdict, not an error.
import { setImmediate } from 'node:timers/promises';
import { rolledBack } from '../../warehouse/rolled-back.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Compiled } from '../compile/compile.ts';
import { explain } from '../database/statement.ts';
import { type BuiltNode, isBuilt, type Manifest } from '../manifest/manifest.ts';
import { sourceTexts } from '../project/project.ts';
import { hasState } from '../state/schema.ts';
import { NodeError } from '../text/errors.ts';
import { type Verdict, verifyNode } from './verify-node.ts';

export interface Verified {
  readonly node: BuiltNode;
  readonly seconds: number;
  readonly verdict: Verdict;
}

export interface VerifyOptions {
  readonly selected: ReadonlySet<string>;
  /** How many differing rows of a model are listed; negative: all. All are counted. */
  readonly limit: number;
  readonly clock: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly onVerified: (verified: Verified) => void;
}

/** What is verified by default: incremental models, since all others are rebuilt by every build; without any, all models. */
export function verifiedByDefault(manifest: Manifest): ReadonlySet<string> {
  const models = [...manifest.nodes.values()].filter((node) => node.kind === 'model');
  const incremental = models.filter((node) => node.materialized === 'incremental');
  return new Set((incremental.length > 0 ? incremental : models).map((node) => node.id));
}

/**
 * Builds models from scratch beside their tables and compares the two, one model after the other, each in a `repeatable read`
 * transaction of its own that is rolled back. What cannot be compared is a result, not an exception.
 * @throws NodeError if nothing has been built in this database; ConnectionError if it cannot be reached.
 */
export async function verifyModels(
  { manifest, project }: Compiled,
  warehouse: Warehouse,
  { selected, limit, clock, signal, onVerified }: VerifyOptions,
): Promise<readonly Verified[]> {
  if (!(await hasState(warehouse)))
    throw new NodeError({
      what: 'nothing has been built in this database by this version of datacycle',
      hint: 'Run `datacycle build` first.',
    });
  const sourceText = sourceTexts(project);
  const stopped = () => signal?.aborted === true;
  const results: Verified[] = [];
  for (const id of manifest.order) {
    const node = manifest.nodes.get(id);
    if (!selected.has(id) || !isBuilt(node)) continue;
    // Where the database runs in this process, nothing else would give an interrupt its turn.
    await setImmediate();
    if (stopped()) break;
    const begin = clock().getTime();
    const verdict = await rolledBack(
      warehouse,
      (session) => verifyNode(session, manifest, node, limit),
      'repeatable read',
    ).catch(
      (error: unknown): Verdict => ({
        status: 'error',
        error: explain(error, { name: node.name, file: node.file, sourceText }),
      }),
    );
    // What an interrupt breaks off is no finding.
    if (stopped() && verdict.status === 'error') break;
    const verified = { node, seconds: (clock().getTime() - begin) / 1000, verdict };
    results.push(verified);
    onVerified(verified);
  }
  return results;
}
