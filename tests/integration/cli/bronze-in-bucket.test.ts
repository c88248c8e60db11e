import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3Double } from '../../servers/s3.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { document, fileName } from '../loaders/sensor-share.ts';
import { writeSettled } from '../settled-file.ts';
import { ProjectCopy } from './command.ts';
import { smallProject } from './small-files.ts';

describe.each(oneDatabase)('a Bronze in a bucket, on the command line, on $name', ({ open }) => {
  const copy = new ProjectCopy(smallProject);
  let database: TestDatabase;
  const onDatabase = () => (database.url === undefined ? {} : { DB_URL: database.url });
  let server: S3Double;
  beforeAll(async () => {
    server = await S3Double.start();
    database = await open();
    mkdirSync(join(copy.root, 'share'));
    for (const minute of [0, 1])
      writeFileSync(join(copy.root, 'share', fileName('JimmyLoup', minute)), document('JimmyLoup', minute));
  });
  afterAll(async () => {
    await server.stop();
    copy.dispose();
    await database.drop();
  });

  it('is loaded into and from, and a folder is archived to it', async () => {
    const env = { ...onDatabase(), ...server.env, SMB_PATH: 'share', NO_COLOR: '1', BRONZE_ROOT: 's3://lake/bronze' };
    expect(await copy.run(['load', 'sensors', '--full'], env)).toMatchObject({ code: 0, stderr: '' });
    expect([...server.objects.keys()].map((key) => key.split('/').slice(0, 2))).toEqual([
      ['bronze', 'jimmy'],
      ['bronze', 'jimmy'],
    ]);
    const again = await copy.run(['load', 'sensors', '--from-bronze', '--log-format', 'json'], env);
    expect([again.code, again.stderr]).toEqual([0, '']);
    const folder = { ...env, BRONZE_ROOT: 'bronze', BRONZE_ARCHIVE: 's3://lake/old' };
    writeFileSync(join(copy.root, 'share', fileName('JimmyLoup', 2)), document('JimmyLoup', 2));
    await copy.run(['load', 'sensors', '--full'], folder);
    const archived = await copy.run(['bronze', 'archive', '--days', '1'], folder);
    expect(archived.stdout).toContain('sensors: 1 Bronze files moved to the archive');
    expect(
      [...server.objects.keys()].filter((key) => key.startsWith('bronze/old') || key.startsWith('old/')),
    ).toHaveLength(1);
  });

  it('has a rejected file judged again, alone', async () => {
    const env = { ...onDatabase(), ...server.env, SMB_PATH: 'share', NO_COLOR: '1', BRONZE_ROOT: 's3://lake/bronze' };
    const name = fileName('AnnaMuster', 4);
    writeSettled(join(copy.root, 'share', name), document('AnnaMuster', 4));
    expect((await copy.run(['load', 'sensors', '--full'], env)).stdout).toContain(`rejected ${name}`);
    const judge = ['load', 'sensors', '--from-bronze', '--file', name];
    expect((await copy.run(judge, env)).stdout).toContain('0 files landed, 1 rejected');
    const settings = join(copy.root, 'project.yml');
    const before = readFileSync(settings, 'utf8');
    writeFileSync(settings, before.replace('models:', '    - { id: anna, owner: AnnaMuster }\nmodels:'));
    const landed = await copy.run(judge, env);
    expect([landed.code, landed.stderr, landed.stdout]).toEqual([0, '', expect.stringContaining('1 files landed')]);
    const { rows } = await database.warehouse.query(
      `select f.status, f.bronze_path, s.payload ->> 'user' as owner from staging.file as f join staging.sensor_file as s using (file_id)
       where f.name = $1`,
      [name],
    );
    expect(rows).toEqual([{ status: 'landed', bronze_path: `rejected/${name}`, owner: 'AnnaMuster' }]);
    writeFileSync(settings, before);
  });

  it('says what is wrong with its settings', async () => {
    const run = (env: Record<string, string>) =>
      copy.run(['load', 'sensors', '--full'], { ...onDatabase(), SMB_PATH: 'share', ...env });
    const address = await run({ ...server.env, BRONZE_ROOT: 's3://Lake' });
    expect([address.code, address.stderr]).toEqual([2, expect.stringContaining('is no address of a bucket')]);
    const secret = await run({ BRONZE_ROOT: 's3://lake', AWS_ACCESS_KEY_ID: 'a' });
    expect([secret.code, secret.stderr]).toEqual([2, expect.stringContaining('AWS_SECRET_ACCESS_KEY is not set')]);
    const none = await copy.run(['bronze', 'archive'], { ...onDatabase(), BRONZE_ROOT: 'bronze' });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('BRONZE_ARCHIVE is not set')]);
    writeFileSync(join(copy.root, 'share', fileName('JimmyLoup', 3)), document('JimmyLoup', 3));
    const wrongKey = await run({ ...server.env, AWS_SECRET_ACCESS_KEY: 'wrong', BRONZE_ROOT: 's3://lake/other' });
    expect([wrongKey.code, wrongKey.stderr]).toEqual([1, expect.stringContaining('SignatureDoesNotMatch')]);
  });
});
