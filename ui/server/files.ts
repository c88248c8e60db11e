import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A file of the pages, read once: no address is ever made into a path. */
export interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

const types = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' } as const;

/** The files of the browser part, as they are built. */
export const fileNames = ['app.js', 'app.css', 'icon.svg'] as const;

/** Reads the files of the browser part by their addresses. @param folder where they were built. */
export function pageFiles(folder: string): ReadonlyMap<string, PageFile> {
  return new Map(
    fileNames.map((name) => {
      const plain = readFileSync(join(folder, name));
      const ending = name.slice(name.indexOf('.') + 1) as keyof typeof types;
      return [`/${name}`, { type: types[ending], plain, gzipped: gzipSync(plain) }];
    }),
  );
}

const links = {
  head: '<link rel="icon" href="icon.svg" type="image/svg+xml">\n<link rel="stylesheet" href="app.css">',
  script: '<script src="app.js"></script>',
} as const;

/**
 * The first page.
 * @param pageKey sent back with what changes something.
 * @param resident the login whose rows are shown, and nothing but them; undefined: the page shows everything.
 */
export function firstPage(pageKey: string, resident?: string): string {
  const whose = resident === undefined ? '' : `<meta name="datacycle-resident" content="${attribute(resident)}">\n`;
  return page(`<meta name="datacycle-page" content="${pageKey}">\n${whose}${links.head}`, links.script);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

/** A text as the value of an attribute in double quotes. */
function attribute(text: string): string {
  return text.replaceAll(/[&"<>]/g, (one) => entities[one] ?? one);
}

/**
 * A page that needs no server: it has its answers in it.
 * @param answers JSON. @param folder where the browser part was built; undefined: app.js and app.css lie beside the page.
 */
export function filePage(answers: string, folder?: string): string {
  // What ends a script in HTML is no part of JSON but in texts, where it can be written otherwise.
  const data = `<script type="application/json" id="datacycle-data">${answers.replaceAll('<', '\\u003c')}</script>`;
  if (folder === undefined) return page(links.head, `${data}\n${links.script}`);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const script = read('app.js').replaceAll(/<(?=\/script|!--)/gi, '\\x3c');
  return page(`<style>${read('app.css')}</style>`, `${data}\n<script>${script}</script>`);
}

function page(head: string, script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>datacycle</title>
${head}
</head>
<body>
<div id="app"><p class="loading">Loading …</p></div>
<noscript><p class="loading">These pages need JavaScript.</p></noscript>
${script}
</body>
</html>
`;
}
