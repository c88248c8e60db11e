import { ObjectError, type Requests } from './request.ts';
import { element } from './xml.ts';

/** The smallest size of a part that is not the last, as S3 demands it. */
export const leastPartBytes = 5 * 1024 * 1024;

/** An object that comes in parts: it is there once it is complete, and not before. */
export class Upload {
  readonly #requests: Requests;
  readonly #id: string;
  readonly #etags: string[] = [];
  readonly key: string;

  constructor(requests: Requests, key: string, id: string) {
    this.#requests = requests;
    this.key = key;
    this.#id = id;
  }

  /** Sends the next part; all but the last have {@link leastPartBytes} at least, and there are 10,000 at most. @throws ObjectError */
  async part(body: Uint8Array): Promise<void> {
    const query = { partNumber: String(this.#etags.length + 1), uploadId: this.#id };
    const { headers } = await this.#requests.send('PUT', this.key, { query, body });
    this.#etags.push(headers.get('etag') ?? '');
  }

  /** Makes the object of its parts, in place of one that is there. @throws ObjectError */
  async complete(): Promise<void> {
    const parts = this.#etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    const body = new TextEncoder().encode(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
    // S3 may answer 200 and say in the body that it failed.
    const { text } = await this.#requests.send('POST', this.key, { query: { uploadId: this.#id }, body });
    const code = element(text, 'Code');
    if (code !== undefined)
      throw new ObjectError(
        { what: `${this.#requests.address(this.key)}: its parts were not put together (${code})` },
        200,
      );
  }

  /** Gives it up; one that is gone is no fault. @throws ObjectError */
  async abort(): Promise<void> {
    await this.#requests.send('DELETE', this.key, { query: { uploadId: this.#id }, accepted: [404] });
  }
}
