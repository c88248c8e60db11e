import type { PowerBiOptions } from '../../../../powerbi/model/options.ts';
import type { Design } from '../../../../powerbi/project/project.ts';
import type { BiType, ExposedColumn, ExposedReference, Exposure } from '../../../../runner/manifest/exposure.ts';

/** A column; `Room key: bigint, hidden` would be `column('Room key', 'bigint', { hidden: true })`. */
export function column(name: string, type: BiType = 'text', more: Partial<ExposedColumn> = {}): ExposedColumn {
  return {
    name,
    source: name.toLowerCase().replaceAll(' ', '_'),
    type,
    sqlType: type === 'numeric' ? 'numeric(10,4)' : type,
    description: '',
    format: undefined,
    hidden: false,
    summarize: 'none',
    folder: undefined,
    sortBy: undefined,
    ...more,
  };
}

export function key(name: string): ExposedColumn {
  return column(name, 'bigint', { hidden: true });
}

/** A foreign key to a column of the same name, unless it is said otherwise. */
export function to(exposure: string, name: string, from = name): ExposedReference {
  return { column: from, toExposure: exposure, toColumn: name };
}

export function exposure(name: string, model: string, more: Partial<Exposure> = {}): Exposure {
  return {
    name,
    model: `model.${model}`,
    id: `model.bi_${model}`,
    view: { schema: 'bi', name },
    description: '',
    kind: undefined,
    guardedBy: undefined,
    columns: [],
    key: undefined,
    references: [],
    refreshBy: undefined,
    measures: [],
    ...more,
  };
}

/** A household in small: two facts, what they refer to, and who may see what. */
export const household: readonly Exposure[] = [
  exposure('Energy by minute', 'fact_energy_minute', {
    refreshBy: 'Minute key',
    description: 'Power and energy.\nOne row for each minute and device.',
    columns: [
      key('Minute key'),
      column('Date key', 'bigint', { hidden: true, source: 'date_key' }),
      key('Apartment key'),
      key('Room key'),
      key('Device key'),
      column('Power (W)', 'double precision', { summarize: 'average', format: '#,##0.0', source: 'power_w' }),
      column('Cost (CHF)', 'numeric', { summarize: 'sum', format: '0.00" CHF"', folder: 'Money', source: 'cost_chf' }),
    ],
    references: [
      to('Minute', 'Minute key'),
      to('Date', 'Date key'),
      to('Apartment', 'Apartment key'),
      to('Room', 'Room key'),
      to('Device', 'Device key'),
    ],
    measures: [
      {
        name: 'Cost',
        description: 'What the energy costs.',
        expression: "SUM('Energy by minute'[Cost (CHF)])",
        format: '0.00',
        folder: 'Energy',
      },
      {
        name: 'Cost per day',
        expression: "var days = DISTINCTCOUNT('Energy by minute'[Date key])\n\nreturn\n    DIVIDE([Cost], days)\n",
      },
    ],
  }),
  exposure('Device health by day', 'fact_device_health_day', {
    refreshBy: 'Date key',
    columns: [key('Date key'), key('Device key'), key('Apartment key'), column('Uptime (%)', 'double precision')],
    references: [to('Date', 'Date key'), to('Device', 'Device key'), to('Apartment', 'Apartment key')],
  }),
  exposure('Forecast', 'fact_weather_day', {
    refreshBy: 'Issue date key',
    columns: [key('Date key'), key('Issue date key'), key('Site key'), column('Temperature (°C)', 'double precision')],
    references: [to('Date', 'Date key'), to('Date', 'Date key', 'Issue date key'), to("Anna's site", 'Site key')],
  }),
  exposure('Apartment', 'dim_apartment', {
    key: 'Apartment key',
    columns: [key('Apartment key'), column('Apartment id'), column('Apartment'), key('Site key')],
    references: [to("Anna's site", 'Site key')],
  }),
  exposure('Room', 'dim_room', {
    key: 'Room key',
    columns: [key('Room key'), key('Apartment key'), column('Room')],
    references: [to('Apartment', 'Apartment key')],
  }),
  exposure('Device', 'dim_device', {
    key: 'Device key',
    columns: [key('Device key'), key('Room key'), column('Device'), column('Is active', 'boolean')],
    references: [to('Room', 'Room key')],
  }),
  exposure('Date', 'dim_date', {
    key: 'Date key',
    kind: 'date',
    columns: [
      key('Date key'),
      column('Date', 'date'),
      column('Month', 'text', { sortBy: 'Month number' }),
      column('Month number', 'bigint', { hidden: true }),
    ],
  }),
  exposure('Minute', 'dim_datetime', {
    key: 'Minute key',
    columns: [key('Minute key'), key('Date key'), column('Time (local)', 'timestamp'), column('Hour', 'bigint')],
    references: [to('Date', 'Date key')],
  }),
  exposure("Anna's site", 'dim_weather_site', { key: 'Site key', columns: [key('Site key'), column('Site')] }),
  exposure('Access', 'dim_user_apartment_map', {
    kind: 'access',
    columns: [column('User e-mail', 'text', { source: 'user_email' }), key('Apartment key')],
    references: [to('Apartment', 'Apartment key')],
  }),
];

export const options: PowerBiOptions = {
  name: 'datacycle',
  server: 'warehouse.example:5433',
  database: 'datacycle',
  subjects: {
    model: 'model.dim_apartment',
    idColumn: 'apartment_id',
    all: [
      { id: 'jimmy', name: 'Jimmy' },
      { id: 'jeremie', name: 'Jérémie' },
    ],
  },
  loginColumn: 'user_email',
  renters: { access: 'owned_apartments', roleColumn: 'role', owners: ['admin', 'owner'] },
  refreshWindow: { keepYears: 10, refreshDays: 10 },
  rowLanguage: 'en',
  firstYear: 2023,
};

/** The same, with a measure in SQL. */
export const withSql: readonly Exposure[] = household.map((one) => ({
  ...one,
  measures: one.measures.map((measure) =>
    measure.name === 'Cost' ? { ...measure, format: '#,0.00', sql: 'sum(cost_chf)' } : measure,
  ),
}));

/** What a project says of its reports, in small. */
export const design: Design = {
  pages: [
    {
      title: 'On every page',
      order: 0,
      every_page: true,
      visuals: [
        { visual: 'pageNavigator', title: 'Pages', at: [16, 8, 600, 40] },
        {
          visual: 'slicer',
          title: 'Room',
          at: [648, 8, 200, 80],
          slicer: 'Dropdown',
          wells: { Values: ['Room.Room'] },
          not_blank: 'Energy by minute.Cost',
        },
      ],
    },
    {
      title: 'Energy',
      order: 2,
      visuals: [
        {
          visual: 'cardVisual',
          title: 'At a glance',
          at: [16, 96, 300, 96],
          wells: { Data: ['Energy by minute.Cost'] },
        },
        {
          visual: 'lineChart',
          title: 'Cost over time',
          at: [16, 200, 600, 300],
          wells: { Category: ['Date.Date'], Y: ['Money.Money'], Tooltips: ['Energy by minute.Missing'] },
          line: { value: 2.5, title: 'Too much' },
          where: { 'Device.Is active': [true] },
        },
        {
          visual: 'pivotTable',
          title: "Anna's heat map",
          at: [632, 200, 600, 300],
          wells: { Rows: ['Room.Room'], Columns: ['Minute.Hour'], Values: ['Energy by minute.Cost per day'] },
          heat: 'Energy by minute.Cost per day',
          levels: ['Nothing', 'Some', 'Most'],
          sort: { by: 'Energy by minute.Cost per day', descending: true },
        },
        { visual: 'lineChart', title: 'CO2', at: [0, 0, 10, 10], wells: { Category: ['Date.Date'], Y: ['Air.CO2'] } },
        { visual: 'cardVisual', title: 'Dear!', at: [16, 510, 600, 40], banner: '[Cost] > 100' },
        { visual: 'cardVisual', title: 'Air!', at: [16, 560, 600, 40], banner: '[CO2 peak] > 1000' },
      ],
    },
    {
      title: 'Room in detail',
      order: 1,
      drill_through: 'Room.Room',
      visuals: [
        { visual: 'actionButton', title: 'Back', at: [1200, 8, 40, 40] },
        { visual: 'cardVisual', title: 'Cost', at: [16, 96, 300, 96], wells: { Data: ['Energy by minute.Cost'] } },
      ],
    },
    {
      title: 'Side by side',
      order: 1,
      report: 'Compare',
      visuals: [
        {
          visual: 'clusteredBarChart',
          title: 'Cost by apartment',
          at: [16, 96, 300, 96],
          wells: { Category: ['Apartment.Apartment'], Y: ['Energy by minute.Cost'] },
        },
      ],
    },
    {
      title: 'Nothing of this is there',
      order: 3,
      visuals: [{ visual: 'cardVisual', title: 'Air', at: [0, 0, 9, 9], wells: { Data: ['Air.CO2'] } }],
    },
  ],
  extras: {
    hierarchies: [
      { table: 'Date', name: 'Calendar', levels: ['Month', 'Date', 'Fortnight'] },
      { table: 'Moon', name: 'Phases', levels: ['Phase'] },
    ],
    field_parameters: [
      {
        name: 'Money',
        fields: [
          { title: 'Cost', field: 'Energy by minute.Cost' },
          { title: 'Cost "a day"', field: 'Energy by minute.Cost per day' },
          { title: 'Gain', field: 'Energy by minute.Gain' },
        ],
      },
    ],
    calculation_groups: [
      {
        name: 'Comparison',
        precedence: 1,
        items: [
          { name: 'Current', expression: 'SELECTEDMEASURE()' },
          {
            name: 'Change',
            expression: 'VAR now = SELECTEDMEASURE()\nRETURN\n    now - 1',
            format: '+0.0%;-0.0%',
          },
        ],
      },
    ],
    perspectives: [{ name: 'Resident', tables: ['Room', 'Date', 'Moon'] }],
  },
  captions: new Map([
    [
      'fr',
      new Map([
        ['Room', 'Pièce'],
        ['Cost', 'Coût'],
        ['Money', 'Argent'],
        ['Energy', 'Énergie'],
        ['Calendar', 'Calendrier'],
        ['Month', 'Mois'],
        ['At a glance', "En un coup d'œil"],
        ['Too much', 'Trop'],
        ['Dear!', 'Cher !'],
        ['Nothing', 'Rien'],
        ['Most', 'Le plus'],
      ]),
    ],
  ]),
};

export const noDesign: Design = { pages: [], extras: {}, captions: new Map() };
