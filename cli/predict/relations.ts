import type { FeatureRelations } from '../../predictions/examples.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { relation } from '../../warehouse/quote.ts';

/** The quoted name of a model's relation; undefined if the project has no such model. */
export function relationOf({ manifest }: Compiled, name: string): string | undefined {
  const node = [...manifest.nodes.values()].find((one) => one.kind === 'model' && one.name === name);
  return node !== undefined && 'relation' in node ? relation(node.relation) : undefined;
}

/** The model of each relation that features are read from. */
const modelOf: Readonly<Record<keyof FeatureRelations, string>> = {
  state: 'room_quarter_state',
  target: 'room_quarter_target',
  weather: 'weather_as_of',
  apartments: 'dim_apartment',
  readings: 'sensor_events',
};

/** The models that features are read from. @throws UsageError if the project lacks one. */
export function featureRelations(compiled: Compiled): FeatureRelations {
  const of = (key: keyof FeatureRelations) => {
    const found = relationOf(compiled, modelOf[key]);
    if (found !== undefined) return found;
    throw new UsageError({
      what: `this project has no model ${modelOf[key]}, from which predictions are made`,
      hint: 'docs/features.md says which models there have to be.',
    });
  };
  return {
    state: of('state'),
    target: of('target'),
    weather: of('weather'),
    apartments: of('apartments'),
    readings: of('readings'),
  };
}

/** Whether a project has all models that features are read from. */
export function hasFeatures(compiled: Compiled): boolean {
  return Object.values(modelOf).every((name) => relationOf(compiled, name) !== undefined);
}
