import { describe, expect, it } from 'vitest';
import { relationshipsOf } from '../../../powerbi/model/relationships.ts';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import type { Exposure } from '../../../runner/manifest/exposure.ts';
import { design, household, options } from '../../integration/powerbi/reader/exposures.ts';
import { SchemaCheck, schemaFolder } from '../../integration/powerbi/reader/schemas.ts';
import { modelFaults } from '../../integration/powerbi/reader/tmdl-model.ts';
import { columnReference, type ReadObject, readTmdl } from '../../integration/powerbi/reader/tmdl-reader.ts';

const { files } = powerBiProject(household, options, design);
const documents = new Map(
  [...files].filter(([path]) => path.endsWith('.tmdl')).map(([path, text]) => [path, readTmdl(text)]),
);
const objects = [...documents.values()].flatMap((document) => document.objects);
const ofType = (type: string) => objects.filter((object) => object.type === type);
const tables = new Map(ofType('table').map((table) => [table.name, table]));
const childOf = (object: ReadObject | undefined, type: string, name: string) =>
  object?.children.find((child) => child.type === type && child.name === name);

describe('a Power BI project', () => {
  it('is the same, byte for byte, whenever it is made', () => {
    expect([
      ...powerBiProject(structuredClone(household), structuredClone(options), structuredClone(design)).files,
    ]).toEqual([...files]);
  });

  it('has the files that Power BI Desktop asks for', () => {
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        'datacycle.pbids',
        'datacycle.pbip',
        'datacycle.SemanticModel/.platform',
        'datacycle.SemanticModel/definition.pbism',
        'datacycle.SemanticModel/definition/database.tmdl',
        'datacycle.SemanticModel/definition/model.tmdl',
        'datacycle.SemanticModel/definition/expressions.tmdl',
        'datacycle.SemanticModel/definition/relationships.tmdl',
        'datacycle.SemanticModel/definition/tables/Energy by minute.tmdl',
        'datacycle.SemanticModel/definition/roles/By login.tmdl',
        'datacycle.Report/.platform',
        'datacycle.Report/definition.pbir',
        'datacycle.Report/definition/version.json',
        'datacycle.Report/definition/report.json',
        'datacycle.Report/definition/pages/pages.json',
        'datacycle.Report/StaticResources/RegisteredResources/House.json',
        'datacycle Compare.pbip',
        'datacycle Compare.Report/definition.pbir',
      ]),
    );
  });

  it.runIf(schemaFolder !== undefined)("keeps to Microsoft's schemas in every JSON file", () => {
    const check = new SchemaCheck(schemaFolder ?? '');
    const json = [...files].filter(([path, text]) => !path.endsWith('.tmdl') && text.includes('$schema'));
    expect(json.length).toBeGreaterThan(10);
    expect(json.flatMap(([path, text]) => check.errors(text).map((error) => `${path} ${error}`))).toEqual([]);
    // The check itself has to find what is wrong: Power BI's own theme is an empty collection, which may not be missing.
    expect(check.errors((json[0]?.[1] ?? '').replace('"artifacts"', '"artefacts"'))).not.toEqual([]);
    const report = files.get('datacycle.Report/definition/report.json') ?? '';
    expect(check.errors(report.replace('"themeCollection"', '"themes"'))).toContainEqual(
      expect.stringContaining("must have required property 'themeCollection'"),
    );
    expect(check.errors(report.replace('"customTheme": {', '"baseTheme": {}, "customTheme": {'))).toContainEqual(
      expect.stringContaining("must have required property 'reportVersionAtImport'"),
    );
  });

  it('names each object by a GUID of its own', () => {
    const tags = objects
      .flatMap((object) => [object, ...object.children])
      .map(({ properties }) => properties.get('lineageTag'));
    const present = [...tags, ...ofType('relationship').map(({ name }) => name)].filter((tag) => tag !== undefined);
    expect(new Set(present).size).toBe(present.length);
  });

  it('refers to every table and role in the order of the views', () => {
    const model = documents.get('datacycle.SemanticModel/definition/model.tmdl');
    expect(model?.references).toEqual([
      ...[...household.map(({ name }) => name), 'Money', 'Comparison', 'Texts'].map((name) => ['table', name]),
      ...['All apartments', 'Jimmy', 'Jérémie', 'By login'].map((name) => ['role', name]),
      ['perspective', 'Resident'],
      ['cultureInfo', 'fr-FR'],
    ]);
    expect(new Set(tables.keys())).toEqual(
      new Set([...household.map(({ name }) => name), 'Money', 'Comparison', 'Texts']),
    );
  });

  it('carries columns over with their types, formats and order', () => {
    const energy = tables.get('Energy by minute');
    expect(energy?.description).toBe('Power and energy.\nOne row for each minute and device.');
    expect(Object.fromEntries(childOf(energy, 'column', 'Cost (CHF)')?.properties ?? [])).toMatchObject({
      dataType: 'double',
      formatString: '0.00" CHF"',
      summarizeBy: 'sum',
      displayFolder: 'Money',
      sourceColumn: 'Cost (CHF)',
    });
    expect(childOf(tables.get('Date'), 'column', 'Month')?.properties.get('sortByColumn')).toBe('Month number');
    expect(childOf(energy, 'column', 'Minute key')?.properties.get('isHidden')).toBe('true');
  });

  it('marks the calendar with its date as the key, and other dimensions with theirs', () => {
    const keys = (name: string) =>
      tables
        .get(name)
        ?.children.filter(({ properties }) => properties.has('isKey'))
        .map((child) => child.name);
    expect(tables.get('Date')?.properties.get('dataCategory')).toBe('Time');
    expect(keys('Date')).toEqual(['Date']);
    expect(keys('Room')).toEqual(['Room key']);
    expect(keys('Energy by minute')).toEqual([]);
  });

  it('fetches facts piece by piece by a number that the database has an index for, the rest whole', () => {
    const source = (table: string) => childOf(tables.get(table), 'partition', table)?.properties.get('source');
    expect(source('Energy by minute')).toBe(
      [
        'let',
        '    Source = PostgreSQL.Database(Server, Database, [CreateNavigationProperties = false, CommandTimeout = #duration(0, 1, 0, 0)]),',
        '    View = Source{[Schema = "bi", Item = "Energy by minute"]}[Data],',
        '    Window = Table.SelectRows(View, each [#"Minute key"] >= MinuteKey(RangeStart) and [#"Minute key"] < MinuteKey(RangeEnd))',
        'in',
        '    Window',
      ].join('\n'),
    );
    expect(source('Device health by day')).toContain('[#"Date key"] >= DateKey(RangeStart)');
    expect(source('Forecast')).toContain('[#"Issue date key"] >= DateKey(RangeStart)');
    expect(source('Room')).not.toContain('RangeStart');
    const policies = [...tables.values()].filter(({ children }) =>
      children.some(({ type }) => type === 'refreshPolicy'),
    );
    expect(policies.map(({ name }) => name).sort()).toEqual(['Device health by day', 'Energy by minute', 'Forecast']);
    for (const { name, children } of policies)
      expect(children.find(({ type }) => type === 'refreshPolicy')?.properties.get('sourceExpression')).toBe(
        source(name),
      );
  });

  it('relates only columns that are there, of one type', () => {
    const related = ofType('relationship');
    expect(related.length).toBe(relationshipsOf(household).filter(({ active }) => active).length);
    for (const { properties } of related) {
      const [from, into] = ['fromColumn', 'toColumn'].map((end) => {
        const [table, name] = columnReference(properties.get(end) ?? '');
        return childOf(tables.get(table), 'column', name)?.properties.get('dataType');
      });
      expect(from).toBe('int64');
      expect(into).toBe('int64');
    }
  });

  it('is one model: what it names is there, and no name is there twice', () => {
    expect(modelFaults([...documents.values()])).toEqual([]);
  });

  it('keeps an inactive relationship only where a measure activates it', () => {
    const inactive = (exposures: readonly Exposure[]) =>
      readTmdl(
        powerBiProject(exposures, options, design).files.get('datacycle.SemanticModel/definition/relationships.tmdl') ??
          '',
      )
        .objects.filter(({ properties }) => properties.get('isActive') === 'false')
        .map(({ properties }) => properties.get('fromColumn'));
    expect(inactive(household)).toEqual([]);
    const expression = "CALCULATE(1, USERELATIONSHIP('Forecast'[Issue date key], 'date'[Date key]))";
    const using = household.map((one) =>
      one.name === 'Forecast' ? { ...one, measures: [{ name: 'Issued', expression }] } : one,
    );
    expect(inactive(using)).toEqual(["Forecast.'Issue date key'"]);
  });

  it('offers hidden columns to nobody, except for those that others are sorted by', () => {
    const mdx = (table: string, name: string) =>
      childOf(tables.get(table), 'column', name)?.properties.get('isAvailableInMdx');
    expect(mdx('Energy by minute', 'Minute key')).toBe('false');
    expect(mdx('Date', 'Month number')).toBeUndefined();
    expect(mdx('Room', 'Room')).toBeUndefined();
  });

  it('makes whole numbers of both keys', () => {
    for (const name of ['DateKey', 'MinuteKey'])
      expect(ofType('expression').find((one) => one.name === name)?.value).toMatch(
        /^\(time as datetime\) => Int64\.From\(/,
      );
  });

  it('has a logical id that no other installation has', () => {
    const ids = (more: Partial<typeof options>) =>
      [...powerBiProject(household, { ...options, ...more }, design).files]
        .filter(([path]) => path.endsWith('.platform'))
        .map(([, text]) => (JSON.parse(text) as { config: { logicalId: string } }).config.logicalId);
    const all = [ids({}), ids({ server: 'other.example' }), ids({ database: 'second' })].flat();
    expect(new Set(all).size).toBe(9);
    expect(ids({})).toEqual(ids({}));
  });

  it("leaves no mark of Power BI Desktop's own", () => {
    expect([...files.values()].join()).not.toMatch(/PBI_Id|PBI_ProTooling/);
  });

  it('holds measures of several lines', () => {
    expect(childOf(tables.get('Energy by minute'), 'measure', 'Cost per day')?.value).toBe(
      "var days = DISTINCTCOUNT('Energy by minute'[Date key])\n\nreturn\n    DIVIDE([Cost], days)",
    );
  });

  it('leaves the connection without a login', () => {
    expect(JSON.parse(files.get('datacycle.pbids') ?? '')).toEqual({
      version: '0.1',
      connections: [
        {
          details: {
            protocol: 'postgresql',
            address: { server: 'warehouse.example:5433', database: 'datacycle' },
          },
          options: {},
          mode: 'Import',
        },
      ],
    });
  });

  it('puts on the pages what the model has and nothing else', () => {
    const visuals = [...files].filter(([path]) => path.endsWith('visual.json')).map(([, text]) => text);
    expect(visuals.join()).not.toMatch(/Air\.CO2|Energy by minute\.(?:Missing|Gain)|Banner: Air!/);
    expect(visuals.join()).toContain('"queryRef": "Energy by minute.Cost"');
  });
});
