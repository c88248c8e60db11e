import { isCompressed } from '../landing/ledger-name.ts';
import type { SensorName, SensorNames } from './name.ts';
import { type Payload, sensorPayload } from './payload.ts';

/**
 * Judges a file by its name and its content.
 * @param path that of the file, whose end says whether it is compressed.
 */
export function judgeContent(name: SensorName, bytes: Buffer, path: string, names: SensorNames): Payload {
  if (!name.known) return { ok: false, reason: name.reason };
  const payload = sensorPayload(bytes, isCompressed(path));
  const fault = payload.ok && payload.minute !== undefined ? names.implausible(payload.minute) : undefined;
  return fault === undefined ? payload : { ok: false, reason: `its datetime is ${fault}` };
}
