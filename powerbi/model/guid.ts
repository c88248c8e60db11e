import { createHash } from 'node:crypto';

/** Any fixed GUID would do: it keeps those made here apart from those that others make of the same names. */
const namespace = Buffer.from('5d1f0a3c6f4b4e0c9a57c1d0b1da7ac1', 'hex');

/**
 * The GUID that belongs to a name, by RFC 9562's version 5. Power BI recognises what it has seen before by such GUIDs, so
 * that they must be the same whenever the project is made again.
 */
export function guidOf(...name: readonly string[]): string {
  const bytes = createHash('sha1').update(namespace).update(JSON.stringify(name)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The 20 hexadecimal characters by which a report knows its pages and visuals. */
export function objectName(...name: readonly string[]): string {
  return guidOf(...name)
    .replaceAll('-', '')
    .slice(0, 20);
}
