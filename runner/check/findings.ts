import { StatementError } from '../../warehouse/errors.ts';
import { NodeError, type SourceTexts } from '../text/errors.ts';
import { excerpt, parsePlace } from '../text/place.ts';

/** Something a check found. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** The model, seed, source or test. */
  readonly node: string;
  readonly error: NodeError;
  /** Others that fail for the same reason at the same place, e.g. in a macro. */
  readonly also: readonly string[];
}

/** Collects what is found; a fault that several models share is one finding. */
export class Findings {
  readonly #found = new Map<string, Finding>();
  readonly #sourceText: SourceTexts;

  constructor(sourceText: SourceTexts) {
    this.#sourceText = sourceText;
  }

  add(severity: Finding['severity'], node: string, error: NodeError): void {
    // The message of PostgreSQL itself, without the model's name.
    const reason = error.cause instanceof StatementError ? error.cause.message : error.message;
    const key = `${error.where ?? node}\n${reason}`;
    const same = this.#found.get(key);
    if (same === undefined) this.#found.set(key, { severity, node, error: this.#quoting(error), also: [] });
    else if (same.node !== node && !same.also.includes(node))
      this.#found.set(key, { ...same, also: [...same.also, node] });
  }

  list(): readonly Finding[] {
    return [...this.#found.values()];
  }

  /** With the line of its place, unless it has one already. */
  #quoting(error: NodeError): NodeError {
    const place = error.where === undefined ? undefined : parsePlace(error.where);
    const text = place === undefined ? undefined : this.#sourceText(place.file);
    if (place === undefined || text === undefined || error.detail !== undefined) return error;
    const { message: what, where, hint, cause } = error;
    return new NodeError({ what, where, detail: excerpt(text, place), hint, cause });
  }
}
