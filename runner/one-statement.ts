import { ProjectError } from './errors.ts';
import { excerpt } from './place.ts';
import type { SqlText } from './sql-text.ts';
import type { SourceFile } from './template.ts';

/** What may hold a semicolon without ending a statement: strings, quoted names, comments, dollar quotes. */
const token =
  /[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|;/g;

/**
 * The SQL without a semicolon at its end.
 * @throws ProjectError if something follows: a second statement would run outside the model's transaction's control.
 */
export function oneStatement(sql: SqlText, file: SourceFile): SqlText {
  for (const match of sql.text.matchAll(token)) {
    if (match[0] !== ';') continue;
    const rest = sql.text.slice(match.index + 1).replace(/--[^\n]*|\/\*[\s\S]*?\*\/|;/g, '');
    if (rest.trim() === '') return sql.slice(0, match.index).trim();
    const place = sql.placeAt(match.index);
    const quoted = place?.file === file.path ? excerpt(file.text, place) : undefined;
    throw new ProjectError([
      {
        what: 'a model is one select; something follows its semicolon',
        place,
        excerpt: quoted,
        hint: 'Put the second statement into a model of its own.',
      },
    ]);
  }
  return sql;
}
