import type { Queryable } from '../../../warehouse/warehouse.ts';
import { type Grant, grantsJson } from '../../database/attachments.ts';
import { statement } from '../../database/statement.ts';
import type { BuiltNode } from '../../manifest/manifest.ts';
import { alignGrants, isSameGrant } from '../../materialize/parts/grants.ts';
import { privileges } from '../../project/privileges.ts';
import { settingPlace } from '../../project/setting-places.ts';
import type { RecordedGrant } from '../../state/created.ts';
import { NodeError } from '../../text/errors.ts';
import type { Place } from '../../text/place.ts';
import { didYouMean } from '../../text/suggest.ts';

export interface Granted {
  /** What is to be recorded. */
  readonly created: readonly RecordedGrant[];
  /** Whether anything was granted or revoked, or is to be recorded otherwise. */
  readonly changed: boolean;
}

/**
 * Grants what a model's or seed's setting says, and takes back what it said before. Belongs into the transaction that
 * builds it, after everything that creates the relation.
 * @param created what is recorded of an earlier build.
 * @throws NodeError naming the roles that do not exist.
 */
export async function grantRoles(on: Queryable, node: BuiltNode, created: readonly RecordedGrant[]): Promise<Granted> {
  const { grants = {} } = node.config;
  const roles = privileges.flatMap((privilege) => grants[privilege] ?? []);
  if (roles.length === 0 && created.length === 0) return { created: [], changed: false };
  const { rows } = await on.query<{ owner: string; existing: readonly Grant[]; roles: readonly string[] }>(
    `select
         pg_get_userbyid(c.relowner)::text as owner,
         ${grantsJson} as existing,
         (select jsonb_agg(rolname order by rolname) from pg_roles) as roles
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm')`,
    [node.relation.schema, node.relation.name],
    'prepared',
  );
  const [now] = rows;
  if (now === undefined) return { created, changed: false };
  refuseUnknown(node, new Set(now.roles));
  const plan = alignGrants(node.relation, grants, { ...now, created, settings: node.settings });
  for (const { sql } of plan.steps) await statement(on, sql);
  const same =
    plan.created.length === created.length &&
    plan.created.every((one) => created.some((other) => isSameGrant(one, other)));
  return { created: plan.created, changed: plan.steps.length > 0 || !same };
}

function refuseUnknown(node: BuiltNode, known: ReadonlySet<string>): void {
  const unknown = new Map<string, Place | undefined>();
  for (const privilege of privileges)
    for (const [number, role] of (node.config.grants?.[privilege] ?? []).entries())
      if (role !== 'public' && !known.has(role) && !unknown.has(role))
        unknown.set(role, settingPlace(node.settings, 'grants', privilege, number));
  const [first] = unknown;
  if (first === undefined) return;
  // Predefined roles of PostgreSQL are not suggested.
  const theirs = [...known].filter((role) => !role.startsWith('pg_'));
  const names = [...unknown.keys()].map((role) => `"${role}"`);
  throw new NodeError({
    what: `${node.name}: grants names ${names.length === 1 ? `the role ${names[0]}, which does` : `the roles ${names.join(', ')}, which do`} not exist`,
    place: first[1],
    hint: [didYouMean(first[0], theirs), `An administrator makes a role: create role ${first[0]};`]
      .filter(Boolean)
      .join(' '),
  });
}
