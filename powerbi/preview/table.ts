import { heatColours } from '../report/theme.ts';
import type { Shown } from './answers.ts';
import { type Box, boldLetter, escaped, inLines, letter, rectangle, textAt } from './svg.ts';

type Rows = Extract<Shown, { kind: 'table' }>['rows'];

interface Fitted {
  readonly widths: readonly number[];
  /** Of the letters, pixels. */
  readonly size: number;
}

/** Narrower than this, pixels, a cell of a heat map is its colour alone. */
const leastWritten = 20;

/** A table or a heat map in a box. `clip`: an id of its own. */
export function table({ head, rows }: Extract<Shown, { kind: 'table' }>, box: Box, clip: string): string {
  const isHeat = rows.some((row) => row.some(({ shade }) => shade !== undefined));
  const { widths, size } = (isHeat ? heatWidths : fitted)(head, rows, box.width);
  const widthAt = (index: number) => widths[index] ?? 0;
  const isNarrow = isHeat && widthAt(1) < leastWritten;
  const sizeAt = (index: number) => (index === 0 && isHeat ? 11 : size);
  const titles = head.map((text, index) =>
    inLines(text, Math.max(1, Math.floor((widthAt(index) - 4) / (sizeAt(index) * boldLetter))), 4),
  );
  const deep = 14 * (Math.max(...titles.map((lines) => lines.length)) - 1);
  const height = Math.min(24, Math.max(16, (box.height - deep) / (rows.length + 1)));
  const place = (index: number) => box.x + widths.slice(0, index).reduce((sum, width) => sum + width, 0);
  const written = (text: string, index: number, y: number, bold: boolean) =>
    textAt(index === 0 ? place(0) : place(index) + widthAt(index) / 2, y + height - 7, text, {
      size: sizeAt(index),
      // Above narrow cells two of three titles are left out.
      within: widthAt(index) * (index > 0 && bold && isNarrow ? 3 : 1) - 4,
      ...(index === 0 ? {} : { anchor: 'middle' }),
      ...(bold ? { weight: 'bold' } : {}),
    });
  const line = (cells: readonly { readonly text: string; readonly shade?: number | undefined }[], y: number) =>
    cells
      .map(({ text, shade }, index) => {
        if (shade === undefined) return written(text, index, y, false);
        const cell = { x: place(index), y, width: widthAt(index) - 1, height: height - 1 };
        const title = isNarrow ? `<title>${escaped(text)}</title>` : '';
        if (title !== '') return rectangle(cell, shadeOf(shade)).replace('/>', `>${title}</rect>`);
        return rectangle(cell, shadeOf(shade)) + written(text, index, y, false);
      })
      .join('');
  // Where there is no room for all of the numbers above a heat map, every third is there.
  const isShown = (index: number) => index === 0 || !isNarrow || (index - 1) % 3 === 0;
  const top = titles.flatMap((lines, index) =>
    isShown(index) ? lines.map((text, at) => written(text, index, box.y + at * 13, true)) : [],
  );
  // A table of more rows than there is room for is cut, as Power BI shows what does not need to be scrolled to.
  return [
    `<clipPath id="c${clip}">${rectangle(box, '#000')}</clipPath><g clip-path="url(#c${clip})">`,
    ...top,
    ...rows
      .slice(0, Math.ceil(box.height / height))
      .map((row, index) => line(row, box.y + deep + height * (index + 1))),
    '</g>',
  ].join('');
}

/** The widths of the columns of a heat map: the first by what is in it, the others alike. */
function heatWidths(head: readonly string[], rows: Rows, width: number): Fitted {
  const longest = Math.max(longestWord(head[0]) * 1.15, ...rows.map(([cell]) => cell?.text.length ?? 0));
  const first = Math.max(70, Math.min(longest * 6.2 + 12, width / 2.2));
  const each = (width - first) / Math.max(head.length - 1, 1);
  return { widths: head.map((_, index) => (index === 0 ? first : each)), size: each < 46 ? 9 : 11 };
}

/** The widths of columns by what is in them, and the largest letters with which none is cut, if there are such. */
function fitted(head: readonly string[], rows: Rows, width: number): Fitted {
  const needs = (size: number) =>
    head.map((title, index) => {
      const cell = Math.max(0, ...rows.map((row) => row[index]?.text.length ?? 0)) * size * letter;
      return Math.max(cell, longestWord(title) * size * boldLetter) + 8;
    });
  const total = (widths: readonly number[]) => widths.reduce((sum, one) => sum + one, 0);
  const size = [11, 10, 9, 8].find((one) => total(needs(one)) <= width) ?? 8;
  const least = needs(size);
  const spare = width - total(least);
  return {
    widths: least.map((one) => (spare < 0 ? (one * width) / total(least) : one + spare / least.length)),
    size,
  };
}

function longestWord(text = ''): number {
  return Math.max(...text.split(' ').map((word) => word.length));
}

/** A colour between the two ends of a heat map. */
export function shadeOf(share: number): string {
  const parts = (hex: string) => [1, 3, 5].map((from) => Number.parseInt(hex.slice(from, from + 2), 16));
  const [least, most] = [parts(heatColours.least), parts(heatColours.most)];
  const mixed = least.map((low, index) => Math.round(low + ((most[index] ?? low) - low) * share));
  return `#${mixed.map((one) => one.toString(16).padStart(2, '0')).join('')}`;
}
