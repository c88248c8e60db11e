import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Commands that make the embedded database where it is not there yet. */
const working = new Set(['build', 'load', 'run', 'seed', 'show', 'snapshot', 'test']);

const repository = resolve(import.meta.dirname, '..', '..', '..');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the project in a temporary folder, used through the command line as its users do. */
export class ProjectCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'datacycle-cli-'));

  constructor() {
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests/data']) {
      cpSync(join(repository, name), join(this.root, name), { recursive: true });
    }
  }

  /** Gives the roles for reading names of their own, since roles are one for all databases of the server; returns them. */
  nameRoles(prefix: string): readonly string[] {
    const file = join(this.root, 'project.yml');
    const text = readFileSync(file, 'utf8');
    const names = `access: { apartment_role: ${prefix}_, admin_role: ${prefix}_admin, bi_login: ${prefix}_bi }`;
    writeFileSync(file, text.replace(/access: \{ apartment_role: .*\}/, names));
    return ['bi', 'admin', 'jimmy', 'jeremie'].map((name) => `${prefix}_${name}`);
  }

  /** Runs `datacycle ...` in the copy, with nothing of this machine's settings but what is given. */
  run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    options: { readonly interruptAfter?: RegExp; readonly signal?: AbortSignal; readonly kill?: NodeJS.Signals } = {},
  ): Promise<Outcome> {
    const clean = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      SystemRoot: process.env.SystemRoot ?? '',
      TEMP: tmpdir(),
    };
    if (env.DB_URL === undefined && working.has(args[0] ?? '')) this.#makeDatabase();
    const program = join(repository, 'bin', 'datacycle.mjs');
    const child = spawn(process.execPath, [program, ...args], {
      cwd: this.root,
      env: { ...clean, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    options.signal?.addEventListener('abort', () => child.kill(options.kill));
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const before = options.interruptAfter?.test(stdout) === true;
      stdout += chunk.toString();
      // As Ctrl+C does, once.
      if (!before && options.interruptAfter?.test(stdout) === true) child.kill('SIGINT');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    return new Promise((resolveRun) => child.once('close', (code) => resolveRun({ code, stdout, stderr })));
  }

  /** What the first of these commands would make, only quicker. */
  #makeDatabase(): void {
    const folder = join(this.root, '.datacycle', 'db');
    const template = process.env.TEST_EMBEDDED_TEMPLATE;
    if (template !== undefined && !existsSync(folder)) cpSync(template, folder, { recursive: true });
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
