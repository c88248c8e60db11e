import { type Format, formats } from '../query/asked.ts';

/** The media type of each format. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

const named: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'text/html': 'json',
  'text/csv': 'csv',
  'text/*': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
  'application/x-parquet': 'parquet',
};

/** The format that a header Accept likes best; undefined if it takes none of them. What it refuses (q=0) no wildcard brings back. */
export function formatFor(accept: string | undefined): Format | undefined {
  if (accept === undefined || accept.trim() === '') return formats[0];
  const wanted = accept.split(',').map((part, index) => {
    const [type = '', ...rest] = part.split(';').map((one) => one.trim().toLowerCase());
    const quality = Number(rest.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
    return { type, format: Object.hasOwn(named, type) ? named[type] : undefined, quality, index };
  });
  const refused = new Set(
    wanted.flatMap(({ type, format, quality }) => (quality === 0 && !type.endsWith('*') ? format : [])),
  );
  const liked = wanted.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality || a.index - b.index);
  for (const { type, format } of liked) {
    const found = type === '*/*' ? formats.find((one) => !refused.has(one)) : format;
    if (found !== undefined && !refused.has(found)) return found;
  }
  return undefined;
}
