import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const model = (rows: string, config = '') =>
  `{{config materialized="table"${config}}}select * from (values ${rows}) as v (id, name)`;
const files = {
  'models/rooms.sql': model(`(1, 'kitchen'), (2, 'office')`),
  'models/rooms.yml': `models:
  - name: rooms
    columns: [{ name: id, data_type: integer, constraints: [{ type: primary_key }] }, { name: name, data_type: text }]
`,
  'models/devices.sql':
    '{{config materialized="table" unique_key="device"}}select 10 as device, 1 as id from {{ref "rooms"}} limit 1',
  'models/devices.yml': `models:
  - name: devices
    columns: [{ name: device }, { name: id, constraints: [{ type: foreign_key, to: rooms, to_columns: [id] }] }]
`,
};

describe.each(oneDatabase)('a table that another one references, on $name', (kind) => {
  const { project, run, rows, errorOf } = projectOn(kind, files, []);

  it('without a unique_key cannot be rebuilt, and the error says why; with one it can', async () => {
    await run();
    project.write({ 'models/rooms.sql': model(`(1, 'kitchen'), (3, 'attic')`) });
    expect(await errorOf('rooms')).toMatchObject({
      message: expect.stringContaining('violates foreign key constraint'),
      hint: expect.stringMatching(
        /^A foreign key references rows of rooms, and a model without a unique_key deletes all of its rows .* Set unique_key, e\.g\. unique_key: \[id\]/,
      ),
    });
    project.write({ 'models/rooms.sql': model(`(1, 'kitchen'), (3, 'attic')`, ' unique_key="id"') });
    await run();
    expect(await rows('select id from public.rooms order by id')).toEqual([{ id: 1 }, { id: 3 }]);
  });
});
