/** Bundles one TypeScript program for Node; `entry` is a path from the project's root. Whole or absent. */
export function bundle(entry: string, outfile: string): Promise<void>;
