import { ensureStaging } from '../../../loaders/landing/staging.ts';
import type { Session, Warehouse } from '../../../warehouse/warehouse.ts';
import type { NamedFile } from './household.ts';

export type PredictionRecord = Readonly<Record<string, unknown>>;

export const forest = { name: 'forest', version: '1', type: 'random forest', trained_at: '2023-10-01T00:00:00Z' };

/** A minute of 12 October 2023 as predictions write it. */
export function at(minute: number): string {
  return new Date(Date.UTC(2023, 9, 12, 0, minute)).toISOString();
}

/** A whole record; what is given replaces what it has. */
export function record(changes: PredictionRecord = {}): PredictionRecord {
  return {
    model: forest,
    target: 'presence',
    apartment: 'jimmy',
    room: 'Office',
    timestamp: at(0),
    horizon: { type: 'day', days: 1 },
    value: 0.5,
    ...changes,
  };
}

/** A whole record of half an hour's mean power: evaluated, unlike that of presence, once the half hour is measured. */
export function powerRecord(changes: PredictionRecord = {}): PredictionRecord {
  return record({ target: 'mean_power_w', window_minutes: 30, value: 100, ...changes });
}

/** The name that the model of `storeTrained` has in predictions. */
export const trained = { name: 'mean_power_w-quarter-trees', version: '1' };

/** A model that the program trained, as the champion: what fact_model_importance says of models that have predicted. */
export async function storeTrained(warehouse: Warehouse): Promise<void> {
  await ensureStaging(warehouse);
  await warehouse.query(
    `insert into staging.model (target, horizon, name, version, is_baseline, trained_from, trained_to, rows, apartments, evaluation, content, chosen_at)
     values ('mean_power_w', 'quarter', 'trees', $1, false, '2023-09-01Z', '2023-10-01Z', 9, '{jimmy}',
        '{"importance": [{"column": "p0", "increase": 2.5}]}', '{"artefact": {"gains": [{"column": "p0", "gain": 1}]}}', '2023-10-01Z')`,
    [trained.version],
  );
}

/** Records a transaction, as a predictor would: one insert of `record` alone. */
export async function predict(warehouse: Warehouse, records: readonly unknown[]): Promise<void> {
  await ensureStaging(warehouse);
  await warehouse.transaction((session) => insertRecords(session, records));
}

export async function insertRecords(session: Session, records: readonly unknown[]): Promise<void> {
  // As text, for a record that is itself a text or a number.
  await session.query(
    'insert into staging.prediction (record) select r::jsonb from unnest($1::text[]) with ordinality as u(r, place) order by place',
    [records.map((one) => JSON.stringify(one))],
  );
}

/** A sensor file of jimmy's office at a minute of 12 October 2023; what is undefined was not sent. */
export function officeFile(
  minute: number,
  sent: { readonly [reading in 'motion' | 'temperature' | 'power' | 'total']?: boolean | number | undefined },
): NamedFile {
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
  const content = {
    user: 'test',
    datetime: `12.10.2023 ${time}`,
    ...(sent.motion === undefined ? {} : { motions: { Office: { motion: sent.motion } } }),
    ...(sent.temperature === undefined
      ? {}
      : {
          meteos: {
            meteo: { Office: { Temperature: sent.temperature, CO2: 600, Noise: 40, Pressure: 1000, Humidity: 50 } },
          },
        }),
    plugs: { Office: { power: sent.power, total: sent.total } },
  };
  return { name: `12.10.2023 ${time.replace(':', '')}_JimmyLoup_received.json`, content: JSON.stringify(content) };
}
