import { describe, expect, it } from 'vitest';
import { SubjectWords } from '../../../../runner/subject/words.ts';

describe('the names of a subject', () => {
  const jimmy = new SubjectWords({ id: 'jimmy', owner: 'JimmyLoup', names: ['Jimmy'] });
  it.each([
    ['jimmy', true],
    ['JIMMY_Kitchen_plug', true],
    ['["jimmy_Kitchen_plug","plug"]', true],
    ['jimmy/2023/08', true],
    ['12.10.2023 0230_JimmyLoup_received.json', true],
    ['xjimmyLOUPx', true],
    ['jimmys', false],
    ['Bigjimmy', false],
    ['jimmyé', false],
    ['jimmy2', false],
    ['Loup', false],
    ['', false],
  ])('in %j: %s', (text, isIn) => expect(jimmy.areIn(text)).toBe(isIn));

  it('may hold what means something in a pattern, and letters beyond A to Z', () => {
    const odd = 'a.b*c+(d)[e]{f}^$|?-/&#@!\\';
    const words = new SubjectWords({ id: 'x-1_y', owner: odd, names: ['Jérémie'] });
    for (const text of [`<${odd}>`, 'x-1_Y', 'JÉRÉMIE']) expect(words.areIn(text), text).toBe(true);
    for (const text of ['a.b', 'x-1_z', 'jeremie']) expect(words.areIn(text), text).toBe(false);
  });
});

describe('the names of a subject beside others that have them in theirs', () => {
  const others = [
    { id: 'jimmy', owner: 'JimmyLoup', names: ['Jimmy'] },
    { id: 'big-jim', owner: 'Big Jim', names: ['Jim Beam'] },
  ];
  it.each([
    ['jim', true],
    ['12.10.2023 0230_JimmyLoup_received.json', false],
    ['JIMMYLOUPjimmys', true],
    ['jimmy jimmy_Kitchen', false],
    ['jimmy and Jim', true],
    ['big-jim_plug', false],
    ['big-jim2', true],
    ['Big Jim, Jim Beam', false],
    ['Jim Beamer', true],
  ])('%s: %s', (text, isIn) => {
    const words = new SubjectWords({ id: 'jim', owner: 'Jim', names: ['Jim'] }, others);
    expect(words.areIn(text)).toBe(isIn);
  });

  it('are found where they are the longer ones, or the other is called just the same', () => {
    const longer = new SubjectWords({ id: 'big-jim', owner: 'Jim', names: [] }, others.slice(0, 1));
    expect(longer.areIn('big-jim_plug')).toBe(true);
    const same = new SubjectWords({ id: 'jim', owner: 'Jim', names: [] }, [{ id: 'x', owner: 'JIM', names: ['jim'] }]);
    expect(same.areIn('jim')).toBe(true);
  });
});
