import type { Resource } from '../resource/resource.ts';
import { querySchema } from './openapi.ts';

/** A page for people: all addresses with their parameters. It loads nothing but its style, which is its own. */
export function docsPage(project: string, resources: readonly Resource[]): string {
  const sections = resources.map((resource) => {
    const { properties } = querySchema(resource) as {
      properties: Record<string, { description?: string; type?: string }>;
    };
    const rows = Object.entries(properties).map(
      ([name, { description = '', type = '' }]) =>
        `<tr><td><code>${safe(name)}</code></td><td>${safe(type)}</td><td>${safe(description)}</td></tr>`,
    );
    return `<section><h2><code>GET ${safe(resource.path)}</code></h2><p>${safe(resource.description)}</p>
<details><summary>Parameters</summary><table>${rows.join('\n')}</table></details></section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${safe(project)}</title><link rel="stylesheet" href="/docs/page.css"></head>
<body><h1>${safe(project)}</h1><p>Every request needs a key: a login of the database and its password, as user and password
(<code>Authorization: Basic</code>) or as a token. The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
${sections.join('\n')}</body></html>
`;
}

export const docsStyle = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin:2rem 0 .25rem;font-size:1.1rem}table{border-collapse:collapse;width:100%}td{padding:.15rem .75rem .15rem 0;vertical-align:top}
summary{cursor:pointer}`;

function safe(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
