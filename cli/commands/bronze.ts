import { compiledProject } from '../../runner/cache/cache.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import {
  archiveAllBronze,
  archiveDays,
  compactAllBronze,
  compactDays,
  compressAllBronze,
  compressDays,
  type HousekeepingStep,
  isOfSources,
  type Keeping,
  pruneAllBronze,
  pruneAllStaging,
  stagingDays,
} from '../housekeeping/housekeeping.ts';
import { hasProblems, stepLines } from '../housekeeping/report.ts';
import { openToRead } from '../settings/environment.ts';
import { daysSetting } from '../settings/settings.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface BronzeFlags {
  readonly days?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

const actions = ['archive', 'compact', 'compress', 'prune', 'prune-staging'] as const;
type Action = (typeof actions)[number];

/**
 * Housekeeping by hand: compresses landed Bronze files, moves them to an archive, or deletes what is old and consumed by all models that read it.
 * @returns 1 if a file was left that should not have been.
 */
export async function bronze(
  project: Project,
  action: string,
  flags: BronzeFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  const wanted = actions.find((one) => one === action);
  if (wanted === undefined) {
    throw new UsageError({
      what: `bronze cannot "${action}"`,
      hint: didYouMean(action, actions) ?? `It can ${actions.join(', ')}.`,
    });
  }
  const isDeletion = wanted === 'prune' || wanted === 'prune-staging';
  if (isDeletion && !isOfSources(project)) {
    throw new UsageError({
      what: `the target ${project.target.name} has a schema of its own, and shares staging and Bronze with others`,
      hint: 'What others have not consumed yet would be gone: prune with the target that has no schema.',
    });
  }
  const days = daysFor(wanted, project, flags.days);
  if (days === undefined) {
    const text = 'BRONZE_RETENTION_DAYS is -1 or not set: Bronze is kept for ever. --days says otherwise.';
    if (terminal.json) terminal.event({ type: 'notice', text });
    else terminal.say(text);
    return 0;
  }
  const dryRun = flags.dryRun === true;
  // Compiled before the database is opened: a fault in the project needs no server to be found.
  const compiled = isDeletion ? await compiledProject(project) : undefined;
  const warehouse = await openToRead(project, `bronze ${wanted}`, 2, signal);
  try {
    const keeping: Keeping = { warehouse, project, clock: () => new Date(), signal };
    const step: HousekeepingStep =
      compiled === undefined
        ? wanted === 'archive'
          ? { step: 'archive', reports: await archiveAllBronze(keeping, days, dryRun) }
          : wanted === 'compact'
            ? { step: 'compact', reports: await compactAllBronze(keeping, days, dryRun) }
            : { step: 'compress', reports: await compressAllBronze(keeping, days, dryRun) }
        : wanted === 'prune'
          ? { step: 'prune', reports: await pruneAllBronze(keeping, compiled.manifest, days, dryRun) }
          : { step: 'prune-staging', reports: await pruneAllStaging(keeping, compiled.manifest, days, dryRun) };
    if (terminal.json) terminal.event({ type: 'housekeeping', days, dryRun, ...step });
    else terminal.lines(stepLines(step, dryRun));
    return hasProblems(step) ? 1 : 0;
  } finally {
    await warehouse.close();
  }
}

/** @returns undefined if nothing is ever to go. @throws UsageError */
function daysFor(action: Action, project: Project, given: number | undefined): number | undefined {
  const least = action === 'compress' || action === 'compact' ? 0 : 1;
  if (given !== undefined) {
    if (given >= least && given <= 36_500) return given;
    throw new UsageError({
      what: `--days is ${given}, but bronze ${action} takes a number from ${least} to 36500`,
      hint:
        least === 0
          ? '0 takes all there is.'
          : 'What is younger than a day may still be wanted by whoever looks into a fault.',
    });
  }
  switch (action) {
    case 'archive':
      return daysSetting(project, 'BRONZE_ARCHIVE_DAYS', 1) ?? archiveDays;
    case 'compact':
      return daysSetting(project, 'BRONZE_COMPACT_DAYS', 0) ?? compactDays;
    case 'compress':
      return daysSetting(project, 'BRONZE_COMPRESS_DAYS', 0) ?? compressDays;
    case 'prune':
      return daysSetting(project, 'BRONZE_RETENTION_DAYS', 1);
    case 'prune-staging':
      return daysSetting(project, 'STAGING_RETENTION_DAYS', 1) ?? stagingDays;
    default:
      return action satisfies never;
  }
}
