import { createHmac } from 'node:crypto';
import { join, relative, resolve } from 'node:path';
import type { CaptionFault } from '../../powerbi/model/captions.ts';
import type { PowerBiOptions } from '../../powerbi/model/options.ts';
import { powerBiProject } from '../../powerbi/project/project.ts';
import { freshlyCompiled } from '../../runner/cache/cache.ts';
import type { Exposure } from '../../runner/manifest/exposure.ts';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { serverOf } from '../../warehouse/postgres-address.ts';
import { readDesign } from '../bi/design.ts';
import { checkProjectMeasures } from '../bi/measure-problems.ts';
import { writePreview } from '../bi/preview.ts';
import { writeFolder } from '../bi/write-folder.ts';
import { readAddress } from '../init/address.ts';
import { openForModels } from '../settings/environment.ts';
import { apartmentsOf, flagSetting, textSetting, yearSetting } from '../settings/settings.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface BiFlags {
  readonly output?: string | undefined;
  readonly force?: boolean | undefined;
  readonly newReport?: boolean | undefined;
  /** Draw the pages instead, from the database. */
  readonly preview?: boolean | undefined;
  /** Of the preview. */
  readonly language?: string | undefined;
}

const name = 'datacycle';

/**
 * Writes a Power BI project on the views of the models that have `bi` in their .yml: the connection, the semantic model
 * with its measures, roles and languages, reports to begin with. Needs no database; asks for no login and writes none. With `preview` it draws the pages of the reports from
 * the database instead.
 * @throws ProjectError | UsageError
 */
export async function bi(project: Project, flags: BiFlags, terminal: Terminal): Promise<0> {
  const compiled = await freshlyCompiled(project);
  checkProjectMeasures(compiled);
  if (compiled.exposures.length === 0) {
    throw new UsageError({
      what: 'no model is exposed to Power BI',
      hint: 'Give those that it should see a `bi: { name: ... }` in their .yml.',
    });
  }
  if (flags.preview === true) return drawPages(project, compiled.exposures, flags, terminal);
  if (flags.language !== undefined)
    throw new UsageError({
      what: '--language belongs to --preview',
      hint: "Power BI shows every report in its viewer's language.",
    });
  const server = serverSetting(project);
  const folder = flags.output === undefined ? join(project.root, 'power-bi') : resolve(flags.output);
  const made = powerBiProject(compiled.exposures, optionsOf(project, server), readDesign(project.root));
  refuseClashes(made.captionFaults);
  const overwriting = { force: flags.force === true, newReport: flags.newReport === true };
  const { written, reportsKept } = writeFolder(folder, made, overwriting);
  const measures = compiled.exposures.flatMap((exposure) => exposure.measures).length;
  if (terminal.json) {
    const counts = { files: written, tables: compiled.exposures.length, measures };
    terminal.event({
      type: 'bi',
      folder,
      ...counts,
      report_kept: reportsKept.length > 0,
      server: server !== undefined,
    });
    return 0;
  }
  const fromHere = relative(process.cwd(), folder);
  const shown = fromHere.startsWith('..') || fromHere === '' ? folder : fromHere;
  terminal.say(
    `Wrote ${compiled.exposures.length} tables and ${measures} measures to ${shown} (${written} files).`,
    'good',
  );
  for (const report of reportsKept) {
    terminal.notice(
      `${report === `${name}.Report` ? 'The report' : report} has been changed since it was written, and is left as it is. --new-report would replace it, with every page in it.`,
    );
  }
  tellMissing(made.captionFaults, terminal);
  if (made.missingFields.length > 0)
    terminal.notice(
      `The model does not have these fields of powerbi/pages/, which are left out: ${made.missingFields.join(', ')}.`,
    );
  if (server === undefined) {
    terminal.notice(
      'Power BI needs a PostgreSQL server: it cannot read the embedded database. "localhost" and "datacycle" stand in the project; set DB_URL and run this again.',
    );
  }
  terminal.say(`Next:
  1. Open ${join(shown, `${name}.pbip`)} in Power BI Desktop and log in as ${textSetting(project, 'PBI_USER') ?? 'a reader of the database'}.
  2. Refresh, and look at the page Overview.
  3. Publish, and put people into the roles: docs/power-bi.md`);
  return 0;
}

/** Draws the pages of the reports as HTML. */
async function drawPages(
  project: Project,
  exposures: readonly Exposure[],
  flags: BiFlags,
  terminal: Terminal,
): Promise<0> {
  const folder = flags.output === undefined ? join(project.root, 'target', 'powerbi-preview') : resolve(flags.output);
  const design = readDesign(project.root);
  const warehouse = await openForModels(project, 'bi', 1);
  try {
    const language = flags.language ?? 'en';
    const { files, missing } = await writePreview(warehouse, exposures, design, { folder, language });
    if (terminal.json) terminal.event({ type: 'bi_preview', folder, pages: [...files.keys()], missing });
    else {
      const fromHere = relative(process.cwd(), folder);
      terminal.say(
        `Drew ${files.size} pages into ${fromHere.startsWith('..') ? folder : fromHere}: ${[...files.keys()].join(', ')}.`,
        'good',
      );
      for (const what of missing) terminal.notice(`Not drawn: ${what}.`);
    }
    return 0;
  } finally {
    await warehouse.close();
  }
}

/** Power BI loads no model in which two tables or measures have one name in a language. @throws UsageError */
function refuseClashes(faults: readonly CaptionFault[]): void {
  const clashes = faults.filter(({ kind }) => kind === 'clashing').map(({ what }) => what);
  if (clashes.length === 0) return;
  throw new UsageError({
    what: `captions clash:\n${clashes.map((what) => `  ${what}`).join('\n')}`,
    hint: 'Give one of the two another caption in powerbi/captions/.',
  });
}

function tellMissing(faults: readonly CaptionFault[], terminal: Terminal): void {
  const told = [
    ['missing', 'Without a caption in powerbi/captions/'],
    ['undescribed', 'Descriptions without a translation in powerbi/captions/descriptions/'],
  ] as const;
  for (const [kind, what] of told) {
    const missing = faults.filter((fault) => fault.kind === kind);
    if (missing.length === 0) continue;
    const shown = missing.slice(0, 5).map(({ language, text }) => `"${text}" (${language})`);
    const more = missing.length > shown.length ? `, and ${missing.length - shown.length} more` : '';
    terminal.notice(`${what}, and shown in English: ${shown.join(', ')}${more}.`);
  }
}

interface Server {
  readonly server: string;
  readonly database: string;
}

/** PBI_SERVER and PBI_DATABASE, else those of DB_URL; undefined with the embedded database. */
function serverSetting(project: Project): Server | undefined {
  const given = { server: textSetting(project, 'PBI_SERVER'), database: textSetting(project, 'PBI_DATABASE') };
  const text = textSetting(project, 'DB_URL');
  if (text === undefined)
    return given.server === undefined ? undefined : { server: given.server, database: given.database ?? name };
  const { url, user, database } = readAddress('DB_URL', text);
  const { host, port } = serverOf(url);
  const server = port === 5432 ? host : `${host}:${port}`;
  return { server: given.server ?? server, database: given.database ?? (database || user) };
}

function optionsOf(project: Project, server: Server | undefined): PowerBiOptions {
  // First names may be what the pseudonyms are to hide.
  const hideNames = flagSetting(project, 'BI_PSEUDONYMISE', false);
  const key = project.env.PSEUDONYM_KEY ?? '';
  // As macros/values/shown_id.sql has it.
  const shown = (id: string) => (hideNames ? createHmac('sha256', key).update(id).digest('hex') : id);
  return {
    name,
    ...(server ?? { server: 'localhost', database: name }),
    subjects: {
      model: 'model.dim_apartment',
      idColumn: 'shown_apartment_id',
      all: apartmentsOf(project).map((apartment) => ({
        id: shown(apartment.id),
        name: hideNames ? apartment.id : (apartment.name ?? apartment.id),
      })),
    },
    loginColumn: 'user_email',
    renters: { access: 'owned_apartments', roleColumn: 'role', owners: ['admin', 'owner'] },
    refreshWindow: { keepYears: 10, refreshDays: 10 },
    rowLanguage: typeof project.vars.language === 'string' ? project.vars.language : 'en',
    firstYear: yearSetting(project, 'WEATHER_MIN_YEAR', 2023),
  };
}
