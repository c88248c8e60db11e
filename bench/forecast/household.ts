import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { dayFiles, dayForecasts } from '../../cli/demo/days/days.ts';
import { writeDays } from '../../cli/demo/days/write-days.ts';
import { writeSampleRegistry } from '../../cli/demo/sample-registry.ts';
import { type Measured, runNode } from '../measure.ts';
import { type Quarter, quartersOf } from './quarters.ts';

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
    await this.#prepareProject();
    this.takeLastMinute();
  }

  /** Writes no files but those of the last minute, and the forecasts. @returns what all files come to. */
  async prepareQuarters(days: number, seed: number): Promise<readonly Quarter[]> {
    rmSync(this.home, { recursive: true, force: true });
    mkdirSync(this.#share, { recursive: true });
    for (const { day, text } of dayForecasts({ days, seed })) {
      const path = join(this.#bronze, 'weather', ...day.split('-'), `Pred_${day}.csv`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    await this.#prepareProject();
    return quartersOf(dayFiles({ days, seed }), ({ name, content }) => {
      if (isOfLastMinute(name)) writeFileSync(join(this.#share, name), content);
    });
  }

  async #prepareProject(): Promise<void> {
    await writeSampleRegistry(this.#bronze);
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests/data'])
      cpSync(join(root, name), join(this.project, name), { recursive: true });
  }

  takeLastMinute(): void {
    mkdirSync(this.#held, { recursive: true });
    for (const name of readdirSync(this.#share)) if (isOfLastMinute(name)) this.#move(name, this.#share, this.#held);
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

function isOfLastMinute(name: string): boolean {
  return name.startsWith('12.10.2023 2359');
}
