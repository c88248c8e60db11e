import { gzipSync } from 'node:zlib';
import { seededRandom } from '../../../cli/demo/household/random.ts';
import { type NamedFile, sampleMinutes } from './household.ts';

/** A file as it lies in the share, and the bytes that it holds once it is unpacked. */
export interface MutatedFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly held: Buffer;
}

/** A whole number from 0 up to, not including, `below`. */
type Draw = (below: number) => number;

const oddValues = [
  ...['null', '[]', '{}', '""', '"x"', '"21.5"', 'true', '0', '-0', '1e400', '1e-400', '12345678901234567890', '[[1]]'],
  ...['[{"type":"door","switch":"on"}]', '{"meteo":[{"CO2":1}]}', '{"Office":[{"power":1}]}', '"\\u0000"', '"\\ud800"'],
];
const oddTimes = ['', '12.10.2023 10:00', '31.02.2023 10:00', '01.01.1970 00:00', '31.12.2199 23:59', '12.10.2023'];
const oddRooms = [
  'Ku\u0308che',
  'K\u00fcche',
  '',
  'House',
  'a/b',
  '../x',
  '\\u001b[31m',
  "'); drop table x; --",
  'r'.repeat(3000),
];

type Mutate = (text: string, draw: Draw) => string;

/** Of a text, and of what it means as long as it still means something. */
const mutations: readonly Mutate[] = [
  (text) => text,
  (text, draw) => text.slice(0, draw(text.length)),
  (text, draw) => spliced(text, draw, 1 + draw(5), String.fromCharCode(draw(256))),
  (text, draw) => spliced(text, draw, draw(300), ''),
  (text, draw) => {
    const at = draw(text.length);
    return spliced(text, draw, 0, text.slice(at, at + draw(400)));
  },
  (text, draw) => spliced(text, draw, 1, '\uFEFF'),
  (text) => `\uFEFF${text}`,
  (text, draw) => replaced(text, draw, /: ("[^"]*"|-?[\d.]+|true|false|null)/g, `: ${pick(oddValues, draw)}`),
  (text, draw) => replaced(text, draw, /"[A-Za-z]+": (?=[{[])/g, `"${pick(oddRooms, draw)}": `),
  (text, draw) =>
    replaced(
      text,
      draw,
      /"(plugs|meteos|meteo|motions|humidities|doorsWindows)": /g,
      `$&${pick(oddValues, draw)}, "was": `,
    ),
  (text, draw) => text.replace(/"datetime": "[^"]*"/, `"datetime": "${pick(oddTimes, draw)}"`),
];

function pick<T>(of: readonly T[], draw: Draw): T {
  return of[draw(of.length)] as T;
}

function spliced(text: string, draw: Draw, gone: number, come: string): string {
  const at = draw(text.length + 1);
  return text.slice(0, at) + come + text.slice(at + gone);
}

/** One of the places that match, by chance. */
function replaced(text: string, draw: Draw, pattern: RegExp, by: string): string {
  const places = [...text.matchAll(pattern)];
  const place = places.length === 0 ? undefined : pick(places, draw);
  if (place === undefined) return text;
  const end = place.index + place[0].length;
  return text.slice(0, place.index) + by.replace('$&', place[0]) + text.slice(end);
}

/** So many files of a day and the days after it, the same for the same seed; about half of them still are sensor files. */
export function mutatedFiles(count: number, seed: number): MutatedFile[] {
  const random = seededRandom(seed);
  const draw: Draw = (below) => Math.floor(random.next() * below);
  const files: MutatedFile[] = [];
  for (let day = 10; files.length < count; day += 1) {
    const date = `${day}.10.2023`;
    // A few minutes, so that they are soon seen again: in other rooms, with other values, in another order.
    const sample = sampleMinutes(date, (minute) => minute % 2 === 0);
    for (const file of sample.slice(0, count - files.length)) files.push(mutated(file, draw));
  }
  return files;
}

function mutated({ name, content }: NamedFile, draw: Draw): MutatedFile {
  let text = content;
  for (let times = draw(3); times >= 0; times -= 1) text = pick(mutations, draw)(text, draw);
  const held = Buffer.from(text, 'utf8');
  if (draw(10) === 0 && held.length > 0) held[draw(held.length)] = draw(256);
  if (draw(12) > 0) return { name, bytes: held, held };
  const packed = gzipSync(held);
  return { name: `${name}.gz`, bytes: packed, held };
}
