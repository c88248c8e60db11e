import { errorLines, type Line } from '../run/report.ts';
import { count } from '../text/figures.ts';
import type { CheckSummary } from './check.ts';
import type { Finding } from './findings.ts';

/** What a check found, for a person. */
export function checkLines(summary: CheckSummary): readonly Line[] {
  const { findings, ok, seconds } = summary;
  const errors = findings.filter(({ severity }) => severity === 'error');
  const checked = [
    `${count(summary.models, 'model')} in both forms`,
    summary.seeds > 0 ? count(summary.seeds, 'seed') : '',
    count(summary.tests, 'test'),
  ].filter(Boolean);
  const found = ok ? '' : `, found ${count(errors.length, 'problem')}`;
  const warned = findings.length > errors.length ? `, ${count(findings.length - errors.length, 'warning')}` : '';
  return [
    ...findings.flatMap(findingLines),
    ...uncheckedLines(summary),
    ...measureLines(summary),
    {
      tone: ok ? 'good' : 'bad',
      text: `Checked ${checked.join(', ')}${found}${warned} in ${seconds.toFixed(1)}s.`,
    },
  ];
}

/** The same as objects for machines (`--log-format json`). */
export function checkObjects(summary: CheckSummary): readonly object[] {
  const { findings, unchecked, ...rest } = summary;
  return [
    ...findings.map(({ severity, node, error, also }) => ({
      type: severity === 'error' ? 'problem' : 'warning',
      node,
      what: error.message,
      where: error.where,
      detail: error.detail,
      hint: error.hint,
      also: also.length > 0 ? also : undefined,
    })),
    ...unchecked.map((one) => ({ type: 'unchecked', ...one })),
    { type: 'finished', ...rest, problems: findings.filter(({ severity }) => severity === 'error').length },
  ];
}

function findingLines({ severity, error, also }: Finding): Line[] {
  const [first, ...rest] = errorLines(error);
  const headline: Line =
    severity === 'warning'
      ? { tone: 'warning', text: `Warning: ${error.message}` }
      : (first ?? { tone: 'bad', text: '' });
  const others: Line[] = also.length === 0 ? [] : [{ tone: 'plain', text: `  The same in ${also.join(', ')}` }];
  return [headline, ...rest, ...others, { tone: 'plain', text: '' }];
}

function measureLines({ measuresLeft = 0 }: CheckSummary): Line[] {
  if (measuresLeft === 0) return [];
  const left = count(measuresLeft, 'measure');
  return [{ tone: 'plain', text: `Not computed: ${left} of views that were not selected, or failed.` }];
}

function uncheckedLines({ unchecked }: CheckSummary): Line[] {
  const blamed = [...new Set(unchecked.map(({ because }) => because))];
  return blamed.map((name) => {
    const nodes = unchecked.filter(({ because }) => because === name).map(({ node }) => node);
    return { tone: 'warning', text: `Not checked, since ${name} failed: ${nodes.join(', ')}` };
  });
}
