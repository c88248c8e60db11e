import { DatacycleError, type ErrorParts } from '../../warehouse/errors.ts';
import { excerpt, formatPlace, type Place } from './place.ts';

/** One thing that is wrong in the user's files. */
export interface Problem {
  readonly what: string;
  readonly place?: Place | undefined;
  /** Lines that go below the quoted one. */
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** The text of one of the user's files, by its path; undefined for a file that is none of them. */
export type SourceTexts = (file: string) => string | undefined;

/** All problems of a project. {@link quoted} turns them into the message. */
export class ProjectError extends DatacycleError {
  override readonly exitCode = 2;
  readonly problems: readonly Problem[];

  /** @param textOf quotes the line of each problem, where it is given. */
  constructor(problems: readonly Problem[], textOf?: SourceTexts) {
    super({ what: problems.map((problem) => formatProblem(problem, textOf)).join('\n') });
    this.problems = problems;
  }

  /** The same error with the line of each problem quoted. */
  quoted(textOf: SourceTexts): ProjectError {
    return new ProjectError(this.problems, textOf);
  }
}

/** Wrong use: a selector that matches nothing, a target that does not exist, a missing setting. */
export class UsageError extends DatacycleError {
  override readonly exitCode = 2;
}

/** A model, seed or test that could not be built or that found bad rows. */
export class NodeError extends DatacycleError {
  override readonly exitCode = 1;
  /** The place that `where` names, if its line is to be quoted. */
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

/** Does what may find faults in the user's files. @throws ProjectError with the line of each fault quoted. */
export function quoting<T>(textOf: SourceTexts, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ProjectError ? error.quoted(textOf) : error;
  }
}

/** One problem as lines of text: what and where, the line at its place if `textOf` knows it, details, the hint. */
export function formatProblem({ what, place, detail, hint }: Problem, textOf?: SourceTexts): string {
  const where = place === undefined ? '' : `${formatPlace(place)}: `;
  const text = place && textOf?.(place.file);
  const line = place === undefined || text === undefined ? undefined : excerpt(text, place);
  return [`${where}${what}`, line, detail, hint && `  ${hint}`].filter(Boolean).join('\n');
}
