import { font, ink } from '../report/theme.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TextStyle {
  readonly size: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly weight?: 'bold';
  readonly fill?: string;
  /** The width in pixels that the text has to fit into. */
  readonly within?: number;
}

/** Text as XML has it. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** How wide letters of the font are about, by their height; bold ones are somewhat wider. */
export const letter = 0.54;
export const boldLetter = 0.62;

/** A line of text with its baseline at y; one that is too long is cut and says so. */
export function textAt(x: number, y: number, text: string, style: TextStyle): string {
  const { size, anchor = 'start', weight, fill = ink, within } = style;
  const width = size * (weight === undefined ? letter : boldLetter);
  const fits = within === undefined ? text.length : Math.max(1, Math.floor(within / width));
  const shown = text.length > fits ? `${text.slice(0, fits - 1)}…` : text;
  const whole = shown === text ? '' : `<title>${escaped(text)}</title>`;
  const bold = weight === undefined ? '' : ` font-weight="${weight}"`;
  return `<text x="${round(x)}" y="${round(y)}" font-family="${font}, sans-serif" font-size="${size}" text-anchor="${anchor}" fill="${fill}"${bold}>${escaped(shown)}${whole}</text>`;
}

/** A text on up to `most` lines of about as many letters as fit, cut between words. */
export function inLines(text: string, fits: number, most: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && (longer.length <= fits || lines.length === most)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

export function rectangle({ x, y, width, height }: Box, fill: string, more = ''): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(width, 0))}" height="${round(Math.max(height, 0))}" fill="${fill}"${more}/>`;
}

export function lineBetween(x1: number, y1: number, x2: number, y2: number, stroke: string, more = ''): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}"${more}/>`;
}

/** Pixels to a tenth: more would only lengthen the file. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
