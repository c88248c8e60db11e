import { sqlTokens } from '../text/sql-tokens.ts';

/**
 * A template without what makes no difference: blanks, comments of SQL and of Handlebars, the case of unquoted words, a last
 * semicolon.
 * @example tokenForm('SELECT a -- all\nFROM {{ref "t"}}') === tokenForm('select a from {{ ref "t" }}')
 */
export function tokenForm(template: string): string {
  const held: string[] = [];
  // A name that SQL takes for a word, or for a part of one, wherever a template prints something.
  const text = template.replace(mustache, (found) => {
    if (found.startsWith('{{!') || found.startsWith('{{~!')) return ' ';
    held.push(found.replace(/^\{\{(\{?)~?\s*|\s*~?(\}?)\}\}$/g, '').replace(/\s+/g, ' '));
    const hole = `hole_${held.length - 1}_hole`;
    // A block prints nothing itself, so that no word goes on across its bounds.
    return /^\{\{~?(?:[#/^]|else\b)/.test(found) ? ` ${hole} ` : hole;
  });
  const words: string[] = [];
  for (const { kind, text: token } of sqlTokens(text))
    if (kind !== 'blank' && kind !== 'comment') words.push(kind === 'word' ? token.toLowerCase() : token);
  if (words.at(-1) === ';') words.pop();
  return words.join(' ').replace(/hole_(\d+)_hole/g, (_found, index: string) => `{{${held[Number(index)] ?? ''}}}`);
}

const mustache = /\{\{~?!--[\s\S]*?--~?\}\}|\{\{[\s\S]*?\}\}\}?/g;
