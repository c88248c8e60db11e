import { objectName } from '../model/guid.ts';
import type { Page, PageVisual } from '../report/page-schema.ts';
import { cardBorder, ground, heatColours, houseColours, ink } from '../report/theme.ts';
import type { Shown } from './answers.ts';
import { bars, chartOver } from './charts.ts';
import { type Box, escaped, rectangle, textAt } from './svg.ts';

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
  return frame + head + body(visual, shown, inner, drawing);
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
      return textAt(box.x + box.width / 2, box.y + box.height / 2, shown.why, {
        size: 12,
        anchor: 'middle',
        fill: '#8A8782',
        within: box.width,
      });
  }
}

function navigator({ x, y, width, height }: Box, { page, links, translate }: PageDrawing): string {
  const each = width / Math.max(links.length, 1);
  return links
    .map(({ title, file }, index) => {
      const own = title === page.title;
      const at = { x: x + each * index, y, width: each - 6, height };
      const button =
        rectangle(at, own ? houseColours[0] : '#FFFFFF', ` rx="8" stroke="${cardBorder}"`) +
        textAt(at.x + at.width / 2, y + height / 2 + 5, translate(title), {
          size: 13,
          anchor: 'middle',
          fill: own ? '#FFFFFF' : ink,
          within: at.width - 8,
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
  return all
    .map(({ label, text }, index) => {
      const x = box.x + each * index;
      // A long text would reach into the next card.
      const letters = Math.min(30, Math.floor((each - 12) / (Math.max(text.length, 1) * 0.62)));
      return (
        textAt(x, box.y + box.height - 24, text, { size: Math.max(letters, 11), within: each - 8 }) +
        textAt(x, box.y + box.height - 4, label, { size: 11, fill: '#6B6862', within: each - 10 })
      );
    })
    .join('');
}

function table({ head, rows }: Extract<Shown, { kind: 'table' }>, box: Box, clip: string): string {
  const first = Math.min(head.length > 1 ? Math.max(90, box.width / (head.length + 1)) : box.width, box.width / 2.2);
  const each = head.length > 1 ? (box.width - first) / (head.length - 1) : 0;
  const height = Math.min(24, Math.max(16, box.height / (rows.length + 1)));
  const small = each < 46 ? 9 : 11;
  const place = (index: number) => (index === 0 ? box.x : box.x + first + each * (index - 1));
  const line = (
    texts: readonly { readonly text: string; readonly shade?: number | undefined }[],
    y: number,
    bold: boolean,
  ) =>
    texts
      .map(({ text, shade }, index) => {
        const width = index === 0 ? first : each;
        const cell =
          shade === undefined
            ? ''
            : rectangle({ x: place(index), y, width: width - 1, height: height - 1 }, shadeOf(shade));
        const written =
          index === 0
            ? textAt(place(0), y + height - 7, text, {
                size: 11,
                within: first - 6,
                ...(bold ? { weight: 'bold' } : {}),
              })
            : textAt(place(index) + width / 2, y + height - 7, text, {
                size: small,
                anchor: 'middle',
                within: width - 4,
                ...(bold ? { weight: 'bold' } : {}),
              });
        return cell + written;
      })
      .join('');
  // A table of more rows than there is room for is cut, as Power BI shows what does not need to be scrolled to.
  return [
    `<clipPath id="c${clip}">${rectangle(box, '#000')}</clipPath><g clip-path="url(#c${clip})">`,
    line(
      head.map((text) => ({ text })),
      box.y,
      true,
    ),
    ...rows
      .slice(0, Math.ceil(box.height / height))
      .map((row, index) => line(row, box.y + height * (index + 1), false)),
    '</g>',
  ].join('');
}

/** A colour between the two ends of a heat map. */
function shadeOf(share: number): string {
  const parts = (hex: string) => [1, 3, 5].map((from) => Number.parseInt(hex.slice(from, from + 2), 16));
  const [least, most] = [parts(heatColours.least), parts(heatColours.most)];
  const mixed = least.map((low, index) => Math.round(low + ((most[index] ?? low) - low) * share));
  return `#${mixed.map((one) => one.toString(16).padStart(2, '0')).join('')}`;
}
