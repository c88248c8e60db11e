/** What can be looked at over time. */
export const measures = [
  { name: 'power', title: 'Energy and power', unit: 'kWh', minuteUnit: 'W' },
  { name: 'temperature', title: 'Temperature', unit: '°C', minuteUnit: '°C' },
  { name: 'humidity', title: 'Humidity', unit: '%', minuteUnit: '%' },
  { name: 'co2', title: 'CO2', unit: 'ppm', minuteUnit: 'ppm' },
  { name: 'noise', title: 'Noise', unit: 'dB', minuteUnit: 'dB' },
  { name: 'presence', title: 'Presence', unit: 'min', minuteUnit: '0/1' },
  { name: 'windows', title: 'Open windows', unit: 'min', minuteUnit: '0/1' },
  { name: 'predictions', title: 'Predictions beside what came true', unit: '', minuteUnit: '' },
] as const;
export type MeasureName = (typeof measures)[number]['name'];

/** The apartments that have data, and between which times; seconds since 1970. */
export interface Explorable {
  readonly apartments: readonly {
    readonly key: number;
    readonly name: string;
    readonly from: number;
    readonly to: number;
  }[];
}

/** Values over time, a line for each room. */
export interface Explored {
  /** Means or sums of hours, or minutes where the stretch of time is short. */
  readonly step: 'hour' | 'minute';
  readonly unit: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly {
    readonly title: string;
    readonly values: readonly (number | null)[];
    /** What was predicted, not measured. */
    readonly isPredicted: boolean;
  }[];
}

/** Minutes with presence by local day and hour: the most of any room. */
export interface PresenceMap {
  readonly days: readonly {
    /** ISO date. */
    readonly day: string;
    /** 24 values, null where nothing is known. */
    readonly hours: readonly (number | null)[];
  }[];
}
