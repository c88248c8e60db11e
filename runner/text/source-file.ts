import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, NotText } from './decode.ts';
import { ProjectError } from './errors.ts';
import { excerpt } from './place.ts';

/** A text file of the project. */
export interface SourceFile {
  /** Relative to the project root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Reads a text file of the project. @throws ProjectError if it cannot be read, or is no text: with its place, the line quoted. */
export function readSource(root: string, path: string): SourceFile {
  try {
    return { path, text: decode(readFileSync(join(root, path))) };
  } catch (error) {
    if (error instanceof NotText) {
      const place = { file: path, line: error.line, column: error.column };
      throw new ProjectError([{ what: error.message, place, detail: excerpt(error.likely, place), hint: error.hint }]);
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ProjectError([
      {
        what: `${path} cannot be read: ${code}`,
        hint: 'It must be a file that this user may read: check its owner and permissions, or where it links to.',
      },
    ]);
  }
}
