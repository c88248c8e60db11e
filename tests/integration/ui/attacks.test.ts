import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProjectCopy } from '../cli/command.ts';
import { type Got, type Sent, type Served, send, serve } from './served.ts';

let project: ProjectCopy;
let served: Served;
beforeAll(async () => {
  project = new ProjectCopy();
  served = await serve(project.root);
});
afterAll(async () => {
  await served?.close();
  project.dispose();
});

interface Known {
  readonly token: string;
  readonly cookie: string;
  readonly key: string;
  readonly origin: string;
  readonly port: number;
}

const known = (): Known => ({
  token: new URL(served.server.address).searchParams.get('token') ?? '',
  cookie: served.cookie,
  key: served.pageKey,
  origin: `http://127.0.0.1:${served.server.listensOn}`,
  port: served.server.listensOn,
});

/** A request as the page itself sends it. */
function start(body: unknown = { name: 'lint', given: {} }): Sent & { headers: Record<string, string> } {
  const { cookie, key, origin } = known();
  return {
    method: 'POST',
    path: '/api/jobs/start',
    headers: { cookie, origin, 'x-datacycle-page': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function withHeader(sent: Sent, name: string, value: string | undefined): Sent {
  const { [name]: _before, ...others } = sent.headers ?? {};
  return { ...sent, headers: value === undefined ? others : { ...others, [name]: value } };
}

const get = (path: string, headers: Record<string, string> = {}): Sent => ({
  path,
  headers: { cookie: known().cookie, ...headers },
});

/** What an attacker sends, and how it is refused. */
const attacks: readonly (readonly [what: string, sent: () => Sent, status: number])[] = [
  // Without having been let in.
  ['the first page without a cookie', () => ({}), 401],
  ['a file of the pages without a cookie', () => ({ path: '/app.js' }), 401],
  ['an answer without a cookie', () => ({ path: '/api/about' }), 401],
  ['what runs, without a cookie', () => ({ path: '/api/jobs/stream' }), 401],
  ['a job without a cookie', () => withHeader(start(), 'cookie', undefined), 401],
  ['a page that is not there, without a cookie', () => ({ path: '/nothing' }), 401],
  ['a wrong token', () => ({ path: '/?token=guessed' }), 401],
  ['an empty token', () => ({ path: '/?token=' }), 401],
  ['a wrong token in front of the right one', () => ({ path: `/?token=x&token=${known().token}` }), 401],
  ['the token for another page', () => ({ path: `/api/about?token=${known().token}` }), 401],
  ['the token as cookie', () => ({ headers: { cookie: `datacycle-${known().port}=${known().token}` } }), 401],
  ['a shortened cookie', () => ({ headers: { cookie: known().cookie.slice(0, -1) } }), 401],
  ['the cookie under another name', () => ({ headers: { cookie: known().cookie.replace('datacycle-', 'x-') } }), 401],
  // Under another name (DNS rebinding).
  ['another host', () => get('/', { host: 'evil.example' }), 421],
  ['another host with our port', () => get('/', { host: `evil.example:${known().port}` }), 421],
  ['our host without its port', () => get('/', { host: '127.0.0.1' }), 421],
  ['our host with another port', () => get('/', { host: '127.0.0.1:1' }), 421],
  [
    'another host behind a header of a proxy',
    () => get('/', { host: 'evil.example', 'x-forwarded-host': `127.0.0.1:${known().port}` }),
    421,
  ],
  [
    'the right token at another host',
    () => ({ path: `/?token=${known().token}`, headers: { host: 'evil.example' } }),
    421,
  ],
  // From the page of somebody else, with our cookie.
  ['an answer for another site', () => get('/api/overview', { 'sec-fetch-site': 'cross-site' }), 403],
  ['an answer for another port', () => get('/api/overview', { 'sec-fetch-site': 'same-site' }), 403],
  [
    'a frame of another site',
    () => get('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }),
    403,
  ],
  ['a job from another origin', () => withHeader(start(), 'origin', 'http://evil.example'), 403],
  ['a job from another port', () => withHeader(start(), 'origin', 'http://127.0.0.1:1'), 403],
  ['a job from a sandbox', () => withHeader(start(), 'origin', 'null'), 403],
  ['a job without an origin', () => withHeader(start(), 'origin', undefined), 403],
  ['a job without the key of the page', () => withHeader(start(), 'x-datacycle-page', undefined), 403],
  ['a job with the cookie as key', () => withHeader(start(), 'x-datacycle-page', known().cookie.split('=')[1]), 403],
  ['a job as a form', () => withHeader(start(), 'content-type', 'application/x-www-form-urlencoded'), 403],
  ['a job as text', () => withHeader(start(), 'content-type', 'text/plain'), 403],
  ['a job that another site asks for', () => withHeader(start(), 'sec-fetch-site', 'cross-site'), 403],
  ['a preflight', () => ({ ...start(), method: 'OPTIONS', body: '' }), 405],
  // By another method.
  ['a job by GET', () => get('/api/jobs/start?name=lint'), 404],
  ['a job by GET that says it is a POST', () => get('/api/jobs/start', { 'x-http-method-override': 'POST' }), 404],
  ['PUT', () => ({ ...start(), method: 'PUT' }), 405],
  ['DELETE', () => ({ ...start(), method: 'DELETE', body: '' }), 405],
  ['TRACE', () => ({ ...start(), method: 'TRACE', body: '' }), 405],
  // Files that are none of the pages.
  ['a file above', () => get('/../package.json'), 404],
  ['a file above, encoded', () => get('/..%2f..%2fpackage.json'), 404],
  ['a file above, encoded twice', () => get('/%252e%252e/package.json'), 404],
  ['another server as address', () => get('http://evil.example/'), 400],
  ['an address with two slashes', () => get('//evil.example/'), 400],
  ['an address that cannot be decoded', () => get('/%'), 400],
  ['an endless address', () => get(`/?${'x'.repeat(9000)}`), 400],
  // What the page never sends.
  ['a parameter that is none', () => get('/api/rows?id=model.dim_room&where=1'), 400],
  ['a parameter twice', () => get('/api/rows?id=a&id=b'), 400],
  ['a NUL', () => get('/api/node?id=%00'), 400],
  ['a node as SQL', () => get(`/api/rows?id=${encodeURIComponent('model.dim_room; drop table x')}`), 422],
  ['a limit as SQL', () => get(`/api/rows?id=model.dim_room&limit=${encodeURIComponent('1; drop table x')}`), 422],
  ['more rows than a page shows', () => get('/api/rows?id=model.dim_room&limit=100000000'), 422],
  ['a rejected file that is none', () => get('/api/rejected?source=sensors&name=../../.env'), 422],
  ['a job that is none', () => start({ name: 'clean', given: {} }), 422],
  ['a job by the name of what every object has', () => start({ name: 'constructor', given: {} }), 422],
  ['a flag as a selector', () => start({ name: 'build', given: { select: 'x --target prod' } }), 422],
  ['a flag as a source', () => start({ name: 'from-bronze', given: { source: '--full' } }), 422],
  ['a flag as a file', () => start({ name: 'replay-file', given: { source: 'sensors', file: '--full' } }), 422],
  ['a parameter that the job has not', () => start({ name: 'lint', given: { 'project-dir': '/' } }), 422],
  ['a list as a value', () => start({ name: 'build', given: { select: ['x'] } }), 400],
  ['no mapping', () => start(['lint']), 400],
  ['what is no JSON', () => ({ ...start(), body: '{' }), 400],
  ['a prototype', () => ({ ...start(), body: '{"name":"lint","__proto__":{"given":{}}}' }), 400],
  ['a body without end', () => start({ name: 'lint', given: { select: 'x'.repeat(20_000) } }), 413],
];

function expectGuarded({ headers }: Got): void {
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; /);
  expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/);
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['x-frame-options']).toBe('DENY');
  expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control']).toBe('no-store');
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
}

describe('what comes from elsewhere', () => {
  it.each(attacks)('is refused: %s', async (_what, sent, status) => {
    const got = await send(served.server.listensOn, sent());
    expect([got.status, got.body]).toEqual([status, got.body]);
    expectGuarded(got);
    expect(got.headers['set-cookie']).toBeUndefined();
    // No refusal tells what would have been let in.
    for (const secret of [known().token, known().key, known().cookie.split('=')[1] ?? ''])
      expect(got.body).not.toContain(secret);
  });

  it('has started nothing', () => {
    expect(served.jobs.list()).toEqual([]);
    expect(existsSync(join(project.root, '.datacycle', 'ui-audit.jsonl'))).toBe(false);
  });
});

describe('our own page', () => {
  it('is let in by the token, which leaves the address', async () => {
    const got = await send(served.server.listensOn, { path: `/?token=${known().token}` });
    expect([got.status, got.headers.location]).toEqual([303, './']);
    expect(got.headers['set-cookie']).toEqual([expect.stringMatching(/; HttpOnly; SameSite=Strict; Path=\/$/)]);
    expectGuarded(got);
  });

  it('gets its files and answers', async () => {
    for (const path of ['/', '/app.js', '/app.css', '/icon.svg', '/api/about']) {
      const got = await send(served.server.listensOn, get(path, { 'sec-fetch-site': 'same-origin' }));
      expect([path, got.status]).toEqual([path, 200]);
      expectGuarded(got);
    }
  });

  it('is reached by a link of another page', async () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await send(served.server.listensOn, get('/', link))).status).toBe(200);
  });

  it('starts a job, which the trail has', async () => {
    const got = await send(served.server.listensOn, start({ name: 'lint', given: {} }));
    expect(got.status).toBe(202);
    await expect.poll(() => served.jobs.list()[0]?.state).toBe('done');
    expect(served.jobs.list()[0]?.command).toBe('datacycle lint');
    expect(existsSync(join(project.root, '.datacycle', 'ui-audit.jsonl'))).toBe(true);
  });
});
