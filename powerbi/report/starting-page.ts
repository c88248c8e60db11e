import type { Exposure } from '../../runner/manifest/exposure.ts';
import type { Field, Visual } from './visuals.ts';

/** The page that a new report begins with. What the model has no field for is left out. */
export function startingPage(exposures: readonly Exposure[]): Visual[] {
  const has = knownFields(exposures);
  return wished.flatMap((visual) => {
    const wells = Object.entries(visual.wells).map(([well, fields]) => [well, fields.filter(has)] as const);
    // A chart without an axis or values says nothing.
    return wells.every(([, fields]) => fields.length > 0) ? [{ ...visual, wells: Object.fromEntries(wells) }] : [];
  });
}

export const pageSize = { width: 1280, height: 720 };

const column = (table: string, name: string): Field => ({ table, kind: 'Column', name });
const measure = (table: string, name: string): Field => ({ table, kind: 'Measure', name });

const wished: readonly Visual[] = [
  {
    type: 'slicer',
    title: 'Apartment',
    slicerMode: 'Dropdown',
    x: 16,
    y: 16,
    width: 300,
    height: 96,
    wells: { Values: [column('Apartment', 'Apartment')] },
  },
  {
    type: 'slicer',
    title: 'Date',
    slicerMode: 'Between',
    x: 16,
    y: 124,
    width: 300,
    height: 96,
    wells: { Values: [column('Date', 'Date')] },
  },
  {
    type: 'cardVisual',
    title: 'At a glance',
    x: 332,
    y: 16,
    width: 932,
    height: 204,
    wells: {
      Data: [
        measure('Energy by minute', 'Energy'),
        measure('Energy by minute', 'Cost'),
        measure('Environment by minute', 'Average temperature'),
        measure('Presence by minute', 'Presence share'),
      ],
    },
  },
  {
    type: 'lineChart',
    title: 'Average power by day',
    x: 16,
    y: 236,
    width: 620,
    height: 228,
    wells: { Category: [column('Date', 'Date')], Y: [measure('Energy by minute', 'Average power')] },
  },
  {
    type: 'lineChart',
    title: 'Average power by hour (UTC)',
    x: 16,
    y: 476,
    width: 620,
    height: 228,
    wells: { Category: [column('Minute', 'Hour (UTC)')], Y: [measure('Energy by minute', 'Average power')] },
  },
  {
    type: 'clusteredColumnChart',
    title: 'CO2 by room',
    x: 652,
    y: 236,
    width: 612,
    height: 228,
    wells: {
      Category: [column('Room', 'Room')],
      Series: [column('Apartment', 'Apartment')],
      Y: [measure('Environment by minute', 'Average CO2')],
    },
  },
  {
    type: 'tableEx',
    title: 'Device health',
    x: 652,
    y: 476,
    width: 612,
    height: 228,
    wells: {
      Values: [
        column('Device', 'Device'),
        measure('Device health by day', 'Uptime'),
        measure('Device health by day', 'Readings missed'),
        measure('Device health by day', 'Lowest battery'),
      ],
    },
  },
];

function knownFields(exposures: readonly Exposure[]): (field: Field) => boolean {
  const byName = new Map(exposures.map((exposure) => [exposure.name, exposure]));
  return ({ table, kind, name }) => {
    const exposure = byName.get(table);
    const fields: readonly { readonly name: string }[] =
      (kind === 'Measure' ? exposure?.measures : exposure?.columns) ?? [];
    return fields.some((one) => one.name === name);
  };
}
