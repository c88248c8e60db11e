import { guidOf } from './guid.ts';

/** Names that Windows reserves for devices, with any extension. */
const reserved = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * A file name for each of the names, in their order, that every file system takes: Windows allows fewer characters than
 * others, and does not tell upper from lower case.
 */
export function fileNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is to go.
    const plain = name.replace(/[<>:"/\\|?*\u0000-\u001f]/g, '_').replace(/[. ]+$/, '_');
    const safe = plain === '' || reserved.test(plain) ? `_${plain}` : plain;
    const unique = used.has(safe.toLowerCase()) ? `${safe} ${guidOf('file', name).slice(0, 8)}` : safe;
    used.add(unique.toLowerCase());
    return unique;
  });
}
