import pg from 'pg';
import { expect } from 'vitest';

/** The number of its lock: "gate" in ASCII. */
const lock = 0x67617465;

/**
 * Holds up every statement that calls `raw.gate()` until it is opened: what a test does meanwhile may take as long as it takes, which no
 * `pg_sleep` allows. Statements that are held up do not wait for the lock, so that no lock_timeout ends them.
 */
export class Gate {
  readonly #keeper: pg.Client;

  private constructor(keeper: pg.Client) {
    this.#keeper = keeper;
  }

  /** Makes the function, open, in the schema `raw` that is there. */
  static async make(url: string | undefined): Promise<Gate> {
    const keeper = new pg.Client({ connectionString: url });
    await keeper.connect();
    await keeper.query(`create or replace function raw.gate() returns boolean language plpgsql as $$
begin
    while not pg_try_advisory_xact_lock_shared(${lock}) loop perform pg_sleep(0.01); end loop;
    return true;
end $$`);
    return new Gate(keeper);
  }

  async shut(): Promise<void> {
    await this.#keeper.query(`select pg_advisory_lock(${lock})`);
  }

  /** Resolves once a statement is held up. */
  async reached(): Promise<void> {
    const held = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
    await expect.poll(async () => (await this.#keeper.query(held)).rowCount).toBeGreaterThan(0);
  }

  /** Opens it for good. */
  async open(): Promise<void> {
    await this.#keeper.end();
  }
}
