import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Apartment } from '../../../../loaders/landing/apartment.ts';
import { RegistryRows } from '../../../../loaders/registry/subject-rows.ts';
import { isSubjectsPath } from '../../../../loaders/sensors/subject-files.ts';
import { squeezed } from '../../../../loaders/tombstones/names.ts';
import { registryId } from '../../../../loaders/tombstones/registry-ids.ts';
import { hashesOf, ruleOf, SubjectRule } from '../../../../loaders/tombstones/rule.ts';

/** The rule as a load has it, which knows salted hashes only. */
function tombstoneOf(subject: Apartment, apartments: readonly Apartment[] = []): SubjectRule {
  return new SubjectRule([hashesOf(subject, randomBytes(16).toString('hex'))], apartments);
}

describe.each([
  ['by name', ruleOf],
  ['by hash', tombstoneOf],
] as const)(
  'what belongs to a subject, known %s',
  (_, rule: (subject: Apartment, apartments?: readonly Apartment[]) => SubjectRule) => {
    const zoe = rule({ id: 'zoë', owner: 'Zoë Müller' });

    it('owners: letter case, white space and Unicode form aside, but nothing else', () => {
      for (const owner of ['Zoë Müller', 'ZOËMÜLLER', 'zoe\u0308 mu\u0308ller', ' Zoë\tMüller']) {
        expect(zoe.hasOwner(owner), owner).toBe(true);
      }
      for (const owner of ['', 'Zoë', 'Zoe Muller', 'Zoë Müllers', 'aZoë Müller']) {
        expect(zoe.hasOwner(owner), owner).toBe(false);
      }
      expect(zoe.hasApartment('zoë')).toBe(true);
      expect(zoe.hasApartment('zo')).toBe(false);
    });

    it('buildings: the name anywhere in that of the house', () => {
      expect(zoe.ownsBuilding('Chez la Famille ZOË  MÜLLERS')).toBe(true);
      expect(zoe.ownsBuilding('zoë mülle r')).toBe(true);
      expect(zoe.ownsBuilding('Zoë und Müller')).toBe(false);
      expect(zoe.ownsBuilding('')).toBe(false);
    });

    it('buildings: not those of a configured owner whose name the name is a part of', () => {
      const others = [
        { id: 'loup', owner: 'JimmyLoup' },
        { id: 'jimmy', owner: 'Jimmy' },
      ];
      expect(rule({ id: 'jimmy', owner: 'Jimmy' }, others).ownsBuilding('Chez Jimmy Loup')).toBe(false);
      expect(rule({ id: 'jimmy', owner: 'Jimmy' }, others).ownsBuilding('Chez Jimmy Louis')).toBe(true);
      expect(rule({ id: 'loup', owner: 'JimmyLoup' }, others).ownsBuilding('Chez Jimmy Loup')).toBe(true);
      expect(rule({ id: 'jimmy', owner: 'Jimmy' }).ownsBuilding('Chez Jimmy Loup')).toBe(true);
    });

    it('buildings: of several owners in a name the longest has it, of equally long ones the first in the alphabet', () => {
      const [bo, al, max] = [
        { id: 'b', owner: 'Bo' },
        { id: 'a', owner: 'Al' },
        { id: 'm', owner: 'Max' },
      ];
      const all = [bo, al, max];
      const whose = (name: string) => all.filter((one) => rule(one, all).ownsBuilding(name)).map(({ id }) => id);
      expect(whose('Max und Bo')).toEqual(['m']);
      expect(whose('Bo, Al')).toEqual(['a']);
      expect(whose('Bo')).toEqual(['b']);
      expect(whose('Villa')).toEqual([]);
      const others = (name: string) => all.filter((one) => rule(one, all).isOthersBuilding(name)).map(({ id }) => id);
      expect(others('Max und Bo')).toEqual(['b', 'a']);
      expect(others('Villa')).toEqual([]);
    });

    it('files: the owner in the name and no other, or the folder of the apartment; nothing else', () => {
      const jimmy = rule({ id: 'jimmy', owner: 'Jimmy' });
      for (const path of [
        '18.08.2023 1000_Jimmy_received.json',
        'rejected/99.99.9999 9999_jimmy_received.json.gz',
        'jimmy/2023/anything',
      ])
        expect(isSubjectsPath(jimmy, path), path).toBe(true);
      for (const path of [
        '18.08.2023 1000_JimmyLoup_received.json',
        '18.08.2023 1000_not Jimmy_received.json',
        'jimmy (2).json',
        'jimmyloup/2023/anything',
        'jimmy',
        '',
      ])
        expect(isSubjectsPath(jimmy, path), path).toBe(false);
    });
  },
);

describe('the hash of an owner', () => {
  it('finds the name in a house exactly where the name itself is found', () => {
    const letters = ['a', 'A', 'b', 'ü', 'Ü', 'u\u0308', 'İ', 'ß', 'Σ', '😀', ' ', '\t', 'ı', 'É'];
    const text = (maxLength: number) => fc.array(fc.constantFrom(...letters), { maxLength }).map((all) => all.join(''));
    const owner = text(3).map((rest) => `a${rest}`);
    const house = fc.oneof(
      text(12).map((name) => () => name),
      fc.tuple(text(6), text(6)).map(
        ([before, after]) =>
          (name: string) =>
            before + name.toUpperCase() + after,
      ),
    );
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(owner, house, (name, houseOf) => {
        const found = tombstoneOf({ id: 'x', owner: name }).ownsBuilding(houseOf(name));
        expect(found).toBe(ruleOf({ id: 'x', owner: name }).ownsBuilding(houseOf(name)));
        expect(found).toBe(squeezed(houseOf(name)).join('').includes(squeezed(name).join('')));
        seen[found ? 'yes' : 'no'] += 1;
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(200);
  });

  it('is compared once for each name, however many files have it', () => {
    const hashes = hashesOf({ id: 'jimmy', owner: 'JimmyLoup' }, '00');
    let compared = 0;
    const counted = {
      ...hashes,
      get salt() {
        compared += 1;
        return hashes.salt;
      },
    };
    const rule = new SubjectRule([counted]);
    for (let minute = 1000; minute < 2000; minute += 1) {
      expect(isSubjectsPath(rule, `jeremie/18.08.2023 ${minute}_JeremieVianin_received.json`)).toBe(false);
      expect(isSubjectsPath(rule, `jeremie/18.08.2023 ${minute}_JimmyLoup_received.json`)).toBe(true);
    }
    // Two owners and a folder.
    expect(compared).toBe(3);
  });

  it('of none owns nothing', () => {
    const nobody = new SubjectRule([]);
    expect(nobody.size).toBe(0);
    expect([nobody.hasOwner('x'), nobody.hasApartment('x'), nobody.ownsBuilding('x')]).toEqual([false, false, false]);
  });
});

describe('the rows of the registry', () => {
  const jimmy = ruleOf({ id: 'jimmy', owner: 'JimmyLoup' });

  it('follow from buildings to rooms to devices, whatever the letter case and the kind of an id', () => {
    const rows = new RegistryRows(jimmy);
    expect(rows.has('buildings', { IDBUILDING: '2', houseName: 'Chez Jimmy LOUP' })).toBe(true);
    expect(rows.has('buildings', { idBuilding: 5, houseName: 'Musterhaus' })).toBe(false);
    expect(rows.has('rooms', { idroom: 20, IdBuilding: 2 })).toBe(true);
    expect(rows.has('rooms', { idRoom: 50, idBuilding: '5' })).toBe(false);
    expect(rows.has('devices', { idDevice: 200, idRoom: '20' })).toBe(true);
    expect(rows.has('devices', { idDevice: 500, idRoom: 50, name: 'von JimmyLoup' })).toBe(false);
    expect(rows.has('sensors', { idSensor: 1, idRoom: 20 })).toBe(true);
    expect(rows.has('profile', { idProfile: 1, idDevice: 200 })).toBe(true);
    expect(rows.has('profile', { idProfile: 2, idDevice: 500 })).toBe(false);
    expect(rows.has('parameters', { idParameter: 2 })).toBe(false);
    expect(rows.ids).toEqual({ buildings: ['2'], rooms: ['20'], devices: ['200'] });
  });

  it('without a known building are nobody’s, also where their texts name the owner', () => {
    const rows = new RegistryRows(jimmy);
    rows.has('buildings', { idBuilding: 5, houseName: 'Musterhaus' });
    expect(rows.has('dierrors', { idError: 1, idBuilding: null, file: 'a_jimmyloup_received.json' })).toBe(false);
    expect(rows.has('dierrors', { idError: 2, idBuilding: 99, errorMessage: 'Jimmy Loup called' })).toBe(false);
    expect(rows.has('dierrors', { idError: 3, idBuilding: 5, errorMessage: 'Jimmy Loup called' })).toBe(false);
    expect(rows.has('dierrors', { idError: 4, idBuilding: null, errorMessage: 'nobody' })).toBe(false);
  });

  it('are known by their ids of before, whatever the building is called now, unless that is another person’s name', () => {
    const before = { buildings: ['2', '3', '7'], rooms: ['20', '90'], devices: ['9'] };
    const other = { id: 'jeremie', owner: 'JeremieVianin' };
    const rows = new RegistryRows(ruleOf({ id: 'jimmy', owner: 'JimmyLoup' }, [other]), before);
    expect(rows.has('buildings', { idBuilding: 2, houseName: 'sold to Jeremie Vianin' })).toBe(false);
    expect(rows.has('buildings', { idBuilding: 3, houseName: 'Villa Sans Souci' })).toBe(true);
    expect(rows.has('buildings', { idBuilding: 4, houseName: 'Villa Sans Souci' })).toBe(false);
    expect(rows.has('buildings', { idBuilding: 7, houseName: null })).toBe(true);
    expect(rows.has('rooms', { idRoom: 20, idBuilding: 2 })).toBe(false);
    expect(rows.has('rooms', { idRoom: 71, idBuilding: 7 })).toBe(true);
    expect(rows.has('rooms', { idRoom: 90, idBuilding: null })).toBe(true);
    expect(rows.has('rooms', { idRoom: 91, idBuilding: null })).toBe(false);
    expect(rows.has('sensors', { idRoom: 20 })).toBe(false);
    expect(rows.has('devices', { idDevice: 9, idRoom: 99 })).toBe(true);
    const lacking = new RegistryRows(jimmy, before);
    expect(lacking.has('sensors', { idRoom: 20 })).toBe(true);
    expect(lacking.has('parameters', { idBuilding: 2 })).toBe(true);
  });

  it.each([
    [2, '2'],
    [' 2 ', '2'],
    ['0002', '2'],
    ['2.0', '2'],
    ['9007199254740993', '9007199254740993'],
    [null, undefined],
    ['', undefined],
    ['x', undefined],
    [1.5, undefined],
  ])('an id %j is %j', (value, id) => expect(registryId(value)).toBe(id));
});
