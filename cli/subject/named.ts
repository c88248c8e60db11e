import type { Apartment } from '../../loaders/landing/apartment.ts';
import type { Project } from '../../runner/project/project.ts';
import { type SubjectNames, SubjectWords } from '../../runner/subject/words.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
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
  const place = project.settingsFile.place(['vars', 'apartments', ...(index < 0 ? [] : [index])]);
  if (found === undefined) {
    throw new UsageError({
      what: `there is no apartment "${id}"`,
      where: `${place.file}:${place.line}`,
      hint: didYouMean(
        id,
        apartments.map((apartment) => apartment.id),
      ),
    });
  }
  const others = apartments.filter((_, other) => other !== index);
  return {
    subject: { id: found.id, owner: found.owner },
    words: new SubjectWords(namesOf(found), others.map(namesOf)),
    where: `${place.file}:${place.line}`,
  };
}

function namesOf({ id, owner, name }: Apartment & { readonly name?: string | undefined }): SubjectNames {
  return { id, owner, names: name === undefined ? [] : [name] };
}
