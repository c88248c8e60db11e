import type { Column } from '../database/catalog.ts';
import type { MicrobatchNode } from '../manifest/manifest.ts';
import { settingPlace } from '../project/setting-places.ts';
import type { KnownBatch } from '../state/batch-windows.ts';
import { NodeError } from '../text/errors.ts';
import { batchTypes, boundLiteral } from './batch-sql.ts';
import { checkContract, checkNamed } from './contract.ts';

/**
 * The type of a microbatch model's event_time, which says to which batch a row belongs. Pure.
 * @throws NodeError if the columns break the model's contract, or there is no such column, or it is no date or time.
 */
export function checkYields(node: MicrobatchNode, yields: readonly Column[], sample: KnownBatch): string {
  const { eventTime } = node.batch;
  if (node.config.contract?.enforced === true) checkContract(node, yields);
  checkNamed(node, yields);
  const type = yields.find(({ name }) => name === eventTime)?.type;
  if (type !== undefined && boundLiteral(type, sample.from) !== undefined) return type;
  throw new NodeError({
    what:
      type === undefined
        ? `${node.name} has no column "${eventTime}" (named in event_time)`
        : `${node.name}: event_time "${eventTime}" is of type ${type}`,
    place: settingPlace(node.settings, 'event_time'),
    hint:
      type === undefined
        ? `Its columns are ${yields.map(({ name }) => name).join(', ')}.`
        : `It must be a column of type ${batchTypes.join(', ')} (whole numbers: YYYYMMDD, YYYYMMDDHHMM).`,
  });
}
