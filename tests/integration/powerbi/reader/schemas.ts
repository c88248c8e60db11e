import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const base = 'https://developer.microsoft.com/json-schemas/';

/**
 * Microsoft's JSON schemas (the repository microsoft/json-schemas), where they are to be found: in the folder that
 * DATACYCLE_POWERBI_SCHEMAS names, or beside the project. Undefined where there are none.
 */
export const schemaFolder: string | undefined = [
  process.env.DATACYCLE_POWERBI_SCHEMAS,
  resolve(import.meta.dirname, '../../../../../shared/data/powerbi-schemas'),
].find((folder) => folder !== undefined && folder !== '' && existsSync(join(folder, 'fabric')));

/** Finds what is wrong with a JSON file by the schema that it names itself; empty if nothing is. */
export class SchemaCheck {
  readonly #ajv = new Ajv({ strict: false, allErrors: true });

  constructor(folder: string) {
    addFormats.default(this.#ajv);
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.json')) continue;
      const schema: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      if (typeof schema !== 'object' || schema === null) continue;
      // Some schemas refer to each other by their files' names, which their ids do not always have.
      this.#ajv.addSchema({ ...schema, $id: base + file.replaceAll('\\', '/') });
    }
  }

  errors(text: string): string[] {
    const value: unknown = JSON.parse(text);
    const url = typeof value === 'object' && value !== null && '$schema' in value ? String(value.$schema) : '';
    const validate: ValidateFunction | undefined = this.#ajv.getSchema(url);
    if (validate === undefined) return [`there is no schema ${url}`];
    validate(value);
    return (validate.errors ?? []).map(
      (error) => `${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`,
    );
  }
}
