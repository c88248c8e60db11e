import { expect } from 'vitest';
import {
  dayMs,
  dropFeatures,
  examplesOf,
  type FeatureRelations,
  prepareFeatures,
  quarterMs,
  recoded,
} from '../../../predictions/examples.ts';
import { forecastsOf, predictingModels } from '../../../predictions/models.ts';
import type { PredictionSettings } from '../../../predictions/settings.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** The forecasts of power an hour ahead that were scored from an origin are those that the errors of the day before it have corrected. */
export async function expectCorrected(
  warehouse: Warehouse,
  relations: FeatureRelations,
  settings: PredictionSettings,
  end: Date,
): Promise<void> {
  const origin = end.getTime() - quarterMs;
  await warehouse.session(async (session) => {
    const models = await predictingModels(session, 'mean_power_w', 'hour');
    const model = models.find(({ name }) => name === 'ridge-trees');
    if (model === undefined) throw new Error('No model of power has learnt.');
    const { content } = model;
    await prepareFeatures(session, relations, origin - dayMs, origin + quarterMs);
    const said = async (from: number) => {
      const wanted = {
        use: 'mean_power_w',
        horizon: 'hour',
        from,
        to: origin + quarterMs,
        codes: content.codes,
      } as const;
      const examples = recoded(await examplesOf(session, settings, wanted), content.codes);
      const { values } = forecastsOf('mean_power_w', content, examples);
      return examples.rooms.flatMap((room, row) =>
        examples.origins[row] === origin ? [{ room, value: Number(values[row]?.toPrecision(9)) }] : [],
      );
    };
    const { rows: scored } = await session.query(
      `select record ->> 'room' as room, (record ->> 'value')::float8 as value from staging.prediction
       where record #>> '{model,name}' = 'mean_power_w-hour-ridge-trees' and record ->> 'run_at' = $1 order by 1`,
      [end.toISOString()],
    );
    expect(scored).toHaveLength(2);
    expect(scored).toEqual(await said(origin - dayMs));
    expect(scored).not.toEqual(await said(origin));
    await dropFeatures(session);
  });
}
