// The pages, one file for each.
//
//   route.ts      an address -> which page, of what: #/node/model.dim_room
//   overview.tsx  lights, tiles, problems, what to do next
//   lineage.tsx   the graph, its search, the columns of a node
//   models.tsx    the list of all nodes; node.tsx: one of them; history.tsx: its runs; rows.tsx: its rows
//   runs.tsx      the runs as charts
//   sources.tsx   loads, rejected files, gaps
//   explore.tsx   what was measured, as lines and as a map of presence
//   operate.tsx   the buttons and what their jobs say; logs.tsx: what the watcher and the commands wrote down
//
// A page asks, and shows what it is told; it keeps nothing.
import { useEffect, useState } from 'preact/hooks';

/** Which page, what it is about, and what of it. */
export interface Route {
  readonly page: string;
  /** The rest of the way: the id of a node or run; empty: nothing in particular. */
  readonly of: string;
  readonly query: URLSearchParams;
}

/** Reads the part of an address behind #. Pure. @example routeOf('#/lineage?select=+x').query.get('select') // '+x' */
export function routeOf(hash: string): Route {
  const [way = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page = '', ...rest] = way.split('/');
  return { page, of: decodeURIComponent(rest.join('/')), query: new URLSearchParams(search.replaceAll('+', '%2B')) };
}

/** The address of a page. Pure. */
export function hrefOf(page: string, of = '', query: Readonly<Record<string, string>> = {}): string {
  const search = Object.entries(query)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return `#/${page}${of === '' ? '' : `/${encodeURIComponent(of)}`}${search === '' ? '' : `?${search}`}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const change = () => setRoute(routeOf(location.hash));
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return route;
}
