import { afterEach, describe, expect, it } from 'vitest';
import { apartmentsOf } from '../../../../cli/settings/settings.ts';
import { subjectNamed } from '../../../../cli/subject/named.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { UsageError } from '../../../../runner/text/errors.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';

describe('the apartments of project.yml', () => {
  let project: TemporaryProject;
  afterEach(() => project.dispose());
  const withLine = (line: string) => {
    project = new TemporaryProject({
      'project.yml': `name: test\nvars:\n  apartments:\n    - { id: jimmy, owner: JimmyLoup }\n    - ${line}\n`,
    });
    return readProject({ root: project.root, env: {} });
  };

  it.each(['../vault', '..', 'a/b', 'a\\b', 'C:', 'weather', 'Weather', 'registry', 'rejected', '-a', ' '])(
    'must have an id that names a folder of its own in Bronze: not %j',
    (id) => {
      const read = withLine(`{ id: ${JSON.stringify(id)}, owner: A }`);
      const refusal = expect.objectContaining({
        message: `"${id}" cannot be the id of an apartment`,
        where: 'project.yml:5',
        hint: 'Use letters, digits, - and _ only, and none of rejected, weather, registry, stream: it names a folder in Bronze.',
      });
      expect(() => apartmentsOf(read)).toThrow(refusal);
      expect(() => subjectNamed(read, id)).toThrow(refusal);
    },
  );

  it('must have an owner that can be part of a file name', () => {
    const read = withLine('{ id: anna, owner: ../A }');
    expect(() => apartmentsOf(read)).toThrow(UsageError);
    expect(() => apartmentsOf(read)).toThrow('the owner of apartment anna cannot be part of a file name');
  });

  it.each([
    ['{ id: Jimmy, owner: Jim }', 'id Jimmy'],
    ['{ id: loup, owner: Jimmy LOUP }', 'owner Jimmy LOUP'],
  ])('must have an id and an owner that no other has: not %s', (line, shared) => {
    expect(() => apartmentsOf(withLine(line))).toThrow(
      expect.objectContaining({
        message: `two apartments have the ${shared} (letter case and spaces aside)`,
        where: 'project.yml:4, project.yml:5',
      }),
    );
  });

  it('may have letters of any language, digits, - and _', () => {
    const read = withLine('{ id: Jérémie_2-b, owner: JérémieVianin }');
    expect(apartmentsOf(read).map(({ id }) => id)).toEqual(['jimmy', 'Jérémie_2-b']);
  });
});
