import type { SubjectRequest } from '../../loaders/erasure/request.ts';
import type { Apartment } from '../../loaders/landing/apartment.ts';
import type { Project } from '../../runner/project/project.ts';
import { SubjectWords } from '../../runner/subject/words.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { bronzeAway } from '../settings/bronze.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { apartmentsOf } from '../settings/settings.ts';

/** Whose data are asked for, and how to tell that a text speaks of them. */
export interface NamedSubject {
  readonly subject: Apartment;
  readonly words: SubjectWords;
  /** The line of project.yml that names the subject: `project.yml:12`. */
  readonly where: string;
}

/** The apartment of project.yml with this id. @throws UsageError if there is none. */
export function subjectNamed(project: Project, id: string): NamedSubject {
  const apartments = apartmentsOf(project);
  const index = apartments.findIndex((apartment) => apartment.id === id);
  const found = apartments[index];
  const { file, line } = project.settingsFile.place(['vars', 'apartments', ...(index < 0 ? [] : [index])]);
  const where = `${file}:${line}`;
  if (found === undefined) {
    const ids = apartments.map((apartment) => apartment.id);
    throw new UsageError({ what: `there is no apartment "${id}"`, where, hint: didYouMean(id, ids) });
  }
  return { subject: { id: found.id, owner: found.owner }, words: new SubjectWords(found), where };
}

/** What the loaders are asked for. */
export function requestOf(project: Project, { subject }: NamedSubject, signal: AbortSignal): SubjectRequest {
  return {
    bronzeRoot: bronzeRoot(project),
    bronzeRemote: bronzeAway(project),
    subject,
    apartments: apartmentsOf(project),
    signal,
  };
}
