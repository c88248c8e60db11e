import { createHash } from 'node:crypto';
import { digest } from '../manifest/digest.ts';
import { type Project, textsOf } from '../project/project.ts';
import { isSecret } from '../project/values/secrets.ts';
import type { SourceFile } from '../text/source-file.ts';
import { attempt, toText } from './plain-data.ts';

/** What of the program that runs may change what it makes of the same text: its source, and the data that Node brings. */
export function versions(build: string): readonly unknown[] {
  return [build, process.versions.node, process.versions.tz, process.versions.unicode];
}

/** Changes with project.yml and with the program. */
export function digestOfSettings({ text }: SourceFile, build: string): string {
  return digest([versions(build), text]);
}

/** By what a compiled project is kept. */
export interface ProjectKey {
  /** A name for what differs between commands on the same files, so that they do not take each other's place. */
  readonly variant: string;
  /** Changes with whatever compiling depends on, except the environment. */
  readonly inputs: string;
}

/** Undefined if what the command line and the choice of a target make of a project's settings is no plain data. */
export function keyOf(project: Project, build: string): ProjectKey | undefined {
  const { folders, seeds, target, vars, settings } = project;
  const own = attempt(() => toText([target, vars, settings]));
  if (own === undefined) return undefined;
  const hash = createHash('sha256');
  const add = (text: string) => hash.update(`${text.length}:`).update(text);
  add(JSON.stringify([versions(build), folders, seeds]));
  add(own);
  // The folders and the path of a file say of which kind it is.
  for (const { path, text } of textsOf(project)) {
    add(path);
    add(text);
  }
  return { variant: digest(own).slice(0, 12), inputs: hash.digest('hex') };
}

/** An environment that records what is read of it. */
export class RecordedEnv {
  readonly recording: Project['env'];
  /** False if all of it was read: then it is not known what of it matters. */
  isKnown = true;
  readonly #project: Project;
  readonly #names = new Set<string>();

  constructor(project: Project) {
    this.#project = project;
    const read = (name: string | symbol) => typeof name === 'string' && this.#names.add(name);
    this.recording = new Proxy(project.env, {
      get: (env, name) => {
        read(name);
        return typeof name === 'string' && Object.hasOwn(env, name) ? env[name] : undefined;
      },
      has: (env, name) => {
        read(name);
        return Object.hasOwn(env, name);
      },
      getOwnPropertyDescriptor: (env, name) => {
        read(name);
        return Reflect.getOwnPropertyDescriptor(env, name);
      },
      ownKeys: (env) => {
        this.isKnown = false;
        return Reflect.ownKeys(env);
      },
    });
  }

  /** What was read, by name: a digest of each value; of a secret only whether it is set, which is all that SQL may depend on. */
  get reads(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#names].map((name) => [name, readOf(this.#project, name)]));
  }
}

/** Whether an environment has what was read of another one. */
export function isAsItWas(reads: Readonly<Record<string, string>>, project: Project): boolean {
  return Object.entries(reads).every(([name, was]) => readOf(project, name) === was);
}

function readOf({ env, settings }: Project, name: string): string {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined) return 'unset';
  if (isSecret(name, value, settings.secrets)) return value === '' ? 'empty' : 'set';
  return digest([name, value]);
}

/** A shorter text is found by chance. */
const shortestSecret = 4;

/**
 * Whether a text has the value of a secret that no file of the project shows: given by --vars, say. Whatever is in the project's own
 * files may be kept beside them.
 */
export function holdsSecret(text: string, project: Project): boolean {
  const { env, vars, settings, target } = project;
  const written = { ...settings.vars, ...target.vars };
  const given = Object.entries(vars).flatMap(([name, value]): string[] =>
    typeof value === 'string' && value !== written[name] && isSecret(name, value, settings.secrets) ? [value] : [],
  );
  const set = Object.entries(env).flatMap(([name, value]): string[] =>
    value !== undefined && isSecret(name, value, settings.secrets) ? [value] : [],
  );
  return [...given, ...set].some((value) => {
    // As JSON has it, also where it is a literal of SQL.
    const forms = [value, value.replaceAll("'", "''")].map((form) => JSON.stringify(form).slice(1, -1));
    if (value.length < shortestSecret || !forms.some((form) => text.includes(form))) return false;
    return !textsOf(project).some((file) => file.text.includes(value));
  });
}
