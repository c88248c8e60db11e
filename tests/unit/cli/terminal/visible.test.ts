import { describe, expect, it } from 'vitest';
import { formatCell, formatTable } from '../../../../cli/terminal/table.ts';
import { visible } from '../../../../cli/terminal/visible.ts';

describe('what data and names of files may do to a terminal', () => {
  it('is nothing: control characters and turns of direction are spelt out', () => {
    expect(visible('a\u001b]0;t\u0007\r\u009b31m\u202eb\u007f')).toBe(
      'a\\u001b]0;t\\u0007\\u000d\\u009b31m\\u202eb\\u007f',
    );
    expect(visible('a\r\nb\tc é 温 👍🏽 ‌')).toBe('a\nb\tc é 温 👍🏽 ‌');
  });

  it('is nothing in a table or a list of files: each is one line', () => {
    expect(formatCell('a\nOK: all landed\u001b[2J')).toBe('a OK: all landed\\u001b[2J');
    expect(formatTable(['n'], [['x\r\ny']]).split('\n')).toEqual(['n', '----', 'x  y']);
  });
});
