import { resolve } from 'node:path';
import type { Row, Warehouse } from '../../../warehouse/warehouse.ts';
import { runHere } from '../cli/in-process.ts';
import { eventually } from '../cli/watch/watch-process.ts';
import { CommandProcess } from '../killed/command-process.ts';

const repository = resolve(import.meta.dirname, '..', '..', '..');

/** What is killed: the process, whose statement the server may still end; or the server's process of it, too, whose transaction is undone. */
export type Killing = 'process' | 'session';

/** `datacycle predict ...` on a database of the server. */
export class KilledPredictions {
  readonly #warehouse: Warehouse;
  readonly #env: Readonly<Record<string, string>>;
  readonly #project: string;

  constructor(warehouse: Warehouse, url: string, project: string) {
    this.#warehouse = warehouse;
    this.#env = { DB_URL: url, SFTP_HOST: '', MYSQL_URL: '' };
    this.#project = project;
  }

  /** To its end, in this process. @returns what it said. */
  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runHere(this.#all(args), repository, this.#env);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout + stderr;
  }

  /** Kills it when all is worked out and it has begun to write into a table: what it writes waits for a lock. */
  async killWhileItWrites(table: string, killing: Killing, ...args: readonly string[]): Promise<void> {
    await this.#whileItWrites(table, args, async (command, waiting) => {
      if (killing === 'session')
        for (const { pid } of await waiting()) await this.#rows(`select pg_terminate_backend(${pid})`);
      await command.kill();
    });
    await this.#settled();
  }

  /** Interrupts it then, as Ctrl+C does. @returns its exit code, and what it said. */
  async interruptWhileItWrites(
    table: string,
    ...args: readonly string[]
  ): Promise<Pick<CommandProcess, 'code' | 'output'>> {
    const command = await this.#whileItWrites(table, args, async (writing) => writing.interrupt());
    await command.ended;
    return command;
  }

  async #whileItWrites(
    table: string,
    args: readonly string[],
    act: (command: CommandProcess, waiting: () => Promise<readonly { pid: number }[]>) => Promise<void>,
  ): Promise<CommandProcess> {
    return this.#warehouse.session(async (session) => {
      await session.query('begin');
      try {
        await session.query(`lock table ${table} in share mode`);
        const command = this.#start(args);
        const waiting = () =>
          this.#rows<{ pid: number }>(`select pid from pg_locks where not granted and relation = '${table}'::regclass`);
        await eventually(
          async () => {
            if (command.code !== null) throw new Error(`it ended without writing: ${command.output}`);
            return (await waiting()).length > 0;
          },
          `a process that waits to write into ${table}`,
          () => command.output,
        );
        await act(command, waiting);
        return command;
      } finally {
        await session.query('rollback');
      }
    });
  }

  #start(args: readonly string[]): CommandProcess {
    return new CommandProcess(this.#all(args), repository, this.#env);
  }

  #all(args: readonly string[]): readonly string[] {
    return ['predict', ...args, '--project-dir', this.#project];
  }

  /** The server ends what the process had asked it before. */
  async #settled(): Promise<void> {
    await eventually(async () => {
      const open = await this.#rows(
        `select from pg_stat_activity where datname = current_database() and application_name like 'datacycle predict %'`,
      );
      return open.length === 0;
    }, 'the end of the sessions of the killed process');
  }

  async #rows<R extends Row>(sql: string): Promise<readonly R[]> {
    return (await this.#warehouse.query<R>(sql)).rows;
  }
}
