import type { RegistryTable } from './tables.ts';

/** What a row of any table is linked by. */
const links = ['idBuilding', 'idRoom', 'idDevice'];

/** Columns of a person's exact address. */
const locations = ['address', 'npa', 'city', 'latitude', 'longitude'];

/** By table the columns that the models use, in the spelling of domain tables; `nb*` stands for all that begin so. */
const columns: Readonly<Record<RegistryTable, readonly string[]>> = {
  buildings: ['houseName', 'idBuildingType', 'buildingYear', 'nbPeople', 'isHeatingOn', 'floor', 'idUser'],
  buildingtype: ['idBuildingType', 'type', 'buildingType', 'name'],
  rooms: ['roomName', 'orientation', 'm2', 'nb*'],
  sensors: ['idSensor', 'ip', 'type'],
  devices: ['name', 'type'],
  profilereference: ['idProfileReference', 'id', 'type', 'name', 'kwhYear', 'kwh'],
  profile: ['idProfile', 'id', 'power', 'total', 'date', 'creationDate'],
  parameters: ['idParameter', 'idParameters', 'id', 'idParameterType', 'idParametersType', 'value'],
  parameterstype: ['idParameterType', 'idParametersType', 'id', 'name', 'type', 'unit'],
  dierrors: ['idError', 'errorMessage', 'creationDate', 'file'],
};

/** Tells which columns of a table are read: all others leave neither the server nor Bronze. Letter case is no difference. */
export class AllowedColumns {
  readonly #names: ReadonlyMap<RegistryTable, ReadonlySet<string>>;

  /** @param withLocations whether the address of a building is among them (variable `registry_locations`). */
  constructor(withLocations: boolean) {
    this.#names = new Map(
      (Object.entries(columns) as [RegistryTable, readonly string[]][]).map(([table, own]) => {
        const all = [...links, ...own, ...(table === 'buildings' && withLocations ? locations : [])];
        return [table, new Set(all.map((name) => name.toLowerCase()))];
      }),
    );
  }

  has(table: RegistryTable, column: string): boolean {
    const names = this.#names.get(table);
    const name = column.toLowerCase();
    return names?.has(name) === true || (names?.has('nb*') === true && name.startsWith('nb'));
  }

  /** As `like` patterns of PostgreSQL, in lower case. */
  patterns(table: RegistryTable): readonly string[] {
    return [...(this.#names.get(table) ?? [])].map((name) => name.replace('*', '%'));
  }
}
