import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { digits, t } from './language.ts';

export interface Series {
  readonly title: string;
  /** One for each time; null is a gap. */
  readonly values: readonly (number | null)[];
  readonly unit?: string;
  /** Drawn as a broken line: a forecast, a bound. */
  readonly isDashed?: boolean;
}

export interface ChartProps {
  readonly label: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly form: 'lines' | 'bars';
  readonly height: number;
  /** Told when a stretch of time is chosen with the pointer. */
  readonly onZoom?: (from: number, to: number) => void;
}

/** Told apart also by those who see no red or green (Okabe and Ito's colours, darkened for white). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b8860b', '#56b4e9', '#7f7f7f', '#7048a8'];

/** Days where there are several, else the time of day, in UTC. */
function clock(_plot: uPlot, splits: readonly number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((seconds, index) => {
    const iso = new Date(seconds * 1000).toISOString();
    if (step >= 86_400) return iso.slice(0, 10);
    const isNewDay = index === 0 || seconds % 86_400 === 0;
    return `${isNewDay ? `${iso.slice(5, 10)} ` : ''}${iso.slice(11, step < 60 ? 19 : 16)}`;
  });
}

/** Values over time. What is drawn is also in `label` and in the tables beside it, for those who do not see it. */
export function Chart({ label, times, series, form, height, onZoom }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return undefined;
    const style = getComputedStyle(document.documentElement);
    const [text, line] = [style.getPropertyValue('--faint'), style.getPropertyValue('--line')];
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
    const bars = uPlot.paths.bars?.({ size: [0.7, 24] });
    const plot = new uPlot(
      {
        width: Math.max(200, parent.clientWidth),
        height,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        axes: [
          // Room for a date and a time.
          { ...axis, values: clock, space: 100 },
          { ...axis, size: 64, values: (_plot, splits) => splits.map(digits) },
        ],
        scales: {
          // A single one is in the middle of an hour, not at the begin of years.
          x: times.length === 1 ? { range: [(times[0] ?? 0) - 1800, (times[0] ?? 0) + 1800] } : {},
          // Bars begin at 0; of lines the shape is what matters.
          y: form === 'bars' ? { range: (_self, _low, high) => [0, high > 0 ? high * 1.05 : 1] } : {},
        },
        cursor: { drag: { x: true, y: false, setScale: onZoom === undefined } },
        hooks: {
          setSelect: [
            (self) => {
              if (self.select.width > 3)
                zoom.current?.(
                  self.posToVal(self.select.left, 'x'),
                  self.posToVal(self.select.left + self.select.width, 'x'),
                );
            },
          ],
        },
        series: [
          { label: t('Time'), value: '{YYYY}-{MM}-{DD} {HH}:{mm}' },
          ...series.map(({ title, unit, isDashed }, index) => {
            const stroke = colours[index % colours.length] ?? '#0072b2';
            return {
              label: title,
              stroke,
              width: 1.5,
              points: { show: form === 'lines' && times.length < 60 },
              value: (_self: uPlot, value: number | null) =>
                value === null ? '' : `${digits(value)}${unit ? ` ${unit}` : ''}`,
              ...(isDashed ? { dash: [6, 4] } : {}),
              ...(form === 'bars' && bars !== undefined ? { fill: `${stroke}99`, paths: bars } : {}),
            };
          }),
        ],
      },
      [[...times], ...series.map(({ values }) => [...values])] as uPlot.AlignedData,
      parent,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: Math.max(200, parent.clientWidth), height }));
    watch.observe(parent);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [times, series, form, height, label, onZoom === undefined]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}
