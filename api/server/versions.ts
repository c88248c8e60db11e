import { ask, question } from '../../runner/database/question.ts';
import { digest } from '../../runner/manifest/digest.ts';
import { modelsNamed } from '../../runner/state/models.ts';
import { StatementError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Resource } from '../resource/resource.ts';

/** How long a version is taken for the newest, in milliseconds. One that is older than the rows costs an answer, and is never wrong. */
const freshMs = 500;

/** Who is a member of what: the policies of row security go by it. */
const memberships = question(
  `select count(*) as n, coalesce(sum(hashtextextended(roleid::text || ' ' || member::text, 0)), 0)::text as sum from pg_auth_members`,
  [],
  (rows: readonly { n: unknown; sum: unknown }[]) => rows[0],
);

/** The versions of what addresses show, as the runner has recorded them. */
export class Versions {
  readonly #warehouse: Warehouse;
  readonly #kept = new Map<string, { readonly at: number; readonly version: Promise<string | undefined> }>();

  /** @param warehouse of the server itself, which may read the bookkeeping. */
  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** Changes whenever a build has changed rows, or who sees which; undefined where nothing says so. */
  of({ path, behind }: Resource): Promise<string | undefined> {
    if (behind === undefined) return Promise.resolve(undefined);
    const kept = this.#kept.get(path);
    if (kept !== undefined && performance.now() - kept.at < freshMs) return kept.version;
    const version = this.#ask(behind);
    this.#kept.set(path, { at: performance.now(), version });
    version.catch(() => this.#kept.delete(path));
    return version;
  }

  async #ask(behind: readonly string[]): Promise<string | undefined> {
    try {
      const states = await ask(this.#warehouse, modelsNamed(behind));
      if (behind.some((name) => !states.has(name))) return undefined;
      const members = await ask(this.#warehouse, memberships);
      const rows = behind.map((name) => [name, states.get(name)?.generation, states.get(name)?.rowsVersion]);
      return digest([rows, members ?? '']);
    } catch (error) {
      // Nothing has been built here yet.
      if (error instanceof StatementError) return undefined;
      throw error;
    }
  }
}
