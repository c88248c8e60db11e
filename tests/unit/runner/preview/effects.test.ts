import { expect, it } from 'vitest';
import { isBuilt } from '../../../../runner/manifest/manifest.ts';
import { Effects } from '../../../../runner/preview/effects.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';

it('what is behind many layers of views is looked at once, however many paths lead there', () => {
  const layers = Array.from({ length: 30 }, (_, layer) => ['a', 'b'].map((side) => [layer + 1, side] as const)).flat();
  const view = (layer: number) =>
    `{{config materialized="view"}}select id from {{ref "a${layer}"}} join {{ref "b${layer}"}} using (id)`;
  const tables = { 'models/a0.sql': 'select 1 as id', 'models/b0.sql': 'select 1 as id' };
  const project = new TemporaryProject({
    'project.yml': 'name: shop\nmodels: { +materialized: table }\n',
    ...tables,
    ...Object.fromEntries(layers.map(([layer, side]) => [`models/${side}${layer}.sql`, view(layer - 1)])),
  });
  try {
    const compiled = project.compile();
    const effects = new Effects(compiled);
    expect(effects.reviews(['model.a30'])).toBe(false);
    const first = compiled.manifest.nodes.get('model.b1');
    if (isBuilt(first)) effects.note(first, [{ mode: 'view' }], { isNew: false, isOther: true });
    expect(effects.reviews(['model.a30'])).toBe(true);
    expect(effects.reviews(['model.a0'])).toBe(false);
  } finally {
    project.dispose();
  }
});
