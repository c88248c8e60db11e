import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Settings } from '../../objects/settings.ts';

const accessKeyId = 'AKIATEST';
const secretAccessKey = 'secret/of+the double';
const region = 'eu-central-2';

/** One request as the double got it. */
export interface S3Request {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
}

interface Started {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
}

const hash = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string) => createHmac('sha256', key).update(data).digest();

/**
 * A server that speaks S3, path style, with one bucket. It checks each signature (Signature Version 4, worked out here by
 * the words of AWS's manual) and each body against the SHA-256 that was signed, and refuses what S3 refuses: small parts, unknown uploads.
 */
export class S3Double {
  readonly bucket = 'lake';
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, Started>();
  readonly requests: S3Request[] = [];
  /** What is answered in place of the request's answer, one after the other; undefined: the answer. */
  readonly faults: (number | undefined)[] = [];
  /** Called before a request is answered. */
  onRequest: ((request: S3Request) => void) | undefined;
  /** How many keys a listing has at most. */
  pageSize = 1000;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #uploadNo = 0;

  static async start(): Promise<S3Double> {
    const double = new S3Double();
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get settings(): S3Settings {
    return { endpoint: this.endpoint, region, accessKeyId, secretAccessKey, sessionToken: undefined, pathStyle: true };
  }

  /** The same as variables of the environment. */
  get env(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_S3: this.endpoint,
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', this.endpoint);
    const [, bucket = '', ...rest] = url.pathname.split('/');
    const key = rest.map((part) => decodeURIComponent(part)).join('/');
    const asked = { method: request.method ?? '', key, query: url.searchParams };
    this.requests.push(asked);
    this.onRequest?.(asked);
    const fault = this.faults.shift();
    const refusal = fault === undefined ? this.#refusal(request, url, bucket, body) : ([fault, 'SlowDown'] as const);
    if (refusal === undefined) this.#handle(asked, request, body, response);
    else refuse(response, refusal[0], refusal[1]);
  }

  /** Why the request is refused before it is looked at; undefined if it is signed as it should be. */
  #refusal(request: IncomingMessage, url: URL, bucket: string, body: Buffer): readonly [number, string] | undefined {
    const header = (name: string) => String(request.headers[name] ?? '');
    const match =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
        header('authorization'),
      );
    if (match === null) return [403, 'AccessDenied'];
    const [, id = '', day = '', where = '', names = '', signature = ''] = match;
    if (id !== accessKeyId) return [403, 'InvalidAccessKeyId'];
    if (where !== region) return [400, 'AuthorizationHeaderMalformed'];
    const strict = (text: string) =>
      encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
    const query = [...url.searchParams]
      .map(([name, value]) => `${strict(name)}=${strict(value)}`)
      .sort()
      .join('&');
    const path = url.pathname.split('/').map((part) => strict(decodeURIComponent(part)));
    const canonical = [
      request.method,
      path.join('/'),
      query,
      ...names.split(';').map((name) => `${name}:${header(name).trim().replace(/\s+/g, ' ')}`),
      '',
      names,
      header('x-amz-content-sha256'),
    ].join('\n');
    const time = header('x-amz-date');
    const text = ['AWS4-HMAC-SHA256', time, `${day}/${where}/s3/aws4_request`, hash(canonical)].join('\n');
    const signing = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), where), 's3'), 'aws4_request');
    if (!timingSafeEqual(hmac(signing, text), Buffer.from(signature, 'hex'))) return [403, 'SignatureDoesNotMatch'];
    if (hash(body) !== header('x-amz-content-sha256')) return [400, 'XAmzContentSHA256Mismatch'];
    return bucket === this.bucket ? undefined : [404, 'NoSuchBucket'];
  }

  #handle(asked: S3Request, request: IncomingMessage, body: Buffer, response: ServerResponse): ServerResponse {
    const { method, key, query } = asked;
    const upload = query.get('uploadId');
    if (method === 'POST' && query.has('uploads')) {
      this.#uploadNo += 1;
      const id = `upload ${this.#uploadNo}`;
      this.uploads.set(id, { key, parts: new Map() });
      return xml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (upload !== null) return this.#ofUpload(asked, upload, body, response);
    if (method === 'GET' && query.has('uploads')) {
      const all = [...this.uploads].filter(([, one]) => one.key.startsWith(query.get('prefix') ?? ''));
      const places = all.map(([id, one]) => ({ id, key: one.key, place: `${one.key}\0${id}` }));
      const after = `${query.get('key-marker') ?? ''}\0${query.get('upload-id-marker') ?? ''}`;
      const left = places.filter(({ place }) => place > after).sort((a, b) => (a.place < b.place ? -1 : 1));
      const page = left.slice(0, this.pageSize);
      const last = left.length > page.length ? page.at(-1) : undefined;
      const shown = page.map(
        (one) => `<Upload><Key>${encodeURIComponent(one.key)}</Key><UploadId>${one.id}</UploadId></Upload>`,
      );
      if (last !== undefined)
        shown.push(
          `<IsTruncated>true</IsTruncated><NextKeyMarker>${encodeURIComponent(last.key)}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`,
        );
      return xml(response, `<ListMultipartUploadsResult>${shown.join('')}</ListMultipartUploadsResult>`);
    }
    if (method === 'GET' && query.has('list-type')) return this.#list(query, response);
    const found = this.objects.get(key);
    if (method === 'PUT') {
      if (request.headers['if-none-match'] === '*' && found !== undefined)
        return refuse(response, 412, 'PreconditionFailed');
      this.objects.set(key, body);
      return response.writeHead(200, { etag: `"${hash(body)}"` }).end();
    }
    if (method === 'DELETE') {
      this.objects.delete(key);
      return response.writeHead(204).end();
    }
    if (found === undefined) return refuse(response, 404, 'NoSuchKey');
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (first !== undefined && method === 'GET')
      return response.writeHead(206).end(found.subarray(Number(first), Number(last) + 1));
    response.writeHead(200, { 'content-length': found.length, 'content-type': 'application/octet-stream' });
    return response.end(method === 'HEAD' ? undefined : found);
  }

  #ofUpload({ method, key, query }: S3Request, id: string, body: Buffer, response: ServerResponse): ServerResponse {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) return refuse(response, 404, 'NoSuchUpload');
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return response.writeHead(200, { etag: `"${hash(body)}"` }).end();
    }
    this.uploads.delete(id);
    if (method === 'DELETE') return response.writeHead(204).end();
    const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    if (parts.slice(0, -1).some((part) => part.length < 5 * 1024 * 1024))
      return refuse(response, 400, 'EntityTooSmall');
    const wanted = [...body.toString().matchAll(/<ETag>(.*?)<\/ETag>/g)].map(([, etag]) => etag);
    if (wanted.join() !== parts.map((part) => `"${hash(part)}"`).join()) return refuse(response, 400, 'InvalidPart');
    this.objects.set(key, Buffer.concat(parts));
    return xml(response, '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
  }

  #list(query: URLSearchParams, response: ServerResponse): ServerResponse {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).sort();
    const from = Number(query.get('continuation-token') ?? 0);
    const shown = keys.slice(from, from + this.pageSize).map((key) => {
      const size = this.objects.get(key)?.length;
      return `<Contents><Key>${encodeURIComponent(key).replaceAll('%20', '+')}</Key><Size>${size}</Size></Contents>`;
    });
    const next = from + this.pageSize;
    const token = next < keys.length ? `<NextContinuationToken>${next}</NextContinuationToken>` : '';
    return xml(response, `<ListBucketResult>${shown.join('')}${token}</ListBucketResult>`);
  }
}

function xml(response: ServerResponse, text: string): ServerResponse {
  return response.writeHead(200, { 'content-type': 'application/xml' }).end(text);
}

function refuse(response: ServerResponse, status: number, code: string): ServerResponse {
  const text = `<Error><Code>${code}</Code><Message>it is so</Message></Error>`;
  return response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
}
