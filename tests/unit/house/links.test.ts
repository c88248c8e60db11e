import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import fg from 'fast-glob';
import { expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '..', '..', '..');
const outside = ['**/node_modules/**', 'power-bi/**', 'target/**', 'exports/**', 'bronze/**', 'dist/**'];
const filesOf = (patterns: readonly string[]) =>
  fg.sync([...patterns], { cwd: repository, ignore: outside, dot: false }).sort();
const read = (file: string) => readFileSync(join(repository, file), 'utf8');

/** The anchor that a heading gets: as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** The anchors of a page; a line in a block of code is no heading. */
function anchorsOf(page: string): readonly string[] {
  const text = page.replace(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));
}

/** What is wrong with the relative links of a page, one line a fault. */
function brokenLinks(file: string, page: string): readonly string[] {
  return [...page.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (link === undefined || /^(https?|mailto):/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    if (!existsSync(join(repository, target))) return [`${file}: ${link} leads nowhere`];
    if (anchor === undefined || anchorsOf(read(target)).includes(anchor)) return [];
    return [`${file}: ${link}: no such heading`];
  });
}

/** The paths below docs/ that a text names. */
function namedPages(text: string): readonly string[] {
  return [...text.matchAll(/\bdocs\/[\w/-]+\.(?:md|service)\b/g)].map(([path]) => path);
}

test('every relative link of a page leads to a file and a heading', () => {
  const pages = filesOf(['**/*.md']);
  expect(pages).toContain('docs/architecture.md');
  expect(pages.flatMap((page) => brokenLinks(page, read(page)))).toEqual([]);
});

test('a link to no file, or to no heading, is found', () => {
  const page = '[a](nothing.md) [b](glossary.md#nothing) [c](glossary.md#glossary) [d](https://example.org/x.md)';
  expect(brokenLinks('docs/planted.md', page)).toEqual([
    'docs/planted.md: nothing.md leads nowhere',
    'docs/planted.md: glossary.md#nothing: no such heading',
  ]);
});

test('every page of docs that a source, a message or a setting names is there', () => {
  const files = filesOf(['**/*.{ts,mjs,sql,yml,json,md}', '!package-lock.json', '!tests/unit/house/links.test.ts']);
  expect(
    files.flatMap((file) =>
      namedPages(read(file)).flatMap((page) => (existsSync(join(repository, page)) ? [] : [`${file}: ${page}`])),
    ),
  ).toEqual([]);
});

test('the index of decisions lists each of them', () => {
  const pages = fg.sync('*.md', { cwd: join(repository, 'docs', 'decisions') }).filter((page) => page !== 'README.md');
  const index = read('docs/decisions/README.md');
  expect(pages.filter((page) => !index.includes(`(${page})`))).toEqual([]);
});
