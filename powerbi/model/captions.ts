import type { TmdlObject, TmdlProperty } from './tmdl.ts';

/** Translations by language, each by the English text. */
export type Captions = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The languages beside English, and the culture that each is written as in the model. */
export const cultures: Readonly<Record<string, string>> = { fr: 'fr-FR', es: 'es-ES', ro: 'ro-RO', pt: 'pt-PT' };

/** What is wrong with the captions of a language. */
export interface CaptionFault {
  readonly language: string;
  /** `undescribed`: its description has no translation. */
  readonly kind: 'missing' | 'clashing' | 'undescribed';
  /** The English text; of clashing ones the later. */
  readonly text: string;
  readonly what: string;
}

const captioned = ['measure', 'column', 'hierarchy'];

/** Every description of what readers see that has no translation, in the languages that have any, each once. */
export function descriptionFaults(tables: readonly TmdlObject[], descriptions: Captions): CaptionFault[] {
  const texts = new Set(
    tables
      .filter(isVisible)
      .flatMap((table) => [table, ...(table.children ?? []).filter(isCaptioned)])
      .flatMap(({ description }) =>
        description === undefined || description.trim() === '' ? [] : [description.trim()],
      ),
  );
  return [...descriptions].flatMap(([language, translations]) =>
    [...texts]
      .filter((text) => !translations.has(text))
      .map((text) => ({
        language,
        kind: 'undescribed' as const,
        text,
        what: `the description "${text}" has no translation in ${language}`,
      })),
  );
}

/**
 * Every text of the tables and of the report that has no translation, and every two objects that would have one name where
 * Power BI allows that to one only: tables, measures, the columns and measures of a table, and the items of a calculation group.
 * @param texts what the report says besides: titles and names of pages.
 */
export function captionFaults(
  tables: readonly TmdlObject[],
  texts: readonly string[],
  captions: Captions,
): CaptionFault[] {
  return [...captions].flatMap(([language, translations]) => {
    const faults: CaptionFault[] = [];
    const seen = new Set<string>();
    const translated = (text: string) => {
      const found = translations.get(text);
      if (found === undefined && !seen.has(text))
        faults.push({ language, kind: 'missing', text, what: `"${text}" has no caption in ${language}` });
      seen.add(text);
      return found ?? text;
    };
    const measures = new Map<string, string>();
    const names = new Map<string, string>();
    const take = (taken: Map<string, string>, text: string, where: string) => {
      const caption = translated(text);
      const other = taken.get(caption.toLowerCase());
      if (other !== undefined && other !== text)
        faults.push({
          language,
          kind: 'clashing',
          text,
          what: `"${other}" and "${text}" ${where} are both "${caption}" in ${language}`,
        });
      taken.set(caption.toLowerCase(), text);
    };
    for (const table of tables.filter(isVisible)) {
      take(names, table.name ?? '', 'among the tables');
      const own = new Map<string, string>();
      for (const child of (table.children ?? []).filter(isCaptioned)) {
        take(own, child.name ?? '', `in ${table.name}`);
        if (child.type === 'measure') take(measures, child.name ?? '', 'among the measures');
        for (const level of child.children ?? []) if (level.type === 'level') translated(level.name ?? '');
        for (const folder of foldersOf(child)) translated(folder);
      }
      const items = new Map<string, string>();
      for (const group of (table.children ?? []).filter(({ type }) => type === 'calculationGroup'))
        for (const item of group.children ?? []) take(items, item.name ?? '', `in ${table.name}`);
    }
    for (const text of texts) translated(text);
    return faults;
  });
}

/**
 * The model's objects in other languages, one culture for each. What has no translation keeps its English name and description.
 * @param descriptions translations by the English description.
 */
export function cultureObjects(
  tables: readonly TmdlObject[],
  captions: Captions,
  descriptions: Captions = new Map(),
): TmdlObject[] {
  return [...captions].flatMap(([language, translations]) => {
    const culture = cultures[language];
    if (culture === undefined) return [];
    const named = (object: TmdlObject, children: readonly TmdlObject[], folder = ''): TmdlObject[] => {
      const caption = translations.get(object.name ?? '');
      const properties: TmdlProperty[] = [];
      if (caption !== undefined) properties.push({ name: 'caption', value: caption });
      const description = descriptions.get(language)?.get(object.description?.trim() ?? '');
      if (description !== undefined) properties.push({ name: 'description', value: description });
      if (folder !== '') properties.push({ name: 'displayFolder', value: folder });
      if (properties.length === 0 && children.length === 0) return [];
      return [{ type: object.type, name: object.name, properties, children }];
    };
    const folderOf = (object: TmdlObject) =>
      foldersOf(object)
        .map((one) => translations.get(one) ?? one)
        .join('\\');
    const model: TmdlObject = {
      type: 'model',
      name: 'Model',
      children: [
        ...tables.filter(isVisible).flatMap((table) =>
          named(
            table,
            (table.children ?? []).filter(isCaptioned).flatMap((child) => {
              const levels = (child.children ?? []).filter(({ type }) => type === 'level');
              return named(
                child,
                levels.flatMap((level) => named(level, [])),
                folderOf(child),
              );
            }),
          ),
        ),
      ],
    };
    return [{ type: 'cultureInfo', name: culture, children: [{ type: 'translations', children: [model] }] }];
  });
}

function isVisible({ properties = [] }: TmdlObject): boolean {
  return !properties.some((one) => one.name === 'isHidden');
}

function isCaptioned(child: TmdlObject): boolean {
  return captioned.includes(child.type) && isVisible(child);
}

/** `Energy\Comparison` as its two folders. */
function foldersOf({ properties = [] }: TmdlObject): string[] {
  const folder = properties.find((one) => one.name === 'displayFolder');
  return folder !== undefined && 'value' in folder ? String(folder.value).split('\\') : [];
}
