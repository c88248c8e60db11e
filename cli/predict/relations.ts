import type { FeatureRelations } from '../../predictions/examples.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { relation } from '../../warehouse/quote.ts';

/** The quoted name of a model's relation; undefined if the project has no such model. */
export function relationOf({ manifest }: Compiled, name: string): string | undefined {
  const node = [...manifest.nodes.values()].find((one) => one.kind === 'model' && one.name === name);
  return node !== undefined && 'relation' in node ? relation(node.relation) : undefined;
}

/** The models that features are read from. @throws UsageError if the project lacks one. */
export function featureRelations(compiled: Compiled): FeatureRelations {
  const of = (name: string) => {
    const found = relationOf(compiled, name);
    if (found !== undefined) return found;
    throw new UsageError({
      what: `this project has no model ${name}, from which predictions are made`,
      hint: 'docs/features.md says which models there have to be.',
    });
  };
  return {
    state: of('room_quarter_state'),
    target: of('room_quarter_target'),
    weather: of('weather_as_of'),
    apartments: of('dim_apartment'),
    readings: of('sensor_events'),
  };
}

/** Whether a project has the models that features are read from. */
export function hasFeatures(compiled: Compiled): boolean {
  return relationOf(compiled, 'room_quarter_state') !== undefined;
}
