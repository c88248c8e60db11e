const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of the first element of a name in an answer of S3; undefined if there is none. */
export function element(xml: string, name: string): string | undefined {
  return elements(xml, name)[0]?.replace(/&(amp|lt|gt|quot|apos);/g, (_, one: string) => entities[one] ?? '');
}

/** What is within the elements of a name. S3's answers nest none of them in itself. */
export function elements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, inside = '']) => inside);
}
