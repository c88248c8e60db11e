import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bucket } from '../../../objects/bucket.ts';
import { s3Settings } from '../../../objects/settings.ts';
import { S3Double } from '../../servers/s3.ts';

describe('objects of a bucket, on a server that checks signatures', () => {
  let server: S3Double;
  let bucket: Bucket;
  const bytes = (text: string) => new TextEncoder().encode(text);

  beforeAll(async () => {
    server = await S3Double.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    server.objects.clear();
    server.requests.length = 0;
    server.pageSize = 1000;
    bucket = new Bucket(server.settings, server.bucket);
  });

  it('writes, reads, heads and deletes an object, whatever its key', async () => {
    const key = "room=Living Room/day=2023-10-12/a+b (1)!*'~é=&.csv";
    expect(await bucket.put(key, bytes('a,b\n'))).toBe(true);
    expect([...server.objects.keys()]).toEqual([key]);
    expect(new TextDecoder().decode(await bucket.get(key))).toBe('a,b\n');
    expect(await bucket.head(key)).toEqual({ key, bytes: 4 });
    await bucket.delete(key);
    expect(await bucket.get(key)).toBeUndefined();
    expect(await bucket.head(key)).toBeUndefined();
    await bucket.delete(key);
  });

  it('writes only where there is nothing, if that is asked', async () => {
    expect(await bucket.put('once', bytes('first'), { ifAbsent: true })).toBe(true);
    expect(await bucket.put('once', bytes('second'), { ifAbsent: true })).toBe(false);
    expect(String(server.objects.get('once'))).toBe('first');
  });

  it('lists what begins with a prefix, page after page', async () => {
    server.pageSize = 2;
    for (const key of ['a/1', 'a/2 +é', 'a/3', 'a/4', 'b/1']) await bucket.put(key, bytes(key));
    const found = [];
    for await (const one of bucket.list('a/')) found.push(one);
    expect(found.map(({ key }) => key)).toEqual(['a/1', 'a/2 +é', 'a/3', 'a/4']);
    expect(found[0]?.bytes).toBe(3);
  });

  it('shows nothing of an object in parts before it is complete, and ends uploads that were given up', async () => {
    const upload = await bucket.upload('big/one');
    await upload.part(new Uint8Array(5 * 1024 * 1024).fill(65));
    await upload.part(bytes('end'));
    expect(server.objects.size).toBe(0);
    await upload.complete();
    expect(server.objects.get('big/one')?.subarray(-4).toString()).toBe('Aend');
    await bucket.upload('big/two');
    await bucket.upload('other');
    for (const key of ['big/two', 'big/3 +é', 'big/4']) await bucket.upload(key);
    server.pageSize = 2;
    await bucket.abortUploads('big/');
    expect([...server.uploads.values()].map(({ key }) => key)).toEqual(['other']);
  });

  it('tries again what may pass, and says what a refusal means', async () => {
    server.faults.push(503, 500);
    expect(await bucket.put('a', bytes('a'))).toBe(true);
    expect(server.requests).toHaveLength(3);
    const wrong = new Bucket({ ...server.settings, secretAccessKey: 'wrong' }, server.bucket);
    const error = (await wrong.get('a').catch((fault: unknown) => fault)) as Error & { hint: string };
    expect(error.message).toBe('s3://lake/a: GET was refused (SignatureDoesNotMatch: it is so)');
    expect(error.hint).toMatch(/AWS_SECRET_ACCESS_KEY/);
    await expect(new Bucket(server.settings, 'pond').put('a', bytes('a'))).rejects.toThrow(
      's3://pond/a: PUT was refused (NoSuchBucket: it is so)',
    );
  });

  it('takes a conflict for an object that is there only where it was asked for none', async () => {
    server.faults.push(409, 409);
    await expect(bucket.put('b', bytes('b'))).rejects.toThrow(/PUT was refused/);
    expect(await bucket.put('b', bytes('b'), { ifAbsent: true })).toBe(false);
  });

  it('takes a redirection for a refusal: nothing was written', async () => {
    server.faults.push(301, 307);
    const error = (await bucket.put('a', bytes('a')).catch((fault: unknown) => fault)) as Error & { hint: string };
    expect(error.message).toBe('s3://lake/a: PUT was refused (SlowDown: it is so)');
    expect(error.hint).toMatch(/another region: set AWS_REGION/);
    await expect(bucket.get('a')).rejects.toThrow('s3://lake/a: GET was refused');
    expect(server.requests).toHaveLength(2);
  });

  it('reads its settings by the names that AWS uses', () => {
    expect(s3Settings({ ...server.env })).toEqual(server.settings);
    expect(s3Settings({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-west-1' })).toMatchObject({
      endpoint: 'https://s3.eu-west-1.amazonaws.com',
      pathStyle: false,
    });
    expect(() => s3Settings({ AWS_ACCESS_KEY_ID: 'a' })).toThrow(/AWS_SECRET_ACCESS_KEY is not set/);
    expect(() => s3Settings({ ...server.env, AWS_ENDPOINT_URL: 'x', AWS_ENDPOINT_URL_S3: 'minio:9000' })).toThrow(
      /AWS_ENDPOINT_URL_S3 is "minio:9000"/,
    );
  });
});
