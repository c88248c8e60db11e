import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { householdOn, type NamedFile } from './household.ts';

type Rule = 'motion_or_door' | 'motion' | 'motion_or_door_change';

/** Jimmy's office at a minute of 12 October 2023: its door on or off, or not read, and whether motion was seen. */
function officeFile(minute: number, door: 'on' | 'off' | undefined, motion: boolean): NamedFile {
  const content = {
    datetime: `12.10.2023 00:${String(minute).padStart(2, '0')}`,
    motions: { Office: { motion } },
    doorsWindows: { Office: [{ type: 'door', switch: door, battery: 90 }] },
  };
  return {
    name: `12.10.2023 00${String(minute).padStart(2, '0')}_JimmyLoup_received.json`,
    content: JSON.stringify(content),
  };
}

/** Minutes 0, 2, ... 18: a door that opens, stays open, is not read for a while, closes; motion once. */
const day = [
  officeFile(0, 'off', false),
  officeFile(2, 'off', false),
  officeFile(4, 'on', false),
  officeFile(6, 'on', false),
  officeFile(8, undefined, false),
  officeFile(10, undefined, true),
  officeFile(12, 'on', false),
  officeFile(14, 'off', false),
  officeFile(16, 'off', false),
  officeFile(18, 'off', false),
];
const expected: Readonly<Record<Rule, readonly number[]>> = {
  motion_or_door: [4, 6, 10, 12],
  motion: [10],
  motion_or_door_change: [4, 10, 14],
};

describe.each(oneDatabase)('presence_rule on $name', (kind) => {
  const on = householdOn(kind);

  function setRule(rule: string): void {
    const file = join(on.home.project, 'project.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^ {2}presence_rule: .*$/m, `  presence_rule: ${rule}`));
  }
  async function build(fullRefresh = false): Promise<void> {
    await on.home.build({ command: 'run', select: ['+fact_presence_minute'], fullRefresh });
    await on.home.build({ command: 'test', select: ['presence_flag_follows_motion_and_doors'] });
  }
  const facts = () => on.home.rows('select * from gold.fact_presence_minute order by datetime_key, room_key');
  const present = async () =>
    (
      await on.home.rows<{ minute: number }>(
        'select (datetime_key % 100)::integer as minute from gold.fact_presence_minute where presence_flag order by 1',
      )
    ).map((row) => row.minute);

  it('counts minutes by the rule; changing it rebuilds what depends on it', async () => {
    on.home.put(day);
    await on.home.load();
    await on.home.build({ command: 'seed' });
    for (const rule of ['motion_or_door', 'motion_or_door_change', 'motion'] as const) {
      setRule(rule);
      await build();
      expect(await present(), rule).toEqual(expected[rule]);
    }
  });

  it('compares a door with its reading before, however late that comes, as a rebuild does', async () => {
    setRule('motion_or_door_change');
    for (const [late, minutes] of [
      // between two readings of an open door
      [officeFile(5, 'off', false), [4, 5, 6, 10, 14]],
      // the change is earlier than it seemed
      [officeFile(13, 'off', false), [4, 5, 6, 10, 13]],
      // a second sensor at the first reading: what follows it is a change now
      [{ ...officeFile(0, 'on', false), name: '11.10.2023 2359_JimmyLoup_received.json' }, [2, 4, 5, 6, 10, 13]],
      // no reading of the door is no change
      [officeFile(17, undefined, false), [2, 4, 5, 6, 10, 13]],
    ] as const) {
      on.home.put([late]);
      await on.home.load();
      await build();
      expect(await present()).toEqual(minutes);
    }
    const incremental = await facts();
    await build(true);
    expect(await facts()).toEqual(incremental);
  });

  it('an unknown rule is an error that names the known ones', () => {
    setRule('doors');
    expect(() => on.home.compile()).toThrow(/presence_rule is motion_or_door, motion or motion_or_door_change/);
  });
});
