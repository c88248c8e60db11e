import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Refusal } from './api.ts';
import { spoken, t } from './language.ts';
import type { Answered } from './use.ts';

/** How a state looks; the word is always there, never the colour alone. */
export function toneOf(status: string): 'good' | 'warn' | 'bad' | 'idle' | 'busy' {
  switch (status) {
    case 'success':
    case 'pass':
    case 'ok':
    case 'done':
      return 'good';
    case 'warn':
    case 'skipped':
    case 'cancelled':
      return 'warn';
    case 'error':
    case 'fail':
    case 'failed':
    case 'unreadable':
      return 'bad';
    case 'running':
      return 'busy';
    default:
      return 'idle';
  }
}

export function Badge({ status, text }: { status: string; text?: string }) {
  return <span class={`badge ${toneOf(status)}`}>{text ?? status}</span>;
}

export function Problem({ error }: { error: Error }) {
  const more = error instanceof Refusal ? error : undefined;
  const what = spoken(error.message);
  const hint = spoken(more?.hint ?? '');
  return (
    <div class="problem" role="alert" lang="en">
      <strong lang={what.lang}>{what.text}</strong>
      {more?.where && <div class="faint">at {more.where}</div>}
      {more?.detail && <pre>{more.detail}</pre>}
      {hint.text && <div lang={hint.lang}>{hint.text}</div>}
    </div>
  );
}

/** What is made of an answer, or why there is none. */
export function Shown<Answer>({
  from,
  children,
}: {
  from: Answered<Answer>;
  children: (answer: Answer) => ComponentChildren;
}) {
  return (
    <>
      {from.error && <Problem error={from.error} />}
      {from.answer !== undefined ? children(from.answer) : from.error ? null : <p class="loading">{t('Loading …')}</p>}
    </>
  );
}

/** Of a longer message so many characters of its beginning are shown, and of its end, where its place is named. */
const [beginning, end] = [600, 200];

/** A message; one that quotes a whole row may be as long as that, and is shown whole when it is wanted. */
export function Message({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  if (isWhole || text.length <= 2 * (beginning + end)) return <>{text}</>;
  return (
    <>
      {text.slice(0, beginning)} …{' '}
      <button type="button" class="link" onClick={() => setWhole(true)}>
        all {text.length.toLocaleString('en')} characters
      </button>{' '}
      … {text.slice(-end)}
    </>
  );
}

/** What may be wider or longer than its room: it is scrolled, by the keyboard, too. */
export function Scrolling({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to take the focus.
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

/** What the shades of a map or the colours of a graph mean. @param entries the end of the class `<kind>-<end>`, and what it means. */
export function Legend({
  kind,
  entries,
}: {
  kind: 'heat' | 'gap' | 'key';
  entries: readonly (readonly [end: string, text: string])[];
}) {
  return (
    <ul class="legend">
      {entries.map(([end, text]) => (
        <li key={end}>
          <svg width={12} height={12} aria-hidden="true">
            <rect width={12} height={12} rx={2} class={`${kind} ${kind}-${end}`} />
          </svg>{' '}
          {text}
        </li>
      ))}
    </ul>
  );
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly isNumber?: boolean;
}

/** On a telephone each row is a block of lines, a column a line; a wide one is scrolled there as everywhere. */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  empty,
  isWide = false,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row, index: number) => string;
  empty?: string;
  isWide?: boolean;
}) {
  if (rows.length === 0) return <p class="faint">{empty ?? 'Nothing here.'}</p>;
  return (
    <Scrolling label={caption}>
      <table class={isWide ? '' : 'stacked'}>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)}>
              {columns.map(({ title, cell, isNumber }) => (
                <td key={title} class={isNumber ? 'number' : ''} data-title={title}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}

const sqlWords =
  /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*')|(\{\{[\s\S]*?\}\})|\b(select|from|where|with|as|join|left|inner|cross|lateral|on|using|group|by|order|having|union|all|distinct|case|when|then|else|end|and|or|not|in|is|null|limit|over|partition|filter|exists|between|interval|cast|values|true|false|asc|desc|coalesce|min|max|sum|avg|count)\b/gi;

/** SQL with its words, texts, comments and template calls told apart. */
export function Sql({ text, label }: { text: string; label: string }) {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(sqlWords)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    const kind = match[1] ? 'comment' : match[2] ? 'text' : match[3] ? 'call' : 'word';
    parts.push(<span class={`sql-${kind}`}>{match[0]}</span>);
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return (
    <Scrolling label={label}>
      <pre class="sql">
        <code>{parts}</code>
      </pre>
    </Scrolling>
  );
}

/** A description: its paragraphs, and code in backquotes. */
export function Prose({ text }: { text: string }) {
  if (text.trim() === '') return <p class="faint">No description.</p>;
  return (
    <div class="prose">
      {text
        .trim()
        .split(/\n\s*\n/)
        .map((paragraph) => (
          <p>{paragraph.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</p>
        ))}
    </div>
  );
}
