/**
 * The name under which the ledger knows a file: without `.gz`, its extension in lower case, in Unicode's composed form, so that
 * a file is the same file before and after compression, on file systems that do not tell `.JSON` from `.json`, and on a Mac,
 * which writes é as two characters.
 */
export function ledgerName(fileName: string): string {
  // Mostly there is nothing to change, and no need for a second string in memory.
  return (fileName.endsWith('.json') ? fileName : fileName.replace(/\.json(?:\.gz)?$/i, '.json')).normalize('NFC');
}

/** True for `x.json.gz`. */
export function isCompressed(fileName: string): boolean {
  return /\.gz$/i.test(fileName);
}
