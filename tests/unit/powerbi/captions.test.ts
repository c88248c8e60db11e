import { describe, expect, it } from 'vitest';
import type { Captions } from '../../../powerbi/model/captions.ts';
import { powerBiProject } from '../../../powerbi/project/project.ts';
import { design, household, options } from '../../integration/powerbi/reader/exposures.ts';
import { readTmdl } from '../../integration/powerbi/reader/tmdl-reader.ts';

const withCaptions = (captions: Captions) => powerBiProject(household, options, { ...design, captions });
const french = design.captions.get('fr') ?? new Map<string, string>();

describe('captions', () => {
  it('are written as a culture, for what readers see', () => {
    const { files } = withCaptions(design.captions);
    const [culture] = readTmdl(files.get('datacycle.SemanticModel/definition/cultures/fr-FR.tmdl') ?? '').objects;
    const [model] = culture?.children[0]?.children ?? [];
    const table = (name: string) => model?.children.find((one) => one.type === 'table' && one.name === name);
    const caption = (name: string, type: string, child: string) =>
      table(name)
        ?.children.find((one) => one.type === type && one.name === child)
        ?.properties.get('caption');
    expect(table('Room')?.properties.get('caption')).toBe('Pièce');
    expect(caption('Room', 'column', 'Room')).toBe('Pièce');
    expect(caption('Date', 'hierarchy', 'Calendar')).toBe('Calendrier');
    const cost = table('Energy by minute')?.children.find(({ name }) => name === 'Cost');
    expect(Object.fromEntries(cost?.properties ?? [])).toEqual({ caption: 'Coût', displayFolder: 'Énergie' });
    // Hidden: nobody reads them.
    for (const hidden of ['Access', 'Texts']) expect(table(hidden)).toBeUndefined();
    expect(caption('Room', 'column', 'Room key')).toBeUndefined();
  });

  it('are missing where a table, a field, a folder, a title or a page has none', () => {
    const missing = withCaptions(design.captions).captionFaults.map(({ text }) => text);
    for (const text of ["Anna's site", 'Cost per day', 'Site', 'Side by side', "Anna's heat map"])
      expect(missing).toContain(text);
    for (const text of ['Room', 'Cost', 'Energy', 'Month', 'Access', 'User e-mail', 'Room key', 'Pages'])
      expect(missing).not.toContain(text);
    const complete = new Map([...missing.map((text) => [text, `fr ${text}`] as const), ...french]);
    expect(withCaptions(new Map([['fr', complete]])).captionFaults).toEqual([]);
    complete.delete('Cost');
    expect(withCaptions(new Map([['fr', complete]])).captionFaults).toEqual([
      { language: 'fr', kind: 'missing', text: 'Cost', what: '"Cost" has no caption in fr' },
    ]);
  });

  it.each([
    ['a table', 'Device'],
    ['a column', 'Power (W)'],
    ['a measure', 'Cost per day'],
    ['a hierarchy', 'Calendar'],
    ['a level', 'Month'],
    ['a folder', 'Money'],
    ['a page', 'Side by side'],
    ['a drill-through page', 'Room in detail'],
    ['a title', 'Cost over time'],
    ['a line', 'Too much'],
    ['a banner', 'Dear!'],
    ['a colour', 'Some'],
    ['a calculation group', 'Comparison'],
    ['an item of one', 'Current'],
    ['a field parameter', 'Money'],
    ['a field of one', 'Cost "a day"'],
  ])('are missing where %s has an empty place in one language', (_, text) => {
    const missing = withCaptions(design.captions).captionFaults.map((fault) => fault.text);
    const all = new Map([...missing.map((one) => [one, `fr ${one}`] as const), ...french]);
    expect(withCaptions(new Map([['fr', all]])).captionFaults).toEqual([]);
    all.delete(text);
    const others = new Map(
      [...withCaptions(new Map([['es', new Map()]])).captionFaults].map((one) => [one.text, one.text]),
    );
    expect(
      withCaptions(
        new Map([
          ['es', others],
          ['fr', all],
        ]),
      ).captionFaults,
    ).toEqual([{ language: 'fr', kind: 'missing', text, what: `"${text}" has no caption in fr` }]);
  });

  it('translate descriptions of what readers see, and name those without a translation in a language that has any', () => {
    const table = 'Power and energy.\nOne row for each minute and device.';
    const descriptions = new Map([['fr', new Map([[table, 'Puissance et énergie']])]]);
    const { files, captionFaults } = powerBiProject(household, options, { ...design, descriptions });
    const culture = files.get('datacycle.SemanticModel/definition/cultures/fr-FR.tmdl') ?? '';
    const [read] = readTmdl(culture).objects;
    const energy = read?.children[0]?.children[0]?.children.find(({ name }) => name === 'Energy by minute');
    expect(energy?.properties.get('description')).toBe('Puissance et énergie');
    const missing = captionFaults.filter(({ what }) => what.startsWith('the description'));
    expect(missing).toEqual([
      {
        language: 'fr',
        kind: 'undescribed',
        text: 'What the energy costs.',
        what: 'the description "What the energy costs." has no translation in fr',
      },
    ]);
  });

  it('translate the texts of a measure where each stands, though one is the translation of another', () => {
    const expression = 'IF([Cost] > 0, "Open", IF([Cost] < 0, "Shut", "No ""Open"" one"))';
    const given = household.map((one) => ({
      ...one,
      measures: one.measures.map((measure) =>
        measure.name === 'Cost' ? { ...measure, expression, texts: ['Open', 'Shut'] } : measure,
      ),
    }));
    const translations = new Map([...french, ['Open', 'Shut'], ['Shut', "$'"]]);
    const { files } = powerBiProject(given, options, { ...design, captions: new Map([['fr', translations]]) });
    const inWords = (text: string, french: string) => `SWITCH(LEFT(USERCULTURE(), 2), "fr", "${french}", "${text}")`;
    expect(files.get('datacycle.SemanticModel/definition/tables/Energy by minute.tmdl')).toContain(
      `IF([Cost] > 0, ${inWords('Open', 'Shut')}, IF([Cost] < 0, ${inWords('Shut', "$'")}, "No ""Open"" one"))`,
    );
  });

  it('are in one language for all viewers where they stand in rows', () => {
    const captions = new Map([['fr', new Map([...french, ['Current', 'Actuel'], ['Cost "a day"', "Coût d'un jour"]])]]);
    const { files } = powerBiProject(household, { ...options, rowLanguage: 'fr' }, { ...design, captions });
    const table = (name: string) => files.get(`datacycle.SemanticModel/definition/tables/${name}.tmdl`);
    expect(table('Comparison')).toContain('calculationItem Actuel = SELECTEDMEASURE()');
    expect(table('Money')).toContain(`("Coût d'un jour", NAMEOF('Energy by minute'[Cost per day]), 1)`);
    // Which measure it is stays.
    expect(table('Money')).toContain("NAMEOF('Energy by minute'[Cost])");
  });

  it.each([
    ['two columns', 'Power (W)', 'CHF', '"Power (W)" and "Cost (CHF)" in Energy by minute are both "CHF" in fr'],
    ['two tables', 'Device', 'Pièce', '"Room" and "Device" among the tables are both "Pièce" in fr'],
    ['two measures', 'Cost per day', 'coût', '"Cost" and "Cost per day" among the measures are both "coût" in fr'],
    ['a measure and a column', 'Power (W)', 'Coût', '"Cost" and "Power (W)" in Energy by minute are both "Coût" in fr'],
    ['two items', 'Change', 'Actuel', '"Current" and "Change" in Comparison are both "Actuel" in fr'],
    ['a hierarchy and a column', 'Date', 'Calendrier', '"Date" and "Calendar" in Date are both "Calendrier" in fr'],
  ])('clash where %s would have one', (_, text, caption, what) => {
    const { captionFaults } = withCaptions(
      new Map([['fr', new Map([...french, ['Cost (CHF)', 'CHF'], ['Current', 'Actuel'], [text, caption]])]]),
    );
    expect(captionFaults.filter(({ kind }) => kind === 'clashing').map((fault) => fault.what)).toContain(what);
  });
});
