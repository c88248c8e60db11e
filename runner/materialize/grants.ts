import { identifier, relation } from '../../warehouse/quote.ts';
import type { Grant } from '../catalog.ts';
import type { RelationName } from '../manifest.ts';
import { run, type Step } from './step.ts';

/** Steps that give a relation the privileges that its predecessor of the same name had. */
export function restoreGrants(name: RelationName, grants: readonly Grant[]): Step[] {
  return grants.map(({ grantee, privilege, grantable }) => {
    const to = grantee === null ? 'public' : identifier(grantee);
    return run(
      `grant ${privilege.toLowerCase()} on table ${relation(name.schema, name.name)} to ${to}${grantable ? ' with grant option' : ''}`,
    );
  });
}
