import { placesAddedUp } from './additive-settings.ts';
import { type Config, mergeConfig } from './config.ts';
import type { SettingPlaces } from './setting-places.ts';

/** Settings, of one place or of several one over the other, and where each of them stands. */
export interface Layer {
  readonly config: Config;
  readonly places: SettingPlaces;
}

/** `stronger` over `weaker`, as {@link mergeConfig} has it. */
export function overlay(weaker: Layer, stronger: Layer): Layer {
  return {
    config: mergeConfig(weaker.config, stronger.config),
    places: new Map([...weaker.places, ...stronger.places, ...placesAddedUp(weaker, stronger)]),
  };
}
