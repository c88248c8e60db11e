/** Ids of the registry as digits: of buildings, and of the rooms and devices in them. */
export interface RegistryIds {
  readonly buildings: readonly string[];
  readonly rooms: readonly string[];
  readonly devices: readonly string[];
}

export const noIds: RegistryIds = { buildings: [], rooms: [], devices: [] };

/** The ids of all of them, each once. */
export function unionOf(all: readonly RegistryIds[]): RegistryIds {
  const union = (pick: (ids: RegistryIds) => readonly string[]) => [...new Set(all.flatMap(pick))];
  return {
    buildings: union(({ buildings }) => buildings),
    rooms: union(({ rooms }) => rooms),
    devices: union(({ devices }) => devices),
  };
}

/** An id as its digits, whether the registry has it as a number or as text; undefined if it is none. */
export function registryId(value: unknown): string | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  const [, digits] = /^([+-]?\d+)(?:\.0*)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : BigInt(digits).toString();
}
