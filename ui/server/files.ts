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

/** The first page. @param pageKey sent back with what changes something. */
export function firstPage(pageKey: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="datacycle-page" content="${pageKey}">
<title>datacycle</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="app.css">
</head>
<body>
<div id="app"><p class="loading">Loading …</p></div>
<noscript><p class="loading">These pages need JavaScript.</p></noscript>
<script src="app.js" type="module"></script>
</body>
</html>
`;
}
