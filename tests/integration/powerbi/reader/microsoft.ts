import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getMetadataProvider, locateReport, runReportValidation } from '@microsoft/powerbi-report-authoring-cli';
import { DefaultSettings, TaskUtils } from '@microsoft/powerquery-parser';
import type { PowerBiProject } from '../../../../powerbi/project/project.ts';
import type { ReadObject } from './tmdl-reader.ts';

/** What Microsoft's validator of reports says of a report of the project: errors and warnings, empty if there are none. */
export async function reportFaults(files: PowerBiProject['files'], reportFolder: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-report-'));
  try {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const located = locateReport(join(folder, reportFolder));
    const provider = await getMetadataProvider();
    // The schemas would come from the internet; another test has them.
    const { diagnostics } = await runReportValidation({ ...located, provider, skipSchema: true });
    return Object.entries(diagnostics).flatMap(([code, { severity, items }]) =>
      items.map(({ message, path = '' }) => `${severity} ${code}: ${message} ${path}`),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every M expression of a model: shared ones, the sources of tables and of their refresh policies. */
export function mExpressions(objects: readonly ReadObject[]): readonly (readonly [string, string])[] {
  return objects.flatMap((object) => {
    if (object.type === 'expression') return [[object.name, object.value ?? ''] as const];
    if (object.type !== 'table') return [];
    return object.children.flatMap((child) => {
      const source = child.type === 'partition' && child.value === 'm' ? child.properties.get('source') : undefined;
      return [source, child.properties.get('sourceExpression')].flatMap((text) =>
        text === undefined ? [] : [[`${object.name} ${child.type}`, text] as const],
      );
    });
  });
}

/** Why Power Query's parser does not take a text; undefined if it does. */
export async function mFault(text: string): Promise<string | undefined> {
  const task = await TaskUtils.tryLexParse(DefaultSettings, text);
  if (TaskUtils.isParseStageOk(task)) return undefined;
  return TaskUtils.isError(task) ? task.error.message : 'it is not understood';
}
