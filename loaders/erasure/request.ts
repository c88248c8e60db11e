import type { Apartment } from '../landing/apartment.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';

/** Whose data are meant, and where. */
export interface SubjectRequest {
  readonly bronzeRoot: string;
  /** The bucket where files of Bronze are, too, or all of them. */
  readonly bronzeRemote?: RemoteBronze | undefined;
  readonly subject: Apartment;
  /** All that are configured: a building of `JimmyLoup` is not Jimmy's. */
  readonly apartments?: readonly Apartment[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told where it is at work, and how many files or rows it has dealt with there. */
  readonly onProgress?: ((place: string, count: number) => void) | undefined;
}

/** What is done with everything of a subject: it is counted; its rows are written into a folder; it is deleted. */
export type SubjectAct =
  | { readonly kind: 'count' }
  | { readonly kind: 'export'; readonly folder: string }
  | { readonly kind: 'erase' };

/** What was landed of a subject, as it was found before anything was deleted. */
export interface Landed {
  /** Rows or files by place: `staging.sensor_file`, {@link sensorFiles}, {@link registryRows}. */
  readonly counts: Readonly<Record<string, number>>;
  /** Paths of damaged files of the registry: rows that no load takes, and that are not touched. */
  readonly damaged: readonly string[];
  /** What the registry has ever called the subject's buildings, rooms and devices. */
  readonly ids: RegistryIds;
}

export const sensorFiles = 'sensor files in Bronze';
export const registryRows = 'registry in Bronze';
