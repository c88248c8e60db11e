import * as z from 'zod';
import type { SqlText } from '../text/sql-text.ts';
import type { Written } from '../yaml/written.ts';
import { type Privilege, privileges } from './privileges.ts';
import { partOf, type SettingPlaces, sqlAt } from './setting-places.ts';

/*
 * Settings that add up from folder to model: hooks, and what grants say with a plus sign. Each part of what has been added
 * up still has its place.
 */

const expected = 'expected SQL, { sql, transaction }, or a list of them';
const withOptions = z.strictObject({
  sql: z.string().min(1),
  /** False: before the model's transaction begins, or after it has committed. */
  transaction: z.boolean().optional(),
});
const sql = z.string().min(1);

/** SQL that runs before or after a model. */
export const hookSetting = z.union([sql, withOptions, z.array(z.union([sql, withOptions], expected))], expected);

/** Who gets which privilege; with a plus sign in addition to those whom a folder names. @param names a list of names. */
export function grantsSetting<T extends z.ZodType>(names: T) {
  const keys = privileges.flatMap((privilege) => [privilege, `+${privilege}`] as const);
  return z.strictObject(
    Object.fromEntries(keys.map((key) => [key, names.optional()])) as Record<GrantKey, Optional<T>>,
  );
}

type GrantKey = Privilege | `+${Privilege}`;
type Optional<T extends z.ZodType> = z.ZodOptional<T>;

export type HookSetting = z.infer<typeof sql> | z.infer<typeof withOptions>;
export type Grants = Partial<Readonly<Record<GrantKey, readonly string[] | undefined>>>;

const hookKeys = { pre_hook: 'pre-hook', post_hook: 'post-hook' } as const;
export type HookKey = keyof typeof hookKeys;

/** The settings of this file as they may be written, and as {@link addUp} leaves them. */
export interface Additive {
  readonly pre_hook?: HookSetting | readonly HookSetting[] | undefined;
  readonly post_hook?: HookSetting | readonly HookSetting[] | undefined;
  readonly 'pre-hook'?: HookSetting | readonly HookSetting[] | undefined;
  readonly 'post-hook'?: HookSetting | readonly HookSetting[] | undefined;
  readonly grants?: Grants | undefined;
}

export interface AddedUp {
  pre_hook?: HookSetting[];
  post_hook?: HookSetting[];
  grants?: Partial<Record<Privilege, string[]>>;
}

/** Settings of one place, or merged from several. */
export interface AdditiveLayer {
  readonly config: Additive;
  readonly places: SettingPlaces;
}

/** A hook with the place of its SQL. */
export interface WrittenHook {
  readonly sql: SqlText | undefined;
  readonly text: string;
  readonly transaction: boolean;
}

/** What the settings of this file are with `stronger` over `weaker`: hooks as lists, grants without plus signs. */
export function addUp(weaker: Additive, stronger: Additive): AddedUp {
  const added: AddedUp = {};
  for (const key of ['pre_hook', 'post_hook'] as const) {
    const hooks = [weaker, stronger].flatMap((one) => spellings(key).flatMap((spelling) => listOf(one[spelling])));
    if (hooks.length > 0) added[key] = hooks;
  }
  if (weaker.grants !== undefined || stronger.grants !== undefined) {
    const granted = privileges.flatMap((privilege) => {
      const parts = grantParts(weaker, stronger, privilege);
      return parts.length === 0 ? [] : [[privilege, parts.map(({ role }) => role)]];
    });
    added.grants = Object.fromEntries(granted) as NonNullable<AddedUp['grants']>;
  }
  return added;
}

/** The places of the parts of {@link addUp}: `pre_hook`, then the number; `grants`, then the privilege and the number. */
export function placesAddedUp(weaker: AdditiveLayer, stronger: AdditiveLayer): SettingPlaces {
  const places = new Map<string, Written>();
  for (const key of ['pre_hook', 'post_hook'] as const) {
    const parts = [weaker, stronger].flatMap((layer) =>
      spellings(key).flatMap((spelling) => hookParts(layer, spelling)),
    );
    const [first] = parts;
    if (first !== undefined) places.set(key, { ...first, parts: Object.fromEntries(parts.entries()) });
  }
  const [under, over] = [weaker.places.get('grants'), stronger.places.get('grants')];
  const whole = over ?? under;
  if (whole === undefined) return places;
  const granted = privileges.flatMap((privilege): [string, Written][] => {
    const roles = grantParts(weaker.config, stronger.config, privilege).map(({ from, path }) => {
      const layer = from === 'weaker' ? under : over;
      return layer === undefined ? whole : partOf(layer, path);
    });
    return roles.length === 0 ? [] : [[privilege, { place: whole.place, parts: Object.fromEntries(roles.entries()) }]];
  });
  places.set('grants', { place: whole.place, parts: Object.fromEntries(granted) });
  return places;
}

/** Hooks that have been added up, each with the place of its SQL. */
export function writtenHooks({ config, places }: AdditiveLayer, key: HookKey): WrittenHook[] {
  return listOf(config[key]).map((hook, number) => {
    const [text, transaction] = typeof hook === 'string' ? [hook, true] : [hook.sql, hook.transaction ?? true];
    const written = places.get(key);
    return { text, transaction, sql: written && sqlAt(partOf(written, [number]), text) };
  });
}

function spellings(key: HookKey): readonly (keyof Additive & (HookKey | 'pre-hook' | 'post-hook'))[] {
  return [key, hookKeys[key]];
}

function listOf(hooks: HookSetting | readonly HookSetting[] | undefined): readonly HookSetting[] {
  if (hooks === undefined) return [];
  return Array.isArray(hooks) ? hooks : [hooks as HookSetting];
}

/** The places of the hooks of one setting as it is written. */
function hookParts({ config, places }: AdditiveLayer, key: HookKey | 'pre-hook' | 'post-hook'): Written[] {
  const setting = places.get(key);
  const value = config[key];
  if (setting === undefined) return [];
  return listOf(value).map((hook, number) =>
    partOf(setting, [...(Array.isArray(value) ? [number] : []), ...(typeof hook === 'string' ? [] : ['sql'])]),
  );
}

interface GrantPart {
  readonly role: string;
  readonly from: 'weaker' | 'stronger';
  readonly path: readonly (string | number)[];
}

/** The grantees of a privilege: those of the stronger setting, or with a plus sign those of both. */
function grantParts(weaker: Additive, stronger: Additive, privilege: Privilege): GrantPart[] {
  const parts = (grants: Grants | undefined, key: GrantKey, from: GrantPart['from']) =>
    (grants?.[key] ?? []).map((role, number): GrantPart => ({ role, from, path: [key, number] }));
  const replaced = stronger.grants?.[privilege] !== undefined;
  const base = replaced
    ? parts(stronger.grants, privilege, 'stronger')
    : [...parts(weaker.grants, privilege, 'weaker'), ...parts(weaker.grants, `+${privilege}`, 'weaker')];
  const all = [...base, ...parts(stronger.grants, `+${privilege}`, 'stronger')];
  return all.filter(({ role }, at) => all.findIndex((one) => one.role === role) === at);
}
