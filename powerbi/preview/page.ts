import { objectName } from '../model/guid.ts';
import type { Page, PageVisual } from '../report/page-schema.ts';
import { cardBorder, ground, houseColours, ink } from '../report/theme.ts';
import type { Shown } from './answers.ts';
import { bars, chartOver } from './charts.ts';
import { type Box, escaped, inLines, rectangle, textAt } from './svg.ts';
import { shadeOf, table } from './table.ts';

/** A page that others are linked to. */
export interface PageLink {
  readonly title: string;
  readonly file: string;
}

/** What a page is drawn of. */
export interface PageDrawing {
  readonly page: Page;
  /** What each of its visuals shows, in their order; undefined where it shows no values. */
  readonly shown: readonly (Shown | undefined)[];
  readonly links: readonly PageLink[];
  readonly translate: (text: string) => string;
}

const size = { width: 1280, height: 720 };

/** A page as one SVG image. */
export function pageSvg(drawing: PageDrawing): string {
  const { page, shown } = drawing;
  const visuals = page.visuals.map((visual, index) => visualSvg(visual, shown[index], drawing));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escaped(drawing.translate(page.title))}">`,
    rectangle({ x: 0, y: 0, ...size }, ground),
    ...visuals,
    '</svg>',
  ].join('\n');
}

/** A page as an HTML file that needs no other. */
export function pageHtml(drawing: PageDrawing, language: string): string {
  const title = escaped(drawing.translate(drawing.page.title));
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<title>${title}</title>
<style>body { margin: 0; background: ${ground}; } svg { display: block; width: 100%; max-width: 1600px; margin: auto; }</style>
</head>
<body>
${pageSvg(drawing)}
</body>
</html>
`;
}

function visualSvg(visual: PageVisual, shown: Shown | undefined, drawing: PageDrawing): string {
  const [x, y, width, height] = visual.at;
  const title = drawing.translate(visual.title);
  const box = { x, y, width, height };
  if (visual.visual === 'pageNavigator') return navigator(box, drawing);
  if (visual.visual === 'actionButton') return textAt(x + width / 2, y + 30, '←', { size: 24, anchor: 'middle' });
  if (visual.banner !== undefined) return shown === undefined ? '' : banner(box, title);
  const frame = rectangle(box, '#FFFFFF', ` rx="10" stroke="${cardBorder}"`);
  if (visual.visual === 'slicer') return frame + slicer(visual, box, title);
  const inner = { x: x + 12, y: y + 34, width: width - 24, height: height - 42 };
  const head = textAt(x + 12, y + 22, title, { size: 13, weight: 'bold', within: width - 24 });
  const words = shown?.kind === 'table' ? (visual.levels ?? []).map(drawing.translate) : [];
  const legend = levels(words, x + width - 12, y + 22, width - 36 - title.length * 8);
  const note =
    shown?.kind === 'table' && shown.note !== undefined
      ? textAt(x + width - 12, y + 22, shown.note, { size: 11, anchor: 'end', fill: '#6B6862' })
      : '';
  return frame + head + legend + note + body(visual, shown, inner, drawing);
}

function body(visual: PageVisual, shown: Shown | undefined, box: Box, { page, translate }: PageDrawing): string {
  if (shown === undefined) return '';
  switch (shown.kind) {
    case 'cards':
      return cards(shown, box);
    case 'table':
      return table(shown, box, objectName('clip', page.title, visual.title));
    case 'chart':
      return visual.visual === 'clusteredBarChart'
        ? bars(shown, box)
        : chartOver(visual, shown, box, translate(visual.line?.title ?? ''));
    case 'nothing':
      return textAt(box.x + box.width / 2, box.y + box.height / 2, translate(shown.why), {
        size: 12,
        anchor: 'middle',
        fill: '#8A8782',
        within: box.width,
      });
  }
}

function navigator({ x, y, width, height }: Box, { page, links, translate }: PageDrawing): string {
  // As wide as their texts, for some languages have long ones.
  const letters = links.map(({ title }) => translate(title).length + 3);
  const each =
    width /
    Math.max(
      letters.reduce((sum, one) => sum + one, 0),
      1,
    );
  return links
    .map(({ title, file }, index) => {
      const own = title === page.title;
      const before = letters.slice(0, index).reduce((sum, one) => sum + one, 0);
      const at = { x: x + each * before, y, width: each * (letters[index] ?? 0) - 6, height };
      const button =
        rectangle(at, own ? houseColours[0] : '#FFFFFF', ` rx="8" stroke="${cardBorder}"`) +
        textAt(at.x + at.width / 2, y + height / 2 + 5, translate(title), {
          size: 11,
          anchor: 'middle',
          fill: own ? '#FFFFFF' : ink,
          within: at.width - 4,
        });
      return `<a href="${escaped(file)}">${button}</a>`;
    })
    .join('');
}

function slicer(visual: PageVisual, { x, y, width }: Box, title: string): string {
  const all = visual.slicer === 'Between' ? '… – …' : '▾';
  return (
    textAt(x + 12, y + 24, title, { size: 12, within: width - 24 }) +
    textAt(x + width - 16, y + 56, all, { size: 13, anchor: 'end', fill: '#8A8782' })
  );
}

function banner(box: Box, title: string): string {
  return (
    rectangle(box, houseColours[3], ' rx="10"') +
    textAt(box.x + 16, box.y + box.height / 2 + 5, title, { size: 15, weight: 'bold', fill: '#FFFFFF' })
  );
}

function cards({ cards: all }: Extract<Shown, { kind: 'cards' }>, box: Box): string {
  const each = box.width / Math.max(all.length, 1);
  const labels = all.map(({ label }) => inLines(label, Math.floor((each - 10) / 5.9), 2));
  const bottom = box.y + box.height - 4;
  const deep = 13 * (Math.max(...labels.map((lines) => lines.length)) - 1);
  return all
    .map(({ text }, index) => {
      const x = box.x + each * index;
      // A long text would reach into the next card.
      const letters = Math.min(30, Math.floor((each - 12) / (Math.max(text.length, 1) * 0.62)));
      return [
        textAt(x, bottom - 20 - deep, text, { size: Math.max(letters, 11), within: each - 8 }),
        ...(labels[index] ?? []).map((line, at) =>
          textAt(x, bottom - deep + 13 * at, line, { size: 11, fill: '#6B6862', within: each - 6 }),
        ),
      ].join('');
    })
    .join('');
}

/** What the colours of a heat map are called, up to a right end: as many of the words as there is room for, all, the two of the ends or none. */
function levels(words: readonly string[], right: number, y: number, room: number): string {
  const wide = (text: string) => text.length * 5.8 + 6;
  const all = words.reduce((sum, word) => sum + wide(word) + 20, 0);
  const ends = wide(words[0] ?? '') + wide(words.at(-1) ?? '') + words.length * 13;
  const isShort = all > room;
  const isBare = ends > room;
  let x = right - (isBare ? words.length * 13 : isShort ? ends : all);
  return words
    .map((word, index) => {
      const at = { x, y: y - 9, width: 10, height: 10 };
      const before = isShort && !isBare && index === 0;
      const behind = !isShort || (!isBare && index === words.length - 1);
      const chip = (left: number) =>
        rectangle({ ...at, x: left }, shadeOf(index / (words.length - 1)), ` rx="2" stroke="${cardBorder}"`);
      const text = (left: number) => textAt(left, y, word, { size: 10, fill: '#6B6862' });
      const start = x;
      x += (before || behind ? wide(word) : 0) + (isShort ? 13 : 20);
      return before ? text(start) + chip(start + wide(word)) : chip(start) + (behind ? text(start + 14) : '');
    })
    .join('');
}
