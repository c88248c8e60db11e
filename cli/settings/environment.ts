import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { stagingMigrations, updateStaging } from '../../loaders/landing/staging.ts';
import { projectAt } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { secretSetting } from '../../runner/project/values/secrets.ts';
import { bookkeepingOf, forTarget } from '../../runner/state/own-bookkeeping.ts';
import { readStateVersion } from '../../runner/state/schema.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { isMapping } from '../../runner/yaml/mapping.ts';
import { FolderInUse } from '../../warehouse/folder-lock.ts';
import { type Visited, visitEmbedded } from '../../warehouse/guest.ts';
import { readVersion } from '../../warehouse/migrate.ts';
import { openWarehouse, type WarehouseOptions } from '../../warehouse/open.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { readEnvFile } from './env-file.ts';
import { yearSetting } from './settings.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface GlobalOptions {
  readonly projectDir: string;
  readonly target?: string | undefined;
  readonly vars?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly debug?: boolean | undefined;
  /** The folder of the log files, in place of LOG_DIR. */
  readonly logPath?: string | undefined;
  /** The folder of compiled SQL, artifacts and the compile cache, in place of target/. */
  readonly targetPath?: string | undefined;
}

/** The environment over `.env.<target>` if there is one, else over `.env`. @throws UsageError if that file cannot be read. */
export function readEnv(root: string, target: string | undefined): Env {
  const candidates = [target === undefined ? undefined : `.env.${target}`, '.env'].flatMap((name) =>
    name === undefined ? [] : [join(root, name)],
  );
  const file = candidates.find((path) => existsSync(path));
  const fromFile = file === undefined ? {} : readEnvFile(file);
  const env = { ...fromFile, ...process.env };
  for (const [name, isSecret] of oneLine) refuseControlCharacters(name, env[name], name in process.env, isSecret);
  return env;
}

/** Settings that are one line: paths, addresses, names and passwords; whether a message must not show them. */
const oneLine: readonly (readonly [name: string, isSecret: boolean])[] = [
  ...[
    'SMB_PATH',
    'BRONZE_ROOT',
    'BRONZE_ARCHIVE',
    'LOG_DIR',
    'SFTP_PRIVATE_KEY',
    'SFTP_PATH',
    'SFTP_HOST',
    'SFTP_USER',
    'KAFKA_BROKERS',
    'KAFKA_CA',
    'KAFKA_USER',
    'KAFKA_GROUP',
  ].map((name) => [name, false] as const),
  ...['DB_URL', 'DB_ADMIN_URL', 'MYSQL_URL', 'SFTP_PASSWORD', 'SFTP_PASSPHRASE', 'BI_PASSWORD', 'KAFKA_PASSWORD'].map(
    (name) => [name, true] as const,
  ),
];

/** @param isGiven whether it comes from the environment, where a file with Windows line breaks leaves one behind. */
function refuseControlCharacters(name: string, value: string | undefined, isGiven: boolean, isSecret: boolean): void {
  const text = isGiven ? value?.replace(/\r$/, '') : value;
  if (text === undefined || !/\p{Cc}/u.test(text)) return;
  throw new UsageError({
    what: `${name} holds a line break or another control character${isSecret ? '' : `: ${JSON.stringify(text)}`}`,
    hint: String.raw`Within double quotes, \n and \r are line breaks. Write it without quotes or in single quotes${isSecret ? '' : ', or a path with / instead of \\'}.`,
  });
}

/** Reads the project that the global options name. @throws ProjectError | UsageError */
export async function openProject(options: GlobalOptions, override: Env = {}): Promise<Project> {
  const root = resolve(options.projectDir);
  const target = options.target ?? process.env.DATACYCLE_TARGET;
  const { logPath, targetPath } = options;
  const logs = logPath === undefined ? {} : { LOG_DIR: resolve(logPath) };
  const env = { ...readEnv(root, target), ...logs, ...override };
  const targetFolder = targetPath === undefined ? undefined : resolve(targetPath);
  const vars = await objectOfFlag('--vars', options.vars, `--vars '{"name": "value"}' or --vars 'name: value'`);
  const project = await projectAt({ root, env, target, targetFolder, vars });
  // Models write it into their SQL, where a wrong one would only show as an error of the database.
  yearSetting(project, 'WEATHER_MIN_YEAR', 2023);
  return project;
}

/** Opens the database of a project's target. @param waits how long a connection is waited for, where not as always, and who hears notices. */
export async function openProjectWarehouse(
  project: Project,
  purpose: string,
  threads: number | undefined,
  waits: Pick<WarehouseOptions, 'connectMs' | 'signal' | 'onNotice' | 'doErrand'> = {},
): Promise<Warehouse> {
  const secrets = (project.settings.secrets ?? []).flatMap((name) => {
    const value = project.env[name];
    return value ? [[secretSetting(name), value] as const] : [];
  });
  const folder = embeddedFolder(project.root, project.target.folder);
  const ours = project.env.DB_URL ? undefined : held.get(folder);
  if (ours !== undefined) return forTarget(withoutClosing(ours), project.target.schema);
  const warehouse = await openWarehouse({
    url: project.env.DB_URL,
    folder,
    purpose,
    concurrency: threads ?? project.target.threads ?? 4,
    settings: { ...project.target.settings, ...Object.fromEntries(secrets) },
    ...waits,
  });
  return forTarget(warehouse, project.target.schema);
}

/** Embedded databases that this process holds open for longer than a command, by their folders. */
const held = new Map<string, Warehouse>();

/**
 * Lets the commands of this process use an embedded database that is open already: it can be opened once only.
 * @returns what ends that.
 */
export function holdEmbedded(project: Project, warehouse: Warehouse): () => void {
  const folder = embeddedFolder(project.root, project.target.folder);
  held.set(folder, bookkeepingOf(warehouse).shared ?? warehouse);
  return () => void held.delete(folder);
}

/** A warehouse that a command may close, and that stays open. */
function withoutClosing(warehouse: Warehouse): Warehouse {
  return { ...warehouse, close: async () => undefined };
}

/**
 * The same for a command that reads what is there.
 * @throws DatacycleError if the database is newer than the program.
 */
export async function openToRead(
  project: Project,
  purpose: string,
  threads: number | undefined,
  signal?: AbortSignal,
): Promise<Warehouse> {
  return openedWith(await openProjectWarehouse(project, purpose, threads, { signal }), readVersions);
}

async function readVersions(warehouse: Warehouse): Promise<void> {
  await readVersion(warehouse, stagingMigrations);
  await readStateVersion(warehouse);
}

/**
 * The same for what only looks, and shares an embedded database with whatever holds it: while another process does, it is asked.
 * @param onGone called when that process does not answer any more; then open it again.
 * @throws FolderInUse naming the process, if it does not answer.
 */
export async function openOrVisit(
  project: Project,
  purpose: string,
  threads: number | undefined,
  signal: AbortSignal,
  onGone: () => void,
): Promise<{ readonly warehouse: Warehouse; readonly visited?: Visited }> {
  try {
    return { warehouse: await openToRead(project, purpose, threads, signal) };
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    const visited = await visitEmbedded(embeddedFolder(project.root, project.target.folder), onGone);
    if (visited === undefined) throw error;
    const warehouse = forTarget(visited.warehouse, project.target.schema);
    return { warehouse: await openedWith(warehouse, readVersions), visited };
  }
}

/** The same for a command that may leave no trace: an embedded database that is not made yet is an empty one in memory. */
export function openWithoutTrace(project: Project, purpose: string, signal: AbortSignal): Promise<Warehouse> {
  const { env, root, target } = project;
  // PostgreSQL's own sign of a folder that holds a database.
  const isThere = Boolean(env.DB_URL) || existsSync(join(embeddedFolder(root, target.folder), 'PG_VERSION'));
  const looked = isThere ? project : { ...project, target: { ...target, folder: 'memory://' } };
  return openToRead(looked, purpose, 1, signal);
}

/**
 * The same for a command that runs models: what the loaders keep there is brought up to date first.
 * @param onNotice told what statements say besides their results.
 */
export async function openForModels(
  project: Project,
  purpose: string,
  threads: number | undefined,
  signal?: AbortSignal,
  onNotice?: (text: string) => void,
): Promise<Warehouse> {
  return openedWith(await openProjectWarehouse(project, purpose, threads, { signal, onNotice }), async (warehouse) => {
    // First, so that a database that is too new stays as it is.
    await readStateVersion(warehouse);
    await updateStaging(warehouse);
  });
}

async function openedWith(warehouse: Warehouse, look: (warehouse: Warehouse) => Promise<void>): Promise<Warehouse> {
  try {
    await look(warehouse);
    return warehouse;
  } catch (error) {
    await warehouse.close();
    throw error;
  }
}

function embeddedFolder(root: string, folder: string | undefined): string {
  return fromRoot(root, folder ?? join('.datacycle', 'db'));
}

export function fromRoot(root: string, path: string): string {
  return isAbsolute(path) || path.startsWith('memory://') ? path : join(root, path);
}

/** Where Bronze files are kept on this machine; where Bronze is in a bucket, only drafts and copies of them. */
export function bronzeRoot(project: Project): string {
  const root = project.env.BRONZE_ROOT?.trim();
  const folder = isInBucket(root) ? join('.datacycle', 'bronze-drafts') : root || join('.datacycle', 'bronze');
  return fromRoot(project.root, folder);
}

/** Folders in which a copy may be: the demo keeps its Bronze apart from that of real data. */
export function bronzeFolders(project: Project): readonly string[] {
  return [bronzeRoot(project), join(project.root, '.datacycle', 'demo', 'bronze')];
}

/** Whether a setting names a bucket rather than a folder. */
export function isInBucket(place: string | undefined): place is string {
  return place !== undefined && /^s3:/i.test(place);
}

/**
 * The object that a flag is given as YAML or JSON, numbers as they are written; undefined where it is not given.
 * @param example how it is written. @throws UsageError for whatever is no object.
 */
export async function objectOfFlag(
  flag: string,
  text: string | undefined,
  example: string,
): Promise<Record<string, unknown> | undefined> {
  if (text === undefined) return undefined;
  const { parseYaml } = await import('../../runner/yaml/exact-numbers.ts');
  try {
    const value: unknown = parseYaml(text);
    if (isMapping(value)) return value;
  } catch {
    // Falls through to the message below.
  }
  throw new UsageError({ what: `${flag} is not an object: ${text}`, hint: `Write ${example}.` });
}
