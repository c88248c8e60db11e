import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Captions } from '../../powerbi/model/captions.ts';
import { type Preview, preview } from '../../powerbi/preview/preview.ts';
import type { Design } from '../../powerbi/project/project.ts';
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/**
 * Draws the pages of the reports from the database into a folder, one HTML file each, in one transaction that only reads.
 * @throws UsageError for a language without captions, or views that are not built.
 */
export async function writePreview(
  warehouse: Warehouse,
  exposures: readonly Exposure[],
  design: Design,
  { folder, language }: { readonly folder: string; readonly language: string },
): Promise<Preview> {
  checkLanguage(language, design.captions);
  await checkBuilt(warehouse, exposures);
  const drawn = await warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    return preview(exposures, { ...design, language }, async ({ sql, params }) => {
      const { rows } = await session.query(sql, params);
      return rows;
    });
  });
  mkdirSync(folder, { recursive: true });
  for (const [name, html] of drawn.files) writeFileSync(join(folder, name), html);
  return drawn;
}

async function checkBuilt(warehouse: Warehouse, exposures: readonly Exposure[]): Promise<void> {
  const names = exposures.map(({ view }) => relation(view));
  const { rows } = await warehouse.query<{ name: string }>(
    'select name from unnest($1::text[]) as wanted (name) where to_regclass(name) is null',
    [names],
  );
  const [missing] = rows;
  if (missing === undefined) return;
  throw new UsageError({
    what: `the view ${missing.name} is not in the database`,
    hint: 'The pages are drawn of what is built: run `datacycle build` first.',
  });
}

function checkLanguage(language: string, captions: Captions): void {
  if (language === 'en' || captions.has(language)) return;
  throw new UsageError({
    what: `there are no captions in "${language}"`,
    hint: `There are ${['en', ...captions.keys()].join(', ')}: powerbi/captions/ has a file for each but English.`,
  });
}
