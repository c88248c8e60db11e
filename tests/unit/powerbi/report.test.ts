import { describe, expect, it } from 'vitest';
import { objectName } from '../../../powerbi/model/guid.ts';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import { design, household, noDesign, options } from '../../integration/powerbi/reader/exposures.ts';

const { files, reportFolders } = powerBiProject(household, options, design);

/** What the tests look at of a visual.json. */
interface VisualFile {
  readonly visual: {
    readonly visualType: string;
    readonly query: {
      readonly queryState: Record<string, { projections: { queryRef: string }[]; fieldParameters?: unknown }>;
    };
    readonly objects: Record<string, { properties: Record<string, unknown> }[]>;
    readonly visualContainerObjects: Record<string, { properties: Record<string, unknown> }[]>;
    readonly syncGroup?: unknown;
  };
  readonly filterConfig?: { readonly filters: unknown[] };
}

function visual(page: string, title: string, report = 'datacycle'): VisualFile {
  const path = `${report}.Report/definition/pages/${objectName('page', page)}/visuals/${objectName('visual', page, title)}/visual.json`;
  return JSON.parse(files.get(path) ?? 'null') as VisualFile;
}

const measure = (name: string) => ({
  expr: { Measure: { Expression: { SourceRef: { Entity: 'Texts' } }, Property: name } },
});

describe('the reports', () => {
  it('are the own one and those that pages name, each with its pages in order', () => {
    expect(reportFolders).toEqual(['datacycle.Report', 'datacycle Compare.Report']);
    const order = (report: string) =>
      (JSON.parse(files.get(`${report}/definition/pages/pages.json`) ?? '') as { pageOrder: string[] }).pageOrder;
    expect(order('datacycle.Report')).toEqual([objectName('page', 'Room in detail'), objectName('page', 'Energy')]);
    expect(order('datacycle Compare.Report')).toEqual([objectName('page', 'Side by side')]);
  });

  it('have what belongs on every page, in the own report', () => {
    for (const page of ['Energy', 'Room in detail']) {
      expect(visual(page, 'Pages').visual.visualType).toBe('pageNavigator');
      expect(visual(page, 'Room').visual.syncGroup).toEqual({
        groupName: 'Room',
        fieldChanges: true,
        filterChanges: true,
      });
    }
    expect(visual('Side by side', 'Room', 'datacycle Compare')).toBeNull();
  });

  it("take titles from measures that speak the viewer's language", () => {
    const { title, padding } = visual('Energy', 'At a glance').visual.visualContainerObjects;
    expect(title?.[0]?.properties.text).toEqual(measure('Text: At a glance'));
    // Without it the title would take the theme's padding away.
    expect(Object.keys(padding?.[0]?.properties ?? {}).sort()).toEqual(['bottom', 'left', 'right', 'top']);
    const texts = files.get('datacycle.SemanticModel/definition/tables/Texts.tmdl') ?? '';
    expect(texts).toContain(
      `measure 'Text: At a glance' = SWITCH(LEFT(USERCULTURE(), 2), "fr", "En un coup d'œil", "At a glance")`,
    );
    expect(texts).toContain(`measure 'Text: Anna''s heat map' = "Anna's heat map"`);
    expect(texts).toContain(
      `measure 'Banner: Dear!' = IF([Cost] > 100, SWITCH(LEFT(USERCULTURE(), 2), "fr", "Cher !", "Dear!"))`,
    );
  });

  it('say below the title of a heat map what its colours are called, from nothing to the largest value', () => {
    const { objects, visualContainerObjects } = visual('Energy', "Anna's heat map").visual;
    expect(visualContainerObjects.subTitle?.[0]?.properties.text).toEqual(measure('Text: Nothing · Some · Most'));
    expect(files.get('datacycle.SemanticModel/definition/tables/Texts.tmdl')).toContain(
      'measure \'Text: Nothing · Some · Most\' = SWITCH(LEFT(USERCULTURE(), 2), "fr", "Rien", "Nothing") & " · " & "Some" & " · " & SWITCH(LEFT(USERCULTURE(), 2), "fr", "Le plus", "Most")',
    );
    // The least of the values is not nothing.
    expect(JSON.stringify(objects.values)).toContain(
      '"min":{"color":{"Literal":{"Value":"\'#FDF1E6\'"}},"value":{"Literal":{"Value":"0D"}}}',
    );
    expect(visual('Energy', 'Cost over time').visual.visualContainerObjects.subTitle).toBeUndefined();
  });

  it('give a slicer its title in the header, and a way', () => {
    const { objects, visualContainerObjects } = visual('Energy', 'Room').visual;
    expect(objects.header?.[0]?.properties.text).toEqual(measure('Text: Room'));
    expect(JSON.stringify(visual('Energy', 'Room').filterConfig)).toContain(
      '{"Not":{"Expression":{"Comparison":{"ComparisonKind":0,"Left":{"Measure":{"Expression":{"SourceRef":{"Source":"f"}},"Property":"Cost"}},"Right":{"Literal":{"Value":"null"}}}}}}',
    );
    expect(objects.data?.[0]?.properties.mode).toEqual({ expr: { Literal: { Value: "'Dropdown'" } } });
    expect(visualContainerObjects.title?.[0]?.properties).toEqual({ show: { expr: { Literal: { Value: 'false' } } } });
  });

  it('put a field parameter into a well by its first field', () => {
    const { Y } = visual('Energy', 'Cost over time').visual.query.queryState;
    expect(Y?.projections.map(({ queryRef }) => queryRef)).toEqual(['Energy by minute.Cost']);
    expect(Y?.fieldParameters).toEqual([
      {
        parameterExpr: { Column: { Expression: { SourceRef: { Entity: 'Money' } }, Property: 'Money' } },
        index: 0,
        length: 1,
      },
    ]);
  });

  it('leave out wells that nothing is left of, and keep conditions', () => {
    const { visual: chart, filterConfig } = visual('Energy', 'Cost over time');
    expect(Object.keys(chart.query.queryState)).toEqual(['Category', 'Y']);
    expect(JSON.stringify(filterConfig)).toContain('"Values":[[{"Literal":{"Value":"true"}}]]');
    expect(JSON.stringify(chart.objects.y1AxisReferenceLine)).toContain('"2.5D"');
  });

  it('say which fields the model does not have', () => {
    const { missingFields } = powerBiProject(household, options, design);
    expect(missingFields).toEqual(['Energy by minute.Missing', 'Air.CO2']);
  });

  it('keep of a calculation group what the model has the tables for', () => {
    const items = [
      { name: 'Current', expression: 'SELECTEDMEASURE()' },
      { name: 'Before', expression: "CALCULATE(SELECTEDMEASURE(), DATEADD('Calendar'[Date], -7, DAY))" },
    ];
    const extras = { calculation_groups: [{ name: 'Comparison', precedence: 1, items }] };
    const project = powerBiProject(household, options, { ...design, extras });
    const table = project.files.get('datacycle.SemanticModel/definition/tables/Comparison.tmdl') ?? '';
    expect(table).toContain('calculationItem Current');
    // In the order of the file, and not of their names.
    expect(files.get('datacycle.SemanticModel/definition/tables/Comparison.tmdl')).toMatch(
      /Item Current[\s\S]*ordinal: 0[\s\S]*Item Change[\s\S]*ordinal: 1[\s\S]*column Comparison[\s\S]*sortByColumn: Ordinal[\s\S]*column Ordinal/,
    );
    expect(table).not.toContain('Before');
  });

  it('show a banner only where its measures are there', () => {
    expect(visual('Energy', 'Dear!').visual.query.queryState.Data?.projections[0]?.queryRef).toBe(
      'Texts.Banner: Dear!',
    );
    expect(visual('Energy', 'Air!')).toBeNull();
  });

  it('open a page for one value of its field', () => {
    const page = JSON.parse(
      files.get(`datacycle.Report/definition/pages/${objectName('page', 'Room in detail')}/page.json`) ?? '',
    ) as {
      type: string;
      filterConfig: { filters: { name: string }[] };
      pageBinding: { parameters: { boundFilter: string }[] };
    };
    expect(page.type).toBe('Drillthrough');
    expect(page.pageBinding.parameters[0]?.boundFilter).toBe(page.filterConfig.filters[0]?.name);
    expect(visual('Room in detail', 'Back').visual.visualContainerObjects.visualLink?.[0]?.properties.type).toEqual({
      expr: { Literal: { Value: "'Back'" } },
    });
  });

  it('are one empty page in a project that says nothing of pages', () => {
    const plain = powerBiProject(household, options, noDesign);
    expect(plain.reportFolders).toEqual(['datacycle.Report']);
    expect([...plain.files.keys()].filter((path) => path.endsWith('visual.json'))).toEqual([]);
    expect([...plain.files.keys()].filter((path) => path.endsWith('page.json'))).toHaveLength(1);
    expect([...plain.files.keys()].join()).not.toContain('Texts');
  });
});
