import { join } from 'node:path';
import type { Project } from '../../runner/project/project.ts';
import { openToRead } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';
import { unreadNotices, unreadSettings } from '../settings/unread-settings.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * Says which project, target and database the settings name, which settings are another program's, and whether the database
 * can be reached.
 * @throws ConnectionError if it cannot.
 */
export async function debug(project: Project, terminal: Terminal): Promise<0> {
  const isEmbedded = textSetting(project, 'DB_URL') === undefined;
  const database = isEmbedded ? `embedded (${project.target.folder ?? join('.datacycle', 'db')})` : 'DB_URL';
  const found = { project: project.settings.name, root: project.root, target: project.target.name, database };
  if (!terminal.json) {
    for (const [what, value] of Object.entries(found)) terminal.say(`  ${what.padEnd(9)} ${value}`);
    for (const notice of unreadNotices(project.env)) terminal.notice(notice);
  }
  const warehouse = await openToRead(project, 'debug', 1);
  try {
    const { rows } = await warehouse.query<{ version: string }>("select current_setting('server_version') as version");
    const version = rows[0]?.version ?? '';
    if (terminal.json) terminal.event({ type: 'debug', ...found, version, settings: unreadSettings(project.env) });
    else terminal.say(`  The connection works: PostgreSQL ${version}.`, 'good');
    return 0;
  } finally {
    await warehouse.close();
  }
}
