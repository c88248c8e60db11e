/** A line of a recording. */
interface Line {
  readonly room: string;
  readonly sensor: string;
  readonly ts: number;
  readonly text: string;
}

export interface RoomDayFigures {
  readonly event_date: string;
  readonly room: string;
  readonly temp_avg: number | null;
  readonly temp_min: number | null;
  readonly temp_max: number | null;
  readonly temp_comfort_ratio: number | null;
  readonly co2_avg: number | null;
  readonly co2_max: number | null;
  readonly co2_above_1000_ratio: number | null;
  readonly humidity_avg: number | null;
  readonly humidity_in_range_ratio: number | null;
  readonly luminosity_avg: number | null;
  readonly luminosity_min: number | null;
  readonly luminosity_max: number | null;
  readonly occupancy_rate: number | null;
  readonly data_quality_score: number;
  readonly comfort_score: number | null;
  readonly comfort_score_strict: number;
}

const bounds: Readonly<Record<string, readonly [number, number]>> = {
  co2: [300, 5000],
  humidity: [0, 100],
  luminosity: [0, 100_000],
  pir: [0, 30],
  temperature: [0, 50],
};

/** Los Angeles in summer, seven hours behind UTC. */
const dayOf = (ts: number) => new Date((ts - 7 * 3600) * 1000).toISOString().slice(0, 10);

/** The figures of room_daily_metrics by plain loops over the lines of a recording. */
export function roomDays(lines: readonly Line[]): readonly RoomDayFigures[] {
  const days = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${dayOf(line.ts)} ${line.room}`;
    days.set(key, [...(days.get(key) ?? []), line]);
  }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, all]) => roomDay(key, all));
}

function roomDay(key: string, lines: readonly Line[]): RoomDayFigures {
  const [event_date = '', room = ''] = key.split(' ');
  let shares = 0;
  let hoursOfAll = 0;
  let occupied = 0;
  let observed = 0;
  const figures = new Map<string, { values: number[]; means: number[] }>();
  for (const sensor of Object.keys(bounds)) {
    const [lower, upper] = bounds[sensor] ?? [0, 0];
    const own = lines.filter((line) => line.sensor === sensor).sort((a, b) => a.ts - b.ts);
    const isValid = ({ text }: Line) => {
      const value = Number(text);
      return text !== '' && Number.isFinite(value) && value >= lower && value <= upper;
    };
    const means: number[] = [];
    for (const hour of new Set(own.map(({ ts }) => Math.floor(ts / 3600)))) {
      const inHour = own.filter(({ ts }) => Math.floor(ts / 3600) === hour);
      const valid = inHour.filter(isValid);
      shares += valid.length / inHour.length;
      hoursOfAll += 1;
      if (valid.length > 0) means.push(valid.reduce((sum, { text }) => sum + Number(text), 0) / valid.length);
      if (sensor !== 'pir') continue;
      for (const [at, line] of inHour.entries()) {
        if (!isValid(line)) continue;
        const secs = Math.min(60, (inHour[at + 1]?.ts ?? (hour + 1) * 3600) - line.ts);
        observed += secs;
        if (Number(line.text) > 0) occupied += secs;
      }
    }
    figures.set(sensor, { values: own.filter(isValid).map(({ text }) => Number(text)), means });
  }
  const of = (sensor: string) => figures.get(sensor) ?? { values: [], means: [] };
  const mean = (sensor: string) => {
    const { values } = of(sensor);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const extreme = (sensor: string, pick: (a: number, b: number) => number) => {
    const { values } = of(sensor);
    return values.length === 0 ? null : values.reduce((a, b) => pick(a, b));
  };
  const share = (sensor: string, meets: (mean: number) => boolean) => {
    const { means } = of(sensor);
    return means.length === 0 ? null : means.filter(meets).length / means.length;
  };
  const comfort = share('temperature', (value) => value >= 20 && value <= 24);
  const stuffy = share('co2', (value) => value > 1000);
  const humid = share('humidity', (value) => value >= 30 && value <= 60);
  let points = 0;
  let weights = 0;
  for (const [part, weight] of [
    [comfort, 0.5],
    [stuffy === null ? null : 1 - stuffy, 0.3],
    [humid, 0.2],
  ] as const) {
    if (part === null) continue;
    points += 100 * weight * part;
    weights += weight;
  }
  return {
    event_date,
    room,
    temp_avg: mean('temperature'),
    temp_min: extreme('temperature', Math.min),
    temp_max: extreme('temperature', Math.max),
    temp_comfort_ratio: comfort,
    co2_avg: mean('co2'),
    co2_max: extreme('co2', Math.max),
    co2_above_1000_ratio: stuffy,
    humidity_avg: mean('humidity'),
    humidity_in_range_ratio: humid,
    luminosity_avg: mean('luminosity'),
    luminosity_min: extreme('luminosity', Math.min),
    luminosity_max: extreme('luminosity', Math.max),
    occupancy_rate: observed === 0 ? null : occupied / observed,
    data_quality_score: (100 * shares) / hoursOfAll,
    comfort_score: weights === 0 ? null : points / weights,
    comfort_score_strict: points,
  };
}
