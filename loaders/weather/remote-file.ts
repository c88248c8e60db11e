/** An entry of the folder on the server. */
export type RemoteFile =
  | {
      readonly kind: 'file';
      readonly fileName: string;
      /** In bytes; undefined if the server does not give it. */
      readonly size: number | undefined;
      /** When it was changed last, in seconds since 1970; undefined if the server does not give it. */
      readonly modified: number | undefined;
    }
  /** A folder, a device, a pipe. */
  | { readonly kind: 'other'; readonly fileName: string }
  /** What it is could not be found out. */
  | { readonly kind: 'unknown'; readonly fileName: string; readonly reason: string };

/** POSIX's values, which the protocol prescribes whatever this machine has. */
const types = { mask: 0o170000, file: 0o100000, link: 0o120000 };

/**
 * What the attribute `permissions` says of an entry. Some servers leave it out, or its bits for the type. The text beside a name
 * (`longname`) is for people: the protocol leaves its form to the server.
 */
export function kindOf(mode: number | undefined): 'file' | 'link' | 'other' | 'unsaid' {
  const type = (mode ?? 0) & types.mask;
  if (type === 0) return 'unsaid';
  if (type === types.file) return 'file';
  return type === types.link ? 'link' : 'other';
}

/** Not a path, and nothing that a file system or a terminal takes for more than a name. */
export function isFileName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  return !/[/\\\u0000-\u001f]/.test(name) && name !== '.' && name !== '..';
}
