import { countLanded } from '../../loaders/erasure/export-landed.ts';
import { registryIdsOf } from '../../loaders/erasure/known-ids.ts';
import type { LandedCounts, SubjectRequest } from '../../loaders/erasure/request.ts';
import type { RegistryIds } from '../../loaders/tombstones/registry-ids.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Project } from '../../runner/project/project.ts';
import { countKeptRows, type KeptRows } from '../../runner/subject/kept-rows.ts';
import { countSubjectRows, type KnownSubject, type SubjectRows } from '../../runner/subject/rows.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { apartmentsOf } from '../settings/settings.ts';
import type { NamedSubject } from './named.ts';

/*
 * What is held of a subject, and where: rows of the project's tables, kept rows of audits, and what was landed. Each of the three
 * has one condition that says which are the subject's; find counts by it, export writes by it, erase deletes by it.
 */

/** How much is held. */
export interface Held {
  readonly known: KnownSubject;
  /** In the order in which they can be erased. */
  readonly tables: readonly SubjectRows[];
  readonly kept: KeptRows;
  readonly landed: LandedCounts;
}

/**
 * Counts what is held of a subject.
 * @throws NodeError if a table lacks the column that says whose its rows are; LoadBusyError if a load goes on for longer than
 * half a minute.
 */
export async function held(
  warehouse: Warehouse,
  { manifest, project }: Compiled,
  named: NamedSubject,
  signal: AbortSignal,
): Promise<Held> {
  const landed = await countLanded(warehouse, requestOf(project, named, signal));
  const known = knownBy(named, landed.ids);
  return {
    known,
    tables: await countSubjectRows(warehouse, manifest, known),
    kept: await countKeptRows(warehouse, manifest, named.subject.id),
    landed,
  };
}

/** What the loaders are asked for. */
export function requestOf(project: Project, { subject }: NamedSubject, signal: AbortSignal): SubjectRequest {
  return { bronzeRoot: bronzeRoot(project), subject, apartments: apartmentsOf(project), signal };
}

/** The subject with what the registry has ever called its buildings, rooms and devices, as far as anything still knows that. */
export async function knownSubject(
  warehouse: Warehouse,
  project: Project,
  named: NamedSubject,
  signal: AbortSignal,
): Promise<KnownSubject> {
  return knownBy(named, await registryIdsOf(warehouse, requestOf(project, named, signal)));
}

/** The registry ids of a subject, under the names that `known_by` of models uses. */
export function knownBy({ subject: { id } }: NamedSubject, ids: RegistryIds): KnownSubject {
  return { id, known: new Map(Object.entries(ids)) };
}
