import { describe, expect, test } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

describe.each(oneDatabase)('values of seeds that depend on settings, on $name', (kind) => {
  const statements = ['create domain raw.day as date', 'create type raw.price as (since date, amount money)'];
  const { project, run, rows, errorOf } = projectOn(kind, {}, statements);
  const write = (type: string, value: string) =>
    project.write({
      'seeds/v.csv': `id,v\n1,"${value.replaceAll('"', '""')}"\n`,
      'seeds/v.yml': `seeds: [{ name: v, config: { column_types: { v: "${type}" } } }]`,
    });

  test.each([
    ['daterange', '[01.08.23,05.09.23)'],
    ['date[]', '{2023-08-01,01/09/23}'],
    ['tstzmultirange', '{[01.08.2023 00:00,02.08.2023 00:00)}'],
    ['raw.day', '01.08.23'],
    ['raw.price', '(01.08.23,1.50)'],
    ['money', '1,5'],
    ['money', '1,500'],
    ['money[]', '{1.50,"2,50"}'],
    ['raw.price', '(2023-08-01,"1,50")'],
  ])('%s: %s is refused at its line', async (type, value) => {
    write(type, value);
    expect(await errorOf('v')).toMatchObject({
      message: expect.stringContaining('seeds/v.csv: "'),
      where: 'seeds/v.csv:2:3',
      hint: expect.stringMatching(/^Write (2023-08-31|1234.50)/),
    });
  });

  test.each([
    ['date', '2023-08-01 24:00', 'more than the type can hold'],
    ['date', '2023-12-31 23:59:60', 'more than the type can hold'],
    ['timestamp', '2023-08-01T10:00+0200', 'more than the type can hold'],
    ['timestamp', '2023-08-01 10:00 Europe/Zurich', 'more than the type can hold'],
    ['time', '10:00+02', 'more than the type can hold'],
    ['time', 'now', 'is another time at each load'],
    ['timestamptz', '2023-08-01 10:00 UTC+2', 'is not a date as ISO 8601 writes it'],
  ])('%s: %s is refused, since it would be taken for less or other than it says', async (type, value, reason) => {
    write(type, value);
    expect(await errorOf('v')).toMatchObject({ message: expect.stringContaining(reason), where: 'seeds/v.csv:2:3' });
  });

  test.each([
    ['date', '2023-08-01 00:00:00', '2023-08-01'],
    ['timestamp', '2023-08-01 10:00Z', '2023-08-01 10:00:00'],
    ['timestamptz', '2023-08-01T10:00+0200', '2023-08-01 08:00:00+00'],
    ['timestamptz', '2016-12-31T23:59:60Z', '2017-01-01 00:00:00+00'],
    ['timetz', '10:00+0200', '10:00:00+02'],
    ['time', '24:00', '24:00:00'],
  ])('%s: %s is %s', async (type, value, taken) => {
    write(type, value);
    await run();
    expect(await rows('select v::text as v from seeds.v')).toEqual([{ v: taken }]);
  });

  test.each([
    ['daterange', '[2023-08-01,2023-09-05)'],
    ['money', '$1,234.50'],
    ['raw.day', '2023-08-01'],
    ['raw.price', '(2023-08-01,$1.50)'],
    ['inet[]', '{10.1.2.3}'],
  ])('%s: %s is taken', async (type, value) => {
    write(type, value);
    await run();
    expect(await rows('select v::text as v from seeds.v')).toEqual([{ v: value }]);
  });

  test('another delimiter than the one expected is no name of a column', async () => {
    project.write({ 'seeds/w.csv': 'id;v\n1;2\n' });
    const message = 'seeds/w.csv has a single column, "id;v"';
    expect(await errorOf('w')).toMatchObject({ message, hint: expect.stringContaining('delimiter: ";"') });
  });
});
