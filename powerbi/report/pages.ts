import type { Exposure } from '../../runner/manifest/exposure.ts';
import { scanDax } from '../model/dax-scan.ts';
import { isExposed, type ModelExtras } from '../model/extras.ts';
import { fieldName } from '../model/fields.ts';
import { joined, type ReportText } from '../model/texts.ts';
import type { Page, PageVisual } from './page-schema.ts';

/** The pages of one report, with what is on each of them. */
export interface ReportPages {
  /** Empty for the project's own report. */
  readonly name: string;
  readonly pages: readonly Page[];
}

/** The reports that the model has the fields for. What it has no field for is left out, and so is a page without a chart. */
export function possibleReports(
  pages: readonly Page[],
  exposures: readonly Exposure[],
  extras: ModelExtras,
): ReportPages[] {
  const shared = pages.filter((page) => page.every_page === true).flatMap(({ visuals }) => visuals);
  const own = pages
    .filter((page) => page.every_page !== true)
    .sort((one, other) => one.order - other.order || (one.title < other.title ? -1 : 1));
  const names = [...new Set(['', ...own.map(({ report = '' }) => report)])];
  return names.flatMap((name) => {
    const found = own
      .filter(({ report = '' }) => report === name)
      .flatMap((page) => {
        const visuals = page.visuals.flatMap((visual) => possibleVisual(visual, exposures, extras));
        if (!visuals.some(showsValues)) return [];
        const around = name === '' ? shared.flatMap((visual) => possibleVisual(visual, exposures, extras)) : [];
        return [{ ...page, visuals: [...around, ...visuals] }];
      });
    return found.length === 0 ? [] : [{ name, pages: found }];
  });
}

/** A visual with the fields that are there; none if it says nothing without the others. */
function possibleVisual(visual: PageVisual, exposures: readonly Exposure[], extras: ModelExtras): PageVisual[] {
  const has = (written: string) => isThere(written, exposures, extras);
  if (visual.banner !== undefined && !isComputable(visual.banner, exposures)) return [];
  const wells = Object.entries(visual.wells ?? {}).map(([well, fields]) => [well, fields.filter(has)] as const);
  // A chart without an axis or values says nothing; one without tooltips or a second axis does.
  const isOptional = (well: string) => ['Tooltips', 'Y2', 'Series', 'Columns', 'Rows'].includes(well);
  if (wells.some(([well, fields]) => fields.length === 0 && !isOptional(well))) return [];
  const { sort, heat, levels, where, not_blank, predicted = [], bounds = [], ...others } = visual;
  const kept = Object.entries(where ?? {}).filter(([field]) => has(field));
  // Without its condition it would show what it does not say.
  if (kept.length < Object.keys(where ?? {}).length) return [];
  return [
    {
      ...others,
      wells: Object.fromEntries(wells.filter(([, fields]) => fields.length > 0)),
      ...(where === undefined ? {} : { where }),
      ...(sort !== undefined && has(sort.by) ? { sort } : {}),
      ...(predicted.some(has) ? { predicted: predicted.filter(has) } : {}),
      ...(bounds.some(has) ? { bounds: bounds.filter(has) } : {}),
      ...(heat !== undefined && has(heat) ? { heat, levels } : {}),
      ...(not_blank !== undefined && has(not_blank) ? { not_blank } : {}),
    },
  ];
}

/** Whether the model has what a page writes as `Table.Name`. */
function isThere(written: string, exposures: readonly Exposure[], extras: ModelExtras): boolean {
  const field = fieldName(written);
  return (
    isExposed(exposures, field) ||
    parameterOf(written, extras) !== undefined ||
    extras.calculation_groups.some(({ name }) => name === field.table && name === field.name) ||
    extras.hierarchies.some(({ table, name }) => table === field.table && name === field.name)
  );
}

/** The fields that pages name and the model does not have, each once. */
export function missingFields(
  pages: readonly Page[],
  exposures: readonly Exposure[],
  extras: ModelExtras,
): readonly string[] {
  const named = pages.flatMap(({ drill_through, visuals }) => [
    drill_through,
    ...visuals.flatMap(({ wells = {}, sort, heat, where = {}, not_blank, predicted = [], bounds = [] }) => [
      ...Object.values(wells).flat(),
      ...predicted,
      ...bounds,
      ...Object.keys(where),
      sort?.by,
      heat,
      not_blank,
    ]),
  ]);
  const known = named.filter((field) => field !== undefined);
  return [...new Set(known)].filter((field) => !isThere(field, exposures, extras));
}

function isComputable(dax: string, exposures: readonly Exposure[]): boolean {
  const measures = new Set(exposures.flatMap((one) => one.measures.map(({ name }) => name.toLowerCase())));
  return scanDax(dax).references.every((one) => one.kind === 'bare' && measures.has(one.name.toLowerCase()));
}

/** The field parameter that a well names, written `Name.Name`. */
export function parameterOf(written: string, extras: ModelExtras): ModelExtras['field_parameters'][number] | undefined {
  const { table, name } = fieldName(written);
  return extras.field_parameters.find((one) => one.name === table && table === name);
}

function showsValues({ visual }: PageVisual): boolean {
  return !['slicer', 'pageNavigator', 'actionButton'].includes(visual);
}

/** What the reports say: titles of visuals, lines and banners, and what colours mean. */
export function reportTexts(reports: readonly ReportPages[]): ReportText[] {
  return reports
    .flatMap(({ pages }) => pages.flatMap(({ visuals }) => visuals))
    .flatMap(({ visual, title, line, levels, banner }) => [
      ...(['pageNavigator', 'actionButton'].includes(visual) ? [] : [{ text: title, when: banner }]),
      ...(line === undefined ? [] : [{ text: line.title }]),
      ...(levels === undefined ? [] : [joined(levels)]),
    ]);
}
