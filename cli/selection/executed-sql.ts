import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BuiltNode } from '../../runner/manifest/manifest.ts';
import type { TestNode } from '../../runner/manifest/test-node.ts';
import type { Project } from '../../runner/project/project.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { shownTarget } from './target-files.ts';

/**
 * Writes to target/run, for each node that is built or tested, the statements by which it is. One that cannot be written is a warning, said once:
 * the work itself is in the database, and does not wait for the files.
 */
export class ExecutedSql {
  readonly #project: Project;
  readonly #terminal: Terminal;
  /** The nodes that have a file of this run. */
  readonly #written = new Set<string>();
  #isBroken = false;
  /** Ends when all so far is written, one file after the other. */
  #writing: Promise<void> = Promise.resolve();

  constructor(project: Project, terminal: Terminal) {
    this.#project = project;
    this.#terminal = terminal;
  }

  /** @param statements of a node, of one of its hooks or of one batch: those of a run stand one after the other. */
  write(node: BuiltNode | TestNode, statements: readonly string[]): void {
    this.#writing = this.#writing.then(() => this.#write(node, statements));
  }

  /** Ends when all that was given is written, or cannot be; it fails never. */
  written(): Promise<void> {
    return this.#writing;
  }

  async #write(node: BuiltNode | TestNode, statements: readonly string[]): Promise<void> {
    if (this.#isBroken) return;
    const path = join(this.#project.targetFolder, 'run', `${pathOf(node)}.sql`);
    const text = statements.map((statement) => `${statement.trim()};\n`).join('\n');
    try {
      if (this.#written.has(node.id)) await appendFile(path, `\n${text}`);
      else await writeWhole(path, text);
      this.#written.add(node.id);
    } catch (error) {
      this.#isBroken = true;
      const why = error instanceof Error ? error.message : String(error);
      const text = `Warning: ${shownTarget(this.#project, 'run')} cannot be written: ${why}`;
      this.#terminal.errors([{ tone: 'warning', text }]);
    }
  }
}

/** Mostly the folder is there, and making sure of it first would take as long as writing. */
async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/** The node's path without its extension; what a .yml generates gets its own name beside it, a test its name in tests/. */
function pathOf({ kind, file, name }: BuiltNode | TestNode): string {
  if (kind === 'test') return join('tests', name);
  return /\.(?:sql|csv)$/.test(file) ? file.replace(/\.\w+$/, '') : join(dirname(file), name);
}
