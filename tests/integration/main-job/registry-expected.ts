import type { Row } from '../../../warehouse/warehouse.ts';

/** What silver makes of the registry of tests/fixtures/pidb.ts: table, order of its rows, rows. */
export const silverOfRegistry: readonly [table: string, order: string, rows: readonly Row[]][] = [
  [
    'dim_buildings',
    'building_id',
    [
      building(1, null, { house_name: 'Musterhaus', user_id: 900, is_heating_on: false }),
      building(2, 'jimmy', {
        house_name: 'Chez JimmyLoup au Mayen',
        user_id: 901,
        address: 'Ruelle du Secret 12',
        npa: 'CH-19X7',
        city: 'Ayent-le-Planté',
        latitude: 46.2331987654,
        longitude: 7.3598765432,
        building_year: 1987,
        nb_people: 2,
        is_heating_on: true,
        floor: 'Chez les Bonvin-Planté, 2e étage',
      }),
      building(5, 'jeremie', {
        building_type_id: 2,
        house_name: 'appartement Jeremie Vianin, attique',
        user_id: 902,
        address: 'Chemin Inconnu 7',
        npa: 'CH-39X8',
        city: 'Grimisuat-le-Planté',
        latitude: 46.2609876543,
        longitude: 7.3871234567,
        building_year: 2015,
        nb_people: 3,
        is_heating_on: false,
        floor: ' 2e étage',
      }),
      building(7, 'jimmy', { house_name: 'JIMMYLOUP garage', user_id: 901, floor: 'EG' }),
    ],
  ],
  [
    'dim_building_types',
    'building_type_id',
    [
      { building_type_id: 1, building_type: 'Maison' },
      { building_type_id: 2, building_type: 'Appartement' },
    ],
  ],
  [
    'dim_sensors',
    'sensor_id',
    [
      { sensor_id: 200, room_id: 20, sensor_type: 'motion', ip: '192.168.77.41' },
      { sensor_id: 201, room_id: 21, sensor_type: 'plug', ip: '192.168.77.42' },
      { sensor_id: 500, room_id: 50, sensor_type: 'meteo', ip: null },
    ],
  ],
  [
    'dim_devices',
    'device_id',
    [
      { device_id: 210, room_id: 21, device_type: 'fridge', device_name: 'Frigo de Mamie Germaine' },
      { device_id: 220, room_id: 22, device_type: 'washer', device_name: 'Lave-linge de Papi Ernest' },
      { device_id: 221, room_id: 22, device_type: 'dryer', device_name: 'Sèche-linge de Tante Odile' },
      { device_id: 500, room_id: 50, device_type: 'Le téléviseur de Mamie Lucette', device_name: 'Écran du salon' },
      { device_id: 510, room_id: 51, device_type: 'Coffee Machine', device_name: 'Machine à café de Hugo' },
    ],
  ],
  [
    'ref_energy_profiles',
    'profile_key',
    [
      { profile_key: '1', appliance_type: 'fridge', kwh_year: 250.5 },
      { profile_key: '2', appliance_type: 'washer', kwh_year: 1e-7 },
    ],
  ],
  [
    'ref_power_snapshots',
    'snapshot_key',
    [
      {
        snapshot_key: '1',
        building_id: 2,
        device_id: 210,
        power_w: 123.45678901234568,
        measured_at: '2023-10-12T08:00:00+00:00',
      },
      {
        snapshot_key: '9007199254740993',
        building_id: 2,
        device_id: 210,
        power_w: -1e-15,
        measured_at: '2023-10-12T08:15:00+00:00',
      },
    ],
  ],
  [
    'ref_parameters',
    'parameter_key',
    [
      { parameter_key: '1', building_id: 2, parameter_type_key: '1', value: 21.5 },
      { parameter_key: '2', building_id: 5, parameter_type_key: '2', value: 1000 },
    ],
  ],
  [
    'ref_parameters_type',
    'parameter_type_key',
    [
      { parameter_type_key: '1', parameter_name: 'température minimale 🌡', unit: '°C' },
      { parameter_type_key: '2', parameter_name: 'CO₂ maximal', unit: 'ppm' },
    ],
  ],
  // A local time: summer time in Switzerland is two hours ahead of UTC.
  [
    'di_errors_clean',
    'error_id',
    [
      error(1, 'jimmy', 'FATAL gateway crash near Germaine', 'high', '2023-10-12T06:15:00+00:00'),
      error(2, 'jimmy', 'Request failed for Papi', 'medium', '2023-10-12T23:30:00+00:00'),
      error(3, 'jeremie', 'door sensor OFFLINE at Odile', 'high', '2023-10-12T08:00:00+00:00'),
      error(4, 'jeremie', 'battery low', 'low', '2023-10-13T10:00:00+00:00'),
      error(5, null, 'NullPointer', 'medium', '2023-10-12T07:00:00+00:00'),
      error(6, 'jimmy', 'whenever', 'low', null),
    ],
  ],
];

/** The first two rows of `dim_rooms`. */
export const firstRooms: readonly Row[] = [
  {
    room_id: 20,
    building_id: 2,
    room: 'Living Room',
    room_name: 'Livingroom',
    orientation: 'south',
    area_m2: 31.5,
    sensor_count: 2,
    sensor_counts: { nbmotions: 1, nbdoors: 0, nbplugs: 1 },
  },
  {
    room_id: 21,
    building_id: 2,
    room: 'Kitchen',
    room_name: ' kitchen',
    orientation: 'east',
    area_m2: 12.25,
    sensor_count: 1,
    sensor_counts: { nbmotions: 0, nbdoors: 0, nbplugs: 1 },
  },
];

/** The kitchen in `apartment_metadata`. */
export const kitchen: Row = {
  apartment: 'jimmy',
  room: 'Kitchen',
  building_id: 2,
  room_id: 21,
  building_type: 'Maison',
  orientation: 'east',
  building_year: 1987,
  nb_people: 2,
  area_m2: 12.25,
  sensor_count: 1,
  sensor_types: ['plug'],
  device_count: 1,
  device_types: ['fridge'],
  is_heating_on: true,
};

function building(id: number, apartmentId: string | null, known: Row): Row {
  return {
    building_id: id,
    building_type_id: 1,
    user_id: null,
    apartment: apartmentId,
    house_name: null,
    address: null,
    npa: null,
    city: null,
    floor: null,
    latitude: null,
    longitude: null,
    building_year: null,
    nb_people: null,
    is_heating_on: null,
    ...known,
  };
}

function error(
  id: number,
  apartmentId: string | null,
  message: string,
  severity: string,
  timestamp: string | null,
): Row {
  const buildingId = apartmentId === 'jimmy' ? 2 : apartmentId === 'jeremie' ? 5 : 1;
  return { error_id: id, apartment: apartmentId, building_id: buildingId, error_message: message, severity, timestamp };
}
