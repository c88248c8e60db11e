import type { Landed } from '../../loaders/erasure/request.ts';
import type { Apartment } from '../../loaders/landing/apartment.ts';
import type { ExportedTable } from '../../runner/subject/rows.ts';
import { thousands } from '../../runner/text/figures.ts';

/** What the README of an export tells of. */
interface Exported {
  readonly subject: Apartment;
  readonly tables: readonly ExportedTable[];
  readonly landed: Landed;
  readonly at: Date;
}

/** Whether there is nothing to hand over. */
export function isEmpty({ tables, landed }: Exported): boolean {
  const counts = [...Object.values(landed.counts), landed.damaged.count, tables.length];
  return counts.every((count) => count === 0);
}

/** The README of an export, for the person it is about: what each file is, and what is not there and why. */
export function readmeOf(exported: Exported): string {
  const { subject, tables, landed, at } = exported;
  const about = `the apartment ${subject.id} (in the names of its files: ${subject.owner}), as of
${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const title = `# Data about apartment ${subject.id}`;
  if (isEmpty(exported)) return `${title}\n\nNothing is held about ${about}.\n`;
  return `${title}

Everything that is held about ${about}: what its sensors and meters sent, what a registry of buildings
knows of its rooms and appliances, what models predicted, and who may see its figures.

## How to read it

- The folders \`bronze/\`, \`staging/\`, \`silver/\` and \`gold/\` hold the same data in stages: the files as they came, the same in the database,
  the single readings, the figures that reports show. Other folders hold what people have entered, above all who may see the figures:
  that may be others, too.
- \`.csv\` files open in every spreadsheet: UTF-8, commas between the values. An empty value (NULL) is unknown. A text that begins
  with =, +, - or @ has an apostrophe before it, so that no spreadsheet takes it for a formula.
- Times are UTC: in Switzerland add an hour in winter, two in summer. Units stand in the names or descriptions of the columns.
- Numbers called key or id only lead from one file to another. Grain is what one row stands for; a snapshot is the registry as it
  was on one day.

## The files

${tables.map(section).join('\n')}
### staging/ and bronze/

What arrived, before anything was made of it: the sensor files, the rows of the registry and the predictions of this apartment, and
the list of its files.

## What is not in it

- Other apartments, also where a remark about one of them mentions this one, and figures about nobody in particular.
- The password (api_token) that the sensors send with every file, which is a key to the system${leftOut(landed.damaged.count)}.
- Views, which only show these tables in another way; rows that a check refused, which are kept for a while to find out why; the
  program's own logs; backups, which hold the same, only older.

If it should be erased, is wrong, or is not all you want to know, write to whoever gave you this and name the apartment. Only they
can say what the data are used for, who receives them and how long they are kept. If their answer does not satisfy you, turn to the
data protection authority (in Switzerland the FDPIC, www.edoeb.admin.ch).
`;
}

function leftOut(damaged: number): string {
  if (damaged === 0) return '';
  return `; ${thousands(damaged)} of its files that are damaged, so that\n  it cannot be told whether it stands in them`;
}

function section({ node, path, rows }: ExportedTable): string {
  const columns = node.columns.map(({ name, description }) => `- \`${name}\`: ${description}`);
  const text = node.description.trim();
  return `### ${path} (${rows === 1 ? '1 row' : `${thousands(rows)} rows`})\n\n${text === '' ? '' : `${text}\n\n`}${columns.join('\n')}\n`;
}
