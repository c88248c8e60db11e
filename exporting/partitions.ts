import type { Export } from '../runner/manifest/exposure-node.ts';
import { identifier } from '../warehouse/quote.ts';
import type { Session } from '../warehouse/warehouse.ts';
import type { ManifestFile } from './manifest.ts';
import { partOf, rowsView } from './query.ts';

/** The rows of one combination of values of the partition columns: one file. */
export interface Part {
  /** As `partOf` of query.ts gives it. */
  readonly key: string;
  readonly path: string;
  readonly values: Readonly<Record<string, string | null>>;
  /** Changes with the rows. */
  readonly mark: string;
}

/** The parts that the rows make now. Without partition columns it is one, also if there are no rows. */
export async function partsOf(session: Session, spec: Export): Promise<readonly Part[]> {
  const { partitionBy, changedBy } = spec;
  const newest =
    changedBy === undefined
      ? 'coalesce(sum(hashtextextended((q.*)::text, 0)::numeric), 0)'
      : `coalesce(max(q.${identifier(changedBy)})::text, '')`;
  const key = partOf(partitionBy);
  const { rows } = await session.query<{ key: string; mark: string }>(
    `select ${key} as key, count(*) || ' ' || ${newest} as mark from ${rowsView} as q group by 1`,
  );
  const found = rows.length === 0 && partitionBy.length === 0 ? [{ key: '[]', mark: '0 0' }] : rows;
  return found.map(({ key: one, mark }) => {
    const list = JSON.parse(one) as readonly (string | null)[];
    const values = Object.fromEntries(partitionBy.map((name, at) => [name, list[at] ?? null]));
    return { key: one, path: pathOf(spec, values), values, mark };
  });
}

/**
 * Two parts whose paths Windows and macOS take for one, since they differ in letter case or in how a letter is composed alone; undefined
 * if there are none.
 */
export function samePlace(parts: readonly Part[]): readonly [Part, Part] | undefined {
  const seen = new Map<string, Part>();
  for (const part of parts) {
    const place = part.path.normalize('NFC').toLowerCase();
    const other = seen.get(place);
    if (other !== undefined) return [other, part];
    seen.set(place, part);
  }
  return undefined;
}

/** Which parts are to be written, and the files that stay as they are. @param known the files of the last export. */
export function changedParts(
  parts: readonly Part[],
  known: readonly ManifestFile[],
): { readonly changed: readonly Part[]; readonly kept: readonly ManifestFile[] } {
  const files = new Map(known.map((file) => [file.path, file]));
  const isKept = ({ path, mark }: Part) => files.get(path)?.mark === mark;
  return {
    changed: parts.filter((part) => !isKept(part)),
    kept: parts.filter(isKept).flatMap(({ path }) => files.get(path) ?? []),
  };
}

/** What Hive calls the folder of NULL. */
const noValue = '__HIVE_DEFAULT_PARTITION__';

/** The path of a part's file, as Hive names folders: `date=2023-10-12/room=Living Room/presence.csv`. */
export function pathOf(
  { name, format, partitionBy }: Pick<Export, 'name' | 'format' | 'partitionBy'>,
  values: Readonly<Record<string, string | null>>,
): string {
  const folders = partitionBy.map((column) => {
    const value = values[column] ?? null;
    return `${escaped(column)}=${value === null ? noValue : escaped(value)}`;
  });
  return [...folders, `${name}.${format}`].join('/');
}

/** Characters that mean something in a path, to Hive or to Windows, as `%3A`. */
function escaped(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they may not be in a path
    /[\u0000-\u001f\u007f"#%'*/:=?\\{}[\]^<>|]|[. ]$/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
