import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../runner/project/project.ts';
import type { Remains } from '../../runner/subject/vacuum.ts';
import { roleOf } from '../init/reader-roles.ts';
import type { NamedSubject } from './named.ts';

/** What no program can do for the operator once a subject is erased. @param remains by table. */
export function leftToYou(
  project: Project,
  { subject, where }: NamedSubject,
  remains: ReadonlyMap<string, Remains>,
): readonly string[] {
  const role = roleOf(project, subject.id);
  return [
    ...remainsTold(remains),
    `its line in project.yml (${where})`,
    ...(role === undefined ? [] : [`the database role ${role}, and whoever logs in as a member of it`]),
    ...exportsOf(project.root, subject.id).map((folder) => `the export in ${folder}`),
    'backups of the database and of Bronze',
    "the server's own logs, and the history of this shell",
    'the source files on the share and the rows in pidb',
    'copies that Power BI has imported: refresh them after the next build',
  ];
}

/** What of deleted rows is still in the files of the database, and how it goes. */
function remainsTold(remains: ReadonlyMap<string, Remains>): string[] {
  const tables = (has: (one: Remains) => boolean) => [...remains].flatMap(([table, one]) => (has(one) ? [table] : []));
  const dead = tables(({ deadRows }) => deadRows > 0);
  const statistics = tables((one) => one.statistics);
  return [
    ...(dead.length === 0
      ? []
      : [
          `deleted rows in the files of ${dead.join(', ')}: a transaction that is open somewhere might still look at them (pg_stat_activity, pg_prepared_xacts and pg_replication_slots show which). End it, then erase again or vacuum these tables`,
        ]),
    ...(statistics.length === 0
      ? []
      : [
          `the planner's statistics of ${statistics.join(', ')}, which have no rows any more: as a superuser, delete from pg_statistic where starelid = '<table>'::regclass`,
        ]),
  ];
}

function exportsOf(root: string, id: string): string[] {
  // What follows the id is a time: `jimmy-2` may be somebody else.
  const isOf = (name: string) =>
    name.startsWith(`${id}-`) && /^\d{4}-\d{2}-\d{2}-\d{6}$/.test(name.slice(id.length + 1));
  try {
    return readdirSync(join(root, 'exports')).flatMap((name) => (isOf(name) ? [`exports/${name}`] : []));
  } catch {
    return [];
  }
}
