import { DatacycleError } from '../warehouse/errors.ts';

/** Where a bucket is, and the key by which it is read and written. */
export interface S3Settings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Whether the bucket is the first part of the path rather than of the host's name. */
  readonly pathStyle: boolean;
}

/** A setting of object storage is missing or makes no sense. */
export class ObjectSettingError extends DatacycleError {
  override readonly exitCode = 2;
}

/**
 * The settings of object storage in the environment, by the names that AWS's own programs read: `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL_S3` (or `AWS_ENDPOINT_URL`), and `S3_PATH_STYLE`, which is
 * true where there is an endpoint, unless it says false.
 * @throws ObjectSettingError naming what is missing.
 */
export function s3Settings(env: Readonly<Record<string, string | undefined>>): S3Settings {
  const value = (name: string) => env[name]?.trim() || undefined;
  const accessKeyId = value('AWS_ACCESS_KEY_ID');
  const secretAccessKey = value('AWS_SECRET_ACCESS_KEY');
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new ObjectSettingError({
      what: `object storage is used, but ${accessKeyId === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY'} is not set`,
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment or in .env; for another server than AWS also AWS_ENDPOINT_URL_S3.',
    });
  const region = value('AWS_REGION') ?? value('AWS_DEFAULT_REGION') ?? 'us-east-1';
  const given = value('AWS_ENDPOINT_URL_S3') ?? value('AWS_ENDPOINT_URL');
  if (given !== undefined && !/^https?:\/\/[^/]/.test(given))
    throw new ObjectSettingError({
      what: `AWS_ENDPOINT_URL_S3 is "${given}"`,
      hint: 'Write the address of the server, as in https://minio.example.com:9000.',
    });
  const style = value('S3_PATH_STYLE')?.toLowerCase();
  if (style !== undefined && style !== 'true' && style !== 'false')
    throw new ObjectSettingError({ what: `S3_PATH_STYLE is "${style}"`, hint: 'Write true or false.' });
  return {
    endpoint: (given ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, ''),
    region,
    accessKeyId,
    secretAccessKey,
    sessionToken: value('AWS_SESSION_TOKEN'),
    pathStyle: style === undefined ? given !== undefined : style === 'true',
  };
}
