import { createHash, timingSafeEqual } from 'node:crypto';

/** What lets a browser in, each a long random text. */
export interface Keys {
  /** Part of the address that is printed at the start. */
  readonly token: string;
  /** The cookie that a browser gets for it. */
  readonly cookie: string;
  /** In the page, for the requests that change something: what only has the cookie does not know it. */
  readonly page: string;
}

/** One whom the server lets in, by keys of its own. */
export interface Visitor {
  readonly keys: Keys;
  /** The addresses that it may ask for, each as it is written, by GET; undefined: all. */
  readonly only?: ReadonlySet<string> | undefined;
}

export interface GateOptions<Who extends Visitor = Visitor> {
  readonly visitors: readonly Who[];
  /** The name of the cookie; browsers keep one set of cookies for all ports of a host. */
  readonly cookieName: string;
  /** Values of the header Host that are this server, with the port. */
  readonly hosts: readonly string[];
  /** Origins of its pages: `http://127.0.0.1:4400`. */
  readonly origins: readonly string[];
}

/** A request, as far as the gate looks at it. */
export interface Asked {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** `enter`: the token was right, the browser gets the cookie of this visitor. */
export type Verdict<Who extends Visitor = Visitor> =
  | { readonly kind: 'pass'; readonly visitor: Who }
  | { readonly kind: 'enter'; readonly visitor: Who }
  | Refused;

interface Refused {
  readonly kind: 'refuse';
  readonly status: 400 | 401 | 403 | 405 | 421;
  readonly why: string;
}

const refuse = (status: Refused['status'], why: string): Refused => ({ kind: 'refuse', status, why });

/** Longer addresses are none of the pages'. */
const longest = 8192;

/**
 * Whether a request may pass. Pure. In this order: the host is this server's (or a page of another name that was made to lead here
 * would count as ours), the method is known, the browser is let in, its visitor may ask for that, and what changes something comes from
 * our own page.
 */
export function judge<Who extends Visitor>(
  { method, url = '', headers }: Asked,
  options: GateOptions<Who>,
): Verdict<Who> {
  const { visitors, hosts } = options;
  const host = headers.host;
  if (typeof host !== 'string' || !hosts.includes(host.toLowerCase()))
    return refuse(421, 'This server does not answer to that name.');
  if (method !== 'GET' && method !== 'POST') return refuse(405, 'Only GET and POST are answered.');
  if (!url.startsWith('/') || url.startsWith('//') || url.length > longest) return refuse(400, 'That is no address.');
  // Of a navigation from elsewhere (a link, an address that is opened) the browser says so; a page elsewhere may show nothing of ours.
  const site = headers['sec-fetch-site'];
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (typeof site === 'string' && site !== 'same-origin' && site !== 'none' && !(isNavigation && method === 'GET'))
    return refuse(403, 'Requests of other pages are not answered.');
  const token = method === 'GET' ? tokenIn(url) : undefined;
  if (token !== undefined) {
    const entering = visitors.find(({ keys }) => same(token, keys.token));
    return entering === undefined ? refuse(401, 'The token is wrong.') : { kind: 'enter', visitor: entering };
  }
  const visitor = visitors.find(({ keys }) => hasCookie(headers.cookie, options.cookieName, keys));
  if (visitor === undefined) return refuse(401, 'Open the address that `datacycle ui` printed when it started.');
  if (visitor.only !== undefined && (method !== 'GET' || !visitor.only.has(url.split('?', 1)[0] ?? '')))
    return refuse(403, 'A link of a resident shows nothing else.');
  return method === 'POST' ? judgePost(headers, visitor, options) : { kind: 'pass', visitor };
}

function judgePost<Who extends Visitor>(
  headers: Asked['headers'],
  visitor: Who,
  { origins }: GateOptions,
): Verdict<Who> {
  const { origin } = headers;
  const { keys } = visitor;
  if (typeof origin !== 'string' || !origins.includes(origin))
    return refuse(403, 'Only our own page may ask for that.');
  const page = headers['x-datacycle-page'];
  if (typeof page !== 'string' || !same(page, keys.page))
    return refuse(403, 'The page is of another start of the program: load it again.');
  const type = headers['content-type'];
  if (typeof type !== 'string' || !/^application\/json(?:;\s*charset=utf-8)?$/i.test(type))
    return refuse(403, 'What is sent has to be JSON.');
  return { kind: 'pass', visitor };
}

/** The token in the address of the first page; undefined if there is none, and for every other page. */
function tokenIn(url: string): string | undefined {
  if (!url.startsWith('/?')) return undefined;
  const given = new URLSearchParams(url.slice(2)).getAll('token');
  return given.length === 0 ? undefined : given.length === 1 ? given[0] : '';
}

function hasCookie(header: Asked['headers'][string], cookieName: string, keys: Keys): boolean {
  if (typeof header !== 'string') return false;
  return header.split(';').some((part) => {
    const at = part.indexOf('=');
    return part.slice(0, at).trim() === cookieName && same(part.slice(at + 1).trim(), keys.cookie);
  });
}

/** Compares in a time that tells nothing of how much of it is right. */
function same(given: string, key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(key));
}
