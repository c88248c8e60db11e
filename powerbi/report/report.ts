// The reports: JSON files in the format PBIR, one folder for each page and one file for each visual.
//
//   1. page-schema.ts  what a page may say (powerbi/pages/*.yml)
//   2. pages.ts        the reports and pages that the model has the fields for
//   3. visuals.ts      each visual as Power BI reads it, its title in the viewer's language
//   4. theme.ts        colours and fonts
//
// What the model has no field for is left out.
import { objectName } from '../model/guid.ts';
import { jsonFile, schemas } from '../model/json.ts';
import type { Page } from './page-schema.ts';
import type { ReportPages } from './pages.ts';
import { houseTheme, themeFile } from './theme.ts';
import { fieldOf, type VisualContext, visualContainer, visualName } from './visuals.ts';

const pageSize = { width: 1280, height: 720 };

/** The files of a report, by their paths in its folder. */
export function reportFiles({ pages }: ReportPages, context: VisualContext): Map<string, string> {
  const names = pages.map(pageName);
  const active = names[0];
  return new Map([
    [`StaticResources/RegisteredResources/${themeFile}`, jsonFile(houseTheme)],
    ['definition/version.json', jsonFile({ $schema: schemas.version, version: '2.0.0' })],
    ['definition/report.json', jsonFile(report)],
    ['definition/pages/pages.json', jsonFile({ $schema: schemas.pages, pageOrder: names, activePageName: active })],
    ...pages.flatMap((page) => [
      [`definition/pages/${pageName(page)}/page.json`, jsonFile(pageFile(page, context))] as const,
      ...page.visuals.map((visual, order) => {
        const path = `definition/pages/${pageName(page)}/visuals/${visualName(visual, page)}/visual.json`;
        return [path, jsonFile(visualContainer(visual, page, order, context))] as const;
      }),
    ]),
  ]);
}

function pageName({ title }: Page): string {
  return objectName('page', title);
}

function pageFile(page: Page, context: VisualContext): object {
  return {
    $schema: schemas.page,
    name: pageName(page),
    displayName: page.title,
    displayOption: 'FitToPage',
    ...pageSize,
    ...(page.drill_through === undefined ? {} : drillThrough(page, page.drill_through, context)),
  };
}

/** A page that is opened for one value of a field: a filter that the value is put into, bound to the page. */
function drillThrough(page: Page, field: string, context: VisualContext): object {
  const filter = objectName('drill-through', page.title);
  return {
    filterConfig: {
      filters: [{ name: filter, field: fieldOf(field, context), type: 'Categorical', howCreated: 'Drillthrough' }],
    },
    pageBinding: {
      name: objectName('binding', page.title),
      type: 'Drillthrough',
      parameters: [
        { name: objectName('parameter', page.title), boundFilter: filter, fieldExpr: fieldOf(field, context) },
      ],
    },
    type: 'Drillthrough',
    visibility: 'HiddenInViewMode',
  };
}

const report = {
  $schema: schemas.report,
  // On top of Power BI's own theme, which need not be named.
  themeCollection: {
    customTheme: {
      name: themeFile,
      reportVersionAtImport: { visual: '2.4.0', report: '3.0.0', page: '2.0.0' },
      type: 'RegisteredResources',
    },
  },
  resourcePackages: [
    {
      name: 'RegisteredResources',
      type: 'RegisteredResources',
      items: [{ name: themeFile, path: themeFile, type: 'CustomTheme' }],
    },
  ],
  settings: {
    useStylableVisualContainerHeader: true,
    exportDataMode: 'AllowSummarized',
    defaultDrillFilterOtherVisuals: true,
    allowChangeFilterTypes: true,
    useEnhancedTooltips: true,
    useDefaultAggregateDisplayName: true,
  },
};
