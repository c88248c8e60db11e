// What every page is made of.
//
//   api.ts      asks the server; where the pages are files (`docs generate`), what is in the page answers
//   use.ts      hooks: an answer that comes, and comes again; keys
//   language.ts what is said in five languages, of texts.ts and captions/; use-language.ts: the one that is chosen
//   words.ts    times, sizes and numbers as people read them
//   show.tsx    states, errors, tables, SQL
//   chart.tsx   lines and bars over time
//
// Nothing here knows what a page is about. What comes from the server is shown as text, never as HTML.
import type { Job, JobKind, JobStarted } from '../../data/job.ts';
import type { Answers, Embedded, JobChange } from '../../data/port.ts';

/** What could not be answered, and what to do about it. */
export class Refusal extends Error {
  readonly where: string | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;

  constructor({ what, where, detail, hint }: { what: string; where?: string; detail?: string; hint?: string }) {
    super(what);
    this.where = where;
    this.detail = detail;
    this.hint = hint;
  }
}

const embedded = ((): Embedded | undefined => {
  const text = document.getElementById('datacycle-data')?.textContent;
  return text ? (JSON.parse(text) as Embedded) : undefined;
})();

/** Whether there is no server: then nothing is known of runs and rows. */
export const isStatic = embedded !== undefined;

const meta = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content;

/** The login whose rows are shown, where the address is a resident's link: there is Explore and nothing else. */
export const resident = meta('datacycle-resident');

const pageKey = meta('datacycle-page') ?? '';

/** Asks a question. @throws Refusal */
export async function ask<Name extends keyof Answers>(
  name: Name,
  params: Readonly<Record<string, string>> = {},
): Promise<Answers[Name]> {
  if (embedded !== undefined) return fromPage(embedded, name, params);
  const query = new URLSearchParams(params).toString();
  return (await json(`api/${name}${query === '' ? '' : `?${query}`}`)) as Answers[Name];
}

function fromPage<Name extends keyof Answers>(
  page: Embedded,
  name: Name,
  params: Readonly<Record<string, string>>,
): Answers[Name] {
  const found: Partial<Record<keyof Answers, unknown>> = {
    about: page.about,
    graph: page.graph,
    columns: page.columns,
    node: page.nodes[params.id ?? ''],
  };
  if (found[name] === undefined) throw new Refusal({ what: 'these pages are files: they know no database' });
  return found[name] as Answers[Name];
}

export function jobs(): Promise<{ readonly kinds: readonly JobKind[]; readonly jobs: readonly Job[] }> {
  return json('api/jobs') as Promise<{ kinds: readonly JobKind[]; jobs: readonly Job[] }>;
}

/** Starts a job. @throws Refusal, e.g. while another one is at work. */
export function startJob(name: string, given: Readonly<Record<string, string>>): Promise<JobStarted> {
  return send('api/jobs/start', { name, given }) as Promise<JobStarted>;
}

export async function cancelJob(id: string): Promise<void> {
  await send('api/jobs/cancel', { name: id });
}

/** Hears of every change of a job until the returned function is called; `again` after a gap. */
export function hearJobs(hear: (change: JobChange) => void, again: () => void): () => void {
  const source = new EventSource('api/jobs/stream');
  source.addEventListener('job', (event) => hear(JSON.parse(event.data as string) as JobChange));
  source.addEventListener('open', again);
  return () => source.close();
}

function send(path: string, body: object): Promise<unknown> {
  return json(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-datacycle-page': pageKey },
    body: JSON.stringify(body),
  });
}

async function json(path: string, init: RequestInit = {}): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin' });
  } catch {
    throw new Refusal({ what: 'the program does not answer', hint: 'Is datacycle ui still running?' });
  }
  if (!response.headers.get('content-type')?.includes('application/json'))
    throw new Refusal({ what: (await response.text()).trim() || `the server answered ${response.status}` });
  const body = (await response.json()) as { error?: { what: string } };
  if (!response.ok) throw new Refusal(body.error ?? { what: `the server answered ${response.status}` });
  return body;
}
