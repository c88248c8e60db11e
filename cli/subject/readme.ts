import type { LandedExported } from '../../loaders/erasure/export-landed.ts';
import type { Apartment } from '../../loaders/landing/apartment.ts';
import type { ExportedTable } from '../../runner/subject/rows.ts';
import { thousands } from '../../runner/text/figures.ts';

/** What the README of an export tells of. */
export interface Exported {
  readonly subject: Apartment;
  readonly tables: readonly ExportedTable[];
  /** How many rows of failed checks there are. */
  readonly kept: number;
  readonly landed: LandedExported;
  readonly at: Date;
}

/** The README of an export, for the person it is about: what each file is, and what is not there and why. */
export function readmeOf(exported: Exported): string {
  const { subject, tables, kept, landed, at } = exported;
  const title = `# Data about apartment ${subject.id}`;
  const asOf = `as of\n${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (isEmpty(exported)) {
    return `${title}\n\nNothing is held about the apartment ${subject.id} (in the names of its files: ${subject.owner}), ${asOf}.\n`;
  }
  return `${title}

Everything that is held about the apartment ${subject.id} (in the names of its files: ${subject.owner}), ${asOf}.

## Where it comes from

The sensors and meters of the apartment send a file a minute. A registry of buildings knows the building, its rooms and
appliances, and what did not work there. Models predict, for instance, whether somebody will be at home. Whoever runs the system
has entered who may see the figures of the apartment. Nothing else is collected.

## Where to begin

${beginnings(tables)}
## How to read it

- The folders \`bronze/\`, \`staging/\`, \`silver/\` and \`gold/\` hold the same data in stages: the files as they came, the same in the
  database, the single readings, the figures that reports show. You need not read all four.
- Other folders hold what people have entered or set up, above all who may see the figures of the apartment: that may be others, too.
- \`.csv\` files open in every spreadsheet: commas between the values, UTF-8, the names of the columns in the first line. An empty value is
  unknown. \`.json\` and \`.jsonl\` files are text.
- Times are UTC: in Switzerland add an hour in winter, two in summer. A whole number such as 202310120730 is such a time, too: 12 October
  2023, 07:30.
- Units stand in the names or descriptions of the columns: W watt, Wh and kWh energy, °C temperature, % humidity or battery, ppm CO2, dB noise, hPa
  pressure, lux light, chf Swiss francs.
- Numbers called key or id only lead from one file to another; load_id counts the deliveries.

What is said of each file below was written for those who run the system. In it

- grain is what one row of the file stands for,
- NULL is an empty value,
- an outlier is a reading that cannot be true, such as 300 °C,
- a snapshot is the registry as it was on one day,
- pseudonymised is what has a made-up name instead of the real one.

## The files

${tables.map(section).join('\n')}
${keptSection(kept)}### staging/ and bronze/

What arrived, before anything was made of it: the sensor files (${thousands(landed.bronzeFiles)}), the rows of the registry and the predictions of this apartment,
and the list of its files.

## What is not in it

- Other apartments, also where a remark about one of them mentions this one. Figures about nobody in particular: the calendar, the weather, prices, catalogues.
- The password (api_token) that the sensors send with every file: it is a key to the system, not a fact about anybody.
- Views, since they only show these tables in another way; the program's own logs, which name files but no readings.
${leftOut(landed)}- Backups, if there are any. They hold the same, only older.

## If it should be erased, is wrong, or is not all you want to know

Write to whoever gave you this, and name the apartment. On request all of it is erased, the files included; nothing of it is
taken in again from then on. Only they can say what the data are used for, who receives them, how long they are kept, and where wrong ones
have to be corrected. If their answer does not satisfy you, turn to the data protection authority (in Switzerland the FDPIC,
www.edoeb.admin.ch).
`;
}

/** Whether there is nothing to hand over. */
export function isEmpty({ tables, kept, landed }: Pick<Exported, 'tables' | 'kept' | 'landed'>): boolean {
  const counts = [...Object.values(landed.rows), landed.bronzeFiles, landed.snapshotRows, landed.leftOut.count];
  return tables.length === 0 && kept === 0 && counts.every((count) => count === 0);
}

/** Files to look at first, as far as they are there. */
const firstFiles: readonly { readonly path: string; readonly has: string }[] = [
  { path: 'silver/dim_buildings.csv', has: 'the building and its address' },
  { path: 'silver/sensor_events.csv', has: 'every single reading' },
  { path: 'gold/fact_energy_minute.csv', has: 'the electricity used, minute by minute, and what it cost' },
  { path: 'gold/fact_presence_minute.csv', has: 'when somebody was at home, as far as sensors can tell' },
];

function beginnings(tables: readonly ExportedTable[]): string {
  const there = firstFiles.filter(({ path }) => tables.some((table) => table.path === path));
  if (there.length === 0) return 'With the list of files below.\n';
  return `${there.map(({ path, has }) => `- \`${path}\`: ${has}`).join('\n')}\n`;
}

function rowsOf(count: number): string {
  return count === 1 ? '1 row' : `${thousands(count)} rows`;
}

function leftOut({ leftOut: { count } }: LandedExported): string {
  if (count === 0) return '';
  return `- ${thousands(count)} of its files that are damaged, so that it cannot be told whether a password stands in them. Ask for them if you want them.\n`;
}

function keptSection(rows: number): string {
  if (rows === 0) return '';
  return `### datacycle/audit_row.csv (${rowsOf(rows)})

Rows that a check refused, so that they are in no other file as they stand here. They are kept for a while, to find out why.

- \`at\`: When they were refused
- \`model\`, \`test\`: The file they were meant for, and the check
- \`row\`: What the check said of the row, as JSON

`;
}

function section({ node, path, rows }: ExportedTable): string {
  const columns = node.columns.map(
    ({ name, description }) => `- \`${name}\`${description === '' ? '' : `: ${description}`}`,
  );
  const text = node.description.trim();
  return `### ${path} (${rowsOf(rows)})\n\n${text === '' ? '' : `${text}\n\n`}${columns.join('\n')}\n`;
}
