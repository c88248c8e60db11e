import { afterEach, describe, expect, it, vi } from 'vitest';
import { tellNotices } from '../../../../cli/terminal/notices.ts';
import { Terminal } from '../../../../cli/terminal/terminal.ts';
import { compileFiles } from '../../runner/projects.ts';

/** What a terminal writes of the notices of a project. */
function told({ json, quiet }: { readonly json: boolean; readonly quiet: boolean }) {
  const written = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.err += String(text);
    return true;
  });
  const compiled = compileFiles({ 'project.yml': 'name: test\nprofile: shop\n', 'models/a.sql': 'select 1 as id' });
  tellNotices(new Terminal(json, quiet), compiled);
  return written;
}

describe('what the compiler noticed', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('goes beside the results as text, and among the events as JSON', () => {
    const text = told({ json: false, quiet: false });
    expect(text.out).toBe('');
    expect(text.err).toContain('Warning: project.yml:2:1: "profile" is not used');
    expect(text.err).toContain('profile: shop');
    const json = told({ json: true, quiet: false });
    expect(json.err).toBe('');
    expect(JSON.parse(json.out)).toMatchObject({
      type: 'notice',
      text: expect.stringContaining('"profile" is not used'),
      where: 'project.yml:2:1',
    });
  });

  it.each([false, true])('is left out with --quiet, since nothing is wrong (json: %s)', (json) => {
    expect(told({ json, quiet: true })).toEqual({ out: '', err: '' });
  });
});
