import { existsSync, readdirSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import * as z from 'zod';
import { type Captions, cultures } from '../../powerbi/model/captions.ts';
import { extrasSchema } from '../../powerbi/model/extras.ts';
import type { Design } from '../../powerbi/project/project.ts';
import { pageSchema } from '../../powerbi/report/page-schema.ts';
import { type Problem, ProjectError } from '../../runner/text/errors.ts';
import { readSource, type SourceFile } from '../../runner/text/source-file.ts';
import { didYouMean } from '../../runner/text/suggest.ts';
import { checkYaml } from '../../runner/yaml/check.ts';
import { readYaml } from '../../runner/yaml/parse.ts';

const captionsSchema = z.record(z.string(), z.string().min(1));

/**
 * What a project says of its reports: `powerbi/pages/*.yml`, `powerbi/model.yml`, `powerbi/captions/<language>.yml` and
 * `powerbi/captions/descriptions/<language>.yml`, none of which need be there.
 * @throws ProjectError with every fault at its place.
 */
export function readDesign(root: string): Design & { readonly descriptions: Captions } {
  const problems: Problem[] = [];
  const texts = new Map<string, string>();
  const files = (folder: string) => filesOf(root, folder, texts);
  const pages = files('powerbi/pages').flatMap((file) => {
    const yaml = readYaml(file);
    const page = checkYaml(yaml, pageSchema, problems);
    const titles = page?.visuals.map(({ title }) => title) ?? [];
    for (const [index, title] of titles.entries())
      if (titles.indexOf(title) < index)
        problems.push(
          yaml.problem(
            `"${title}" is the title of two visuals`,
            ['visuals', index, 'title'],
            'Give one of them another title.',
          ),
        );
    return page === undefined ? [] : [page];
  });
  const extras = files('powerbi')
    .filter(({ path }) => path === 'powerbi/model.yml')
    .map((file) => checkYaml(readYaml(file), extrasSchema, problems));
  const translations = (folder: string): Captions =>
    new Map(
      files(folder).flatMap((file) => {
        const yaml = readYaml(file);
        const language = basename(file.path, '.yml');
        if (cultures[language] === undefined)
          problems.push(
            yaml.problem(`there is no language "${language}"`, [], didYouMean(language, Object.keys(cultures))),
          );
        const found = checkYaml(yaml, captionsSchema, problems);
        return found === undefined ? [] : [[language, new Map(Object.entries(found))] as const];
      }),
    );
  const captions = translations('powerbi/captions');
  const descriptions = translations('powerbi/captions/descriptions');
  if (problems.length > 0) throw new ProjectError(problems, (path) => texts.get(path));
  return { pages, extras: extras[0] ?? {}, captions, descriptions };
}

function filesOf(root: string, folder: string, texts: Map<string, string>): SourceFile[] {
  const full = join(root, ...folder.split('/'));
  if (!existsSync(full)) return [];
  return readdirSync(full)
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((name) => {
      const file = readSource(root, posix.join(folder, name));
      texts.set(file.path, file.text);
      return file;
    });
}
