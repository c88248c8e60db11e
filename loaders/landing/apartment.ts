import { rejectedFolder } from './bronze.ts';

/** Where the files of one owner belong. */
export interface Apartment {
  /** Folder in Bronze and apartment_id in the database, e.g. `jimmy`. */
  readonly id: string;
  /** As file names have it, e.g. `JimmyLoup`. */
  readonly owner: string;
}

/** Folders of Bronze that are no apartment's. */
const reserved: readonly string[] = [rejectedFolder, 'weather', 'registry', 'stream'];

/**
 * Whether an id can name a folder of Bronze with one apartment's files and nothing else. Where letter case does not matter,
 * `Weather` is `weather`.
 */
function isApartmentId(id: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u.test(id) && !reserved.includes(id.toLowerCase());
}

/** What is wrong with an apartment as it is configured, and what to do; undefined if nothing is. */
export function apartmentFault({ id, owner }: Apartment): { what: string; hint: string } | undefined {
  if (!isApartmentId(id)) {
    return {
      what: `"${id}" cannot be the id of an apartment`,
      hint: `Use letters, digits, - and _ only, and none of ${reserved.join(', ')}: it names a folder in Bronze.`,
    };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  if (owner === '' || /[/\\:*?"<>|\u0000-\u001f]/.test(owner)) {
    return {
      what: `the owner of apartment ${id} cannot be part of a file name`,
      hint: 'Write the owner as in the names of the sensor files, e.g. JimmyLoup.',
    };
  }
  return undefined;
}
