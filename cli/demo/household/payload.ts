import type { Owner } from './apartment.ts';
import { datetimeText, epochSeconds } from './clock.ts';
import type { Moment } from './household.ts';
import { type Random, round } from './random.ts';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** What the sensors of an apartment report about a moment, in the shape its file has. */
export function payload(owner: Owner, utcMinute: number, moment: Moment, battery: number, random: Random): JsonObject {
  return {
    user: owner,
    api_token: `demo-token-${owner}`,
    datetime: datetimeText(utcMinute),
    plugs: plugs(utcMinute, moment),
    doorsWindows: doorsWindows(utcMinute, moment),
    motions: motions(moment, random),
    meteos: { meteo: meteos(utcMinute, moment, battery, random) },
    humidities: humidities(utcMinute, moment, random),
    consumptions: { House: consumption(utcMinute, moment, random) },
  };
}

function plugs(utcMinute: number, { electricity, rooms }: Moment): JsonObject {
  const sections: JsonObject = {};
  for (const { room, latest, total } of electricity.plugs) {
    const air = rooms.find(({ traits }) => traits.room === room)?.air.temperature ?? 20;
    sections[room] = {
      time: epochSeconds(utcMinute),
      power: latest[0] / 100,
      overpower: 0,
      is_valid: true,
      counters: latest.map((power) => power / 100),
      total,
      temperature: round(air + 4.1 + (latest[0] + latest[1] + latest[2]) / 60_000, 2),
      overtemperature: false,
      switch: 'on',
    };
  }
  return sections;
}

function doorsWindows(utcMinute: number, { openings }: Moment): JsonObject {
  const sections: { [room: string]: Json[] } = {};
  for (const { opening, open } of openings) {
    const sensors = sections[opening.room] ?? [];
    sensors.push({
      type: opening.type,
      switch: open ? 'on' : 'off',
      battery: charge(opening.battery, utcMinute),
      defense: 0,
    });
    sections[opening.room] = sensors;
  }
  return sections;
}

function motions({ rooms, outdoors }: Moment, random: Random): JsonObject {
  const sections: JsonObject = {};
  for (const { traits, occupants, lampOn, air } of rooms) {
    if (traits.motion === undefined) continue;
    sections[traits.room] = {
      // Who comes through the door is always seen, who sits still only now and then.
      motion: occupants.awake > 0 && (occupants.crossed || random.next() < traits.motion),
      light: Math.round(
        3 + 210 * outdoors.sun * (0.2 + traits.sunny) + (lampOn ? 64 + random.noise(4) : random.next()),
      ),
      temperature: round(air.temperature + 0.2, 1),
    };
  }
  return sections;
}

function meteos(utcMinute: number, { rooms, outdoors }: Moment, outdoorBattery: number, random: Random): JsonObject {
  const sections: JsonObject = {};
  for (const { traits, air, noise } of rooms) {
    if (traits.meteo === undefined) continue;
    const reading: JsonObject = {
      Temperature: round(air.temperature + random.noise(0.06), 1),
      CO2: Math.round(air.co2 + random.noise(9)),
      Humidity: Math.round(air.humidity + random.noise(0.4)),
    };
    if (traits.meteo === 'station') {
      reading.Noise = Math.round(noise + random.noise(3));
      reading.Pressure = round(outdoors.pressure, 1);
      // 512 m above the sea.
      reading.AbsolutePressure = round(outdoors.pressure * 0.9406, 1);
    } else {
      reading.battery_percent = charge(traits.meteo, utcMinute);
    }
    sections[traits.room] = reading;
  }
  sections.Outdoor = {
    Temperature: round(outdoors.temperature + random.noise(0.1), 1),
    Humidity: Math.round(outdoors.humidity + random.noise(0.6)),
    battery_percent: charge(outdoorBattery, utcMinute),
  };
  return sections;
}

function humidities(utcMinute: number, { rooms }: Moment, random: Random): JsonObject {
  const sections: JsonObject = {};
  for (const { traits, air } of rooms) {
    if (traits.humidity === undefined) continue;
    sections[traits.room] = {
      temperature: round(air.temperature + random.noise(0.06), 1),
      humidity: round(air.humidity + random.noise(0.3), 1),
      devicePower: charge(traits.humidity, utcMinute),
    };
  }
  return sections;
}

function consumption(utcMinute: number, { electricity: { phases } }: Moment, random: Random): JsonObject {
  const voltages = phases.map((power) => round(233.6 - power / 400_000 + random.noise(0.7), 1));
  const factors = phases.map((power) => (power === 0 ? 0 : power < 20_000 ? 0.66 : 0.94));
  const each = (key: string, value: (phase: number) => Json): JsonObject =>
    Object.fromEntries([0, 1, 2].map((phase) => [`${key}${phase + 1}`, value(phase)]));
  return {
    time: epochSeconds(utcMinute),
    total_power: (phases[0] + phases[1] + phases[2]) / 100,
    ...each('power', (phase) => (phases[phase] ?? 0) / 100),
    ...each('pf', (phase) => factors[phase] ?? 0),
    ...each('current', (phase) =>
      round((phases[phase] ?? 0) / 100 / (voltages[phase] ?? 230) / (factors[phase] || 1), 2),
    ),
    ...each('voltage', (phase) => voltages[phase] ?? 0),
    ...each('is_valid', () => true),
    switch: 'on',
  };
}

/** Batteries lose a little more than a percent on the day. */
function charge(atMidnight: number, utcMinute: number): number {
  return Math.min(100, Math.round(atMidnight - (1.3 * utcMinute) / 1440));
}
