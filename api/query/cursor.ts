import { digest } from '../../runner/manifest/digest.ts';
import type { Asked } from './asked.ts';
import { BadRequest } from './bad-request.ts';

/** What a cursor belongs to: it goes on with the same rows in the same order only. */
type Same = Pick<Asked, 'filters' | 'order'>;

/** Where a page ended, opaque to whoever sends it back. @param values of the columns that rows are ordered by. */
export function cursorOf(path: string, same: Same, values: readonly string[]): string {
  return Buffer.from(JSON.stringify([mark(path, same), ...values])).toString('base64url');
}

/** @throws BadRequest for what is no cursor, or one of another request. */
export function readCursor(text: string, path: string, same: Same, count: number): readonly string[] {
  const [belongs, ...values] = parsed(text);
  if (belongs === undefined || values.length !== count || values.some((value) => value.includes('\0')))
    throw new BadRequest('cursor is none that this address has given', 'Send back what "next" said, as it was.');
  if (belongs !== mark(path, same))
    throw new BadRequest(
      'cursor belongs to other filters, or another order',
      'Repeat the request as it was, with the cursor, or begin again without it.',
    );
  return values;
}

function parsed(text: string): readonly string[] {
  if (!/^[\w-]{1,4000}$/.test(text)) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) && value.every((one): one is string => typeof one === 'string') ? value : [];
  } catch {
    return [];
  }
}

function mark(path: string, { filters, order }: Same): string {
  return digest([path, order, filters.map(({ column, ...rest }) => [column.name, rest])]).slice(0, 12);
}
