import { registryIdsOf } from '../../loaders/erasure/known-ids.ts';
import type { Apartment } from '../../loaders/landing/apartment.ts';
import { withStrings } from '../../loaders/tombstones/names.ts';
import type { RegistryIds } from '../../loaders/tombstones/registry-ids.ts';
import { ruleOf } from '../../loaders/tombstones/rule.ts';
import type { Project } from '../../runner/project/project.ts';
import type { KnownSubject } from '../../runner/subject/erase.ts';
import type { NameRemoval } from '../../runner/subject/scrub.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { apartmentsOf } from '../settings/settings.ts';
import type { NamedSubject } from './named.ts';

/** The subject with what the registry has ever called its buildings, rooms and devices, as far as anything still knows that. */
export async function knownSubject(
  warehouse: Warehouse,
  project: Project,
  named: NamedSubject,
  signal: AbortSignal,
): Promise<KnownSubject> {
  const { subject } = named;
  const of = { bronzeRoot: bronzeRoot(project), subject, apartments: apartmentsOf(project), signal };
  return knownBy(named, await registryIdsOf(warehouse, of));
}

/** What loaders remember of a subject, under the names that `known_by` of models gives it. */
export function knownBy({ subject: { id }, words }: NamedSubject, ids: RegistryIds): KnownSubject {
  return { id, words, known: new Map(Object.entries(ids)) };
}

/** How loaders take a subject's name out of what others say: tables are cleaned in the same way as what they are made of. */
export function nameRemoval(of: {
  readonly subject: Apartment;
  readonly apartments: readonly Apartment[];
}): NameRemoval {
  const { withoutName } = ruleOf(of.subject, of.apartments);
  return { text: withoutName, json: (json) => withStrings(json, withoutName) };
}
