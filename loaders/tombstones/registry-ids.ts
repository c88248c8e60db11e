/** Ids of the registry as digits: of buildings, and of the rooms and devices in them. */
export type RegistryIds = Readonly<Record<IdKind, readonly string[]>>;
export type IdKind = 'buildings' | 'rooms' | 'devices';

export const noIds: RegistryIds = { buildings: [], rooms: [], devices: [] };

/** The ids of both, each once. */
export function unionOf(one: RegistryIds, other: RegistryIds): RegistryIds {
  const union = (kind: IdKind) => [...new Set([...one[kind], ...other[kind]])];
  return { buildings: union('buildings'), rooms: union('rooms'), devices: union('devices') };
}

/** How many there are of all kinds. */
export function countOf({ buildings, rooms, devices }: RegistryIds): number {
  return buildings.length + rooms.length + devices.length;
}

/** An id as its digits, whether the registry has it as a number or as text; undefined if it is none. */
export function registryId(value: unknown): string | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  const [, digits] = /^([+-]?\d+)(?:\.0*)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : BigInt(digits).toString();
}
