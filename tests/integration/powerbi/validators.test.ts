import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDesign } from '../../../cli/bi/design.ts';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { readProject } from '../../../runner/project/read-project.ts';
import { options as ofHousehold } from './reader/exposures.ts';
import { mExpressions, mFault, reportFaults } from './reader/microsoft.ts';
import { columnReference, readTmdl } from './reader/tmdl-reader.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const { exposures } = compileProject(readProject({ root, env: {} }));
// As the command has them.
const options = { ...ofHousehold, subjects: { ...ofHousehold.subjects, idColumn: 'shown_apartment_id' } };
const design = readDesign(root);
const { files, reportFolders, captionFaults, missingFields } = powerBiProject(exposures, options, design);
const [reportFolder = ''] = reportFolders;
const objects = [...files].filter(([path]) => path.endsWith('.tmdl')).flatMap(([, text]) => readTmdl(text).objects);

/** The project's files with one replacement in its visuals. */
function planted(found: string, replacement: string): Map<string, string> {
  let count = 0;
  const changed = new Map(
    [...files].map(([path, text]) => {
      if (count > 0 || !path.endsWith('visual.json') || !text.includes(found)) return [path, text];
      count += 1;
      return [path, text.replace(found, replacement)];
    }),
  );
  expect(count).toBe(1);
  return changed;
}

interface FormattedSeries {
  readonly selector: { readonly metadata: string };
  readonly properties: object;
}

describe('the project for Power BI, as Microsoft reads it', () => {
  it('has a report without an error and without a warning', async () => {
    for (const folder of reportFolders) expect(await reportFaults(files, folder), folder).toEqual([]);
  });

  it.each([
    ['a visual of an unknown type', '"visualType": "lineChart"', '"visualType": "lineGraph"'],
    ['a well that the visual does not have', '"Category": {', '"Axis": {'],
    ['a formatting object that is not there', '"title": [', '"heading": ['],
    ['a word that is not among those of a property', `"'Dropdown'"`, `"'Combo'"`],
    ['a visual without a required well', '"Y": {', '"Y2": {'],
  ])('would be refused with %s', async (_, found, replacement) => {
    expect(await reportFaults(planted(found, replacement), reportFolder)).not.toEqual([]);
  });

  it('has every field that its pages name', () => {
    expect(missingFields).toEqual([]);
  });

  it('has hierarchies, sort columns, field parameters, calculation groups, a page to drill through to, tooltips', () => {
    const tables = new Map(objects.filter(({ type }) => type === 'table').map((one) => [one.name, one]));
    const of = (table: string, type: string) => tables.get(table)?.children.filter((one) => one.type === type) ?? [];
    const levels = (table: string) =>
      of(table, 'hierarchy').map((one) => one.children.map(({ name }) => name).join('/'));
    expect(levels('Date')).toEqual(['Year/Quarter/Month name/Date']);
    expect(levels('Device')).toEqual(['Kind of sensor/Device', 'Apartment/Room/Device']);
    expect(levels('Room')).toEqual(['Apartment/Room']);
    const sorted = (table: string) =>
      of(table, 'column').flatMap(({ name, properties }) =>
        properties.has('sortByColumn') ? [`${name}: ${properties.get('sortByColumn')}`] : [],
      );
    expect(sorted('Date')).toEqual(['Weekday: Day of week', 'Month name: Month']);
    expect(sorted('Minute')).toEqual(['Weekday (local): Day of week (local)']);
    for (const parameter of ['Energy measure', 'Energy split'])
      expect(of(parameter, 'column')[1]?.children.map(({ type }) => type)).toContain('extendedProperty');
    for (const [group, items] of [
      ['Comparison', ['Current', 'Previous week', 'Change']],
      ['Difference', ['Value', 'Against the mean of the apartments']],
    ] as const) {
      const written = of(group, 'calculationGroup')[0]?.children ?? [];
      expect(written.map(({ name }) => name)).toEqual(items);
      // In this order, and not by their names.
      expect(written.map(({ properties }) => properties.get('ordinal'))).toEqual(items.map((_, at) => String(at)));
      expect(sorted(group)).toEqual([`${group}: Ordinal`]);
    }
    const texts = [...files].filter(([path]) => path.endsWith('.json')).map(([, text]) => text);
    expect(texts.filter((text) => text.includes('"type": "Drillthrough"'))).toHaveLength(1);
    expect(texts.filter((text) => text.includes('"Tooltips": {')).length).toBeGreaterThan(0);
  });

  it('leaves out columns that serve nothing, and offers the others as Best Practice Analyzer asks', () => {
    const sources = (model: string) =>
      exposures.find((one) => one.model === `model.${model}`)?.columns.map(({ source }) => source) ?? [];
    for (const [model, left] of Object.entries({
      dim_apartment: ['building_id', 'owner_user_id'],
      dim_device: ['device_id', 'shown_device_id'],
      dim_room: ['room_id', 'room_name', 'room_type'],
      dim_datetime: ['day_of_week', 'week', 'month', 'year', 'is_weekend', 'is_holiday'],
      fact_energy_minute: ['energy_wh'],
    })) {
      expect(sources(model).length, model).toBeGreaterThan(4);
      for (const source of left) expect(sources(model), model).not.toContain(source);
    }
    expect(sources('dim_date')).toEqual(
      expect.arrayContaining(['year_month', 'iso_year', 'is_last_7_days', 'is_last_28_days', 'month_name', 'day_name']),
    );
    expect(objects.find(({ type }) => type === 'model')?.properties.get('discourageImplicitMeasures')).toBe('true');
    const tables = objects.filter(({ type }) => type === 'table');
    const hidden = tables.flatMap(({ name: table, children }) => {
      const columns = children.filter(({ type, properties }) => type === 'column' && properties.has('sourceColumn'));
      const sorting = new Set(columns.map(({ properties }) => properties.get('sortByColumn')));
      return columns
        .filter(({ name, properties }) => properties.has('isHidden') && !sorting.has(name) && table !== 'Energy split')
        .map(({ name, properties }) => `${table}.${name} ${properties.get('isAvailableInMdx')}`);
    });
    expect(hidden.length).toBeGreaterThan(30);
    expect(hidden.filter((one) => !one.endsWith(' false') && !/ (Order|Fields) /.test(one))).toEqual([]);
    const shown = objects.find(({ type, name }) => type === 'perspective' && name === 'Resident')?.children ?? [];
    const names = shown.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['Room', 'Energy by minute', 'Room by hour']));
    for (const table of ['Access', 'Device health by day', 'Predictions']) expect(names).not.toContain(table);
  });

  it('draws what is predicted lighter than what is measured, its bounds dashed, and every level of a matrix', () => {
    const visuals = [...files].filter(([path]) => path.endsWith('visual.json')).map(([, text]) => text);
    const showing = (field: string) =>
      visuals.filter((text) => text.includes(`"queryRef": "${field}"`)).map((text) => JSON.parse(text).visual);
    const line = showing('Outlook by day.Energy predicted').find(({ visualType }) => visualType === 'lineChart');
    const of = (name: string) =>
      new Map(
        line.objects[name].map((one: FormattedSeries) => [one.selector.metadata, JSON.stringify(one.properties)]),
      );
    for (const measure of ['Energy predicted', 'Energy predicted at least', 'Energy predicted at most'])
      expect(of('dataPoint').get(`Outlook by day.${measure}`)).toContain('#F4A261');
    expect(of('dataPoint').has('Outlook by day.Energy measured')).toBe(false);
    expect(of('lineStyles').get('Outlook by day.Energy predicted')).toContain('solid');
    expect(of('lineStyles').get('Outlook by day.Energy predicted at most')).toContain('dashed');
    const [sensors] = showing('Device health by day.Sensor state');
    expect(sensors.expansionStates[0].levels).toHaveLength(4);
  });

  it('has queries in M that parse', async () => {
    const expressions = mExpressions(objects);
    expect(expressions.length).toBeGreaterThan(exposures.length);
    for (const [name, text] of expressions) expect(await mFault(text), `${name}: ${text}`).toBeUndefined();
    expect(await mFault('let Source = PostgreSQL.Database(Server, Database) View = 1 in View')).toMatch(/expected/i);
  });
});

describe('the languages of the project', () => {
  it('are five, and each has a caption for all that readers see', () => {
    expect([...design.captions.keys()].sort()).toEqual(['es', 'fr', 'pt', 'ro']);
    expect([...design.descriptions.keys()].sort()).toEqual(['es', 'fr', 'pt', 'ro']);
    expect(captionFaults).toEqual([]);
  });

  it('would be told of a description that is not translated', () => {
    for (const [language, texts] of design.descriptions) {
      for (const text of [
        'Year of construction, by the registry; NULL if it does not say',
        'Mean CO2 in ppm',
        'The minute. In UTC.',
      ]) {
        const others = new Map([...texts].filter(([key]) => key !== text));
        const faulty = { ...design, descriptions: new Map([[language, others]]) };
        expect(powerBiProject(exposures, options, faulty).captionFaults).toMatchObject([
          { language, kind: 'undescribed', text },
        ]);
      }
    }
  });

  it('would be refused with a caption that is missing, or two that clash', () => {
    for (const [language, captions] of design.captions) {
      const faults = (text: string, caption: string | undefined) => {
        const others = new Map([...captions].filter(([key]) => key !== text));
        if (caption !== undefined) others.set(text, caption);
        return powerBiProject(exposures, options, { ...design, captions: new Map([[language, others]]) }).captionFaults;
      };
      for (const text of ['Room', 'Energy by minute', 'Comfort share', 'Uptime by day', 'Calendar', 'Climate'])
        expect(faults(text, undefined)).toMatchObject([{ language, kind: 'missing', text }]);
      expect(faults('Cost', captions.get('Energy')).map(({ kind }) => kind)).toContain('clashing');
      expect(faults('Room', captions.get('Apartment')).map(({ kind }) => kind)).toContain('clashing');
    }
  });
});

describe('the roles of the project', () => {
  const roles = new Map(
    objects
      .filter(({ type }) => type === 'role')
      .map(({ name, children }) => [name, new Map(children.map((one) => [one.name, one.value ?? '']))]),
  );
  const related = objects
    .filter(({ type, properties }) => type === 'relationship' && properties.get('isActive') !== 'false')
    .map(({ properties }) =>
      ['fromColumn', 'toColumn'].map((end) => columnReference(properties.get(end) ?? '')[0] ?? ''),
    );

  /** The tables whose rows belong to an apartment: those with its key, and those that refer to such a table. */
  const personal = new Set(['Apartment']);
  for (const table of personal)
    for (const { name, references } of exposures)
      if (references.some(({ toExposure }) => toExposure === table)) personal.add(name);

  /** What a filter on a table leaves of others, over active relationships. */
  function reachedFrom(filtered: Iterable<string>): Set<string> {
    const reached = new Set(filtered);
    for (const table of reached) for (const [from = '', to] of related) if (to === table) reached.add(from);
    return reached;
  }

  it('of one apartment filter every table that has rows of another', () => {
    expect(personal.size).toBeGreaterThan(8);
    for (const name of ['Jimmy', 'Jérémie', 'Jimmy (renter)', 'Jérémie (renter)', 'By login']) {
      const filters = roles.get(name) ?? new Map<string, string>();
      expect(
        [...personal].filter((table) => !reachedFrom(filters.keys()).has(table)),
        name,
      ).toEqual([]);
      for (const other of name.startsWith('Jimmy') ? ['jeremie'] : name.startsWith('Jér') ? ['jimmy'] : [])
        expect([...filters.values()].join()).not.toContain(`"${other}"`);
    }
  });

  it('show no address but the own one, and of renters the rooms and their climate alone', () => {
    for (const [name, filters] of roles)
      expect(filters.get('Access'), name).toMatch(name === 'By login' ? /USERPRINCIPALNAME/ : /^FALSE\(\)$/);
    const open = (name: string) => [...personal].filter((table) => roles.get(name)?.get(table) !== 'FALSE()').sort();
    expect(open('Jimmy (renter)')).toEqual(['Apartment', 'Environment by minute', 'Room']);
    for (const table of open('Jimmy'))
      if (!open('Jimmy (renter)').includes(table))
        expect(roles.get('By login')?.get(table), table).toContain(`'Access'[Role] IN {"admin", "owner"}`);
  });
});
