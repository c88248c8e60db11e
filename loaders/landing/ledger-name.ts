/**
 * The name under which the ledger knows a file: without `.gz`, its extension in lower case, so that a file is the same
 * file before and after compression and on file systems that do not tell `.JSON` from `.json`.
 */
export function ledgerName(fileName: string): string {
  // Mostly there is nothing to change, and no need for a second string in memory.
  return fileName.endsWith('.json') ? fileName : fileName.replace(/\.json(?:\.gz)?$/i, '.json');
}

/** True for `x.json.gz`. */
export function isCompressed(fileName: string): boolean {
  return /\.gz$/i.test(fileName);
}
