import { createHash } from 'node:crypto';

/** A short text that changes with the value: 128 bits of SHA-256 over its JSON, in hexadecimal. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
