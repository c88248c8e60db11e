import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../runner/database/attachments.ts';
import { alignGrants } from '../../runner/materialize/parts/grants.ts';
import type { Grants } from '../../runner/project/additive-settings.ts';
import type { RecordedGrant } from '../../runner/state/created.ts';
import { expectedFolder, expectGolden } from './golden.ts';

const folder = join(expectedFolder, 'grants');
const owner = 'datacycle';
const select = (role: string): RecordedGrant => ({ privilege: 'select', role });
const granted = (grantee: string | null, privilege = 'SELECT'): Grant => ({ grantee, privilege, grantable: false });

const align = (grants: Grants, existing: readonly Grant[] = [], created: readonly RecordedGrant[] = []) =>
  alignGrants({ schema: 'gold', name: 'rooms' }, grants, { existing, owner, created, settings: new Map() });

const cases: Readonly<Record<string, () => ReturnType<typeof align>>> = {
  'granted-first': () => align({ select: ['analyst', 'Power "BI"', 'public'], insert: ['writer'] }),
  'granted-in-part': () => align({ select: ['analyst', 'auditor', owner] }, [granted('analyst')]),
  'revoked-what-was-granted': () =>
    align(
      { select: ['analyst'] },
      [granted('analyst'), granted('auditor'), granted(null), granted('by hand'), granted('analyst', 'UPDATE')],
      [select('analyst'), select('auditor'), select('public'), { privilege: 'update', role: 'analyst' }],
    ),
};

describe('the statements that grant and revoke', () => {
  it.each(Object.keys(cases))('%s', (name) => {
    const { steps, created } = cases[name]?.() ?? align({});
    const recorded = created.map(({ privilege, role }) => `-- recorded: grant ${privilege} to ${role}\n`).join('');
    expectGolden(`grants/${name}`, `${steps.map(({ sql }) => `${sql.text};\n`).join('')}${recorded}`);
  });

  it('are none where all is as declared, and a grant that was revoked by hand is no longer recorded where it is not declared', () => {
    expect(align({ select: ['analyst'] }, [granted('analyst')], [select('analyst')])).toEqual({
      steps: [],
      created: [select('analyst')],
    });
    expect(align({}, [], [select('analyst')])).toEqual({ steps: [], created: [] });
  });

  it('do not record what another role had granted before, so that it is not revoked later', () => {
    expect(align({ select: ['analyst'] }, [granted('analyst')])).toEqual({ steps: [], created: [] });
  });

  it('are all in the golden files', () => {
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(cases)
        .map((name) => `${name}.sql`)
        .sort(),
    );
  });
});
