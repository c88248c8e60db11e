import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeDays } from '../../cli/demo/days/write-days.ts';
import { writeSampleRegistry } from '../../cli/demo/sample-registry.ts';
import { type Measured, runNode } from '../measure.ts';

const root = resolve('.');

/** The life-like days of two apartments by the demo's generator, as a share and Bronze have them, and a copy of the project beside them. */
export class BenchHousehold {
  readonly home: string;
  readonly project: string;
  readonly #share: string;
  readonly #held: string;
  readonly #bronze: string;

  /** @param home kept between runs: two hundred thousand files take minutes to write. */
  constructor(home: string) {
    this.home = home;
    this.project = join(home, 'project');
    this.#share = join(home, 'share');
    this.#held = join(home, 'last-minute');
    this.#bronze = join(home, 'bronze');
  }

  /** Writes the files, unless they are there, and takes those of the last minute away for later. */
  async prepare(days: number, seed: number): Promise<void> {
    for (const folder of [this.project, this.#bronze]) rmSync(folder, { recursive: true, force: true });
    const draft = join(this.home, 'draft');
    // What an earlier run of this is renamed when it is whole.
    if (!existsSync(this.#share)) {
      rmSync(draft, { recursive: true, force: true });
      const signal = new AbortController().signal;
      await writeDays(draft, join(this.home, 'weather'), { days, seed }, { signal, onProgress: () => undefined });
      renameSync(draft, this.#share);
    }
    cpSync(join(this.home, 'weather'), this.#bronze, { recursive: true });
    await writeSampleRegistry(this.#bronze);
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests/data'])
      cpSync(join(root, name), join(this.project, name), { recursive: true });
    this.takeLastMinute();
  }

  takeLastMinute(): void {
    mkdirSync(this.#held, { recursive: true });
    for (const name of readdirSync(this.#share))
      if (name.startsWith('12.10.2023 2359')) this.#move(name, this.#share, this.#held);
  }

  bringLastMinute(): void {
    for (const name of readdirSync(this.#held)) this.#move(name, this.#held, this.#share);
  }

  /** Runs a command of the program as its users do. @throws Error with its output if it fails. */
  run(url: string, ...args: string[]): Promise<Measured> {
    return runNode([join(root, 'bin', 'datacycle.mjs'), ...args, '--project-dir', this.project], {
      DB_URL: url,
      SMB_PATH: this.#share,
      BRONZE_ROOT: this.#bronze,
      SFTP_HOST: '',
      MYSQL_URL: '',
      BI_PSEUDONYMISE: 'false',
    });
  }

  #move(name: string, from: string, to: string): void {
    renameSync(join(from, name), join(to, name));
  }
}
