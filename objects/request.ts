import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { DatacycleError } from '../warehouse/errors.ts';
import type { S3Settings } from './settings.ts';
import { element } from './xml.ts';

/** Object storage refused a request or could not be reached. */
export class ObjectError extends DatacycleError {
  /** The status of the answer; 0 where there was none. */
  readonly status: number;

  constructor(parts: ConstructorParameters<typeof DatacycleError>[0], status: number) {
    super(parts);
    this.status = status;
  }
}

/** What is asked besides the method and the key. */
export interface Asked {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses of 300 and more that are answers rather than faults. */
  readonly accepted?: readonly number[];
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly text: string;
}

/** How often a request is sent in all, and how long the first pause is, in milliseconds; each next one is twice as long. */
const tries = 5;
const firstPauseMs = 200;

/** How long a request may take until it counts as failed, in milliseconds. */
const patienceMs = 120_000;

/** Signed requests to one bucket. */
export class Requests {
  readonly #settings: S3Settings;
  readonly #bucket: string;
  readonly #signal: AbortSignal | undefined;

  constructor(settings: S3Settings, bucket: string, signal: AbortSignal | undefined) {
    this.#settings = settings;
    this.#bucket = bucket;
    this.#signal = signal;
  }

  /** For messages. */
  address(key: string): string {
    return `s3://${this.#bucket}/${key}`;
  }

  /**
   * One request and its answer; what may pass (no answer, 429, 5xx) is tried again with growing pauses.
   * @throws ObjectError for any other status of 300 and more that is not accepted; the signal's reason once it is aborted.
   */
  async send(method: string, key: string, asked: Asked = {}): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      this.#signal?.throwIfAborted();
      const answer = await this.#once(method, key, asked).catch((error: unknown) => {
        this.#signal?.throwIfAborted();
        return new ObjectError(
          {
            what: `${this.address(key)}: ${this.#settings.endpoint} cannot be reached (${reasonOf(error)})`,
            hint: 'Check AWS_ENDPOINT_URL_S3, AWS_REGION and the network.',
            cause: error,
          },
          0,
        );
      });
      const isFault = answer instanceof ObjectError;
      const mayPass = isFault || answer.status >= 500 || answer.status === 429;
      if (!mayPass || attempt >= tries) {
        if (isFault) throw answer;
        // A redirection is a refusal, too: nothing was written or read, and the request is signed for this address alone.
        if (answer.status < 300 || asked.accepted?.includes(answer.status) === true) return answer;
        throw this.#refusal(method, key, answer);
      }
      await sleep(firstPauseMs * 2 ** (attempt - 1), undefined, this.#signal && { signal: this.#signal });
    }
  }

  async #once(method: string, key: string, { query = {}, headers = {}, body }: Asked): Promise<Answer> {
    const { accessKeyId, secretAccessKey, sessionToken, region } = this.#settings;
    const sha256 = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signer = new AwsV4Signer({
      method,
      url: this.#url(key, query),
      headers: { ...headers, 'x-amz-content-sha256': sha256 },
      service: 's3',
      region,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    });
    const signed = await signer.sign();
    const patience = AbortSignal.timeout(patienceMs);
    const response = await fetch(signed.url, {
      method,
      redirect: 'manual',
      headers: signed.headers,
      signal: this.#signal === undefined ? patience : AbortSignal.any([this.#signal, patience]),
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isText = !response.ok || (response.headers.get('content-type') ?? '').includes('xml');
    const text = isText ? new TextDecoder().decode(bytes) : '';
    return { status: response.status, headers: response.headers, body: bytes, text };
  }

  #url(key: string, query: Readonly<Record<string, string>>): string {
    const { endpoint, pathStyle } = this.#settings;
    const base = pathStyle ? `${endpoint}/${this.#bucket}` : endpoint.replace('://', `://${this.#bucket}.`);
    const url = new URL(`${base}/${key.split('/').map(encoded).join('/')}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    // In a path and a query of S3 a space is %20.
    url.search = url.search.replaceAll('+', '%20');
    return url.toString();
  }

  #refusal(method: string, key: string, { status, text }: Answer): ObjectError {
    const code = element(text, 'Code') ?? '';
    const said = [code, element(text, 'Message')].filter((one) => one).join(': ') || `status ${status}`;
    const hint =
      hints[code] ??
      (status === 403
        ? hints.AccessDenied
        : status === 404
          ? hints.NoSuchBucket
          : status >= 300 && status < 400
            ? hints.PermanentRedirect
            : undefined);
    return new ObjectError({ what: `${this.address(key)}: ${method} was refused (${said})`, hint }, status);
  }
}

const hints: Readonly<Record<string, string>> = {
  AccessDenied:
    'The key may not do this: check its policy (s3:PutObject, s3:GetObject, s3:DeleteObject, s3:ListBucket).',
  InvalidAccessKeyId: 'Check AWS_ACCESS_KEY_ID, and whether the endpoint is the right one.',
  SignatureDoesNotMatch: 'Check AWS_SECRET_ACCESS_KEY and AWS_REGION.',
  RequestTimeTooSkewed: "Set this machine's clock.",
  NoSuchBucket: 'Create the bucket, or correct its name.',
  PermanentRedirect: 'The bucket is in another region: set AWS_REGION.',
  AuthorizationHeaderMalformed: 'The bucket is in another region: set AWS_REGION.',
};

/** As S3 signs it: `!'()*` are encoded, too. */
function encoded(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
