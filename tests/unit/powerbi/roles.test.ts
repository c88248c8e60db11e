import { describe, expect, it } from 'vitest';
import type { PowerBiOptions } from '../../../powerbi/model/options.ts';
import { relationshipsOf } from '../../../powerbi/model/relationships.ts';
import { roleObjects } from '../../../powerbi/model/roles.ts';
import type { Exposure } from '../../../runner/manifest/exposure.ts';
import { column, exposure, household, key, options, to } from '../../integration/powerbi/reader/exposures.ts';

function filtersOf(exposures: readonly Exposure[], more: Partial<PowerBiOptions> = {}) {
  const roles = roleObjects(exposures, relationshipsOf(exposures), { ...options, ...more });
  return new Map(
    roles.map((role) => [
      role.name,
      new Map(
        (role.children ?? []).filter(({ type }) => type === 'tablePermission').map(({ name, value }) => [name, value]),
      ),
    ]),
  );
}

describe('roles', () => {
  const roles = filtersOf(household);

  it('are one for everything, one for each apartment, one by login', () => {
    expect([...roles.keys()]).toEqual(['All apartments', 'Jimmy', 'Jérémie', 'By login']);
    expect(Object.fromEntries(roles.get('All apartments') ?? [])).toEqual({ Access: 'FALSE()' });
  });

  it('of an apartment shut the apartments and every table that no filter on them reaches', () => {
    expect(Object.fromEntries(roles.get('Jimmy') ?? [])).toEqual({
      Apartment: `'Apartment'[Apartment id] == "jimmy"`,
      Room: `LOOKUPVALUE('Apartment'[Apartment id], 'Apartment'[Apartment key], 'Room'[Apartment key]) == "jimmy"`,
      Device: `LOOKUPVALUE('Apartment'[Apartment id], 'Apartment'[Apartment key], LOOKUPVALUE('Room'[Apartment key], 'Room'[Room key], 'Device'[Room key])) == "jimmy"`,
      Access: 'FALSE()',
    });
  });

  it('show no address but the own one', () => {
    const seen = [...roles].map(([name, filters]) => [name, filters.get('Access')]);
    expect(seen).toEqual([
      ['All apartments', 'FALSE()'],
      ['Jimmy', 'FALSE()'],
      ['Jérémie', 'FALSE()'],
      ['By login', "LOWER('Access'[User e-mail]) == LOWER(USERPRINCIPALNAME())"],
    ]);
  });

  it('by login look the address up whatever its case, and shut the map, too', () => {
    const own = "LOWER('Access'[User e-mail]) == LOWER(USERPRINCIPALNAME())";
    expect(roles.get('By login')?.get('Apartment')).toBe(
      `NOT ISEMPTY(FILTER('Access', ${own} && 'Access'[Apartment key] == 'Apartment'[Apartment key]))`,
    );
    expect(roles.get('By login')?.get('Access')).toBe(own);
    expect([...(roles.get('By login')?.keys() ?? [])].sort()).toEqual(['Access', 'Apartment', 'Device', 'Room']);
  });

  it('of renters see nothing of what is for owners, neither by name nor by login', () => {
    const guarded = household.map((one) =>
      ['Energy by minute', 'Device health by day', 'Device'].includes(one.name)
        ? { ...one, guardedBy: 'owned_apartments' }
        : one.name === 'Access'
          ? {
              ...one,
              guardedBy: 'owned_apartments',
              columns: [...one.columns, column('Role', 'text', { source: 'role' })],
            }
          : { ...one, guardedBy: 'visible_apartments' },
    );
    const all = filtersOf(guarded);
    expect([...all.keys()]).toEqual([
      'All apartments',
      'Jimmy',
      'Jérémie',
      'Jimmy (renter)',
      'Jérémie (renter)',
      'By login',
    ]);
    expect(all.get('Jimmy')).toEqual(roles.get('Jimmy'));
    expect(Object.fromEntries(all.get('Jimmy (renter)') ?? [])).toEqual({
      ...Object.fromEntries(roles.get('Jimmy') ?? []),
      'Energy by minute': 'FALSE()',
      'Device health by day': 'FALSE()',
      Device: 'FALSE()',
    });
    const byLogin = all.get('By login');
    expect(byLogin?.get('Energy by minute')).toBe(
      `NOT ISEMPTY(FILTER('Access', LOWER('Access'[User e-mail]) == LOWER(USERPRINCIPALNAME()) && 'Access'[Apartment key] == 'Energy by minute'[Apartment key] && 'Access'[Role] IN {"admin", "owner"}))`,
    );
    expect(byLogin?.get('Device')).toContain(`&& 'Access'[Role] IN {"admin", "owner"}`);
    expect(byLogin?.get('Room')).not.toContain('Role');
    expect(byLogin?.get('Access')).toBe("LOWER('Access'[User e-mail]) == LOWER(USERPRINCIPALNAME())");
    // A map that does not say who is an owner shows those tables to nobody.
    const unsaid = guarded.map((one) => (one.name === 'Access' ? { ...one, columns: one.columns.slice(0, 2) } : one));
    expect(filtersOf(unsaid).get('By login')?.get('Energy by minute')).toContain('&& FALSE()');
  });

  it('leave what has no apartment to everybody', () => {
    for (const filters of roles.values())
      for (const table of ['Date', 'Minute', 'Forecast', "Anna's site"]) expect(filters.has(table)).toBe(false);
  });

  it('shut a table whose way to the apartments is not active', () => {
    const twice = exposure('Comparison', 'fact_comparison', {
      columns: [key('Energy room key'), key('Room key')],
      references: [to('Room', 'Room key'), to('Room', 'Room key', 'Energy room key')],
    });
    expect(
      filtersOf([...household, twice])
        .get('Jimmy')
        ?.get('Comparison'),
    ).toBe(
      `LOOKUPVALUE('Apartment'[Apartment id], 'Apartment'[Apartment key], LOOKUPVALUE('Room'[Apartment key], 'Room'[Room key], 'Comparison'[Room key])) == "jimmy"`,
    );
  });

  it('have names that Power BI takes, each once', () => {
    const all = [
      { id: 'a', name: 'Rue du Lac 1, Sion' },
      { id: 'b', name: 'by login' },
      { id: 'c', name: '' },
    ];
    const subjects = { ...options.subjects, all };
    expect([...filtersOf(household, { subjects }).keys()]).toEqual([
      'All apartments',
      'Rue du Lac 1  Sion',
      'by login (b)',
      '(c)',
      'By login',
    ]);
  });

  it('quote what is quoted in an id', () => {
    const subjects = { ...options.subjects, all: [{ id: 'a"b', name: 'Q' }] };
    expect(filtersOf(household, { subjects }).get('Q')?.get('Apartment')).toBe(`'Apartment'[Apartment id] == "a""b"`);
  });

  it('do without the map or the apartments where there are none', () => {
    const without = (name: string) => household.filter((one) => one.name !== name);
    expect([...filtersOf(without('Access')).keys()]).toEqual(['All apartments', 'Jimmy', 'Jérémie']);
    expect([...filtersOf(without('Apartment')).keys()]).toEqual(['All apartments']);
  });
});
