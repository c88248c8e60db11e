import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isNoUnitTest } from '../without-unit-tests.ts';
import { isBusy, type Outcome, runHere } from './in-process.ts';

export type { Outcome };

/** Commands that make the embedded database where it is not there yet. */
const working = new Set(['build', 'load', 'run', 'seed', 'show', 'snapshot', 'test', 'watch']);

/** Commands that take a project as it was kept, of those that tests run often. */
const compiling = new Set([
  'build',
  'compile',
  'docs',
  'erase',
  'export',
  'freshness',
  'init',
  'ls',
  'plan',
  'run',
  'seed',
  'show',
  'status',
  'test',
  'verify',
]);

const repository = resolve(import.meta.dirname, '..', '..', '..');

// Read once: a command in this process has an environment of its own.
const { PATH = '', HOME = '', SystemRoot = '', TEST_EMBEDDED_TEMPLATE: template } = process.env;
const clean = { PATH, HOME, SystemRoot, TEMP: tmpdir() };

/** A copy of the project in a temporary folder, used through the command line as its users do. */
export class ProjectCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'datacycle-cli-'));
  #isBegun = false;

  /** Of these files, where a test is about the program: a small project is compiled and built in a tenth of the time. */
  constructor(files?: Readonly<Record<string, string>>) {
    if (files !== undefined) {
      this.#isBegun = true;
      this.write(files);
      return;
    }
    for (const name of [
      'project.yml',
      'models',
      'macros',
      'seeds',
      'tests/data',
      'powerbi/model.yml',
      'powerbi/pages',
      'powerbi/captions',
    ]) {
      cpSync(join(repository, name), join(this.root, name), { recursive: true, filter: isNoUnitTest });
    }
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      const full = join(this.root, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
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

  /**
   * Runs `datacycle ...` in the copy, with nothing of this machine's settings but what is given: in this process, which spares
   * seconds, unless another command is at work in it or the command is to be a process that can be killed.
   */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    ended?: { readonly interruptAfter?: RegExp; readonly signal?: AbortSignal; readonly kill?: NodeJS.Signals },
  ): Promise<Outcome> {
    if (env.DB_URL === undefined && working.has(args[0] ?? '')) this.#makeDatabase();
    if (!this.#isBegun && !isBusy() && compiling.has(args[0] ?? '')) await this.begin();
    const all = { ...clean, ...env };
    return ended === undefined && !isBusy() ? runHere(args, this.root, all) : runProcess(args, this.root, all, ended);
  }

  /** What the first of these commands would make, only quicker. */
  #makeDatabase(): void {
    const folder = join(this.root, '.datacycle', 'db');
    if (template !== undefined && !existsSync(folder)) cpSync(template, folder, { recursive: true });
  }

  /**
   * Gives it what a command before would have kept of its files as they are; the first command does. To be called before a
   * process is started that is no command of this object.
   */
  async begin(): Promise<void> {
    if (this.#isBegun) return;
    this.#isBegun = true;
    compiledBefore ??= compileCopy();
    const cache = join(this.root, 'target', 'cache');
    if (!existsSync(cache)) cpSync(await compiledBefore, cache, { recursive: true });
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** The folder with what is kept of a copy that nobody has changed: compiling it takes longer than most commands. */
let compiledBefore: Promise<string> | undefined;

async function compileCopy(): Promise<string> {
  const copy = new ProjectCopy();
  process.once('exit', () => copy.dispose());
  const outcome = await runHere(['ls'], copy.root, clean);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return join(copy.root, 'target', 'cache');
}

function runProcess(
  args: readonly string[],
  root: string,
  env: Readonly<Record<string, string>>,
  ended: { readonly interruptAfter?: RegExp; readonly signal?: AbortSignal; readonly kill?: NodeJS.Signals } = {},
): Promise<Outcome> {
  const program = join(repository, 'bin', 'datacycle.mjs');
  const child = spawn(process.execPath, [program, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  ended.signal?.addEventListener('abort', () => child.kill(ended.kill));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = ended.interruptAfter?.test(stdout) === true;
    stdout += chunk.toString();
    // As Ctrl+C does, once.
    if (!before && ended.interruptAfter?.test(stdout) === true) child.kill('SIGINT');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolveRun) => child.once('close', (code) => resolveRun({ code, stdout, stderr })));
}
