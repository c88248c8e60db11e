import { type Learners, learnersOf } from '../../../predictions/candidates.ts';

/** Fifteen days of two rooms, or others. @param motion minutes of motion, by h, a number by chance of the time that `step` seconds share. */
export const history = (
  step: number,
  motion: string,
  days = 15,
  rooms: readonly string[] = ['Office', 'Kitchen'],
) => `insert into silver.room_quarter
    (quarter, apartment, room, motion_seen, motion_minutes, power_seen, power_w, light_lux, load_id)
select q, 'jimmy', r.room, 15, ${motion}, 15, h % 1000, case when q < '2023-10-03' then 20 else 500 end + h % 50, 1
from generate_series(timestamptz '2023-10-10 00:00Z' - ${days} * interval '1 day', timestamptz '2023-10-09 23:45Z', interval '15 minutes') as g (q)
cross join unnest(array['${rooms.join("', '")}']) as r (room)
cross join lateral (
    select abs(hashtext((extract(epoch from q)::bigint / ${step})::text || r.room)) as h
) as x`;

/** What the program trains, with a fifth of the trees: nothing that is shown here hangs on their number. */
export const learners: Learners = (use, horizon) =>
  Object.fromEntries(
    Object.entries(learnersOf(use, horizon)).map(([name, spec]) => {
      if (spec.kind === 'trees') return [name, { ...spec, rounds: 40, rate: 0.15 }];
      return [name, 'trees' in spec ? { ...spec, trees: { ...spec.trees, rounds: 25 } } : spec];
    }),
  );
