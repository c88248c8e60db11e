import * as z from 'zod';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { ConnectionError } from '../../warehouse/errors.ts';
import { identifier, literal } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { apartmentsOf, textSetting } from '../settings/settings.ts';
import { type Address, codeOf, connected } from './address.ts';
import type { Changes } from './changes.ts';
import { checkRoleName } from './check-names.ts';
import { scramVerifier } from './scram.ts';

/** The roles that see rows of gold, as the model visible_apartments knows them. */
export interface ReaderRoles {
  /** A role for each apartment. */
  readonly apartments: readonly string[];
  /** Sees all of them. */
  readonly admin: string;
  /** What Power BI logs in as, a member of `admin`. */
  readonly login: string;
  /** Undefined: the login is not made. */
  readonly password: string | undefined;
}

/** Power BI reads with many connections at once, and a report that takes longer has lost its reader. */
const loginSettings = { default_transaction_read_only: 'on', statement_timeout: '5min' } as const;
const loginConnections = 20;

const names = z.object({
  apartment_role: z.string().min(1),
  admin_role: z.string().min(1),
  bi_login: z.string().min(1),
});

/**
 * The names of vars.access, with a role for each of vars.apartments; undefined for a project without vars.access.
 * @throws UsageError if a name is missing, cannot be a role's, or two roles would be one.
 */
export function readerRolesOf(project: Project): ReaderRoles | undefined {
  if (project.vars.access === undefined) return undefined;
  const { file, line } = project.settingsFile.place(['vars', 'access']);
  const where = `${file}:${line}`;
  const checked = names.safeParse(project.vars.access);
  if (!checked.success) {
    throw new UsageError({
      what: 'vars.access must name roles of the database: apartment_role, admin_role and bi_login',
      where,
      hint: 'Write access: { apartment_role: role_, admin_role: role_admin, bi_login: role_bi }.',
    });
  }
  const { apartment_role: prefix, admin_role: admin, bi_login: login } = checked.data;
  const apartments = apartmentsOf(project).map(({ id }) => `${prefix}${id}`);
  const taken = new Set<string>();
  for (const name of [...apartments, admin, login]) {
    checkRoleName(`role ${name} of vars.access`, name, `Correct it in ${where}.`);
    // Row security does not tell them apart by letter case either.
    if (taken.has(name.toLowerCase())) {
      throw new UsageError({
        what: `two of the roles for reading would be ${name}, and one would see what the other does`,
        where,
        hint: 'Choose another apartment_role, admin_role or bi_login, or another id for the apartment.',
      });
    }
    taken.add(name.toLowerCase());
  }
  const isOther = (textSetting(project, 'PBI_USER') ?? login) !== login;
  const password = textSetting(project, 'BI_PASSWORD') ?? (isOther ? undefined : textSetting(project, 'PBI_PASSWORD'));
  return { apartments, admin, login, password };
}

/** The role that sees one apartment; undefined for a project without vars.access. */
export function roleOf(project: Project, apartment: string): string | undefined {
  const checked = names.safeParse(project.vars.access);
  return checked.success ? `${checked.data.apartment_role}${apartment}` : undefined;
}

/**
 * Creates the missing roles as members of the readers, and reports who was a member of an existing one.
 * @throws UsageError if an existing role can do more than read.
 */
export async function ensureReaderRoles(
  admin: Queryable,
  roles: ReaderRoles,
  reader: string,
  changes: Changes,
): Promise<void> {
  for (const role of [...roles.apartments, roles.admin]) {
    const there = await refuseMore(admin, role, 'group', [reader]);
    if (there) await noticeMembers(admin, role, reader, changes);
    await changes.ensure(`group ${role}`, there, () =>
      admin.query(
        `create role ${identifier(role)} nologin nosuperuser nocreatedb nocreaterole noreplication nobypassrls`,
      ),
    );
    await ensureMember(admin, role, reader, changes);
  }
}

/** The login of Power BI: reads only, and only so much at once. See {@link ensureReaderRoles}. */
export async function ensureLogin(
  admin: Queryable,
  roles: ReaderRoles,
  app: Address,
  reader: string,
  rotatePassword: boolean,
  changes: Changes,
): Promise<void> {
  const { login, password } = roles;
  const there = await refuseMore(admin, login, 'login', [reader, roles.admin]);
  const name = identifier(login);
  if (!there && password === undefined) {
    changes.notices.push(
      `There is no user ${login} for Power BI yet: put a password for it into BI_PASSWORD and run init again.`,
    );
    return;
  }
  const secret = password === undefined ? '' : ` password ${literal(scramVerifier(password))}`;
  if (there) await noticeMembers(admin, login, roles.admin, changes);
  await changes.ensure(`user ${login}`, there, () =>
    admin.query(
      `create role ${name} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls
       connection limit ${loginConnections}${secret}`,
    ),
  );
  if (there && password !== undefined) {
    if (rotatePassword) {
      await admin.query(`alter role ${name}${secret}`);
      changes.done.push(`password of ${login}`);
    } else if (await isRefused(app, login, password)) {
      changes.notices.push(
        `The password of ${login} is another than BI_PASSWORD: correct it there, or run datacycle init --rotate-password.`,
      );
    }
  }
  await ensureMember(admin, login, roles.admin, changes);
  const { rows } = await admin.query<{ settings: string[] }>(
    `select coalesce(array_agg(split_part(s, '=', 1)), '{}') as settings
     from pg_roles as r, unnest(r.rolconfig) as s where r.rolname = $1`,
    [login],
  );
  for (const [setting, value] of Object.entries(loginSettings)) {
    // Settings that were changed by hand stay.
    await changes.ensure(`${setting} for ${login}`, rows[0]?.settings.includes(setting) === true, () =>
      admin.query(`alter role ${name} set ${identifier(setting)} = ${literal(value)}`),
    );
  }
}

/**
 * Whether the role is there.
 * @throws UsageError if it is of the other kind, has rights over the server, or belongs to any role but `to`.
 */
async function refuseMore(
  admin: Queryable,
  role: string,
  kind: 'group' | 'login',
  to: readonly string[],
): Promise<boolean> {
  const { rows } = await admin.query<{ can_login: boolean; powers: string; others: string }>(
    `select r.rolcanlogin as can_login,
         concat_ws(', ',
             case when r.rolsuper then 'superuser' end,
             case when r.rolcreaterole then 'createrole' end,
             case when r.rolcreatedb then 'createdb' end,
             case when r.rolreplication then 'replication' end,
             case when r.rolbypassrls then 'bypassrls' end) as powers,
         case when r.rolsuper then '' else coalesce((
             select string_agg(o.rolname, ', ' order by o.rolname) from pg_roles as o
             where o.oid <> r.oid and o.rolname <> all($2::text[]) and pg_has_role(r.oid, o.oid, 'MEMBER')
         ), '') end as others
     from pg_roles as r where r.rolname = $1`,
    [role, to],
  );
  const found = rows[0];
  if (found === undefined) return false;
  const faults = [
    found.powers === '' ? [] : `has rights over the server (${found.powers})`,
    found.others === '' ? [] : `is a member of ${found.others}`,
    kind === 'group' && found.can_login ? 'can log in, though it should be a group' : [],
    kind === 'login' && !found.can_login ? 'cannot log in' : [],
  ].flat();
  if (faults.length === 0) return true;
  throw new UsageError({
    what: `the role ${role}, which is to read and do nothing else, is there and ${faults.join(' and ')}`,
    hint: 'Take that from it, or choose other names in vars.access of project.yml: roles are one for all databases of a server.',
  });
}

/** An existing role may have members, who can now read what it reads. Reported once: when it joins `of`. */
async function noticeMembers(admin: Queryable, role: string, of: string, changes: Changes): Promise<void> {
  const { rows } = await admin.query<{ members: string | null }>(
    `select string_agg(m.rolname, ', ' order by m.rolname) as members
     from pg_auth_members as a
     join pg_roles as r on r.oid = a.roleid
     join pg_roles as m on m.oid = a.member
     where r.rolname = $1 and m.rolname <> current_user and not pg_has_role($1::name, $2::name, 'USAGE')`,
    [role, of],
  );
  const members = rows[0]?.members ?? null;
  if (members === null) return;
  changes.notices.push(
    `The role ${role} was there already and has members, who read from now on what it reads: ${members}. If that is not meant, revoke ${role} from them, or choose other names in vars.access of project.yml.`,
  );
}

async function ensureMember(admin: Queryable, member: string, of: string, changes: Changes): Promise<void> {
  const { rows } = await admin.query<{ member: boolean }>(`select pg_has_role($1::name, $2::name, 'USAGE') as member`, [
    member,
    of,
  ]);
  await changes.ensure(`${member} in ${of}`, rows[0]?.member === true, () =>
    admin.query(`grant ${identifier(of)} to ${identifier(member)}`),
  );
}

/** Whether the server asks for another password; one that cannot be tried is not known to be wrong. */
async function isRefused(app: Address, login: string, password: string): Promise<boolean> {
  const url = Object.assign(new URL(app.url), {
    username: encodeURIComponent(login),
    password: encodeURIComponent(password),
  }).href;
  try {
    await connected({ ...app, url, user: login, password }, (warehouse) => warehouse.query('select 1'));
    return false;
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return codeOf(error) === '28P01';
  }
}
