import { canonicalJson, checksumOf } from '../data/checksum.ts';
import { LearningError } from '../data/errors.ts';
import type { Artefact, Calibration } from './spec.ts';

/** An artefact with its checksum. */
export function sealed(content: Omit<Artefact, 'checksum'>): Artefact {
  return { ...content, checksum: checksumOf(content) };
}

/** The artefact with a correction of its probabilities, in place of the one that it has, if any. Its checksum is another one then. */
export function calibrated(artefact: Artefact, calibration: Calibration): Artefact {
  const { checksum: _, ...content } = artefact;
  return sealed({ ...content, calibration });
}

/** The artefact as one line of text: the same artefact gives the same bytes. */
export function artefactText(artefact: Artefact): string {
  return canonicalJson(artefact);
}

/**
 * The artefact of a text, or of a value that was parsed already (a column of type jsonb).
 * @throws LearningError if it has another format, or was changed since it was sealed.
 */
export function readArtefact(text: unknown): Artefact {
  const value: unknown = typeof text === 'string' ? JSON.parse(text) : text;
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1)
    throw new LearningError(
      'The trained model has a format that this version does not read.',
      'Train the model again.',
    );
  const { checksum, ...content } = value as Artefact;
  if (checksum !== checksumOf(content))
    throw new LearningError(
      'The trained model was changed or cut: its checksum differs from its content.',
      'Train the model again.',
    );
  return value as Artefact;
}
