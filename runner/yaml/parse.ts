import { isMap, isNode, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml';
import type { SourceFile } from '../text/source-file.ts';
import { keepDigits } from './exact-numbers.ts';
import { type ParsedYaml, YamlFile, type YamlNode, type YamlPath } from './yaml-file.ts';
import type { Escape } from './yaml-text.ts';

/** Reads a YAML file; what is wrong in it is among its problems. */
export function readYaml(file: SourceFile): YamlFile {
  return new YamlFile(file, parse(file.text));
}

function parse(text: string): ParsedYaml {
  const document = parseDocument(text);
  keepDigits(document);
  const bare = /(?:^|[:\-,[]\s+)(\{[{%])/m.exec(text);
  const faults = document.errors.map((error) => {
    const isIndented = /Sequence item without|same column/.test(error.message);
    const isNested = /Nested mappings are not allowed|Implicit keys need/.test(error.message);
    const cause = isIndented
      ? 'this is not indented as what it belongs to'
      : isNested
        ? 'this is not indented as what it belongs to, or a text with ": " in it has no quotes'
        : error.message.split(' at line ')[0];
    const what = `this is not valid YAML: ${cause}`;
    return { what, at: error.pos[0] };
  });
  // One mistake often has several consequences.
  faults.splice(1);
  // Without quotes, {{ is to YAML a mapping in a mapping.
  const at = isNode(document.contents) ? keyOfMapping(document.contents) : undefined;
  if (at !== undefined || (faults.length > 0 && bare !== null))
    faults.splice(0, faults.length, {
      what: 'a value that begins with {{ or {% needs quotes around it',
      at: at ?? (bare?.index ?? 0) + (bare?.[0].length ?? 2) - 2,
    });
  return {
    value: faults.length > 0 ? undefined : document.toJS(),
    root: isNode(document.contents) ? nodeOf(document.contents, text) : undefined,
    faults,
    templates: isNode(document.contents) ? templatesIn(document.contents, []) : [],
  };
}

/** Where a mapping is the key of another one; undefined if nowhere. */
function keyOfMapping(node: Node): number | undefined {
  let found: number | undefined;
  visit(node, {
    Pair: (_key, { key }) => {
      if (!isMap(key)) return undefined;
      found = Math.max(0, (key.range?.[0] ?? 1) - 1);
      return visit.BREAK;
    },
  });
  return found;
}

function nodeOf(node: Node, text: string): YamlNode {
  const at = node.range?.[0] ?? 0;
  if (isScalar(node)) {
    if (typeof node.value !== 'string' || !node.range) return { at };
    const [start, to] = node.range;
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
    const escaping: Escape = node.type === 'QUOTE_DOUBLE' ? '\\' : node.type === 'QUOTE_SINGLE' ? "'" : undefined;
    const from = isBlock ? text.indexOf('\n', start) + 1 : escaping === undefined ? start : start + 1;
    return { at, text: { from, to, escaping } };
  }
  if (isMap(node)) {
    const pairs = node.items.flatMap(({ key, value }) => (isNode(key) ? [{ key, value, name: String(key) }] : []));
    return {
      at,
      keys: Object.fromEntries(pairs.map(({ key, name }) => [name, key.range?.[0] ?? 0])),
      parts: Object.fromEntries(
        pairs.flatMap(({ value, name }) => (isNode(value) ? [[name, nodeOf(value, text)]] : [])),
      ),
    };
  }
  if (!isSeq(node)) return { at };
  const items = node.items.map((item, index) => [String(index), isNode(item) ? nodeOf(item, text) : { at }] as const);
  return { at, parts: Object.fromEntries(items) };
}

/** Settings that are templates, and those whose values mean nothing to the program. */
const asTheyAre = /^\+?(?:(?:pre|post)[-_]hook|on[-_]run[-_](?:start|end)|vars|meta|query|(?:data_|unit_)?tests)$/;

/** The texts that are templates, but for those that are rendered elsewhere. */
function templatesIn(node: Node, path: YamlPath): { text: string; path: YamlPath }[] {
  if (isScalar(node))
    return typeof node.value === 'string' && /\{\{|\{%/.test(node.value) ? [{ text: node.value, path }] : [];
  if (isMap(node))
    return node.items.flatMap(({ key, value }) => {
      const name = isNode(key) ? String(key) : '';
      return isNode(value) && !asTheyAre.test(name) ? templatesIn(value, [...path, name]) : [];
    });
  return isSeq(node)
    ? node.items.flatMap((item, index) => (isNode(item) ? templatesIn(item, [...path, index]) : []))
    : [];
}
