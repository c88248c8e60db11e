import { type Captions, cultures } from './captions.ts';
import { daxText } from './dax.ts';
import { computedColumn, computedPartition } from './extras.ts';
import type { FieldName } from './fields.ts';
import { guidOf } from './guid.ts';
import type { TmdlObject } from './tmdl.ts';

const table = 'Texts';

/** A text of the report, which a measure yields in the viewer's language. */
export interface ReportText {
  readonly text: string;
  /** The texts that it consists of, if each is translated by itself. */
  readonly parts?: readonly string[] | undefined;
  /** DAX; the text is blank where this is not true. */
  readonly when?: string | undefined;
}

/** Several words as one text. */
export function joined(parts: readonly string[]): ReportText {
  return { text: parts.join(dot), parts };
}

const dot = ' · ';

/** The measure that yields a text. */
export function textField({ text, when }: ReportText): FieldName {
  return { table, name: when === undefined ? `Text: ${text}` : `Banner: ${text}` };
}

/** The DAX of a text: Power BI tells the viewer's culture as `fr-CH`, of which the language counts. */
export function textExpression({ text, parts, when }: ReportText, captions: Captions): string {
  if (parts !== undefined)
    return parts.map((part) => textExpression({ text: part }, captions)).join(` & ${daxText(dot)} & `);
  const translated = Object.keys(cultures).flatMap((language) => {
    const found = captions.get(language)?.get(text);
    return found === undefined ? [] : [`${daxText(language)}, ${daxText(found)}`];
  });
  const shown =
    translated.length === 0
      ? daxText(text)
      : `SWITCH(LEFT(USERCULTURE(), 2), ${[...translated, daxText(text)].join(', ')})`;
  return when === undefined ? shown : `IF(${when}, ${shown})`;
}

/** A hidden table of nothing but measures, one for each text; undefined if there is no text. */
export function textsObject(texts: readonly ReportText[], captions: Captions): TmdlObject | undefined {
  const byName = new Map(texts.map((one) => [textField(one).name, one]));
  if (byName.size === 0) return undefined;
  return {
    type: 'table',
    name: table,
    description: "Titles of the report in the viewer's language.",
    properties: [
      { name: 'isHidden', value: true },
      { name: 'lineageTag', value: guidOf('table', table) },
    ],
    children: [
      ...[...byName].map(([name, text]) => ({
        type: 'measure',
        name,
        value: textExpression(text, captions),
        properties: [
          { name: 'isHidden', value: true },
          { name: 'lineageTag', value: guidOf('measure', table, name) },
        ],
      })),
      computedColumn(table, 'Text', 'string', '[Text]', true, [{ name: 'isAvailableInMdx', value: false }]),
      computedPartition(table, 'ROW("Text", "")'),
    ],
  };
}
