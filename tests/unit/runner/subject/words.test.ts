import { describe, expect, it } from 'vitest';
import { SubjectWords } from '../../../../runner/subject/words.ts';

describe('the names of a subject', () => {
  const jimmy = new SubjectWords({ id: 'jimmy', owner: 'JimmyLoup', name: 'Jimmy' });
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
    ['jimmy-2', true],
    ['Loup', false],
    ['', false],
  ])('in %j: %s', (text, isIn) => expect(jimmy.areIn(text)).toBe(isIn));

  it('may hold what means something in a pattern, and letters beyond A to Z', () => {
    const odd = 'a.b*c+(d)[e]{f}^$|?-/&#@!\\';
    const words = new SubjectWords({ id: 'x-1_y', owner: odd, name: 'Jérémie' });
    for (const text of [`<${odd}>`, 'x-1_Y', 'JÉRÉMIE']) expect(words.areIn(text), text).toBe(true);
    for (const text of ['a.b', 'x-1_z', 'jeremie']) expect(words.areIn(text), text).toBe(false);
  });
});
