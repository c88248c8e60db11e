import { isText, type Text } from './texts.ts';

/** The languages of the frame, of Overview and of Explore, each by its own name. */
export const languages = { en: 'English', fr: 'Français', es: 'Español', ro: 'Română', pt: 'Português' } as const;
export type Language = keyof typeof languages;

/** Translations by language and English text; the bundler puts them here (bin/setup.mjs, pageCaptions). */
declare const PAGE_CAPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>>;

let current: Language = 'en';

/** Whether the pages have a language of this name. */
export const isLanguage = (text: string | null | undefined): text is Language =>
  text != null && Object.hasOwn(languages, text);

/** The first of a browser's languages that the pages have; English if they have none. Pure. @example preferred(['de-CH', 'fr-CH']) // 'fr' */
export function preferred(wanted: readonly string[]): Language {
  return wanted.map((tag) => tag.toLowerCase().split('-')[0]).find(isLanguage) ?? 'en';
}

/** What {@link t} speaks from now on. */
export function speak(language: Language): void {
  current = language;
}

export type PutIn = Readonly<Record<string, string | number>>;

function filled(caption: string, values: PutIn): string {
  return caption.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A text in the language of the page, its values put in. @example t('{count} points in UTC', { count: 24 }) */
export function t(text: Text, values: PutIn = {}): string {
  return filled(current === 'en' ? text : (PAGE_CAPTIONS[current]?.[text] ?? text), values);
}

/** A text that may be one of the page's, or one that the server wrote in English, and the language that it is in then. */
export function spoken(text: string): { readonly text: string; readonly lang: Language } {
  return isText(text) ? { text: t(text), lang: current } : { text, lang: 'en' };
}

/** How texts and numbers are said: in the language of the page, or in English where a page has no other. */
export interface Speech {
  readonly language: Language;
  readonly say: (text: Text, values?: PutIn) => string;
}

export const english: Speech = { language: 'en', say: (text, values = {}) => filled(text, values) };

/** In the language of the page as it is now. */
export function ownSpeech(): Speech {
  return { language: current, say: t };
}

/** A number as the language of the page writes it, with up to five digits. */
export function digits(value: number): string {
  return value.toLocaleString(current, { maximumSignificantDigits: 5, useGrouping: false });
}
