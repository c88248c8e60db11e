import type { ExposedColumn, Exposure } from '../../runner/manifest/exposure.ts';

/** The column of the view that shows a column of the model; the first of them, where two do. */
export function columnOf(exposure: Exposure, source: string): ExposedColumn | undefined {
  return exposure.columns.find((column) => column.source === source);
}

export function exposureOfModel(exposures: readonly Exposure[], model: string): Exposure | undefined {
  return exposures.find((exposure) => exposure.model === model);
}

/** The calendar, if one is exposed. */
export function calendarOf(exposures: readonly Exposure[]): Exposure | undefined {
  return exposures.find((exposure) => exposure.kind === 'date');
}
