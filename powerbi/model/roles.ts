import type { ExposedReference, Exposure } from '../../runner/manifest/exposure.ts';
import { daxColumn, daxTable, daxText } from './dax.ts';
import { columnOf, exposureOfModel } from './exposures.ts';
import type { PowerBiOptions, Subject } from './options.ts';
import { type Relationship, reachOf } from './relationships.ts';
import type { TmdlObject } from './tmdl.ts';

/** Who belongs to it sees the rows for which the filters are true; a table without a filter of its own is seen whole. */
interface Role {
  readonly name: string;
  readonly description: string;
  /** DAX by table. */
  readonly filters: ReadonlyMap<string, string>;
}

/**
 * One role for everything, one for each subject, one for each subject's renters and one that looks the viewer up in the access
 * map. Once a model has roles, a viewer who is in none sees nothing.
 */
export function roleObjects(
  exposures: readonly Exposure[],
  relationships: readonly Relationship[],
  options: PowerBiOptions,
): TmdlObject[] {
  // The map lists people's addresses: a filter on the apartments would leave those of all who may see the same apartment.
  const noAddress = exposures.filter(({ kind }) => kind === 'access').map(({ name }) => [name, 'FALSE()'] as const);
  const everything = { name: 'All apartments', description: 'Sees every apartment.', filters: new Map(noAddress) };
  const table = exposureOfModel(exposures, options.subjects.model);
  const id = table && columnOf(table, options.subjects.idColumn);
  if (table === undefined || table.key === undefined || id === undefined) return [everything].map(roleObject);
  const keys = subjectKeys(table, table.key, relationships);
  const idOf = (key: string) => `LOOKUPVALUE(${daxColumn(table.name, id.name)}, ${keyColumn(table)}, ${key})`;
  const names = roleNames(options.subjects.all, ['All apartments', 'By login']);
  const fixed = options.subjects.all.map((subject, index) => ({
    name: names[index] ?? subject.id,
    description: `Sees ${subject.name} alone.`,
    filters: new Map([
      ...mapValues(keys, (key, name) => {
        const value = name === table.name ? daxColumn(table.name, id.name) : idOf(key);
        return `${value} == ${daxText(subject.id)}`;
      }),
      ...noAddress,
    ]),
  }));
  const owned = ownedKeys(exposures, table, keys, relationships, options);
  const taken = ['All apartments', 'By login', ...names];
  const renterNames = roleNames(
    options.subjects.all.map(({ id: of }, index) => ({ id: of, name: `${names[index] ?? of} (renter)` })),
    taken,
  );
  const renters = owned.size === 0 ? [] : fixed.map((role, index) => renterRole(role, renterNames[index] ?? '', owned));
  return [everything, ...fixed, ...renters, ...byLogin(exposures, table, keys, owned, options)].map(roleObject);
}

/** What a subject's role shows, without the tables that are for owners. */
function renterRole({ description, filters }: Role, name: string, owned: ReadonlyMap<string, string>): Role {
  return {
    name,
    description: `${description.replace(/\.$/, '')}: rooms and their climate.`,
    filters: new Map([...filters, ...[...owned.keys()].map((table) => [table, 'FALSE()'] as const)]),
  };
}

/** The tables that renters do not see, each with the DAX that yields the key of a row's subject. */
function ownedKeys(
  exposures: readonly Exposure[],
  table: Exposure,
  keys: ReadonlyMap<string, string>,
  relationships: readonly Relationship[],
  { renters }: PowerBiOptions,
): Map<string, string> {
  const owned = exposures.filter(
    ({ guardedBy, kind }) => renters !== undefined && guardedBy === renters.access && kind !== 'access',
  );
  return new Map(
    owned.flatMap((exposure) => {
      const way = wayTo(exposure, table, relationships, new Set());
      const key = keys.get(exposure.name) ?? (way && alongWay(exposure, way));
      return key === undefined ? [] : [[exposure.name, key] as const];
    }),
  );
}

/**
 * E-mail addresses are compared in lower case, independent of the model's collation. An address without a row matches none and sees
 * no apartment. Filters of roles are computed without those of other tables, so that the map itself can be filtered, too.
 */
function byLogin(
  exposures: readonly Exposure[],
  table: Exposure,
  keys: ReadonlyMap<string, string>,
  owned: ReadonlyMap<string, string>,
  options: PowerBiOptions,
): Role[] {
  const access = exposures.find((exposure) => exposure.kind === 'access');
  const login = access && columnOf(access, options.loginColumn);
  const key = access?.references.find((reference) => reference.toExposure === table.name);
  if (access === undefined || login === undefined || key === undefined) return [];
  const own = `LOWER(${daxColumn(access.name, login.name)}) == LOWER(USERPRINCIPALNAME())`;
  const role = options.renters && columnOf(access, options.renters.roleColumn);
  // Without the column any viewer may be a renter, so that those tables are shut.
  const isOwner =
    role === undefined
      ? 'FALSE()'
      : `${daxColumn(access.name, role.name)} IN {${(options.renters?.owners ?? []).map(daxText).join(', ')}}`;
  const filters = mapValues(new Map([...keys, ...owned]), (row, name) => {
    if (name === access.name) return own;
    const conditions = [own, `${daxColumn(access.name, key.column)} == ${row}`, ...(owned.has(name) ? [isOwner] : [])];
    return `NOT ISEMPTY(FILTER(${daxTable(access.name)}, ${conditions.join(' && ')}))`;
  });
  return [
    {
      name: 'By login',
      description: `Sees what the table ${access.name} lists beside the login; without a row there nothing.`,
      filters: new Map([...filters, [access.name, own]]),
    },
  ];
}

/**
 * For each table that needs a filter of its own, the DAX that yields the key of a row's subject: the subjects themselves,
 * whatever refers to them and is not reached by a filter on them, and what is reached only over such a table.
 */
function subjectKeys(table: Exposure, key: string, relationships: readonly Relationship[]): Map<string, string> {
  const keys = new Map([[table.name, daxColumn(table.name, key)]]);
  const shut = reachOf(relationships, table.name);
  for (const exposure of new Set(relationships.map(({ from }) => from))) {
    const way = shut.has(exposure.name) ? undefined : wayTo(exposure, table, relationships, new Set());
    if (way !== undefined) keys.set(exposure.name, alongWay(exposure, way));
  }
  return keys;
}

type Way = readonly { readonly reference: ExposedReference; readonly to: Exposure }[];

/** The shortest chain of foreign keys from one table to another. */
function wayTo(
  from: Exposure,
  target: Exposure,
  relationships: readonly Relationship[],
  seen: ReadonlySet<string>,
): Way | undefined {
  const steps = relationships.filter((one) => one.from === from && !seen.has(one.to.name));
  const direct = steps.find(({ to }) => to === target);
  if (direct !== undefined) return [direct];
  let best: Way | undefined;
  for (const step of steps) {
    const rest = wayTo(step.to, target, relationships, new Set([...seen, from.name]));
    if (rest !== undefined && (best === undefined || rest.length + 1 < best.length)) best = [step, ...rest];
  }
  return best;
}

/** LOOKUPVALUE needs no relationship, so that it works where those are inactive. */
function alongWay(from: Exposure, way: Way): string {
  const [first, ...rest] = way;
  let value = daxColumn(from.name, first?.reference.column ?? '');
  let at = first;
  for (const next of rest) {
    if (at === undefined) break;
    const { name } = at.to;
    value = `LOOKUPVALUE(${daxColumn(name, next.reference.column)}, ${daxColumn(name, at.reference.toColumn)}, ${value})`;
    at = next;
  }
  return value;
}

function keyColumn(table: Exposure): string {
  return daxColumn(table.name, table.key ?? '');
}

/** Names of roles: Power BI allows no comma in them, and each only once. */
function roleNames(subjects: readonly Subject[], taken: readonly string[]): string[] {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  return subjects.map(({ id, name }) => {
    const plain = name.replaceAll(',', ' ').trim();
    const unique = plain === '' || used.has(plain.toLowerCase()) ? `${plain} (${id})`.trim() : plain;
    used.add(unique.toLowerCase());
    return unique;
  });
}

function roleObject({ name, description, filters }: Role): TmdlObject {
  return {
    type: 'role',
    name,
    description,
    properties: [{ name: 'modelPermission', value: 'read' }],
    children: [...filters].map(([table, filter]) => ({ type: 'tablePermission', name: table, value: filter })),
  };
}

function mapValues<T>(map: ReadonlyMap<string, T>, change: (value: T, key: string) => T): Map<string, T> {
  return new Map([...map].map(([key, value]) => [key, change(value, key)]));
}
