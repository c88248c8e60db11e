import { type ObjectKind, objectKinds, rootKinds, type ValueKind } from './tmdl-grammar.ts';

export interface ReadObject {
  readonly type: string;
  readonly name: string;
  readonly description: string;
  readonly value: string | undefined;
  readonly properties: ReadonlyMap<string, string>;
  readonly children: readonly ReadObject[];
}

export interface ReadDocument {
  readonly objects: readonly ReadObject[];
  /** `ref table 'Room'` as ['table', 'Room']. */
  readonly references: readonly (readonly [string, string])[];
}

interface Open {
  type: string;
  name: string;
  description: string;
  value: string | undefined;
  properties: Map<string, string>;
  children: Open[];
  kind: ObjectKind;
  depth: number;
  line: number;
}

const namePattern = "(?:'(?:[^']|'')+'|[^\\s.=:']+)";
const declaration = new RegExp(`^(\\w+)(?: (${namePattern}))?(?: =(?: (.*))?)?$`);
const property = /^(\w+)(?:: (.*)| =(?: (.*))?)?$/;
const reference = new RegExp(`^ref (table|role|perspective|cultureInfo) (${namePattern})$`);
const column = new RegExp(`^(${namePattern})\\.(${namePattern})$`);

/**
 * Reads one TMDL document by the letter of the language, stricter than Power BI: one tab a level, known objects and
 * properties only, none twice, descriptions right above their object.
 * @throws Error with the line.
 */
export function readTmdl(text: string): ReadDocument {
  return new Reader(text).read();
}

/** A quoted or plain name as the name that it stands for. */
export function nameOf(written: string): string {
  return written.startsWith("'") ? written.slice(1, -1).replaceAll("''", "'") : written;
}

/** `'Energy by minute'.'Room key'` as table and column. */
export function columnReference(written: string): [string, string] {
  const [, table = '', name = ''] = column.exec(written) ?? [];
  return [nameOf(table), nameOf(name)];
}

const fence = '```';

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}

/** The kind of an object of a type below another one; undefined if it may not stand there. */
function kindName(type: string, children: readonly string[]): string | undefined {
  return children
    .map((child) => child.split('='))
    .find(([name]) => name === type)
    ?.at(-1);
}

class Reader {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    if (text.includes('\r') || text.startsWith('\ufeff')) throw new Error('line 1: no \\r and no byte-order mark');
    if (!text.endsWith('\n')) throw new Error('the last line has no end');
    this.#lines = text.slice(0, -1).split('\n');
  }

  read(): ReadDocument {
    const objects: Open[] = [];
    const references: [string, string][] = [];
    const stack: Open[] = [];
    let description: string[] = [];
    for (; this.#at < this.#lines.length; this.#at += 1) {
      const line = this.#lines[this.#at] ?? '';
      if (line === '') {
        if (description.length > 0) this.#fail('a description is followed by an empty line');
        continue;
      }
      const [, tabs = '', rest = ''] = /^(\t*)(.*)$/.exec(line) ?? [];
      if (/^\s/.test(rest) || rest === '') this.#fail('the indentation is not made of tabs');
      if (/\s$/.test(rest) && rest !== '///') this.#fail('the line ends in white space');
      const depth = tabs.length;
      if (rest.startsWith('///')) {
        if (rest !== '///' && !rest.startsWith('/// ')) this.#fail('a description needs a space after its slashes');
        description.push(rest.slice(4));
        continue;
      }
      while ((stack.at(-1)?.depth ?? -1) >= depth) this.#close(stack.pop());
      const parent = stack.at(-1);
      if (depth !== (parent === undefined ? 0 : parent.depth + 1)) this.#fail('the indentation skips a level');
      const ref = parent === undefined ? reference.exec(rest) : undefined;
      if (ref) references.push([ref[1] ?? '', nameOf(ref[2] ?? '')]);
      else if (parent !== undefined && !this.#isObject(rest, parent)) {
        if (description.length > 0) this.#fail('a property has no description');
        if (parent.children.length > 0) this.#fail('a property stands below a child object');
        this.#readProperty(rest, parent);
      } else {
        const object = this.#readObject(rest, parent, depth, description.join('\n'));
        (parent?.children ?? objects).push(object);
        stack.push(object);
      }
      description = [];
    }
    if (description.length > 0) throw new Error(`line ${this.#lines.length}: a description belongs to nothing`);
    while (stack.length > 0) this.#close(stack.pop());
    this.#checkUnique(objects);
    return { objects, references };
  }

  #isObject(rest: string, parent: Open): boolean {
    const word = /^\w+/.exec(rest)?.[0] ?? '';
    return kindName(word, parent.kind.children) !== undefined && !(word in parent.kind.properties);
  }

  #readObject(rest: string, parent: Open | undefined, depth: number, description: string): Open {
    const [, type = '', written, inline] = declaration.exec(rest) ?? this.#fail(`this is no declaration: ${rest}`);
    const kind = objectKinds[kindName(type, parent === undefined ? rootKinds : parent.kind.children) ?? ''];
    if (kind === undefined) return this.#fail(`${type} may not stand here`);
    if (kind.named !== (written !== undefined)) this.#fail(`${type} ${kind.named ? 'needs' : 'has no'} name`);
    const hasValue = / =(?: |$)/.test(rest.slice(type.length + 1 + (written?.length ?? 0)));
    if (hasValue !== (kind.value !== undefined)) this.#fail(`${type} ${hasValue ? 'has no' : 'needs a'} value`);
    const value = kind.value === undefined ? undefined : this.#readValue(kind.value, inline, depth);
    const name = nameOf(written ?? '');
    const line = this.#at + 1;
    return { type, name, description, value, properties: new Map(), children: [], kind, depth, line };
  }

  #readProperty(rest: string, parent: Open): void {
    const [, name = '', colon, inline] = property.exec(rest) ?? this.#fail(`this is no property: ${rest}`);
    const kind = parent.kind.properties[name] ?? this.#fail(`${parent.type} has no property ${name}`);
    if (parent.properties.has(name)) this.#fail(`${name} stands here twice`);
    if (kind === 'expression') {
      if (!rest.startsWith(`${name} =`)) this.#fail(`${name} takes an equals sign`);
      parent.properties.set(name, this.#readValue(kind, inline, parent.depth + 1));
      return;
    }
    if (rest.startsWith(`${name} =`)) this.#fail(`${name} takes a colon`);
    if (colon === undefined && kind !== 'flag') this.#fail(`${name} needs a value`);
    parent.properties.set(name, this.#readValue(kind, colon ?? 'true', parent.depth + 1));
  }

  #readValue(kind: ValueKind, inline: string | undefined, depth: number): string {
    if (kind === 'expression') {
      if (inline === fence) return this.#readFenced(depth);
      return inline === undefined ? this.#readLines(depth) : inline;
    }
    const value = inline ?? this.#fail('the value is missing');
    if (kind === 'text') return this.#readText(value);
    if (kind === 'json') JSON.parse(value);
    if (kind === 'flag' && !/^(?:true|false)$/.test(value)) this.#fail(`${value} is neither true nor false`);
    if (kind === 'integer' && !/^-?\d+$/.test(value)) this.#fail(`${value} is no whole number`);
    if (kind === 'guid' && !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value))
      this.#fail(`${value} is no GUID`);
    if (kind === 'name' && !new RegExp(`^${namePattern}$`).test(value)) this.#fail(`${value} is no name`);
    if (kind === 'column' && !column.test(value)) this.#fail(`${value} is no column of a table`);
    if (typeof kind === 'object' && !kind.includes(value)) this.#fail(`${value} is none of ${kind.join(', ')}`);
    return kind === 'name' ? nameOf(value) : value;
  }

  #readText(value: string): string {
    if (value.startsWith('`')) this.#fail(`${value} begins with a backtick`);
    if (!value.startsWith('"')) return value;
    if (!/^"(?:[^"]|"")*"$/.test(value)) this.#fail(`${value} is not quoted rightly`);
    return value.slice(1, -1).replaceAll('""', '"');
  }

  /** The lines below that lie deeper than properties; an empty line belongs to them if such a line follows. */
  #readLines(depth: number): string {
    const indent = '\t'.repeat(depth + 2);
    const lines: string[] = [];
    let end = this.#at;
    for (let next = this.#at + 1; next < this.#lines.length; next += 1) {
      const line = this.#lines[next] ?? '';
      if (line !== '' && !line.startsWith(indent)) break;
      if (line !== '') end = next;
    }
    while (this.#at < end) {
      this.#at += 1;
      lines.push((this.#lines[this.#at] ?? '').slice(indent.length));
    }
    if (lines.length === 0 || lines[0] === '') this.#fail('the expression is missing');
    if (lines.some((line) => line !== '' && indentation(line) < indentation(lines[0] ?? '')))
      this.#fail('the first line of the expression is indented deeper than another one');
    return lines.join('\n');
  }

  /** The lines up to closing backticks, which say how far they are indented. */
  #readFenced(depth: number): string {
    const indent = '\t'.repeat(depth + 2);
    const lines: string[] = [];
    for (this.#at += 1; this.#lines[this.#at] !== `${indent}${fence}`; this.#at += 1) {
      const line = this.#lines[this.#at] ?? this.#fail('the backticks are never closed');
      if (line !== '' && !line.startsWith(indent)) this.#fail('a line lies left of the closing backticks');
      lines.push(line.slice(indent.length));
    }
    return lines.join('\n');
  }

  #close(object: Open | undefined): void {
    if (object === undefined) return;
    // The partition of a calculation group has no source.
    const required = object.value === 'calculationGroup' ? [] : (object.kind.required ?? []);
    for (const name of required)
      if (!object.properties.has(name)) throw new Error(`line ${object.line}: ${object.type} lacks ${name}`);
    this.#checkUnique(object.children);
  }

  #checkUnique(objects: readonly Open[]): void {
    const seen = new Set<string>();
    for (const { type, name, line } of objects) {
      const key = `${type} ${name.toLowerCase()}`;
      if (seen.has(key)) throw new Error(`line ${line}: ${type} ${name} stands here twice`);
      seen.add(key);
    }
  }

  #fail(what: string): never {
    throw new Error(`line ${this.#at + 1}: ${what}`);
  }
}
