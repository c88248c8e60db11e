import { describe, expect, it } from 'vitest';
import type { AnswerRow } from '../../../powerbi/preview/answers.ts';
import { preview } from '../../../powerbi/preview/preview.ts';
import type { Exposure } from '../../../runner/manifest/exposure.ts';
import { design, withSql } from '../../integration/powerbi/reader/exposures.ts';

describe('the preview', () => {
  /** Draws the pages; the database's answers hang on the number of fields asked by. */
  async function drawn(language: string, total: number) {
    const statements: string[] = [];
    const answer = (sql: string): readonly AnswerRow[] => {
      statements.push(sql);
      if (sql.startsWith('select distinct')) return [{ by1: 'Kitchen' }, { by1: 'Office' }];
      if (sql.includes('by1')) {
        return [
          { by1: '2023-10-13', value1: '4.5' },
          { by1: '2023-10-12', value1: '1' },
        ];
      }
      return [{ value1: total }];
    };
    const found = await preview(withSql, { ...design, language }, async ({ sql }) => answer(sql));
    return { ...found, statements };
  }

  it('draws one page a file, cards with the numbers of the database as they are formatted', async () => {
    const { files, missing } = await drawn('en', 1234.5);
    expect([...files.keys()].sort()).toEqual(['compare-side-by-side.html', 'energy.html', 'room-in-detail.html']);
    const energy = files.get('energy.html') ?? '';
    expect(energy).toContain('>1’234.50<');
    expect(energy).toContain('aria-label="Energy"');
    expect(energy).toContain('<a href="energy.html">');
    // A page that is opened from another one is not navigated to.
    expect(energy).not.toContain('room-in-detail.html');
    expect(missing).toEqual(["Energy, Anna's heat map: [Cost per day] has no `sql`"]);
    expect(energy).toContain('[Cost per day] has no `sql`');
  });

  it('draws a line through the values in the order of its axis', async () => {
    const { files } = await drawn('en', 1);
    const [, points = ''] = /<polyline points="([^"]+)"/.exec(files.get('energy.html') ?? '') ?? [];
    const [first, second] = points.split(' ').map((point) => point.split(',').map(Number));
    // The 12th, with 1, is left of the 13th, with 4.5, and lower.
    expect(first?.[0]).toBeLessThan(second?.[0] ?? 0);
    expect(first?.[1]).toBeGreaterThan(second?.[1] ?? 0);
    expect(files.get('energy.html')).toContain('Too much');
  });

  it('shows a banner where its condition is true', async () => {
    expect((await drawn('en', 101)).files.get('energy.html')).toContain('Dear!');
    expect((await drawn('en', 99)).files.get('energy.html')).not.toContain('Dear!');
  });

  it('narrows a page for one value to the first for which each visual shows something', async () => {
    const chart = {
      visual: 'lineChart' as const,
      title: 'Cost by day',
      at: [16, 200, 300, 96] as [number, number, number, number],
      wells: { Category: ['Date.Date'], Y: ['Energy by minute.Cost'] },
    };
    const pages = design.pages.map((page) =>
      page.title === 'Room in detail' ? { ...page, visuals: [...page.visuals, chart] } : page,
    );
    const draw = (where: string) =>
      preview(withSql, { ...design, pages, language: 'en' }, async ({ sql, params }) => {
        if (sql.startsWith('select distinct')) return [{ by1: 'Attic' }, { by1: 'Kitchen' }, { by1: 'Office' }];
        const isAsked = /"Room"::text = any\(\$1/.test(sql);
        return isAsked && params[0]?.[0] === where ? [{ by1: '2023-10-12', value1: 77 }] : [];
      });
    const found = await draw('Kitchen');
    expect(found.files.get('room-in-detail.html')).toContain('>77.00<');
    expect(found.missing.join()).not.toContain('Room in detail');
    // Where no room has anything it is the first.
    expect((await draw('Cellar')).missing.join()).toContain('Room in detail, Cost by day: no rows');
  });

  it('draws beside a measure how far each row is from the mean', async () => {
    const extras = {
      ...design.extras,
      calculation_groups: [
        {
          name: 'Difference',
          precedence: 2,
          items: [
            { name: 'Value', expression: 'SELECTEDMEASURE()' },
            { name: 'Apart', expression: 'SELECTEDMEASURE() - 1', drawn_as: 'difference_from_mean' as const },
          ],
        },
      ],
    };
    const pages = design.pages.flatMap((page) =>
      page.title === 'Side by side'
        ? [
            {
              ...page,
              visuals: [
                {
                  visual: 'pivotTable' as const,
                  title: 'Apart',
                  at: [16, 96, 600, 200] as [number, number, number, number],
                  wells: { Rows: ['Date.Date'], Columns: ['Difference.Difference'], Values: ['Energy by minute.Cost'] },
                },
              ],
            },
          ]
        : [],
    );
    const { files } = await preview(withSql, { ...design, extras, pages, language: 'en' }, async () => [
      { by1: '2023-10-12', value1: '1' },
      { by1: '2023-10-13', value1: '4.5' },
    ]);
    const [drawing = ''] = [...files.values()];
    expect([...drawing.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text).slice(-8)).toEqual([
      'Cost',
      '±',
      '2023-10-12',
      '1.00',
      '-1.75',
      '2023-10-13',
      '4.50',
      '+1.75',
    ]);
  });

  it('draws beside a measure of the newest week its values of the week before and the change', async () => {
    const expression = 'SELECTEDMEASURE()';
    const calculation_groups = [
      {
        name: 'Comparison',
        precedence: 1,
        items: [
          { name: 'Current', expression },
          { name: 'Previous week', expression, drawn_as: 'previous_week' as const },
          { name: 'Change', expression, format: '+0.0%;-0.0%;0.0%', drawn_as: 'change_from_previous_week' as const },
        ],
      },
    ];
    const visual = {
      visual: 'pivotTable' as const,
      title: 'Compared',
      at: [16, 96, 900, 200] as [number, number, number, number],
      wells: { Rows: ['Room.Room'], Columns: ['Comparison.Comparison'], Values: ['Energy by minute.Cost'] },
    };
    const pages = [{ title: 'Weeks', order: 1, visuals: [visual] }];
    const asked: string[] = [];
    const given = { ...design, extras: { ...design.extras, calculation_groups }, pages, language: 'en' };
    const { files } = await preview(withSql, given, async ({ params }) => {
      const [days] = params;
      // By day first: the newest is the twelfth.
      if (days === undefined)
        return [
          { by1: '2023-10-12', value1: 1 },
          { by1: '2023-10-02', value1: 1 },
        ];
      asked.push(`${days[0]} ${days.at(-1)} ${days.length}`);
      return days.includes('2023-10-12')
        ? [
            { by1: 'Kitchen', value1: '4.5' },
            { by1: 'Office', value1: '2' },
          ]
        : [{ by1: 'Kitchen', value1: '3' }];
    });
    expect(asked).toEqual(['2023-10-06 2023-10-12 7', '2023-09-29 2023-10-05 7']);
    const [drawing = ''] = [...files.values()];
    const texts = [...drawing.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text);
    expect(drawing).toContain('2023-10-06');
    // In the week before nothing is known of the office, and so nothing of its change.
    expect(texts.slice(texts.indexOf('Kitchen'))).toEqual(['Kitchen', '4.50', '3.00', '+50.0%', 'Office', '2.00']);
  });

  it('translates of texts those that the measure says it yields, and no other of such a name', async () => {
    const visual = {
      visual: 'pivotTable' as const,
      title: 'Texts',
      at: [16, 96, 600, 200] as [number, number, number, number],
      wells: { Rows: ['Room.Room'], Values: ['Energy by minute.Cost', 'Energy by minute.Cost per day'] },
    };
    const given = withSql.map((one) => ({
      ...one,
      measures: one.measures.map((measure) => ({
        ...measure,
        sql: 'min(room)',
        ...(measure.name === 'Cost' ? { texts: ['Room'] } : {}),
      })),
    }));
    const pages = [{ title: 'Texts', order: 1, visuals: [visual] }];
    const { files } = await preview(given, { ...design, pages, language: 'fr' }, async () => [
      { by1: 'Room', value1: 'Room', value2: 'Room' },
    ]);
    const texts = [...([...files.values()][0] ?? '').matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text);
    expect(texts.slice(-3)).toEqual(['Room', 'Pièce', 'Room']);
  });

  it('speaks another language', async () => {
    const french = (await drawn('fr', 101)).files.get('energy.html') ?? '';
    expect(french).toContain('<html lang="fr">');
    expect(french).toMatch(/>Énergie<[\s\S]*>Cher !<[\s\S]*>En un coup d&#39;œil<|>En un coup d'œil</);
    expect(french).toContain('>Coût<');
  });

  it('lets no name end its text', async () => {
    const odd: readonly Exposure[] = withSql.map((one) => ({
      ...one,
      measures: one.measures.map((measure) => ({ ...measure, format: '0.00" <&"' })),
    }));
    const { files } = await preview(odd, { ...design, language: 'en' }, async () => [{ by1: '<b>', value1: 2 }]);
    const energy = files.get('energy.html') ?? '';
    expect(energy).toContain('2.00 &lt;&amp;');
    expect(energy).not.toContain('<b>');
  });
});
