import type { Apartment } from '../landing/apartment.ts';
import type { Notes } from '../landing/summary.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';

/** Whose data are meant, and where. */
export interface SubjectRequest {
  readonly bronzeRoot: string;
  readonly subject: Apartment;
  /** All that are configured: a building of `JimmyLoup` is not Jimmy's. */
  readonly apartments?: readonly Apartment[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told where it is at work, and how many files or rows it has dealt with there. */
  readonly onProgress?: ((place: string, count: number) => void) | undefined;
}

/** What is done with everything of a subject: it is counted, written into a folder, or deleted. */
export type SubjectAct =
  | { readonly kind: 'count' }
  | { readonly kind: 'export'; readonly folder: string }
  | { readonly kind: 'erase' };

/** What was landed of a subject, as it was counted, exported or erased. */
export interface Landed {
  /** Rows or files by place: `staging.sensor_file`, {@link sensorFiles}, {@link registryRows}. */
  readonly counts: Readonly<Record<string, number>>;
  /** Damaged files: not exported, since nobody can say where in one the secret api_token is; in the registry not searched, either. */
  readonly damaged: Notes;
  /** What the registry has ever called the subject's buildings, rooms and devices. */
  readonly ids: RegistryIds;
}

export const sensorFiles = 'sensor files in Bronze';
export const registryRows = 'registry in Bronze';
