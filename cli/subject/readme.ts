import type { ExportedCounts } from '../../loaders/erasure/export-landed.ts';
import type { Apartment } from '../../loaders/sensors/name.ts';
import { thousands } from '../../runner/report.ts';
import type { ExportedTable } from '../../runner/subject-export.ts';

/** What the README of an export tells of. */
export interface Exported {
  readonly subject: Apartment;
  readonly tables: readonly ExportedTable[];
  /** How many rows of failed checks there are. */
  readonly kept: number;
  readonly landed: ExportedCounts;
  readonly at: Date;
}

/** The README of an export, for the person it is about: what each file is, and what is not there and why. */
export function readmeOf({ subject, tables, kept, landed, at }: Exported): string {
  const folders = [...new Set(tables.map(({ node }) => node.relation.schema))];
  return `# Data about apartment ${subject.id}

Everything that is held about the apartment ${subject.id} (in the names of its files: ${subject.owner}), as of
${at.toISOString().slice(0, 16).replace('T', ' ')} UTC.

## Where it comes from

The sensors and meters of the apartment send a file a minute. A registry of buildings knows the building, its rooms and
appliances. Models predict, for instance, whether somebody will be at home. Nothing else is collected.

## How to read it

- The folders ${[...folders, 'staging', 'bronze'].map((folder) => `\`${folder}/\``).join(', ')} hold the same data in stages: \`bronze/\` the files as they came,
  \`staging/\` the same in the database, \`silver/\` the single readings, \`gold/\` the figures that reports show.
- \`.csv\` files open in every spreadsheet: commas between the values, UTF-8, the names of the columns in the first line. An empty value is
  unknown. \`.json\` files are text.
- Times are UTC: in Switzerland add an hour in winter, two in summer. A whole number such as 202310120730 is such a time, too.
- Units stand in the names or descriptions of the columns: W watt, Wh and kWh energy, °C temperature, % humidity or battery, ppm CO2, dB noise, hPa
  pressure, lux light, chf Swiss francs.
- Numbers called key or id only lead from one file to another; load_id counts the deliveries.

## The files

${tables.map(section).join('\n')}
${keptSection(kept)}### staging/ and bronze/

What arrived, before anything was made of it: the sensor files (${thousands(landed.bronzeFiles)}), the rows of the registry and the predictions of this apartment,
and the list of its files.

## What is not in it

- Other apartments. Figures about nobody in particular: the calendar, the weather, prices, catalogues.
- The password (api_token) that the sensors send with every file: it is a key to the system, not a fact about anybody.
- Views, since they only show these tables in another way; the program's own logs, which name files but no readings.
${leftOut(landed)}- Backups. They hold the same, only older, and are overwritten in time.

## If it should be erased, or is wrong

Write to whoever gave you this, and name the apartment. On request all of it is erased, the files included; nothing of it is
taken in again from then on.
`;
}

function leftOut({ leftOut: { count } }: ExportedCounts): string {
  if (count === 0) return '';
  return `- ${thousands(count)} of its files that are damaged, so that it cannot be told whether a password stands in them. Ask for them if you want them.\n`;
}

function keptSection(rows: number): string {
  if (rows === 0) return '';
  return `### datacycle/audit_row.csv (${thousands(rows)} rows)

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
  return `### ${path} (${thousands(rows)} rows)\n\n${text === '' ? '' : `${text}\n\n`}${columns.join('\n')}\n`;
}
