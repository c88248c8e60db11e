// The report without Power BI: the same pages, drawn from the database.
//
//   1. measure-query.ts  the SQL of a measure (`sql` in its .yml) by the fields of a chart, in a filter context (filter-context.ts, measure-rows.ts)
//   2. answers.ts        asks for what a visual shows
//   3. charts.ts, page.ts  draw it as SVG (svg.ts), numbers as their format says (format.ts)
//
// Nothing here knows a connection: the caller hands in what asks the database, and writes the files.
import type { Exposure } from '../../runner/manifest/exposure.ts';
import type { Captions } from '../model/captions.ts';
import { type Extras, possibleExtras } from '../model/extras.ts';
import { fieldName } from '../model/fields.ts';
import { fileNames } from '../model/file-names.ts';
import type { Page, PageVisual } from '../report/page-schema.ts';
import { possibleReports } from '../report/pages.ts';
import { type AnswerContext, type Shown, shownBy } from './answers.ts';
import { measureQuery } from './measure-query.ts';
import { pageHtml } from './page.ts';

/** What a preview is made of. */
export interface PreviewDesign {
  readonly pages: readonly Page[];
  readonly extras: Extras;
  readonly captions: Captions;
  /** `en`, or a language that has captions. */
  readonly language: string;
}

export interface Preview {
  /** HTML by file name, one for each page. */
  readonly files: ReadonlyMap<string, string>;
  /** What could not be drawn, and why. */
  readonly missing: readonly string[];
}

/** Draws every page that the model has the fields for. A page for one value of a field is drawn for its first one. */
export async function preview(
  exposures: readonly Exposure[],
  design: PreviewDesign,
  ask: AnswerContext['ask'],
): Promise<Preview> {
  const extras = possibleExtras(design.extras, exposures);
  const reports = possibleReports(design.pages, exposures, extras);
  const all = reports.flatMap(({ name, pages }) => pages.map((page) => ({ name, page })));
  const names = fileNames(all.map(({ name, page }) => slug(name === '' ? page.title : `${name} ${page.title}`)));
  const linked = all.map(({ name, page }, index) => ({ report: name, page, file: `${names[index]}.html` }));
  const translations = design.captions.get(design.language);
  const translate = (text: string) => translations?.get(text) ?? text;
  const files = new Map<string, string>();
  const missing: string[] = [];
  for (const { report, page, file } of linked) {
    const where = await chosenBy(page, exposures, { exposures, extras, ask, translate });
    const context = { exposures, extras, where, ask, translate };
    const shown: (Shown | undefined)[] = [];
    for (const visual of page.visuals) {
      const found = await shownOn(visual, context);
      if (found?.kind === 'nothing') missing.push(`${page.title}, ${visual.title}: ${found.why}`);
      shown.push(found);
    }
    const links = linked
      .filter((other) => other.report === report && other.page.drill_through === undefined)
      .map((other) => ({ title: other.page.title, file: other.file }));
    files.set(file, pageHtml({ page, shown, links, translate }, design.language));
  }
  return { files, missing };
}

async function shownOn(visual: PageVisual, context: AnswerContext): Promise<Shown | undefined> {
  if (visual.banner !== undefined) return isTrue(visual.banner, context);
  if (['slicer', 'pageNavigator', 'actionButton'].includes(visual.visual)) return undefined;
  return shownBy(visual, context);
}

/** Whether a banner shows: of DAX only the comparison of a measure with a number is understood. */
async function isTrue(dax: string, { exposures, where, ask }: AnswerContext): Promise<Shown | undefined> {
  const [, name, operator, limit] = /^\s*\[([^\]]+)\]\s*(>|<)\s*([\d.]+)\s*$/.exec(dax) ?? [];
  const owner = exposures.find(({ measures }) => measures.some((one) => one.name === name));
  if (name === undefined || owner === undefined) return undefined;
  const query = measureQuery(exposures, { measure: { table: owner.name, name }, by: [], where });
  if ('reason' in query) return undefined;
  const [row] = await ask(query);
  if (row === undefined) return undefined;
  const difference = Number(row.value1) - Number(limit);
  return (operator === '>' ? difference > 0 : difference < 0) ? { kind: 'cards', cards: [] } : undefined;
}

/** How many values are tried for a page of one value. */
const mostTried = 12;

/** The filter of a page for one value: the first of the table for which each visual shows something, or else most of them do. */
async function chosenBy(page: Page, exposures: readonly Exposure[], context: Omit<AnswerContext, 'where'>) {
  const { drill_through: field } = page;
  if (field === undefined) return [];
  const shown = await shownBy(
    { visual: 'tableEx', title: '', at: [0, 0, 0, 0], wells: { Values: [field] } },
    { ...context, extras: possibleExtras({}, exposures), where: [], translate: (text) => text },
  );
  const values = shown.kind === 'table' ? shown.rows.flatMap(([cell]) => cell?.text ?? []) : [];
  let best: { readonly where: AnswerContext['where']; readonly empty: number } | undefined;
  for (const value of values.slice(0, mostTried)) {
    const where = [{ field: fieldName(field), values: [value] }];
    let empty = 0;
    for (const visual of page.visuals)
      if ((await shownOn(visual, { ...context, where }))?.kind === 'nothing') empty += 1;
    if (best === undefined || empty < best.empty) best = { where, empty };
    if (empty === 0) break;
  }
  return best?.where ?? [];
}

/** A title as the name of a file. */
function slug(title: string): string {
  return title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
