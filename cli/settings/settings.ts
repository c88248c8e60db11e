// Where settings come from.
//
//   environment.ts  the environment over `.env`; opens the project and the database that DB_URL names
//   env-file.ts     reads `.env`
//   settings.ts     reads one variable: a text, a number, a folder. It is checked where it is read
//   unread-settings.ts  settings of other programs, and what replaces them
//   event-time.ts   the range of `--event-time-start` and `--event-time-end`
//
// An empty variable counts as not set. A value that makes no sense is a UsageError that names the variable.
import * as z from 'zod';
import { type Apartment, apartmentFault } from '../../loaders/landing/apartment.ts';
import { foldedId, squeezed } from '../../loaders/tombstones/names.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';

/*
 * Settings from the environment, checked where they are read: a value that makes no sense is an error that names the
 * variable, never a silent default. An empty variable counts as not set.
 */

/** A text, or undefined if it is not set. */
export function textSetting(project: Project, name: string): string | undefined {
  const value = project.env[name]?.trim();
  return value === '' ? undefined : value;
}

/** A number within bounds, both included. @throws UsageError */
export function numberSetting(
  project: Project,
  name: string,
  fallback: number,
  { least, most, whole = true }: { least: number; most: number; whole?: boolean },
): number {
  const text = textSetting(project, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new UsageError({
    what: `${name} is "${text}", but must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}`,
    hint: `Correct it in the environment or .env, or leave it out: the default is ${fallback}.`,
  });
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** A day of the week, 0 for Sunday; undefined for `never`. @throws UsageError */
export function weekdaySetting(project: Project, name: string, fallback: string): number | undefined {
  const text = (textSetting(project, name) ?? fallback).toLowerCase();
  if (text === 'never') return undefined;
  const day = weekdays.indexOf(text);
  if (day !== -1) return day;
  throw new UsageError({
    what: `${name} is "${text}", but must be a day of the week in English, or never`,
    hint: didYouMean(text, [...weekdays, 'never']) ?? `Correct it in the environment or .env: ${name}=${fallback}`,
  });
}

/** A year of four digits. @throws UsageError */
export function yearSetting(project: Project, name: string, fallback: number): number {
  const text = textSetting(project, name);
  if (text === undefined) return fallback;
  if (/^[1-9]\d{3}$/.test(text)) return Number(text);
  throw new UsageError({
    what: `${name} is "${text}", but must be a year of four digits`,
    hint: `Correct it in the environment or .env, or leave it out: the default is ${fallback}.`,
  });
}

/**
 * After how many days something may go; undefined if it is kept for ever (-1, or not set).
 * @param least the smallest number that makes sense. @throws UsageError
 */
export function daysSetting(project: Project, name: string, least: 0 | 1): number | undefined {
  const text = textSetting(project, name);
  if (text === undefined || text === '-1') return undefined;
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= least && days <= 36_500) return days;
  throw new UsageError({
    what: `${name} is "${text}", but must be a whole number of days from ${least} to 36500, or -1`,
    hint: `Correct it in the environment or .env; -1 (or leaving it out) means never.${
      days === 0 ? ' 0 would take away what came a minute ago.' : ''
    }`,
  });
}

/** yes or no. @throws UsageError */
export function flagSetting(project: Project, name: string, fallback: boolean): boolean {
  const text = textSetting(project, name)?.toLowerCase();
  if (text === undefined) return fallback;
  if (['true', 'yes', 'on', '1'].includes(text)) return true;
  if (['false', 'no', 'off', '0'].includes(text)) return false;
  throw new UsageError({
    what: `${name} is "${text}", but must be true or false`,
    hint: didYouMean(text, ['true', 'false']) ?? `Correct it in the environment or .env; the default is ${fallback}.`,
  });
}

/** A variable of project.yml that is true or false. @throws UsageError with its place. */
export function flagVariable(project: Project, name: string, fallback: boolean): boolean {
  const value = project.vars[name];
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  const place = project.settingsFile.place(['vars', name]);
  throw new UsageError({
    what: `vars.${name} must be true or false`,
    where: `${place.file}:${place.line}`,
    hint: `Write ${name}: true or ${name}: false; left out it is ${fallback}.`,
  });
}

const apartments = z
  .array(z.looseObject({ id: z.string().min(1), owner: z.string().min(1), name: z.string().optional() }))
  .min(1);

/** Whether a project is about apartments at all. */
export function hasApartments({ vars }: Pick<Project, 'vars'>): boolean {
  return vars.apartments !== undefined;
}

/**
 * The apartments of project.yml, each with an id that can name its folder in Bronze.
 * @throws UsageError with the place of the first invalid one.
 */
export function apartmentsOf(project: Project): readonly (Apartment & { readonly name?: string | undefined })[] {
  const checked = apartments.safeParse(project.vars.apartments);
  const where = (...path: (string | number)[]) => {
    const place = project.settingsFile.place(['vars', 'apartments', ...path]);
    return `${place.file}:${place.line}`;
  };
  if (!checked.success) {
    throw new UsageError({
      what: 'vars.apartments must be a list of apartments, each with an id and the owner that its file names carry',
      where: where(),
      hint: 'Write - { id: jimmy, owner: JimmyLoup, name: Jimmy }.',
    });
  }
  for (const [index, apartment] of checked.data.entries()) {
    const fault = apartmentFault(apartment);
    if (fault !== undefined) throw new UsageError({ ...fault, where: where(index) });
    const shared = sharedName(apartment, checked.data.slice(0, index));
    if (shared === undefined) continue;
    throw new UsageError({
      what: `two apartments have the ${shared.what} (letter case and spaces aside)`,
      where: `${where(shared.with)}, ${where(index)}`,
      hint: 'Give each its own: the id distinguishes rows, the owner distinguishes files and buildings.',
    });
  }
  return checked.data;
}

/** What an apartment shares with one before it, though it must be its own. */
function sharedName(
  { id, owner }: Apartment,
  before: readonly Apartment[],
): { readonly what: string; readonly with: number } | undefined {
  const sameId = before.findIndex((other) => foldedId(other.id) === foldedId(id));
  if (sameId >= 0) return { what: `id ${id}`, with: sameId };
  const nameOf = (one: string) => squeezed(one).join('');
  const sameOwner = before.findIndex((other) => nameOf(other.owner) === nameOf(owner));
  return sameOwner < 0 ? undefined : { what: `owner ${owner}`, with: sameOwner };
}
