import type { PageVisual } from '../report/page-schema.ts';
import { cardBorder, houseColours, predictedColour } from '../report/theme.ts';
import type { Series, Shown } from './answers.ts';
import { formatNumber, isShare } from './format.ts';
import { type Box, boldLetter, lineBetween, rectangle, round, textAt } from './svg.ts';

type Chart = Extract<Shown, { kind: 'chart' }>;

const grey = '#8A8782';

/** Lines, columns or both over categories, with their axes and a legend. */
export function chartOver(visual: PageVisual, { categories, series }: Chart, box: Box, line: string): string {
  const legend = legendOf(series, box);
  const hasSecond = series.some(({ second }) => second);
  const top = box.y + (legend.height || 6);
  const plot: Box = {
    x: box.x + 44,
    y: top,
    width: box.width - 52 - (hasSecond ? 36 : 0),
    height: box.y + box.height - 18 - top,
  };
  const columns = visual.visual === 'lineChart' ? [] : series.filter(({ second }) => !second);
  const axes = [series.filter(({ second }) => !second), series.filter(({ second }) => second)].map((own, index) =>
    axisOf(own, columns.length > 0 && index === 0, index === 0 ? visual.line?.value : undefined),
  );
  const [first, other] = axes;
  if (first === undefined || other === undefined) return '';
  const step = plot.width / Math.max(categories.length, 1);
  const drawn = series.map((one, index) => {
    const axis = one.second ? other : first;
    const y = (value: number) => plot.y + plot.height * (1 - (value - axis.least) / (axis.most - axis.least));
    const stroke = strokeOf(one, index);
    const place = columns.indexOf(one);
    if (place < 0) return polyline(one, (at) => plot.x + step * (at + 0.5), y, stroke);
    const width = Math.min((step * 0.8) / columns.length, 48);
    return one.values
      .map((value, at) => {
        if (value === undefined) return '';
        const x = plot.x + step * (at + 0.5) + width * (place - columns.length / 2);
        const [from, to] = [y(Math.max(value, 0)), y(Math.min(value, 0))];
        return rectangle({ x, y: from, width: Math.max(width - 1, 0.5), height: to - from }, stroke);
      })
      .join('');
  });
  const limit = visual.line === undefined ? '' : limitAt(visual.line.value, line, plot, first);
  const ends = hasSecond
    ? ticks(
        other,
        series.find(({ second }) => second),
        plot,
        plot.x + plot.width + 4,
        'start',
      )
    : '';
  return [
    legend.drawn,
    ticks(
      first,
      series.find(({ second }) => !second),
      plot,
      plot.x - 4,
      'end',
    ),
    ends,
    labels(categories, plot, step),
    ...drawn,
    limit,
  ].join('');
}

/** Pixels that a bar needs for its name. */
const leastBar = 13;

/** Bars from the left, the values readable beside them; of several measures the first that has a value of the category. */
export function bars({ categories, series }: Chart, box: Box): string {
  const legend = legendOf(series, box);
  const top = box.y + legend.height;
  const all = series.flatMap(({ values }) => values.map((value) => value ?? 0));
  const most = Math.max(...all, 0) || 1;
  // Of more bars than can be read the first are drawn, as Power BI shows what does not need to be scrolled to.
  const height = Math.max(Math.min((box.y + box.height - top) / Math.max(categories.length, 1), 34), leastBar);
  const left = Math.min(120, box.width / 3);
  const longest = Math.max(
    ...series.flatMap(({ values, format }) =>
      values.map((value) => (value === undefined ? 0 : formatNumber(value, format).length)),
    ),
  );
  const right = longest * 6 + 10;
  const drawn = categories.slice(0, Math.floor((box.y + box.height - top) / height)).map((category, index) => {
    const place = series.findIndex(({ values }) => values[index] !== undefined);
    const value = series[place]?.values[index];
    if (value === undefined) return '';
    const y = top + height * index;
    const width = ((box.width - left - right) * Math.max(value, 0)) / most;
    return [
      textAt(box.x + left - 6, y + height / 2 + 4, category, { size: 11, anchor: 'end', within: left - 8 }),
      rectangle({ x: box.x + left, y: y + height * 0.15, width, height: height * 0.7 }, colourOf(place)),
      textAt(box.x + left + width + 6, y + height / 2 + 4, formatNumber(value, series[place]?.format), { size: 11 }),
    ].join('');
  });
  return [legend.drawn, ...drawn].join('');
}

/** As the report has them: what is predicted is lighter. */
function strokeOf({ drawn }: Series, index: number): string {
  return drawn === 'measured' ? colourOf(index) : predictedColour;
}

function colourOf(index: number): string {
  return houseColours[index % houseColours.length] ?? houseColours[0];
}

interface Axis {
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

/** Round numbers around the values; columns begin at 0. */
function axisOf(series: readonly Series[], fromZero: boolean, limit: number | undefined): Axis {
  const values = series.flatMap((one) => one.values.filter((value) => value !== undefined));
  const near = [...values, ...(limit === undefined ? [] : [limit]), ...(fromZero ? [0] : [])];
  const [low, high] = [Math.min(...near), Math.max(...near)];
  if (!Number.isFinite(low)) return { least: 0, most: 1, step: 1 };
  const rough = (high - low || Math.abs(high) || 1) / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * magnitude >= rough) ?? 10) * magnitude;
  const least = Math.floor(low / step) * step;
  return { least, most: Math.max(Math.ceil(high / step) * step, least + step), step };
}

function ticks(axis: Axis, series: Series | undefined, plot: Box, x: number, anchor: 'start' | 'end'): string {
  const count = Math.round((axis.most - axis.least) / axis.step);
  return Array.from({ length: count + 1 }, (_, index) => {
    const value = axis.least + axis.step * index;
    const y = plot.y + plot.height * (1 - index / count);
    const grid = anchor === 'end' ? lineBetween(plot.x, y, plot.x + plot.width, y, cardBorder) : '';
    return grid + textAt(x, y + 4, tickText(value, axis.step, series?.format), { size: 10, anchor, fill: grey });
  }).join('');
}

/** As the measure is formatted, but without more decimals than the axis has. */
function tickText(value: number, step: number, format = ''): string {
  const isPercent = isShare(format);
  const decimals = Math.max(0, -Math.floor(Math.log10(isPercent ? step * 100 : step) + 1e-9));
  if (isPercent) return `${(value * 100).toFixed(decimals)}%`;
  return formatNumber(Number(value.toFixed(decimals)), decimals === 0 ? '#,0' : `#,0.${'0'.repeat(decimals)}`);
}

/** As many names of categories as fit; none that would reach out of the visual. */
function labels(categories: readonly string[], plot: Box, step: number): string {
  const longest = Math.max(...categories.map((one) => one.length), 1);
  const every = Math.max(1, Math.ceil((longest * 6 + 10) / step));
  const isWithin = (index: number, length: number) => step * (index + 0.5) + length * 2.8 <= plot.width + 16;
  return categories
    .map((category, index) =>
      index % every === 0 && isWithin(index, category.length)
        ? textAt(plot.x + step * (index + 0.5), plot.y + plot.height + 14, category, {
            size: 10,
            anchor: 'middle',
            fill: grey,
          })
        : '',
    )
    .join('');
}

/** One stroke for each run of values: a blank one is a gap. */
function polyline(
  { values, drawn }: Series,
  x: (index: number) => number,
  y: (value: number) => number,
  stroke: string,
): string {
  const runs: string[][] = [[]];
  for (const [index, value] of values.entries()) {
    if (value === undefined) runs.push([]);
    else runs.at(-1)?.push(`${round(x(index))},${round(y(value))}`);
  }
  return runs
    .map((points) => {
      if (points.length === 0) return '';
      if (points.length > 1)
        return `<polyline points="${points.join(' ')}" fill="none" stroke="${stroke}" ${drawn === 'bound' ? 'stroke-width="1" stroke-dasharray="4 3"' : 'stroke-width="2"'}/>`;
      const [cx, cy] = (points[0] ?? '').split(',');
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${stroke}"/>`;
    })
    .join('');
}

function limitAt(value: number, name: string, plot: Box, axis: Axis): string {
  const y = plot.y + plot.height * (1 - (value - axis.least) / (axis.most - axis.least));
  const end = plot.x + plot.width;
  return (
    lineBetween(plot.x, y, end, y, houseColours[3], ' stroke-dasharray="6 4"') +
    textAt(end, y - 4, name, { size: 10, anchor: 'end', fill: houseColours[3] })
  );
}

/** Pixels of a letter of the legend, where the font is not there and another one is wider; of the mark before a name with the pause behind it; of a line. */
const legendLetter = 10 * boldLetter;
const legendMark = 26;
const legendLine = 16;

/** What the series are called, in as many lines as that takes; nothing for a single one. A name longer than a line is cut. */
function legendOf(series: readonly Series[], box: Box): { readonly drawn: string; readonly height: number } {
  if (series.length < 2) return { drawn: '', height: 0 };
  let x = box.x;
  let line = 0;
  const drawn = series.map((one, index) => {
    const width = Math.min(one.name.length * legendLetter + legendMark, box.width);
    if (x > box.x && x + width > box.x + box.width) {
      x = box.x;
      line += 1;
    }
    const y = box.y + line * legendLine;
    const height = one.drawn === 'bound' ? 2 : 10;
    const mark = rectangle({ x, y: y + 7 - height / 2, width: 10, height }, strokeOf(one, index), ' rx="2"');
    const name = textAt(x + 14, y + 11, one.name, { size: 10, within: box.width - 14 });
    x += width;
    return mark + name;
  });
  return { drawn: drawn.join(''), height: 20 + line * legendLine };
}
