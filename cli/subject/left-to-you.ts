import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../runner/project/project.ts';
import { roleOf } from '../init/reader-roles.ts';
import type { NamedSubject } from './named.ts';

/** What no program can do for the operator once a subject is erased. */
export function leftToYou(project: Project, { subject, where }: NamedSubject): readonly string[] {
  const role = roleOf(project, subject.id);
  return [
    `its line in project.yml (${where})`,
    ...(role === undefined ? [] : [`the database role ${role}, and whoever logs in as a member of it`]),
    ...exportsOf(project.root, subject.id).map((folder) => `the export in ${folder}`),
    'backups of the database and of Bronze',
    'deleted rows and statistics in the files of the database, if a transaction was open meanwhile or a table is empty now: vacuum',
    "the server's own logs, and the history of this shell",
    'the source files on the share and the rows in pidb',
    'copies that Power BI has imported: refresh them after the next build',
  ];
}

function exportsOf(root: string, id: string): string[] {
  // A time follows the id: `jimmy-2` may be another apartment.
  const isOf = (name: string) =>
    name.startsWith(`${id}-`) && /^\d{4}-\d{2}-\d{2}-\d{6}$/.test(name.slice(id.length + 1));
  try {
    return readdirSync(join(root, 'exports')).flatMap((name) => (isOf(name) ? [`exports/${name}`] : []));
  } catch {
    return [];
  }
}
