import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { erasedMark, SubjectWords } from '../../../../runner/subject/words.ts';

const jimmy = new SubjectWords({ id: 'jimmy', owner: 'JimmyLoup', names: ['Jimmy'] });
const jeremie = new SubjectWords({ id: 'jeremie', owner: 'JérémieVianin', names: ['Jérémie'] });

describe('the names of a subject', () => {
  it.each([
    ['jimmy', 1],
    ['JIMMY_Kitchen_plug', 1],
    ['["jimmy_Kitchen_plug","plug"]', 1],
    ['jimmy/2023/08', 1],
    ['role_jimmy', 1],
    ['12.10.2023 0230_JimmyLoup_received.json', 1],
    ['xjimmyLOUPx', 1],
    ['jimmy, Jimmy and JimmyLoup', 3],
    ['{"text":"\\njimmy\\u000ajimmy"}', 2],
    ['jimmys', 0],
    ['Bigjimmy', 0],
    ['jimmyé', 0],
    ['jimmy2', 0],
    ['', 0],
  ])('in %j: %i', (text, count) => {
    expect(jimmy.count(text)).toBe(count);
    expect(jimmy.erase(text).split(erasedMark)).toHaveLength(count + 1);
    expect(jimmy.count(jimmy.erase(text))).toBe(0);
  });

  it('are found however their accents are written', () => {
    for (const text of [
      'Jérémie',
      'JÉRÉMIE',
      'Je\u0301re\u0301mie',
      'J\\u00e9r\\u00E9mie',
      'jeremie',
      'xJÉRÉMIEVIANINx',
    ])
      expect(jeremie.erase(text), text).toContain(erasedMark);
    expect(jeremie.count('Jeremy')).toBe(0);
  });

  it('are found with white space in the owner, as the names of houses have it, but then as words only', () => {
    const marie = new SubjectWords({ id: 'haut', owner: 'Marie Rey', names: [] });
    for (const text of [
      'marierey',
      'Marie Rey',
      'MARIE  REY',
      'xMarieReyx',
      'chez_Marie\u00a0Rey',
      '{"a":"Marie\\nRey"}',
    ]) {
      expect(marie.count(text), text).toBe(1);
      expect(marie.erase(text), text).toContain(erasedMark);
    }
    for (const text of ['xMarie Reyx', 'Marie Reyne', 'Marie-Rey']) expect(marie.count(text), text).toBe(0);
    expect(jimmy.erase('rang Jimmy Loup twice')).toBe('rang [erased] twice');
  });

  it('may hold what means something in a pattern', () => {
    const odd = 'a.b*c+(d)[e]{f}^$|?-/&#@!\\';
    const words = new SubjectWords({ id: 'x-1_y', owner: odd, names: [] });
    expect(words.erase(`<${odd}> x-1_y x-1_z`)).toBe(`<${erasedMark}> ${erasedMark} x-1_z`);
  });

  it('never stand in a text that they were taken out of, and nothing else goes', () => {
    const part = fc.constantFrom('jimmy', 'JimmyLoup', 'Jimmy', 'loup', '_', ' ', 'é', 'n', '\\', 'x', erasedMark);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const erased = jimmy.erase(text);
        expect(jimmy.count(erased)).toBe(0);
        if (jimmy.count(text) === 0) expect(erased).toBe(text);
      }),
    );
  });
});

describe('the names of a subject beside others that have them in theirs', () => {
  const others = [
    { id: 'jimmy', owner: 'JimmyLoup', names: ['Jimmy'] },
    { id: 'big-jim', owner: 'Big Jim', names: ['Jim Beam'] },
    { id: 'jérémie', owner: 'x', names: [] },
  ];
  it.each([
    ['jim JIM_Kitchen Jim', '[erased] [erased]_Kitchen [erased]'],
    ['12.10.2023 0230_JimmyLoup_received.json', '12.10.2023 0230_JimmyLoup_received.json'],
    ['JIMMYLOUPjimmy', 'JIMMYLOUP[erased]my'],
    ['jimmy jimmy_Kitchen', 'jimmy jimmy_Kitchen'],
    ['jimmys', '[erased]mys'],
    ['big-jim_plug abig-jim', 'big-jim_plug abig-[erased]'],
    ['big-jim2', 'big-[erased]2'],
    ['Big Jim beam, Big jim, Jim Beam', 'Big Jim beam, Big jim, Jim Beam'],
    ['Jim Beamer', '[erased] Beamer'],
    ['Jimmy Loup, JimmyLoup, Jim Loup', 'Jimmy Loup, JimmyLoup, [erased] Loup'],
    ['BigJim, Big  Jim, BIG JIM_Kitchen', 'BigJim, Big  Jim, BIG JIM_Kitchen'],
  ])('%s', (text, erased) => {
    const words = new SubjectWords({ id: 'jim', owner: 'Jim', names: ['Jim'] }, others);
    expect(words.erase(text)).toBe(erased);
    expect(words.isBetween(text, 0, text.length)).toBe(text !== erased);
  });

  it('are found where the other is called just the same', () => {
    const words = new SubjectWords({ id: 'jim', owner: 'Jim', names: [] }, [{ id: 'x', owner: 'JIM', names: ['jim'] }]);
    expect(words.erase('jim')).toBe(erasedMark);
  });

  it('are looked for between two places of a text only, by all that stands around', () => {
    const words = new SubjectWords({ id: 'jim', owner: 'JimLoup', names: [] }, others);
    expect(words.isBetween('a jim b', 2, 5)).toBe(true);
    expect(words.isBetween('a jim b', 3, 7)).toBe(false);
    expect(words.isBetween('a jim b', 0, 4)).toBe(false);
    expect(words.isBetween('big-jim b', 4, 7)).toBe(false);
  });
});
