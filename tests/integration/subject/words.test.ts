import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SubjectWords } from '../../../runner/subject/words.ts';
import { databases, type TestDatabase } from '../databases.ts';

const words = new SubjectWords({ id: 'jérémie-2', owner: 'JérémieVianin', name: 'J.' });
const texts = [
  'jérémie-2',
  'JÉRÉMIE-2_Kitchen_plug',
  'J\\u00e9R\\u00C9mie',
  'Je\u0301re\u0301mie',
  'xjérémieVIANINx',
  'jérémieJérémieVianin',
  'jérémie jérémie J. J.jérémie',
  '{"a": "\\nJérémie\\tJ."}',
  'jérémies',
  'Jeremie',
  'jérémiex jérémie',
  'Js',
  'jérémie-20 jérémie-200 jérémie-2_0',
  'JÉRÉMIE-20_Kitchen jérémie-2_Kitchen',
  'petit_jérémie-2 petit_jérémie-2s apetit_jérémie-2',
  'xGrandJérémieVianinx JérémieVianin GrandJe\u0301re\u0301mieVianin',
  'Jérémie J. Petit, Jérémie J. Petite',
  'Le J. J. xLe J.',
  '{"a":"\\nJ\\u00e9r\\u00e9mie J. Petit\\nJérémie"}',
  'Jérémie Vianin, JÉRÉMIE \u00a0 VIANIN xJérémie Vianinx',
  '{"a":"Jérémie\\nVianin"}',
  'Grand Jérémie Vianin, xGrand JérémieVianin, LeJ. Le\tJ.',
  '',
];

describe.each(databases)('the names of a subject on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());

  it('are found as in this program', async () => {
    const { rows } = await database.warehouse.query<{ text: string; found: boolean }>(
      `select t.text, ${words.sql('t.text')} as found from jsonb_array_elements_text($1::text::jsonb) as t (text)`,
      [JSON.stringify(texts)],
    );
    for (const { text, found } of rows) expect([text, found]).toEqual([text, words.areIn(text)]);
    expect(rows.filter(({ found }) => found).length).toBeGreaterThan(5);
    expect(rows.filter(({ found }) => !found).length).toBeGreaterThan(5);
  });
});
