import { useMemo } from 'preact/hooks';
import type { SourcesPage as Found } from '../../data/overview.ts';
import type { Gaps, Improbable } from '../../data/port.ts';
import { Chart } from '../parts/chart.tsx';
import { digits } from '../parts/language.ts';
import { Badge, Legend, Scrolling, Shown, Table } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';
import { duration, minute, number } from '../parts/words.ts';
import { Rejected } from './rejected.tsx';
import { hrefOf } from './route.ts';

/** What came in, what was rejected and why, and where something is missing. */
export function SourcesPage() {
  const sources = useAnswer('sources', {}, 15_000);
  const gaps = useAnswer('gaps');
  const improbable = useAnswer('improbable');
  return (
    <>
      <h1>Sources</h1>
      <Shown from={sources}>{(found) => <Loads found={found} onReplayed={sources.again} />}</Shown>
      <section>
        <h2>Gaps</h2>
        <Shown from={gaps}>{(found) => <Calendar gaps={found} />}</Shown>
      </section>
      <section>
        <h2>Improbable readings</h2>
        <Shown from={improbable}>{(found) => <Readings found={found} />}</Shown>
      </section>
    </>
  );
}

function Loads({ found: { sources, loads, rejected }, onReplayed }: { found: Found; onReplayed: () => void }) {
  const chart = useMemo(() => {
    const done = loads.filter(({ finishedAt, files }) => finishedAt !== null && files > 0).toReversed();
    return {
      times: done.map(({ startedAt }) => new Date(startedAt).getTime() / 1000),
      series: [{ title: 'files', values: done.map(({ files }) => files) }],
    };
  }, [loads]);
  return (
    <>
      <Table
        caption="Sources"
        rows={sources}
        keyOf={({ source }) => source}
        empty="Nothing has been loaded yet."
        columns={[
          { title: 'Source', cell: ({ source }) => source },
          {
            title: 'State',
            cell: ({ failures }) =>
              failures > 0 ? <Badge status="error" text={`${failures} failed`} /> : <Badge status="ok" />,
          },
          { title: 'Loads', cell: (row) => number(row.loads), isNumber: true },
          { title: 'Files', cell: (row) => number(row.files), isNumber: true },
          { title: 'Rejected', cell: (row) => number(row.rejected), isNumber: true },
          { title: 'Newest (UTC)', cell: (row) => minute(row.newest) },
          { title: 'Last load (UTC)', cell: (row) => minute(row.lastLoad) },
          { title: 'Message', cell: (row) => row.message ?? '' },
        ]}
      />
      {chart.times.length > 1 && (
        <>
          <h2>Files by load</h2>
          <Chart label="Files by load" {...chart} form="bars" height={160} />
        </>
      )}
      <h2>Loads</h2>
      <Table
        caption="Loads, the newest first"
        rows={loads.slice(0, 30)}
        keyOf={({ id }) => id}
        empty="Nothing has been loaded yet."
        columns={[
          { title: 'Load', cell: ({ id }) => id, isNumber: true },
          { title: 'Source', cell: ({ source }) => source },
          { title: 'Started (UTC)', cell: ({ startedAt }) => minute(startedAt) },
          {
            title: 'Took',
            isNumber: true,
            cell: ({ startedAt, finishedAt }) =>
              finishedAt === null ? (
                <Badge status="running" text="not finished" />
              ) : (
                duration((new Date(finishedAt).getTime() - new Date(startedAt).getTime()) / 1000)
              ),
          },
          { title: 'Files', cell: ({ files }) => number(files), isNumber: true },
          { title: 'Records', cell: ({ records }) => number(records), isNumber: true },
          { title: 'Rejected', cell: (row) => number(row.rejected), isNumber: true },
        ]}
      />
      <h2>Rejected files</h2>
      {rejected.length > 0 && (
        <p>
          <a href={hrefOf('operate', '', { job: 'from-bronze' })}>Replay them from Bronze</a>, once what was wrong is
          mended; or choose a file to see what it holds and replay it alone.
        </p>
      )}
      <Rejected rejected={rejected} onReplayed={onReplayed} />
    </>
  );
}

/** What could be true and is odd; what cannot be is in no mean, and is not listed here. */
function Readings({ found: { isBuilt, readings } }: { found: Improbable }) {
  if (!isBuilt) return <p class="faint">Known once reading_anomalies is built.</p>;
  return (
    <Table
      caption="Improbable readings, the newest first"
      rows={readings}
      keyOf={({ quarter, apartment, room, measure }) => `${quarter} ${apartment} ${room} ${measure}`}
      empty="No reading is improbable."
      columns={[
        { title: 'Quarter (UTC)', cell: ({ quarter }) => quarter },
        { title: 'Apartment', cell: ({ apartment }) => apartment },
        { title: 'Room', cell: ({ room }) => room },
        { title: 'Measure', cell: ({ measure }) => measure },
        { title: 'Why', cell: ({ reason }) => reason },
        { title: 'Value', cell: ({ value }) => shownNumber(value), isNumber: true },
        { title: 'Expected', cell: ({ expected }) => shownNumber(expected), isNumber: true },
        { title: 'Score', cell: ({ score }) => shownNumber(score), isNumber: true },
      ]}
    />
  );
}

function shownNumber(value: number | null): string {
  return value === null ? '' : digits(value);
}

const cell = 14;
const labelWidth = 250;

/** A row for each sensor, a square for each day: the darker, the more is missing. */
function Calendar({ gaps: { days, rows } }: { gaps: Gaps }) {
  if (days.length === 0) return <p class="faint">Known once fact_device_health_day is built.</p>;
  const width = labelWidth + days.length * cell;
  return (
    <>
      <Legend
        kind="gap"
        entries={[
          ['none', 'nothing expected'],
          ['0', 'nothing missing'],
          ['1', 'up to a tenth missing'],
          ['2', 'up to half'],
          ['3', 'more than half'],
          ['4', 'all of the day missing'],
        ]}
      />
      <Scrolling label="Minutes without a reading, by sensor and day">
        <svg
          width={width}
          height={rows.length * cell + 20}
          role="img"
          aria-label={`${rows.length} sensors, ${days[0]} to ${days.at(-1)}; the worst: ${worstOf(rows)}`}
        >
          <text x={labelWidth} y={12} class="axis">
            {days[0]}
          </text>
          {days.length > 14 && (
            <text x={width} y={12} class="axis" text-anchor="end">
              {days.at(-1)}
            </text>
          )}
          {rows.map(({ name, minutes }, index) => (
            <g key={name} transform={`translate(0 ${20 + index * cell})`}>
              <text x={labelWidth - 6} y={11} class="axis" text-anchor="end">
                {name}
              </text>
              {minutes.map((seen, day) => (
                <rect
                  key={days[day]}
                  x={labelWidth + day * cell}
                  width={cell - 1}
                  height={cell - 1}
                  class={`gap gap-${gapOf(seen)}`}
                >
                  <title>{`${name}, ${days[day]}: ${seen === null ? 'nothing expected' : `${seen} of 1440 minutes`}`}</title>
                </rect>
              ))}
            </g>
          ))}
        </svg>
      </Scrolling>
    </>
  );
}

/** From 0, nothing missing, to 4, all of it. */
function gapOf(seen: number | null): string {
  if (seen === null) return 'none';
  const missing = 1 - seen / 1440;
  return missing < 0.01 ? '0' : missing < 0.1 ? '1' : missing < 0.5 ? '2' : missing < 0.999 ? '3' : '4';
}

function worstOf(rows: Gaps['rows']): string {
  const seen = rows.map(({ name, minutes }) => {
    const known = minutes.filter((one) => one !== null);
    return { name, share: known.reduce((sum, one) => sum + one, 0) / Math.max(1, known.length * 1440) };
  });
  const [worst] = seen.toSorted((a, b) => a.share - b.share);
  return worst === undefined ? 'none' : `${worst.name}, ${Math.round(worst.share * 100)} % there`;
}
