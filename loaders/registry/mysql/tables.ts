/**
 * Every table that is read from the registry, in lower case; how an installation spells them does not matter. What is not
 * here is never read, not even its columns: the same database knows names, e-mail addresses and passwords.
 */
export const registryTables = [
  'buildings',
  'buildingtype',
  'rooms',
  'sensors',
  'devices',
  'profilereference',
  'profile',
  'parameters',
  'parameterstype',
  'dierrors',
] as const;

export type RegistryTable = (typeof registryTables)[number];

/** The listed table of this name, in any letter case; undefined if the table is not to be read. */
export function registryTable(name: string): RegistryTable | undefined {
  return registryTables.find((table) => table === name.toLowerCase());
}
