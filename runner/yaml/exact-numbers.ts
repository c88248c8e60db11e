import { parseDocument, visit } from 'yaml';

/** A double keeps every digit of a number that has no more than these. */
const digitsOfDouble = 15;

/**
 * The text of a number that a double does not hold as it is written: an integer over 2^53, a decimal of many digits. Undefined for
 * all others. In SQL the text means what was written.
 */
export function inexact(source: string, value: number): string | undefined {
  if (/^(?:[-+]?\d+|0[xo]\w+)$/.test(source) && Number.isSafeInteger(value)) return undefined;
  if (/^0[xo]/.test(source)) return String(BigInt(source));
  const [, whole = '', fraction = ''] = /^[-+]?(\d*)(?:\.(\d*))?(?:e[-+]?\d+)?$/i.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return undefined;
  const isLost = digits.length > digitsOfDouble || !Number.isFinite(value) || value === 0;
  return isLost ? source : undefined;
}

/** Makes every number of a document that would lose digits its text. */
export function keepDigits(document: ReturnType<typeof parseDocument>): void {
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value !== 'number' || node.source === undefined) return;
      node.value = inexact(node.source, node.value) ?? node.value;
    },
  });
}

/** The value that a YAML text says, with every digit of its numbers. @throws YAMLParseError */
export function parseYaml(text: string): unknown {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw error;
  keepDigits(document);
  return document.toJS();
}
