import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../runner/project/project.ts';
import { createFoldersSync } from '../../warehouse/make-folders.ts';
import { projectRedactor } from '../terminal/journal.ts';

/** One line of the audit trail. */
export interface TrailEntry {
  /** ISO text. */
  readonly time: string;
  readonly event: 'started' | 'asked to stop' | 'done' | 'failed' | 'cancelled';
  readonly by: string;
  readonly job: string;
  readonly command: string;
}

/** Where it is written down who pressed what: JSON lines, beside the embedded database. */
export function trailFile(project: Pick<Project, 'root'>): string {
  return join(project.root, '.datacycle', 'ui-audit.jsonl');
}

/** Adds a line to the trail. @throws Error if it cannot be written: what leaves no trace is not done. */
export function writeTrail(project: Project, entry: TrailEntry): void {
  const path = trailFile(project);
  createFoldersSync(join(project.root, '.datacycle'));
  appendFileSync(path, `${projectRedactor(project)(JSON.stringify(entry))}\n`, { mode: 0o600 });
}
