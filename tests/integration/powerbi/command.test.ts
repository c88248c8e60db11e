import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ProjectCopy } from '../cli/command.ts';

describe('datacycle bi', () => {
  const project = new ProjectCopy();
  const folder = join(project.root, 'power-bi');
  const table = join(folder, 'datacycle.SemanticModel', 'definition', 'tables', 'Room.tmdl');
  const page = join(folder, 'datacycle.Report', 'definition', 'pages', 'pages.json');
  afterAll(() => project.dispose());

  const everything = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  it('needs a server, but writes the project without one', async () => {
    const { code, stdout } = await project.run(['bi']);
    expect(stdout).toMatch(/Wrote \d+ tables and \d+ measures to power-bi \(\d+ files\)/);
    expect(stdout).toContain('Power BI needs a PostgreSQL server');
    expect(code).toBe(0);
    expect(readFileSync(join(folder, 'datacycle.pbids'), 'utf8')).toContain('"server": "localhost"');
  });

  it('takes server and database from DB_URL, and no login', async () => {
    const url = 'postgresql+psycopg2://some_user:some_secret@db.example:5433/house';
    const { code, stdout } = await project.run(['bi'], { DB_URL: url });
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('Power BI needs')]);
    const texts = everything().map((path) => readFileSync(path, 'utf8'));
    expect(texts.join()).toContain('"db.example:5433"');
    expect(texts.join()).not.toMatch(/some_user|some_secret/);
  });

  it('takes them from PBI_SERVER and PBI_DATABASE where these are set, and names PBI_USER alone', async () => {
    const env = {
      DB_URL: 'postgres://u:p@db.internal/house',
      PBI_SERVER: 'db.example.ch',
      PBI_USER: 'reports',
      PBI_PASSWORD: 'hidden-word',
    };
    const { code, stdout } = await project.run(['bi', '--force'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('log in as reports.');
    const connection = readFileSync(join(folder, 'datacycle.pbids'), 'utf8');
    expect(connection).toContain('"server": "db.example.ch"');
    expect(connection).toContain('"database": "house"');
    const texts = everything().map((path) => readFileSync(path, 'utf8'));
    expect(texts.join()).not.toContain('hidden-word');
  });

  it('hides first names where they are pseudonymised', async () => {
    const env = { BI_PSEUDONYMISE: 'true', PSEUDONYM_KEY: 'a long and secret text of one household' };
    expect((await project.run(['bi'], env)).code).toBe(0);
    expect(readdirSync(join(folder, 'datacycle.SemanticModel', 'definition', 'roles'))).toContain('jimmy.tmdl');
    expect(
      everything()
        .map((path) => readFileSync(path, 'utf8'))
        .join(),
    ).not.toMatch(/Jimmy|Jérémie|secret text|== "jimmy"/);
    expect((await project.run(['bi'])).code).toBe(0);
    expect(everything().join()).not.toContain('jimmy.tmdl');
  });

  it('keeps a report that was changed by hand, and says so', async () => {
    writeFileSync(page, readFileSync(page, 'utf8').replaceAll('\n', '\r\n'));
    expect((await project.run(['bi'])).stdout).not.toContain('left as it is');
    writeFileSync(page, '{}');
    const { code, stdout } = await project.run(['bi']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('The report has been changed since it was written')]);
    expect(readFileSync(page, 'utf8')).toBe('{}');
    // Not only the first time.
    expect((await project.run(['bi'])).stdout).toContain('left as it is');
    expect(readFileSync(page, 'utf8')).toBe('{}');
    expect((await project.run(['bi', '--new-report'])).stdout).not.toContain('left as it is');
    expect(readFileSync(page, 'utf8')).toContain('pageOrder');
  });

  it('keeps such a report also where the model is overwritten, and takes it away only when asked to', async () => {
    const model = readFileSync(table, 'utf8');
    const ownPage = join(page, '..', 'mine', 'page.json');
    const workOn = () => {
      mkdirSync(dirname(ownPage), { recursive: true });
      writeFileSync(ownPage, '{ "name": "mine" }');
      writeFileSync(page, '{ "pageOrder": ["mine"] }');
      writeFileSync(table, `${model}\n`);
    };
    workOn();
    const forced = await project.run(['bi', '--force']);
    expect([forced.code, forced.stdout]).toEqual([0, expect.stringContaining('--new-report would replace it')]);
    expect(readFileSync(table, 'utf8')).toBe(model);
    expect(readFileSync(page, 'utf8')).toBe('{ "pageOrder": ["mine"] }');
    expect(existsSync(ownPage)).toBe(true);
    // Nor is the model taken away with the report.
    workOn();
    expect((await project.run(['bi', '--new-report'])).code).toBe(2);
    expect(existsSync(ownPage)).toBe(true);
    expect((await project.run(['bi', '--new-report', '--force'])).code).toBe(0);
    expect(existsSync(ownPage)).toBe(false);
    expect(readFileSync(page, 'utf8')).not.toContain('mine');
    expect(readFileSync(table, 'utf8')).toBe(model);
  });

  it('keeps a report with a page more, and one of which nothing is recorded', async () => {
    const ownPage = join(page, '..', 'mine', 'page.json');
    mkdirSync(dirname(ownPage), { recursive: true });
    writeFileSync(ownPage, '{}');
    expect((await project.run(['bi'])).stdout).toContain('left as it is');
    rmSync(dirname(ownPage), { recursive: true });
    expect((await project.run(['bi'])).stdout).not.toContain('left as it is');
    writeFileSync(page, '{}');
    rmSync(join(folder, '.datacycle.json'));
    expect((await project.run(['bi', '--force'])).stdout).toContain('left as it is');
    expect(readFileSync(page, 'utf8')).toBe('{}');
    expect((await project.run(['bi'])).stdout).toContain('left as it is');
    expect((await project.run(['bi', '--new-report'])).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toContain('pageOrder');
  });

  it('refuses to overwrite a model that was changed by hand, before it touches anything', async () => {
    const written = readFileSync(table, 'utf8');
    writeFileSync(table, `${written}\n`);
    const connection = join(folder, 'datacycle.pbids');
    const before = readFileSync(connection, 'utf8');
    const { code, stderr } = await project.run(['bi'], { DB_URL: 'postgres://u@other.example/house' });
    expect(code).toBe(2);
    expect(stderr).toContain('datacycle.SemanticModel/definition/tables/Room.tmdl');
    expect(stderr).toContain('--force');
    expect(readFileSync(connection, 'utf8')).toBe(before);
    expect((await project.run(['bi', '--force'])).code).toBe(0);
    expect(readFileSync(table, 'utf8')).toBe(written);
  });

  it('refuses a folder that is not its own', async () => {
    writeFileSync(join(project.root, 'models', 'mine.txt'), '');
    const { code, stderr } = await project.run(['bi', '--output', 'models']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('holds files that datacycle has not written')]);
    expect(existsSync(join(project.root, 'models', 'datacycle.pbip'))).toBe(false);
    rmSync(join(project.root, 'models', 'mine.txt'));
  });

  it('draws pages only of what is built, in a language that there is', async () => {
    const unbuilt = await project.run(['bi', '--preview']);
    expect([unbuilt.code, unbuilt.stderr]).toEqual([2, expect.stringContaining('is not in the database')]);
    expect(unbuilt.stderr).toContain('run `datacycle build` first');
    const unknown = await project.run(['bi', '--preview', '--language', 'de']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('there are no captions in "de"')]);
    expect(unknown.stderr).toContain('There are en, es, fr, pt, ro');
    const alone = await project.run(['bi', '--language', 'fr']);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--language belongs to --preview')]);
    expect(existsSync(join(project.root, 'target', 'powerbi-preview'))).toBe(false);
  });

  it('points at what is wrong with a page or a caption, at its place', async () => {
    const file = join(project.root, 'powerbi', 'pages', 'presence.yml');
    const captions = join(project.root, 'powerbi', 'captions', 'fr.yml');
    const [pages, french] = [readFileSync(file, 'utf8'), readFileSync(captions, 'utf8')];
    writeFileSync(file, pages.replace('visual: pivotTable', 'visual: pivotTabel').replace('sort: {', 'sorted: {'));
    const page = await project.run(['bi', '--force']);
    expect([page.code, page.stderr]).toEqual([2, expect.stringMatching(/powerbi\/pages\/presence\.yml:\d+:\d+: .*/)]);
    expect(page.stderr).toContain('Did you mean "sort"?');
    writeFileSync(file, pages);
    writeFileSync(captions, french.replace(/^Cost: .*$/m, 'Cost: Énergie').replace(/^Overview: .*\n/m, ''));
    const clash = await project.run(['bi', '--force']);
    expect([clash.code, clash.stderr]).toEqual([2, expect.stringContaining('are both "Énergie" in fr')]);
    const descriptions = join(project.root, 'powerbi', 'captions', 'descriptions', 'fr.yml');
    const described = readFileSync(descriptions, 'utf8');
    writeFileSync(captions, french.replace(/^Overview: .*\n/m, ''));
    writeFileSync(descriptions, described.replace(/^Calendar year: .*\n/m, ''));
    const missing = await project.run(['bi', '--force']);
    expect([missing.code, missing.stdout]).toEqual([
      0,
      expect.stringContaining('captions/, and shown in English: "Overview" (fr).'),
    ]);
    expect(missing.stdout).toContain('captions/descriptions/, and shown in English: "Calendar year" (fr).');
    writeFileSync(captions, french);
    writeFileSync(descriptions, described);
  });

  it('points at a measure that names what is not there', async () => {
    const file = join(project.root, 'models', 'gold', 'fact_presence_minute.yml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      text.replace("SUM('Presence by minute'[Motion readings])", "SUM('Presence by minute'[Motions])"),
    );
    for (const command of ['bi', 'compile']) {
      const { code, stderr } = await project.run([command]);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /models\/gold\/fact_presence_minute\.yml:\d+:\d+: measure "Motion count": table 'Presence by minute' has no column \[Motions\]/,
      );
      expect(stderr).toContain('It has "Minute key"');
    }
    writeFileSync(file, text);
  });
});
