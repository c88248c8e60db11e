// Objects of a bucket, by the S3 protocol: AWS itself, and what speaks like it (MinIO, Ceph, R2, ...).
//
//   1. settings.ts  where it is and by which key it is read and written, from the environment
//   2. request.ts   one signed request: its checksum, its retries, and what a refusal means in words
//   3. upload.ts    an object in parts, which nobody sees before the last step
//   4. bucket.ts    objects: put (also only where there is none), get, head, list, delete
//
// A body is signed with its SHA-256, so that one that is damaged on the way is refused. No message shows a key.
import { Requests } from './request.ts';
import type { S3Settings } from './settings.ts';
import { Upload } from './upload.ts';
import { element, elements } from './xml.ts';

/** An object as a listing or a head names it. */
export interface ObjectFacts {
  readonly key: string;
  readonly bytes: number;
}

/** A bucket. Keys are whole: no prefix is put before them. */
export class Bucket {
  readonly #requests: Requests;

  /** @param signal stops what is running once it is aborted. */
  constructor(settings: S3Settings, name: string, signal?: AbortSignal) {
    this.#requests = new Requests(settings, name, signal);
  }

  /** For messages: `s3://<bucket>/<key>`. */
  address(key: string): string {
    return this.#requests.address(key);
  }

  /**
   * Writes an object whole.
   * @param options `ifAbsent`: only where there is none, decided by the server.
   * @returns whether it was written; false only with `ifAbsent`.
   * @throws ObjectError
   */
  async put(
    key: string,
    body: Uint8Array,
    options: { readonly ifAbsent?: boolean; readonly contentType?: string } = {},
  ): Promise<boolean> {
    const headers: Record<string, string> = { 'content-type': options.contentType ?? 'application/octet-stream' };
    if (options.ifAbsent === true) headers['if-none-match'] = '*';
    // Without the condition a conflict is a refusal: nothing was written.
    const accepted = options.ifAbsent === true ? [412, 409] : [];
    const answer = await this.#requests.send('PUT', key, { headers, body, accepted });
    return answer.status < 400;
  }

  /**
   * The bytes of an object; undefined if there is none.
   * @param range only these of them, `to` excluded. @throws ObjectError
   */
  async get(key: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array | undefined> {
    const headers: Record<string, string> = range === undefined ? {} : { range: `bytes=${range.from}-${range.to - 1}` };
    const answer = await this.#requests.send('GET', key, { headers, accepted: [404] });
    return answer.status === 404 ? undefined : answer.body;
  }

  /** What there is at a key; undefined if nothing. @throws ObjectError */
  async head(key: string): Promise<ObjectFacts | undefined> {
    const answer = await this.#requests.send('HEAD', key, { accepted: [404] });
    return answer.status === 404 ? undefined : { key, bytes: Number(answer.headers.get('content-length') ?? 0) };
  }

  /** The objects whose keys begin with `prefix`, in the order of their keys. @throws ObjectError */
  async *list(prefix: string): AsyncIterable<ObjectFacts> {
    for (let token: string | undefined; ; ) {
      const query = { 'list-type': '2', 'encoding-type': 'url', prefix };
      const next = token === undefined ? {} : { 'continuation-token': token };
      const { text } = await this.#requests.send('GET', '', { query: { ...query, ...next } });
      for (const one of elements(text, 'Contents')) {
        yield { key: keyOf(one, 'Key'), bytes: Number(element(one, 'Size') ?? 0) };
      }
      token = element(text, 'NextContinuationToken');
      if (token === undefined) return;
    }
  }

  /** Deletes an object; one that is not there is no fault. @throws ObjectError */
  async delete(key: string): Promise<void> {
    await this.#requests.send('DELETE', key, { accepted: [404] });
  }

  /** Begins an object in parts. Nothing of it is seen until it is complete. @throws ObjectError */
  async upload(key: string, contentType = 'application/octet-stream'): Promise<Upload> {
    const begun = { query: { uploads: '' }, headers: { 'content-type': contentType } };
    const { text } = await this.#requests.send('POST', key, begun);
    return new Upload(this.#requests, key, element(text, 'UploadId') ?? '');
  }

  /** Ends the uploads below `prefix` that were begun and not completed, so that their parts cost nothing. @throws ObjectError */
  async abortUploads(prefix: string): Promise<void> {
    for (let from: Readonly<Record<string, string>> | undefined = {}; from !== undefined; ) {
      const query = { uploads: '', 'encoding-type': 'url', prefix, ...from };
      const { text } = await this.#requests.send('GET', '', { query });
      for (const one of elements(text, 'Upload'))
        await new Upload(this.#requests, keyOf(one, 'Key'), element(one, 'UploadId') ?? '').abort();
      from =
        element(text, 'IsTruncated') === 'true'
          ? {
              'key-marker': keyOf(text, 'NextKeyMarker'),
              'upload-id-marker': element(text, 'NextUploadIdMarker') ?? '',
            }
          : undefined;
    }
  }
}

/** The key in an element of a listing, which has it as in a URL. */
function keyOf(xml: string, name: string): string {
  return decodeURIComponent((element(xml, name) ?? '').replaceAll('+', ' '));
}
