import { rejectedFolder } from '../landing/bronze.ts';

/** The day in the name of a forecast file, as `YYYY-MM-DD`, or why there is none. */
export type WeatherName =
  | { readonly known: true; readonly day: string }
  | { readonly known: false; readonly reason: string };

/** Reads names such as `Pred_2023-01-05.csv` (a ledger name: without `.gz`). */
export function readWeatherName(name: string): WeatherName {
  const [, day] = /^Pred_(\d{4}-\d\d-\d\d)\.csv$/.exec(name) ?? [];
  if (day === undefined) return { known: false, reason: 'the name has no readable date' };
  const time = new Date(`${day}T00:00:00Z`);
  // PostgreSQL knows more years than forecasts are made for, and a table of all days would hold the days between.
  if (!/^(?:19[7-9]|20)/.test(day))
    return { known: false, reason: 'the year in the name is not one from 1970 to 2099' };
  // Of 2023-02-31, V8 makes an invalid date or 3 March.
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(day)) {
    return { known: false, reason: 'the date in the name does not exist' };
  }
  return { known: true, day };
}

/** Whether a file at the source is meant to be a forecast. */
export function isWeatherFile(fileName: string): boolean {
  return /^Pred_.*\.csv(?:\.gz)?$/i.test(fileName);
}

/** The name under which the ledger knows a file: without `.gz`, its extension in lower case. */
export function weatherLedgerName(fileName: string): string {
  return fileName.replace(/^Pred_/i, 'Pred_').replace(/\.csv(?:\.gz)?$/i, '.csv');
}

/** Where a file goes in Bronze, relative to its root: `weather/2023/01/05/<file name>`. */
export function weatherBronzePath(fileName: string, name: WeatherName): string {
  if (!name.known) return `weather/${rejectedFolder}/${fileName}`;
  return ['weather', ...name.day.split('-'), fileName].join('/');
}
