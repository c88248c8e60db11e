import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { pageCaptions, root } from '../../../bin/setup.mjs';
import { digits, languages, ownSpeech, preferred, speak, spoken, t } from '../../../ui/browser/parts/language.ts';
import { texts } from '../../../ui/browser/parts/texts.ts';
import { ago, duration, size } from '../../../ui/browser/parts/words.ts';
import { measures } from '../../../ui/data/explore.ts';

const captions = await pageCaptions();
const file = (path: string) => parse(readFileSync(join(root, path), 'utf8')) as Readonly<Record<string, string>>;
const others = Object.keys(languages).filter((language) => language !== 'en');
const namesIn = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe.each(others)('what the pages say, in %s', (language) => {
  it('lacks no text, and puts the same values in', () => {
    expect(texts.filter((text) => !captions[language]?.[text])).toEqual([]);
    for (const text of texts) expect([text, namesIn(captions[language]?.[text] ?? '')]).toEqual([text, namesIn(text)]);
    for (const { title } of measures) expect(texts).toContain(title);
  });

  it('has each caption in one place, and no others', () => {
    const own = Object.keys(file(`ui/browser/captions/${language}.yml`));
    const report = file(`powerbi/captions/${language}.yml`);
    expect(own.filter((text) => text in report)).toEqual([]);
    expect(own.filter((text) => !(texts as readonly string[]).includes(text))).toEqual([]);
    expect(captions[language]?.Overview).toBe(report.Overview);
  });
});

describe('the language of a page', () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is the first of the browser's that there is, else English", () => {
    expect(preferred(['de-CH', 'fr-CH', 'en'])).toBe('fr');
    expect(preferred(['PT-br'])).toBe('pt');
    expect(preferred(['de', 'constructor'])).toBe('en');
    expect(preferred([])).toBe('en');
  });

  it('is spoken from then on', () => {
    vi.stubGlobal('PAGE_CAPTIONS', captions);
    speak('fr');
    expect(t('{count} points in UTC', { count: 24 })).toBe('24 points en UTC');
    expect([t('Presence'), t('Overview'), digits(1234.5678)]).toEqual(['Présence', "Vue d'ensemble", '1234,6']);
    expect([duration(400_000, ownSpeech()), size(1500, ownSpeech()), ago(null, new Date(), ownSpeech())]).toEqual([
      '5 jours',
      '1,5 KB',
      'jamais',
    ]);
    // What the server says and the pages do not know stays as it is, and is known for English.
    expect(spoken('this cannot be shown now').lang).toBe('fr');
    expect(spoken('division by zero')).toEqual({ text: 'division by zero', lang: 'en' });
    speak('en');
    expect([t('in {unit}', { unit: '{count}' }), digits(0.5)]).toEqual(['in {count}', '0.5']);
  });
});
