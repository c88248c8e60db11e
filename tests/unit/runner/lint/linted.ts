import { lint } from '../../../../runner/lint/lint.ts';
import { loadSqlParser } from '../../../../runner/sql/parser.ts';
import { formatPlace } from '../../../../runner/text/place.ts';
import { compileFiles } from '../projects.ts';

const sources = `version: 2
sources:
  - name: raw
    tables:
      - name: t
        columns: [{ name: id }, { name: a }]
      - name: u
        columns: [{ name: id }, { name: b }]
`;

export async function reportOf(files: Readonly<Record<string, string>>) {
  const compiled = compileFiles({ 'models/sources.yml': sources, ...files });
  return lint({ ...compiled, parser: await loadSqlParser(), seedColumns: () => ['a'] });
}

/** What a rule finds in a project, one line a finding: its place, and the words that name it. */
export async function found(rule: string, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const { findings } = await reportOf(files);
  return findings.flatMap((one) => (one.rule === rule ? [`${formatPlace(one.place)} ${one.what}`] : []));
}
