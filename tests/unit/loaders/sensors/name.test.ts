import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../../loaders/landing/errors.ts';
import { isCompressed, ledgerName } from '../../../../loaders/landing/ledger-name.ts';
import { bronzePathOf, SensorNames } from '../../../../loaders/sensors/name.ts';

const names = new SensorNames([
  { id: 'jimmy', owner: 'JimmyLoup' },
  { id: 'third', owner: 'Anne_Marie' },
]);

describe('the name of a sensor file', () => {
  it('tells the apartment and the minute, also of an owner with an underscore', () => {
    const minute = Date.UTC(2023, 7, 18, 10, 0) / 60_000;
    expect(names.read('18.08.2023 1000_JimmyLoup_received.json')).toEqual({ known: true, apartment: 'jimmy', minute });
    expect(names.read('18.08.2023 1000_Anne_Marie_received.json')).toEqual({ known: true, apartment: 'third', minute });
  });

  it.each([
    ['29.02.2024 2359_JimmyLoup_received.json', true],
    ['29.02.2023 0000_JimmyLoup_received.json', 'the time in the name does not exist'],
    ['31.02.2023 0000_JimmyLoup_received.json', 'the time in the name does not exist'],
    ['00.01.2023 0000_JimmyLoup_received.json', 'the time in the name does not exist'],
    ['01.13.2023 0000_JimmyLoup_received.json', 'the time in the name does not exist'],
    ['18.08.2023 2561_JimmyLoup_received.json', 'the time in the name does not exist'],
    ['18.08.2023 2400_JimmyLoup_received.json', 'the time in the name does not exist'],
    ['18.08.0099 1000_JimmyLoup_received.json', 'the time in the name does not exist'],
    ['18.08.2023 1000_Stranger_received.json', 'the owner in the name is unknown'],
    ['18.08.2023 1000_jimmyloup_received.json', 'the owner in the name is unknown'],
    ['18.08.2023 1000_../../etc_received.json', 'the owner in the name is unknown'],
    ['18.08.2023 1000__received.json', 'the name has no readable time'],
    ['2023-08-18 1000_JimmyLoup_received.json', 'the name has no readable time'],
    ['18.08.2023 1000_JimmyLoup_received (1).json', 'the name has no readable time'],
    ['8.8.2023 1000_JimmyLoup_received.json', 'the name has no readable time'],
    ['x.json', 'the name has no readable time'],
  ])('%s', (name, expected) => {
    const read = names.read(name);
    expect(read.known ? true : read.reason).toBe(expected);
  });

  it('gives the names to expect', () => {
    const minute = Date.UTC(2024, 0, 1, 0, 5) / 60_000;
    expect(names.expected(minute)).toEqual([
      '01.01.2024 0005_JimmyLoup_received.json',
      '01.01.2024 0005_Anne_Marie_received.json',
    ]);
  });

  it('decides the place in Bronze', () => {
    const name = '18.08.2023 1009_JimmyLoup_received.json';
    expect(bronzePathOf(`${name}.gz`, names.read(name))).toBe(`jimmy/2023/08/18/10/${name}.gz`);
    expect(bronzePathOf('x.json', names.read('x.json'))).toBe('rejected/x.json');
  });

  it('is the same in the ledger before and after compression', () => {
    expect(['a.json', 'a.json.gz', 'a.JSON', 'a.Json.GZ'].map(ledgerName)).toEqual(Array(4).fill('a.json'));
    expect(isCompressed('a.json.GZ')).toBe(true);
    expect(isCompressed('a.json')).toBe(false);
  });
});

describe('the configuration of apartments', () => {
  it.each([
    [[]],
    [[{ id: '..', owner: 'A' }]],
    [[{ id: 'a/b', owner: 'A' }]],
    [[{ id: 'a\\b', owner: 'A' }]],
    [[{ id: '', owner: 'A' }]],
    [[{ id: 'Rejected', owner: 'A' }]],
    [[{ id: 'weather', owner: 'A' }]],
    [[{ id: 'a', owner: '' }]],
    [[{ id: 'a', owner: '../b' }]],
    [[{ id: 'a', owner: 'b\u0000' }]],
    [
      [
        { id: 'a', owner: 'A' },
        { id: 'b', owner: 'A' },
      ],
    ],
  ])('refuses %j', (apartments) => {
    expect(() => new SensorNames(apartments)).toThrow(SourceError);
  });
});
