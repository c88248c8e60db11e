import { DatacycleError, type ErrorParts } from '../../warehouse/errors.ts';
import { formatPlace, type Place } from './place.ts';

/** One thing that is wrong in the user's files. */
export interface Problem {
  readonly what: string;
  readonly place?: Place | undefined;
  /** The quoted line with a caret. */
  readonly excerpt?: string | undefined;
  readonly hint?: string | undefined;
}

/** Everything that is wrong in the project, found in one go. */
export class ProjectError extends DatacycleError {
  override readonly exitCode = 2;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super({ what: problems.map(formatProblem).join('\n') });
    this.problems = problems;
  }
}

/** Wrong use: a selector that matches nothing, a target that does not exist, a missing setting. */
export class UsageError extends DatacycleError {
  override readonly exitCode = 2;
}

/** A model, seed or test that could not be built or that found bad rows. */
export class NodeError extends DatacycleError {
  override readonly exitCode = 1;
  /** The place of which `where` speaks, if it is to be quoted. */
  readonly place: Place | undefined;

  constructor(parts: ErrorParts & { readonly place?: Place | undefined }) {
    super({ ...parts, where: parts.where ?? (parts.place && formatPlace(parts.place)) });
    this.place = parts.place;
  }
}

/** Another run is going on in the same database. */
export class RunBusyError extends NodeError {}

/** The user interrupted, or an earlier failure made the rest pointless. */
export class Cancelled extends DatacycleError {
  override readonly exitCode = 1;
}

/** One problem as lines of text: what and where, the excerpt, the hint. */
export function formatProblem(problem: Problem): string {
  const where = problem.place === undefined ? '' : `${formatPlace(problem.place)}: `;
  return [`${where}${problem.what}`, problem.excerpt, problem.hint && `  ${problem.hint}`].filter(Boolean).join('\n');
}
