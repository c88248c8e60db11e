/** What a DAX expression names, and where in it. */
export type DaxReference =
  /** `'Room'[Name]` or `Room[Name]` */
  | { readonly kind: 'field'; readonly table: string; readonly name: string; readonly offset: number }
  /** `[Energy]` alone: a measure, or a column that the expression itself makes. */
  | { readonly kind: 'bare'; readonly name: string; readonly offset: number }
  /** `'Room'` alone */
  | { readonly kind: 'table'; readonly name: string; readonly offset: number };

export interface DaxScan {
  readonly references: readonly DaxReference[];
  /** Every text constant: names of columns that an expression makes are among them. */
  readonly texts: readonly string[];
  /** Something that is begun and not ended, if there is such a thing. */
  readonly fault: { readonly what: string; readonly offset: number } | undefined;
}

const token =
  /(?<comment>\/\/[^\n]*|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>"(?:[^"]|"")*")|(?<quoted>'(?:[^']|'')*')|(?<bracket>\[(?:[^\]]|\]\])*\])|(?<word>[\p{L}_][\p{L}\p{N}_.]*)|(?<open>\(|\{)|(?<close>\)|\})|(?<stray>"|'|\[|\/\*)/gu;

/** Finds the tables, columns and measures that a DAX expression names. It knows the lexical rules, not the functions. */
export function scanDax(dax: string): DaxScan {
  const references: DaxReference[] = [];
  const texts: string[] = [];
  const open: { closer: string; offset: number }[] = [];
  let before: { name: string; quoted: boolean; end: number; offset: number } | undefined;
  const endTable = () => {
    if (before?.quoted) references.push({ kind: 'table', name: before.name, offset: before.offset });
    before = undefined;
  };
  for (const match of dax.matchAll(token)) {
    const { comment, text, quoted, bracket, word, open: opener, close, stray } = match.groups ?? {};
    const offset = match.index;
    if (comment !== undefined) continue;
    if (stray !== undefined) return { references, texts, fault: { what: `${stray} is never closed`, offset } };
    if (bracket !== undefined) {
      const name = bracket.slice(1, -1).replaceAll(']]', ']');
      if (before !== undefined && (before.quoted || before.end === offset)) {
        references.push({ kind: 'field', table: before.name, name, offset: before.offset });
        before = undefined;
      } else references.push({ kind: 'bare', name, offset });
      continue;
    }
    endTable();
    if (text !== undefined) texts.push(text.slice(1, -1).replaceAll('""', '"'));
    else if (quoted !== undefined)
      before = { name: quoted.slice(1, -1).replaceAll("''", "'"), quoted: true, end: offset + quoted.length, offset };
    else if (word !== undefined) before = { name: word, quoted: false, end: offset + word.length, offset };
    else if (opener !== undefined) open.push({ closer: opener === '(' ? ')' : '}', offset });
    else if (close !== undefined && open.pop()?.closer !== close)
      return { references, texts, fault: { what: `${close} closes nothing`, offset } };
  }
  endTable();
  const unclosed = open.pop();
  const fault = unclosed && { what: `${dax[unclosed.offset]} is never closed`, offset: unclosed.offset };
  return { references, texts, fault };
}
