import { expect, it } from 'vitest';
import { aligned } from '../../../../cli/explore/aligned.ts';
import { csvOf } from '../../../../ui/browser/parts/csv.ts';

it('puts points of several lines onto the same times, with gaps', () => {
  const found = aligned([
    { key: '202310120001', title: 'Kitchen', value: 2 },
    { key: '202310120000', title: 'Office', value: '1.5' },
    { key: '202310120001', title: 'Office', value: null },
    { key: '202310120002', title: 'Attic', value: null },
  ]);
  expect(found.times.map((seconds) => new Date(seconds * 1000).toISOString().slice(11, 16))).toEqual([
    '00:00',
    '00:01',
    '00:02',
  ]);
  expect(found.series).toEqual([
    { title: 'Kitchen', isPredicted: false, values: [null, 2, null] },
    { title: 'Office', isPredicted: false, values: [1.5, null, null] },
  ]);
});

it('is CSV with a column for each line', () => {
  const series = [
    { title: 'a "b"', isPredicted: false, values: [1, null] },
    { title: 'c', isPredicted: false, values: [null, 0.5] },
  ];
  expect(csvOf({ times: [0, 60], series }).split('\n')).toEqual([
    'time_utc,"a ""b""","c"',
    '1970-01-01T00:00:00.000Z,1,',
    '1970-01-01T00:01:00.000Z,,0.5',
    '',
  ]);
});
