import type { Text } from './texts.ts';

/** The languages of the frame and of Explore, each by its own name. */
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

/** A text in the language of the page, its values put in. @example t('{count} points in UTC', { count: 24 }) */
export function t(text: Text, values: Readonly<Record<string, string | number>> = {}): string {
  const caption = current === 'en' ? text : (PAGE_CAPTIONS[current]?.[text] ?? text);
  return caption.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A number as the language of the page writes it, with up to five digits. */
export function digits(value: number): string {
  return value.toLocaleString(current, { maximumSignificantDigits: 5, useGrouping: false });
}
