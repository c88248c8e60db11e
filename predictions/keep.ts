import type { Warehouse } from '../warehouse/warehouse.ts';
import type { Judged } from './judge.ts';
import { fullName } from './models.ts';
import { typeOf, windowRecords } from './records.ts';
import type { History, Step } from './walk.ts';

/** How many records go into one statement: a few MB of it. */
const most = 10_000;

/**
 * Writes the forecasts of a step into staging.prediction as scoring does, those of the models that have learnt and of the mean of the hour of
 * the week, so that they are evaluated beside what was predicted at the time. Their models are called `<target>-<horizon>-<name>-backtest`, with
 * the beginning of the step as version, and are no champions: whoever shows forecasts does not show them. Kept again, they replace themselves.
 * @returns how many records they are.
 */
export async function keepStep(
  warehouse: Warehouse,
  { use: target, horizon }: Pick<History, 'use' | 'horizon'>,
  { start, test }: Step,
  judged: readonly Judged[],
): Promise<number> {
  const trained = new Date(start).toISOString();
  const records = judged.flatMap(({ name, content, values }) => {
    const isBaseline = content.kind === 'baseline';
    if (isBaseline && name !== 'hour-of-week') return [];
    const model = {
      name: `${fullName({ target, horizon, name })}-backtest`,
      version: trained.slice(0, 16),
      type: typeOf(content),
      trained_at: trained,
      role: isBaseline ? 'baseline' : 'challenger',
    };
    return windowRecords(model, target, horizon, test, { values });
  });
  await warehouse.transaction(async (session) => {
    for (let first = 0; first < records.length; first += most)
      await session.query(
        'insert into staging.prediction (record) select r.value from jsonb_array_elements($1::jsonb) as r (value)',
        [JSON.stringify(records.slice(first, first + most))],
      );
  });
  return records.length;
}
