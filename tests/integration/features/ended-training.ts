import { expect } from 'vitest';
import { type TrainingRequest, trainModels } from '../../../predictions/train.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

const trees = { kind: 'trees', loss: { name: 'logistic' }, rate: 0.1, leaves: 8 } as const;

/** A training that goes wrong in one of its threads says why, one that is ended ends all of them, and neither stores anything. */
export async function expectNothingStored(
  warehouse: Warehouse,
  request: Omit<TrainingRequest, 'uses' | 'learners' | 'signal'>,
): Promise<void> {
  const stored = async () =>
    (await warehouse.query('select target, horizon, name, version, chosen_at from staging.model order by model_id'))
      .rows;
  const before = await stored();
  const [wrong, endless] = [-1, 1_000_000].map((rounds) => () => ({ trees: { ...trees, rounds } }));
  await expect(trainModels(warehouse, { ...request, uses: ['occupied'], learners: wrong })).rejects.toMatchObject({
    name: 'LearningError',
    message: 'rounds is -1, and has to be a whole number from 0.',
  });
  const controller = new AbortController();
  const learners = () => {
    setTimeout(() => controller.abort(new Error('enough')), 300);
    return endless?.() ?? {};
  };
  const { signal } = controller;
  await expect(trainModels(warehouse, { ...request, uses: ['occupied'], learners, signal })).rejects.toThrow('enough');
  expect(await stored()).toEqual(before);
}
