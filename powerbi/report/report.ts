// The report: JSON files in the format PBIR, one folder for each page and one file for each visual.
//
//   1. starting-page.ts  what is on the page
//   2. visuals.ts        each visual as Power BI reads it
//
// What the model has no field for is left out.
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { objectName } from '../model/guid.ts';
import { jsonFile, schemas } from '../model/json.ts';
import { pageSize, startingPage } from './starting-page.ts';
import { visualContainer, visualName } from './visuals.ts';

/** The files of a report with one page, by their paths in its definition folder. */
export function reportFiles(exposures: readonly Exposure[]): Map<string, string> {
  const page = objectName('page', 'Overview');
  const visuals = startingPage(exposures);
  return new Map([
    ['version.json', jsonFile({ $schema: schemas.version, version: '2.0.0' })],
    ['report.json', jsonFile(report)],
    ['pages/pages.json', jsonFile({ $schema: schemas.pages, pageOrder: [page], activePageName: page })],
    [
      `pages/${page}/page.json`,
      jsonFile({
        $schema: schemas.page,
        name: page,
        displayName: 'Overview',
        displayOption: 'FitToPage',
        ...pageSize,
      }),
    ],
    ...visuals.map((visual, order) => {
      const path = `pages/${page}/visuals/${visualName(visual)}/visual.json`;
      return [path, jsonFile(visualContainer(visual, order))] as const;
    }),
  ]);
}

const report = {
  $schema: schemas.report,
  // Power BI's own theme: the collection must be there, a theme in it need not. One that is named would have to be in a
  // file beside the report.
  themeCollection: {},
  settings: {
    useStylableVisualContainerHeader: true,
    exportDataMode: 'AllowSummarized',
    defaultDrillFilterOtherVisuals: true,
    allowChangeFilterTypes: true,
    useEnhancedTooltips: true,
    useDefaultAggregateDisplayName: true,
  },
};
