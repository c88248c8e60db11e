import type { Queryable } from '../warehouse/warehouse.ts';
import type { PredictionSettings, Use } from './settings.ts';

/** What the training of a use does without. */
export interface LeftOut {
  readonly use: Use;
  /** Rooms that could be learnt from, and are not in the list of rooms. */
  readonly rooms: readonly string[];
  /** Rooms of the list of which nothing was read. */
  readonly missing: readonly string[];
  /** Apartments for whose weather site there is no forecast. */
  readonly withoutWeather: readonly string[];
}

/** Reads the temporary tables of features. Of rooms there is nothing to say without a list, or where no room was read. */
export async function leftOutOf(on: Queryable, settings: PredictionSettings, use: Use): Promise<LeftOut> {
  const namesOf = async (sql: string) => {
    const { rows } = await on.query<{ name: string }>(`${sql} order by name`, [settings.exclude]);
    return rows.map(({ name }) => name);
  };
  const read = await namesOf(
    `select distinct room as name from predict_target where ${use} is not null and apartment <> all($1::text[])`,
  );
  const list = read.length === 0 ? undefined : settings.rooms[use];
  return {
    use,
    rooms: list === undefined ? [] : read.filter((room) => !list.includes(room)),
    missing: list === undefined ? [] : list.filter((room) => !read.includes(room)),
    withoutWeather: await namesOf(
      `select distinct apartment as name from predict_state
       where apartment <> all($1::text[]) and apartment not in (select apartment from predict_weather)`,
    ),
  };
}
