import { placesAddedUp } from './additive-settings.ts';
import { type Config, mergeConfig } from './config.ts';
import type { SettingPlaces } from './setting-places.ts';

/** Settings from one place, or merged from several, and the place of each. */
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
