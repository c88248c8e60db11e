import { describe, expect, it } from 'vitest';
import { formatNumber } from '../../../powerbi/preview/format.ts';
import { preview } from '../../../powerbi/preview/preview.ts';
import { design, withSql } from '../../integration/powerbi/reader/exposures.ts';

describe('numbers', () => {
  it.each([
    [1234.5, '#,0', '1’235'],
    [1234.5, '#,0.00" kWh"', '1’234.50 kWh'],
    [0.1234, '0.0%', '12.3%'],
    [0.1234, '+0.0%;-0.0%;0.0%', '+12.3%'],
    [-0.1234, '+0.0%;-0.0%;0.0%', '-12.3%'],
    [0, '+0.0%;-0.0%;0.0%', '0.0%'],
    [-3.25, '0.0', '-3.3'],
    [-0.001, '0.0', '0.0'],
    [20231012, '0', '20231012'],
    [0.5, '"CHF "0.00', 'CHF 0.50'],
    [2.5, '0.0" °C; mean"', '2.5 °C; mean'],
    [43.21, '0.0" %"', '43.2 %'],
    [1234567, undefined, '1’234’567'],
    [0.333333, undefined, '0.33'],
    [1, '"✓";"✓";"–"', '✓'],
    [0, '"✓";"✓";"–"', '–'],
  ])('%d by the format %s are %s', (value, format, text) => {
    expect(formatNumber(value, format)).toBe(text);
  });
});

describe('what the preview draws', () => {
  it('draws what is predicted lighter than what is measured, and its bounds dashed', async () => {
    const [cost, day] = ['Energy by minute.Cost', 'Energy by minute.Cost per day'];
    const wells = { Category: ['Date.Date'], Y: [cost, day] };
    const at: [number, number, number, number] = [16, 96, 600, 200];
    const given = withSql.map((one) => ({
      ...one,
      measures: one.measures.map((measure) => ({ ...measure, sql: measure.sql ?? 'sum(cost_chf) / 2' })),
    }));
    const draw = async (more: object) => {
      const visual = { visual: 'lineChart' as const, title: 'Lines', at, wells, ...more };
      const pages = [{ title: 'Lines', order: 1, visuals: [visual] }];
      const { files } = await preview(given, { ...design, pages, language: 'en' }, async () => [
        { by1: '2023-10-12', value1: 1, value2: 2 },
        { by1: '2023-10-13', value1: 3, value2: 4 },
      ]);
      return [
        ...([...files.values()][0] ?? '').matchAll(/<polyline[^>]* stroke="([^"]+)" stroke-width="(\d)"(.*?)\/>/g),
      ].map(([, colour, width, dashed]) => `${colour} ${width}${dashed}`);
    };
    expect(await draw({})).toEqual(['#E86C00 2', '#2E7D32 2']);
    expect(await draw({ predicted: [day] })).toEqual(['#E86C00 2', '#F4A261 2']);
    expect(await draw({ bounds: [day] })).toEqual(['#E86C00 2', '#F4A261 1 stroke-dasharray="4 3"']);
  });

  it('draws of two measures by category the one that there is, each in its colour', async () => {
    const visual = {
      visual: 'clusteredBarChart' as const,
      title: 'Bars',
      at: [16, 96, 600, 200] as [number, number, number, number],
      wells: { Category: ['Room.Room'], Y: ['Energy by minute.Cost', 'Energy by minute.Cost per day'] },
    };
    const given = withSql.map((one) => ({
      ...one,
      measures: one.measures.map((measure) => ({ ...measure, sql: 'sum(cost_chf)', format: '0.0' })),
    }));
    const pages = [{ title: 'Bars', order: 1, visuals: [visual] }];
    const { files } = await preview(given, { ...design, pages, language: 'en' }, async () => [
      { by1: 'Kitchen', value1: 4 },
      { by1: 'Terrace', value1: null, value2: 3 },
    ]);
    const [drawing = ''] = [...files.values()];
    const texts = [...drawing.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text);
    expect(texts.slice(-4)).toEqual(['Kitchen', '4.0', 'Terrace', '3.0']);
    expect(drawing.match(/fill="#2E7D32"/g)).toHaveLength(2);
  });

  it('says beside a heat map what its colours are called, or the two of its ends where there is no room', async () => {
    const draw = async (width: number) => {
      const visual = {
        visual: 'pivotTable' as const,
        title: 'Heat',
        at: [16, 96, width, 200] as [number, number, number, number],
        wells: { Rows: ['Room.Room'], Columns: ['Minute.Hour'], Values: ['Energy by minute.Cost'] },
        heat: 'Energy by minute.Cost',
        levels: ['Nothing', 'Some', 'Most'],
      };
      const pages = [{ title: 'Heat', order: 1, visuals: [visual] }];
      const { files } = await preview(withSql, { ...design, pages, language: 'fr' }, async () => [
        { by1: 'Kitchen', by2: '7', value1: 0 },
        { by1: 'Kitchen', by2: '8', value1: 5 },
      ]);
      const [drawing = ''] = [...files.values()];
      const words = [...drawing.matchAll(/>(Rien|Some|Le plus)</g)].map(([, word]) => word);
      return {
        words,
        colours: ['#fdf1e6', '#f3af73', '#e86c00'].map((one) => drawing.split(`${one}" rx="2"`).length - 1),
      };
    };
    expect(await draw(600)).toEqual({ words: ['Rien', 'Some', 'Le plus'], colours: [1, 1, 1] });
    expect(await draw(200)).toEqual({ words: ['Rien', 'Le plus'], colours: [1, 1, 1] });
  });

  it('takes as many lines for its legend as the names need, and cuts none of them', async () => {
    const names = ['Heures de présence par jour', 'Énergie par jour', 'Occupé', 'Puissance moyenne'];
    const visual = {
      visual: 'lineChart' as const,
      title: 'Lines',
      at: [16, 96, 404, 240] as [number, number, number, number],
      wells: { Category: ['Date.Date'], Y: ['Energy by minute.Cost'], Series: ['Room.Room'] },
    };
    const pages = [{ title: 'Lines', order: 1, visuals: [visual] }];
    const { files } = await preview(withSql, { ...design, pages, language: 'fr' }, async () =>
      names.flatMap((by2) => ['2023-10-12', '2023-10-13'].map((by1) => ({ by1, by2, value1: 1 }))),
    );
    const [drawing = ''] = [...files.values()];
    const places = [...drawing.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*font-size="10"[^>]*>([^<]+)<\/text>/g)]
      .filter(([, , , text = '']) => names.includes(text))
      .map(([, x, y, text]) => ({ x: Number(x), y: Number(y), end: Number(x) + (text ?? '').length * 5.4 }));
    expect(places).toHaveLength(names.length);
    expect(new Set(places.map(({ y }) => y)).size).toBe(2);
    for (const [index, { x, y, end }] of places.entries()) {
      expect(end).toBeLessThanOrEqual(16 + 404);
      const before = places[index - 1];
      if (before?.y === y) expect(x).toBeGreaterThan(before.end);
    }
  });

  it('writes a table with smaller letters rather than cut what is in it', async () => {
    const draw = async (width: number) => {
      const visual = {
        visual: 'pivotTable' as const,
        title: 'Table',
        at: [16, 96, width, 200] as [number, number, number, number],
        wells: { Rows: ['Room.Room'], Values: ['Energy by minute.Cost'] },
      };
      const given = withSql.map((one) => ({
        ...one,
        measures: one.measures.map((measure) => ({ ...measure, format: '0.00" francs and rappen"' })),
      }));
      const pages = [{ title: 'Table', order: 1, visuals: [visual] }];
      const { files } = await preview(given, { ...design, pages, language: 'en' }, async () => [
        { by1: 'Conservatory of the house', value1: 4 },
      ]);
      const drawing = [...files.values()][0] ?? '';
      const sizeOf = (text: string) => new RegExp(`font-size="(\\d+)"[^>]*>${text}<`).exec(drawing)?.[1];
      return [sizeOf('Conservatory of the house'), sizeOf('4.00 francs and rappen')];
    };
    expect(await draw(400)).toEqual(['11', '11']);
    expect(await draw(290)).toEqual(['9', '9']);
  });

  it('says on an axis of shares as many decimals as it has steps, and no end that would be cut', async () => {
    const visual = {
      visual: 'lineChart' as const,
      title: 'Shares',
      at: [16, 96, 300, 200] as [number, number, number, number],
      wells: { Category: ['Date.Date'], Y: ['Energy by minute.Cost'] },
    };
    const given = withSql.map((one) => ({
      ...one,
      measures: one.measures.map((measure) => ({ ...measure, format: '0.0%' })),
    }));
    const pages = [{ title: 'Shares', order: 1, visuals: [visual] }];
    const { files } = await preview(given, { ...design, pages, language: 'en' }, async () =>
      Array.from({ length: 16 }, (_, day) => ({ by1: `2023-10-${day + 10}`, value1: 0.985 + day / 1500 })),
    );
    const texts = [...([...files.values()][0] ?? '').matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text);
    expect(texts).toEqual(expect.arrayContaining(['98.5%', '99.0%', '99.5%']));
    expect(texts.filter((text) => text?.startsWith('2023'))).toEqual(['2023-10-10', '2023-10-15', '2023-10-20']);
  });
});
