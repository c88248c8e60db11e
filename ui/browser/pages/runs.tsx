import { useState } from 'preact/hooks';
import type { RunBar, RunDetail, RunSummary } from '../../data/state.ts';
import { Badge, Message, Scrolling, Shown, Table, toneOf } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { duration, minute, number } from '../parts/words.ts';
import { LogLines } from './logs.tsx';
import { hrefOf } from './route.ts';

/** The runs, and one of them as a chart of bars: which node when, beside which others. */
export function Runs({ of }: { of: string }) {
  const runs = useAnswer('runs', {}, 10_000);
  return (
    <>
      <h1>Runs</h1>
      <Shown from={runs}>
        {({ runs: found }) => {
          const chosen = of === '' ? found[0]?.id : of;
          return (
            <>
              {chosen !== undefined && <Run key={chosen} id={chosen} />}
              <h2>All runs</h2>
              <Table
                caption="All runs, the newest first"
                rows={found}
                keyOf={({ id }) => id}
                empty="Nothing has been built yet."
                columns={[
                  {
                    title: 'Started (UTC)',
                    cell: ({ id, startedAt }) => (
                      <a href={hrefOf('runs', id)} aria-current={id === chosen ? 'true' : undefined}>
                        {minute(startedAt)}
                      </a>
                    ),
                  },
                  { title: 'Command', cell: ({ command }) => command },
                  { title: 'Target', cell: ({ target }) => target },
                  { title: 'State', cell: ({ status }) => <Badge status={status} /> },
                  { title: 'Took', cell: (run) => duration(secondsOf(run)), isNumber: true },
                  { title: 'Nodes', cell: ({ counts }) => countsOf(counts) },
                ]}
              />
            </>
          );
        }}
      </Shown>
    </>
  );
}

function secondsOf({ startedAt, finishedAt }: RunSummary): number | null {
  return finishedAt === null ? null : (new Date(finishedAt).getTime() - new Date(startedAt).getTime()) / 1000;
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([status, count]) => `${number(count)} ${status}`)
    .join(', ');
}

function Run({ id }: { id: string }) {
  const detail = useAnswer('run', { id }, 5000);
  return <Shown from={detail}>{(found) => <Found detail={found} />}</Shown>;
}

function Found({ detail }: { detail: RunDetail }) {
  const { run, bars } = detail;
  const [chosen, setChosen] = useState<string>();
  const [isLogged, setLogged] = useState(false);
  const bad = bars.filter(({ status }) => ['error', 'fail', 'skipped', 'warn'].includes(status));
  const shown = bars.find(({ node }) => node === chosen);
  return (
    <section aria-label={`Run of ${minute(run.startedAt)}`}>
      <p>
        <strong>{run.command}</strong> of {minute(run.startedAt)} UTC <Badge status={run.status} />{' '}
        <span class="faint">
          {duration(secondsOf(run))} · {countsOf(run.counts)}
        </span>
      </p>
      <Gantt detail={detail} chosen={chosen} onChoose={setChosen} />
      {shown && <Bar bar={shown} />}
      {bad.length > 0 && (
        <>
          <h2>What did not go well</h2>
          {bad.slice(0, 50).map((bar) => (
            <Bar key={bar.node} bar={bar} />
          ))}
        </>
      )}
      <details>
        <summary>All {bars.length} nodes as a table</summary>
        <Table
          caption="Nodes of the run"
          rows={bars}
          keyOf={({ node }) => node}
          columns={[
            { title: 'Node', cell: ({ node, id }) => (id === null ? node : <a href={hrefOf('node', id)}>{node}</a>) },
            { title: 'Kind', cell: ({ kind }) => kind },
            { title: 'Result', cell: ({ status }) => <Badge status={status} /> },
            { title: 'After', cell: ({ start }) => duration(start), isNumber: true },
            { title: 'Took', cell: ({ seconds }) => duration(seconds), isNumber: true },
            { title: 'Message', cell: ({ message }) => <Message text={message} /> },
          ]}
        />
      </details>
      <details onToggle={(event) => setLogged(event.currentTarget.open)}>
        <summary>What the logs say of it</summary>
        {isLogged && <RunLog id={run.id} />}
      </details>
    </section>
  );
}

/** The log lines of the time of a run. */
function RunLog({ id }: { id: string }) {
  const log = useAnswer('runlog', { id });
  return <Shown from={log}>{({ file, entries }) => <LogLines file={file} lines={entries} />}</Shown>;
}

const laneHeight = 18;
const chartWidth = 1000;

/** Time goes to the right; a row holds what ran one after the other. */
function Gantt({
  detail: { bars, lanes },
  chosen,
  onChoose,
}: {
  detail: RunDetail;
  chosen: string | undefined;
  onChoose: (node: string) => void;
}) {
  const done = bars.filter(({ status }) => status !== 'skipped');
  const total = Math.max(0.001, ...done.map(({ start, seconds }) => start + seconds));
  const at = (seconds: number) => (seconds / total) * chartWidth;
  if (done.length === 0) return null;
  return (
    <Scrolling label="Chart of the run">
      <svg
        class="gantt"
        viewBox={`0 0 ${chartWidth} ${lanes * laneHeight + 20}`}
        aria-label={`Chart of ${done.length} nodes in ${lanes} rows, ${duration(total)} in all; the table below has the same`}
      >
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <g key={part}>
            <line x1={part * chartWidth} x2={part * chartWidth} y1={0} y2={lanes * laneHeight} class="tick" />
            <text
              x={part * chartWidth}
              y={lanes * laneHeight + 14}
              class="axis"
              text-anchor={part === 0 ? 'start' : part === 1 ? 'end' : 'middle'}
            >
              {duration(part * total)}
            </text>
          </g>
        ))}
        {done.map((bar) => (
          // biome-ignore lint/a11y/useSemanticElements: there is no button in a drawing.
          <g
            key={bar.node}
            role="button"
            tabindex={-1}
            aria-label={`${bar.node}: ${bar.status}, ${duration(bar.seconds)}`}
            onClick={() => onChoose(bar.node)}
            onKeyDown={(event) => event.key === 'Enter' && onChoose(bar.node)}
          >
            <rect
              x={at(bar.start)}
              y={bar.lane * laneHeight + 1}
              width={Math.max(1.5, at(bar.seconds) - 0.5)}
              height={laneHeight - 3}
              rx={2}
              class={`bar ${toneOf(bar.status)} ${bar.kind}${bar.node === chosen ? ' selected' : ''}`}
            >
              <title>{`${bar.node}: ${bar.status}, ${duration(bar.seconds)}${bar.message ? `, ${bar.message}` : ''}`}</title>
            </rect>
            {at(bar.seconds) > bar.node.length * 6.2 && (
              <text x={at(bar.start) + 4} y={bar.lane * laneHeight + 13} class="bar-name">
                {bar.node}
              </text>
            )}
          </g>
        ))}
      </svg>
    </Scrolling>
  );
}

/** One node of a run; of an error the lines around its place. */
function Bar({ bar }: { bar: RunBar }) {
  const rows = [
    bar.inserted ? `${number(bar.inserted)} inserted` : '',
    bar.updated ? `${number(bar.updated)} updated` : '',
    bar.deleted ? `${number(bar.deleted)} deleted` : '',
  ].filter(Boolean);
  return (
    <div class="bar-detail">
      <Badge status={bar.status} /> {bar.id === null ? bar.node : <a href={hrefOf('node', bar.id)}>{bar.node}</a>}{' '}
      <span class="faint">{[duration(bar.seconds), ...rows].join(', ')}</span>
      {bar.message && (
        <div class="message">
          <Message text={bar.message} />
        </div>
      )}
      {bar.excerpt && (
        <Scrolling label={`${bar.excerpt.file}, line ${bar.excerpt.line}`}>
          <pre class="sql">
            {bar.excerpt.lines.map(({ number: line, text }) => (
              <div key={line} class={line === bar.excerpt?.line ? 'fault' : ''}>
                <span class="line-number">{line}</span> {text}
              </div>
            ))}
          </pre>
        </Scrolling>
      )}
    </div>
  );
}
