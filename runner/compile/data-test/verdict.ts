import type { TestNode } from '../../manifest/test-node.ts';
import { type Config, type ConfigKey, testKeys } from '../../project/config.ts';
import type { Layer } from '../../project/overlay.ts';
import { settingPlace } from '../../project/setting-places.ts';
import type { Problem } from '../../text/errors.ts';
import type { CompileContext } from '../draft/context.ts';
import { schemaIn } from '../draft/relation-names.ts';
import { judgedOtherwise } from './generic-test.ts';

/** What the file of a test sets, though it means nothing for tests. */
export function notOfTests({ config, places }: Layer): Problem[] {
  const others = (Object.keys(config) as ConfigKey[]).filter((key) => !testKeys.includes(key));
  return others.map((key) => ({
    what: `${key} has no meaning here`,
    hint: `A test has ${testKeys.join(', ')}.`,
    place: settingPlace(places, key),
  }));
}

/** The schema in which bad rows are stored, as dbt calls it. */
const failureSchema = 'dbt_test__audit';

/**
 * A test with what its settings say of its verdict and of where its bad rows are stored. One that is judged otherwise than by whether
 * there is a bad row reads all rows each time, by itself; so does one that stores them.
 */
export function withVerdict({ project }: CompileContext, test: TestNode, config: Config): TestNode {
  const { store_failures_as: as, store_failures: stores, fail_calc, warn_if, error_if, limit, meta = {} } = config;
  const isStored = as ?? (stores === undefined ? undefined : stores ? 'table' : 'ephemeral');
  const stored = {
    as: isStored,
    relation: { schema: schemaIn(project.target.schema, config.schema ?? failureSchema), name: test.name },
  };
  const judged = { failCalc: fail_calc ?? 'count(*)', warnIf: warn_if ?? '!= 0', errorIf: error_if ?? '!= 0', limit };
  const isPlain = !judgedOtherwise(config);
  const { badRow, newRows, parent, ...rest } = test;
  return {
    ...rest,
    meta,
    config,
    stored,
    ...(isPlain ? { parent } : { verdict: judged, provenBy: undefined }),
    ...(isPlain && isStored !== 'table' && isStored !== 'view' ? { badRow, newRows } : {}),
  };
}
