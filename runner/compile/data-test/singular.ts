import type { TestNode } from '../../manifest/test-node.ts';
import { isGeneric, nameOf } from '../../project/folders.ts';
import { type Layer, overlay } from '../../project/overlay.ts';
import type { Declared } from '../../project/properties.ts';
import type { TestProperties } from '../../project/properties-schema.ts';
import type { Problem } from '../../text/errors.ts';
import { oneStatement } from '../../text/one-statement.ts';
import type { SqlText } from '../../text/sql-text.ts';
import type { CompileContext } from '../draft/context.ts';
import { attempt } from '../draft/draft.ts';
import { type Mode, modelHelpers, newRecord, type Recorded, type Resolver } from '../draft/model-language.ts';
import { modelContext } from '../draft/render-context.ts';
import { resolverFor } from '../draft/resolve.ts';
import { auditedBy } from './audits.ts';
import { notOfTests, withVerdict } from './verdict.ts';

const none: Layer = { config: {}, places: new Map() };

/** What a .yml sets for a test that has a file of its own. */
function layerOfDescribed({ value, yaml, path }: Declared<TestProperties>): Layer {
  const { config = {}, meta } = value;
  const places = Object.keys(config).map((key) => [key, yaml.written([...path, 'config', key])] as const);
  return { config: meta === undefined ? config : { meta, ...config }, places: new Map(places) };
}

/** The tests that are a file each. @param layerOf what project.yml sets for a file. */
export function singularTests(
  context: CompileContext,
  layerOf: (path: string) => Layer,
  problems: Problem[],
): TestNode[] {
  const { project, environment } = context;
  const found: TestNode[] = [];
  for (const file of project.tests) {
    if (isGeneric(project, file.path)) continue;
    attempt(problems, () => {
      const used = new Set<string>();
      const record = newRecord();
      const name = nameOf(file.path);
      const template = environment.parse(file);
      const own = { kind: 'test', name, id: `test.${name}`, file, config: {}, relation: undefined } as const;
      const render = (resolver: Resolver, into: Recorded, faults: Problem[], mode: Mode = 'full') =>
        template.render(modelHelpers(project, mode, resolver, into), modelContext(project, own), faults).trim();
      const sql = render(resolverFor(context, used), record, problems);
      const described = context.properties.tests.get(name);
      const { config, places: settings } = [
        described === undefined ? none : layerOfDescribed(described),
        record,
      ].reduce(overlay, layerOf(file.path));
      if (config.enabled === false) return;
      problems.push(...notOfTests(record));
      const asked = record.config.audit !== undefined || record.config.scope !== undefined;
      const of = auditedBy(context, { file: file.path, used, config, settings, asked });
      const isAudit = config.audit !== undefined && config.audit !== false;
      const newRows =
        of !== undefined && (config.audit === 'new_rows' || !isAudit)
          ? render(resolverFor(context, new Set(), of), newRecord(), [])
          : undefined;
      const one = (text: SqlText) => oneStatement(text, 'a test');
      const increment = newRecord();
      const ofIncrement =
        record.incremental === undefined
          ? undefined
          : render(resolverFor(context, used), increment, problems, 'incremental');
      const test: TestNode = {
        kind: 'test',
        generic: undefined,
        id: `test.${name}`,
        name,
        description: described?.value.description ?? '',
        file: file.path,
        tags: config.tags ?? [],
        group: config.group,
        dependsOn: [...used],
        sql: one(sql),
        severity: config.severity ?? 'error',
        provenBy: undefined,
        incremental: ofIncrement && { sql: one(ofIncrement), highWater: [...increment.highWater] },
        place: { file: file.path, line: 1, column: 1 },
        ...(of === undefined
          ? {}
          : isAudit
            ? { audit: { of, newRows: newRows && one(newRows) } }
            : { newRows: newRows && { of, sql: one(newRows) } }),
      };
      found.push(withVerdict(context, test, config));
    });
  }
  return found;
}
