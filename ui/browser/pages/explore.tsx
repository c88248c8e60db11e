import { useMemo, useState } from 'preact/hooks';
import { type Explorable, type Explored, type MeasureName, measures, type PresenceMap } from '../../data/explore.ts';
import { resident } from '../parts/api.ts';
import { Chart } from '../parts/chart.tsx';
import { csvOf } from '../parts/csv.ts';
import { t } from '../parts/language.ts';
import { saveText } from '../parts/save.ts';
import { Legend, Scrolling, Shown } from '../parts/show.tsx';
import { useAnswer } from '../parts/use.ts';

/** What an apartment measured, over time. */
export function Explore() {
  const found = useAnswer('explorable');
  return (
    <>
      <h1>{t('Explore')}</h1>
      <Shown from={found}>
        {({ apartments }) =>
          apartments.length === 0 ? (
            <p class="faint">
              {t(
                resident === undefined
                  ? 'There is something to see once room_hour and the facts are built.'
                  : 'There is nothing to see yet.',
              )}
            </p>
          ) : (
            <Chosen apartments={apartments} />
          )
        }
      </Shown>
    </>
  );
}

const day = 86_400;

const stretches = [
  { title: 'All', seconds: Number.POSITIVE_INFINITY },
  { title: '30 days', seconds: 30 * day },
  { title: 'Week', seconds: 7 * day },
  { title: 'Day', seconds: day },
] as const;

/** Without those that would show all there is. */
function stretchesOf({ from, to }: Explorable['apartments'][number]) {
  return stretches.filter(({ seconds }) => seconds === Number.POSITIVE_INFINITY || seconds < to - from);
}

function Chosen({ apartments }: { apartments: Explorable['apartments'] }) {
  const [key, setKey] = useState(apartments[0]?.key ?? 0);
  const apartment = apartments.find((one) => one.key === key) ?? apartments[0];
  const [measure, setMeasure] = useState<MeasureName>('temperature');
  const [range, setRange] = useState<readonly [number, number]>();
  if (apartment === undefined) return null;
  const [from, to] = range ?? [Math.max(apartment.from, apartment.to - 7 * day), apartment.to];
  return (
    <>
      <p class="tools">
        <label>
          {t('Apartment')}{' '}
          <select
            value={key}
            onChange={(event) => {
              setKey(Number(event.currentTarget.value));
              setRange(undefined);
            }}
          >
            {apartments.map((one) => (
              <option key={one.key} value={one.key}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('What')}{' '}
          <select value={measure} onChange={(event) => setMeasure(event.currentTarget.value as MeasureName)}>
            {measures.map(({ name, title }) => (
              <option key={name} value={name}>
                {t(title)}
              </option>
            ))}
          </select>
        </label>
        {stretchesOf(apartment).map(({ title, seconds }) => (
          <button
            key={title}
            type="button"
            aria-pressed={from === Math.max(apartment.from, apartment.to - seconds) && to === apartment.to}
            onClick={() => setRange([Math.max(apartment.from, apartment.to - seconds), apartment.to])}
          >
            {t(title)}
          </button>
        ))}
        <button type="button" onClick={() => setRange([from - (to - from), from])}>
          {t('Earlier')}
        </button>
        <button type="button" disabled={to >= apartment.to} onClick={() => setRange([to, to + (to - from)])}>
          {t('Later')}
        </button>
      </p>
      <Lines
        apartment={apartment.name}
        question={{ apartment: String(key), measure, from: String(Math.round(from)), to: String(Math.round(to)) }}
        onZoom={(start, end) => setRange([start, end])}
      />
      <h2>{t('Presence by day and hour')}</h2>
      <Presence apartment={key} />
    </>
  );
}

interface LinesProps {
  readonly apartment: string;
  readonly question: Readonly<Record<'apartment' | 'measure' | 'from' | 'to', string>>;
  readonly onZoom: (from: number, to: number) => void;
}

function Lines({ apartment, question, onZoom }: LinesProps) {
  const found = useAnswer('explore', question);
  const title = measures.find(({ name }) => name === question.measure)?.title;
  return (
    <Shown from={found}>
      {(answer) => (
        <Drawn answer={answer} title={`${title === undefined ? '' : t(title)}, ${apartment}`} onZoom={onZoom} />
      )}
    </Shown>
  );
}

function Drawn({ answer, title, onZoom }: { answer: Explored; title: string; onZoom: LinesProps['onZoom'] }) {
  const predicted = t('Predicted').toLowerCase();
  const series = useMemo(
    () =>
      answer.series.map(({ title: name, values, isPredicted }) => ({
        title: isPredicted ? `${name}, ${predicted}` : name,
        values,
        unit: answer.unit,
        isDashed: isPredicted,
      })),
    [answer, predicted],
  );
  if (series.length === 0) return <p class="faint">{t('Nothing was measured then.')}</p>;
  const unit = answer.unit === '' ? '' : ` ${t('in {unit}', { unit: answer.unit })}`;
  return (
    <>
      <p class="faint" role="status">
        {t(answer.step === 'hour' ? 'By the hour' : 'By the minute')}
        {unit}, {t('{count} points in UTC', { count: answer.times.length })}.{' '}
        {t('Drag over a stretch of time to see it closer.')}
      </p>
      <Chart
        label={`${title}${unit}: ${series.map((one) => one.title).join(', ')}`}
        times={answer.times}
        series={series}
        form="lines"
        height={340}
        onZoom={onZoom}
      />
      <p>
        <button type="button" onClick={() => saveText(`${title}.csv`, csvOf({ ...answer, series }))}>
          {t('Save as CSV')}
        </button>
      </p>
    </>
  );
}

function Presence({ apartment }: { apartment: number }) {
  const found = useAnswer('presence', { apartment: String(apartment) });
  return <Shown from={found}>{(answer) => <HeatMap answer={answer} />}</Shown>;
}

/** On a telephone all hours are to be seen at once. */
const isNarrow = matchMedia('(max-width: 560px)').matches;
const cell = isNarrow ? 12 : 18;
const labelWidth = isNarrow ? 46 : 90;

/** The shades of the map, in minutes of an hour. */
const shades = ['0', '1–15', '16–30', '31–45', '46–60'] as const;

/** A row for each day, a square for each hour of local time: the darker, the more minutes somebody was seen. */
function HeatMap({ answer: { days } }: { answer: PresenceMap }) {
  if (days.length === 0) return <p class="faint">{t('No presence is known.')}</p>;
  const all = days.flatMap(({ hours }) => hours.filter((one) => one !== null));
  const share = Math.round((all.reduce((sum, one) => sum + one, 0) / Math.max(1, all.length * 60)) * 100);
  return (
    <>
      <Legend
        kind="heat"
        entries={[
          ['none', t('not known')],
          ...shades.map((minutes, at) => [String(at), t('{minutes} minutes', { minutes })] as const),
        ]}
      />
      <Scrolling label={t('Presence by day and hour')}>
        <svg
          width={labelWidth + 24 * cell}
          height={days.length * cell + 20}
          role="img"
          aria-label={t('{count} days from {from} to {to}, with presence in {share} % of the time', {
            count: days.length,
            from: days[0]?.day ?? '',
            to: days.at(-1)?.day ?? '',
            share,
          })}
        >
          {[0, 6, 12, 18].map((hour) => (
            <text key={hour} x={labelWidth + hour * cell} y={12} class="axis">
              {hour}:00
            </text>
          ))}
          {days.map(({ day: date, hours }, index) => (
            <g key={date} transform={`translate(0 ${20 + index * cell})`}>
              <text x={labelWidth - 6} y={isNarrow ? 10 : 13} class="axis" text-anchor="end">
                {isNarrow ? date.slice(5) : date}
              </text>
              {hours.map((minutes, hour) => (
                <rect
                  key={`${date} ${String(hour)}`}
                  x={labelWidth + hour * cell}
                  width={cell - 1}
                  height={cell - 1}
                  class={`heat heat-${minutes === null ? 'none' : Math.min(4, Math.ceil(minutes / 15))}`}
                >
                  <title>{`${date} ${hour}:00: ${minutes === null ? t('not known') : t('{minutes} minutes', { minutes })}`}</title>
                </rect>
              ))}
            </g>
          ))}
        </svg>
      </Scrolling>
    </>
  );
}
