import { afterAll, beforeAll, expect, it } from 'vitest';
import { TemporaryProject } from '../temporary-project.ts';
import { type Served, send, serve } from './served.ts';

const reading = (quarter: string, value: string, score: string) =>
  `select timestamptz '${quarter}' as quarter, 'jimmy' as apartment, 'Kitchen' as room, 'co2_ppm' as measure,
    'unusual' as reason, ${value}::float8 as value, null::float8 as expected, ${score}::float8 as score`;

const project = new TemporaryProject({
  'models/reading_anomalies.sql': `{{config materialized="table"}}
${reading('2023-10-12 14:15+02', '1800.5', '1.2')}
union all
${reading('2023-10-12 12:30+00', '400', '1')}
`,
});
let served: Served;
beforeAll(async () => {
  served = await serve(project.root);
});
afterAll(async () => {
  await served?.close();
  project.dispose();
});

const ask = async () => {
  const { server, cookie } = served;
  return JSON.parse((await send(server.listensOn, { path: '/api/improbable', headers: { cookie } })).body) as unknown;
};

it('lists readings that are improbable once they are looked for, the newest first, in UTC', async () => {
  expect(await ask()).toEqual({ isBuilt: false, readings: [] });
  served.jobs.start('build', {}, 'ann');
  await served.ended();
  const kitchen = { apartment: 'jimmy', room: 'Kitchen', measure: 'co2_ppm', reason: 'unusual', expected: null };
  expect(await ask()).toEqual({
    isBuilt: true,
    readings: [
      { quarter: '2023-10-12 12:30', ...kitchen, value: 400, score: 1 },
      { quarter: '2023-10-12 12:15', ...kitchen, value: 1800.5, score: 1.2 },
    ],
  });
});
