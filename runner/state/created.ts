import * as z from 'zod';

/**
 * What the runner created for a relation besides its rows, as recorded in the column `made` of datacycle.model: it drops and revokes
 * nothing else. Every kind has a key of its own, since a constraint or an index may have any name.
 */
const schema = z.object({
  /** Constraints and indexes. `definition`: of one whose name the user gave, a hash of its definition; else null. */
  objects: z.array(z.object({ name: z.string(), definition: z.string().nullable() })),
  /** The columns that the query of a table, or the file of a seed, gave it; absent if that was not recorded. */
  columns: z.array(z.object({ name: z.string(), type: z.string() })).optional(),
  /** Columns that it set NOT NULL. */
  notNull: z.array(z.string()),
  /** How it partitioned the table; null: not partitioned. */
  partitioning: z
    .object({ column: z.string(), granularity: z.enum(['month', 'day']), timeZone: z.string() })
    .nullable(),
  /** What it granted by the setting `grants`. */
  grants: z.array(z.object({ privilege: z.string(), role: z.string() })),
});

type Deep<T> = T extends object ? { readonly [K in keyof T]: Deep<T[K]> } : T;

export type Created = Deep<z.infer<typeof schema>>;

/** A privilege that the runner granted, and the role; `public` is every role. */
export type RecordedGrant = Created['grants'][number];

export const nothingCreated: Created = { objects: [], notNull: [], partitioning: null, grants: [] };

/** @throws ZodError if the value has another form, as when another program has written it. */
export function parseCreated(value: unknown): Created {
  return schema.parse(value);
}

/** The names of the constraints and indexes. */
export function namesOf({ objects }: Created): readonly string[] {
  return objects.map(({ name }) => name);
}

/**
 * Converts what was recorded as a list of texts that differ by their words: names of constraints and indexes, `<name> is <hash>`,
 * `not null <column>`, `partitioned by <granularity> <zone> <column>`, `grant <privilege> to <role>`.
 * @param exists whether the relation has a constraint or an index of this name: one may be called like any of the others.
 */
export function createdFromTexts(texts: readonly string[], exists: (name: string) => boolean): Created {
  const all = new Set(texts);
  // A name that the user gave is there twice: alone, and with the hash of its definition.
  const hash = / is ([0-9a-f]{6})$/;
  const named = new Map(
    texts.flatMap((text) => {
      const found = hash.exec(text);
      const name = text.slice(0, found?.index);
      return found?.[1] === undefined || !all.has(name) || exists(text) ? [] : [[name, found[1]] as const];
    }),
  );
  const isHash = (text: string) => {
    const found = hash.exec(text);
    return found !== null && named.get(text.slice(0, found.index)) === found[1];
  };
  const created = {
    objects: [] as Created['objects'][number][],
    notNull: [] as string[],
    grants: [] as RecordedGrant[],
  };
  let partitioning: Created['partitioning'] = null;
  for (const text of texts) {
    if (isHash(text)) continue;
    const isObject = named.has(text) || exists(text);
    const [, column] = /^not null ([\s\S]+)$/.exec(text) ?? [];
    const [, privilege, role] = /^grant ([a-z]+) to ([\s\S]+)$/.exec(text) ?? [];
    const [, granularity, timeZone, by] = /^partitioned by (month|day) (\S+) ([\s\S]+)$/.exec(text) ?? [];
    if (!isObject && column !== undefined) created.notNull.push(column);
    else if (!isObject && privilege !== undefined && role !== undefined) created.grants.push({ privilege, role });
    else if (!isObject && timeZone !== undefined && by !== undefined)
      partitioning = { column: by, granularity: granularity === 'day' ? 'day' : 'month', timeZone };
    else created.objects.push({ name: text, definition: named.get(text) ?? null });
  }
  return { ...created, partitioning };
}
