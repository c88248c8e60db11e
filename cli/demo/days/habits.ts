import type { Activity, Apartment, Place } from '../household/apartment.ts';
import { clock } from '../household/clock.ts';
import { jeremie } from '../household/jeremie.ts';
import { jimmy } from '../household/jimmy.ts';
import type { Random } from '../household/random.ts';

/** How an apartment's people spend a local day. */
export type DayPlan = Pick<Apartment, 'people' | 'openings' | 'activities'>;

type Stays = readonly (readonly [time: string, place: Place])[];

const gone: Stays = [['00:00', 'away']];

const jimmyAtTheOffice: Stays = [
  ['00:00', 'asleep'],
  ['06:48', 'Bhroom'],
  ['07:02', 'Kitchen'],
  ['07:28', 'Livingroom'],
  ['07:36', 'away'],
  ['17:42', 'Livingroom'],
  ['17:55', 'Kitchen'],
  ['19:12', 'Livingroom'],
  ['22:31', 'Bhroom'],
  ['22:44', 'asleep'],
];

const freeDay: Stays = [
  ['00:00', 'asleep'],
  ['08:52', 'Bhroom'],
  ['09:10', 'Kitchen'],
  ['10:02', 'Livingroom'],
  ['11:31', 'away'],
  ['15:24', 'Livingroom'],
  ['16:02', 'Office'],
  ['17:20', 'Livingroom'],
  ['18:10', 'Kitchen'],
  ['19:40', 'Livingroom'],
  ['23:08', 'Bhroom'],
  ['23:21', 'asleep'],
];

const workAtHome: Stays = [
  ['00:00', 'asleep'],
  ['07:02', 'Kitchen'],
  ['07:34', 'Bhroom'],
  ['07:53', 'Office'],
  ['12:04', 'Kitchen'],
  ['12:51', 'Office'],
  ['17:22', 'Livingroom'],
  ['18:33', 'Kitchen'],
  ['19:58', 'Livingroom'],
  ['22:41', 'Bhroom'],
  ['22:52', 'asleep'],
];

const evening: readonly Activity[] = [
  { room: 'Kitchen', during: ['07:05-07:09'], watts: 1420, phase: 1, plug: true, noise: 9 },
  { room: 'Kitchen', during: ['18:02-18:48'], watts: 1740, phase: 2, steam: 0.8, noise: 10 },
  { room: 'Livingroom', during: ['19:45-22:20'], watts: 127, phase: 0, plug: true, noise: 7 },
];

const free: readonly Activity[] = [
  { room: 'Kitchen', during: ['09:14-09:19', '16:00-16:03'], watts: 1420, phase: 1, plug: true, noise: 9 },
  { room: 'Kitchen', during: ['18:20-19:22'], watts: 1740, phase: 2, steam: 0.9, noise: 10 },
  { room: 'Office', during: ['16:04-17:18'], watts: 98, phase: 1, plug: true, noise: 3 },
  { room: 'Livingroom', during: ['10:05-11:20', '19:44-23:02'], watts: 121, phase: 0, plug: true, noise: 9 },
];

const officeWork: readonly Activity[] = [
  { room: 'Office', during: ['07:54-12:02', '12:52-17:20'], watts: 96, phase: 0, plug: true, noise: 2 },
  { room: 'Kitchen', during: ['12:08-12:24'], watts: 1180, phase: 2, steam: 0.5, noise: 8 },
];

/** The plan of a day, moved by some minutes as a whole, its moves by a few more each. */
function moved({ people, openings, activities }: DayPlan, random: Random): DayPlan {
  // About a quarter of an hour, as a standard deviation.
  const shift = random.noise(45);
  const time = (text: string, more: number) => textOf(clock(text) + shift + more);
  return {
    people: people.map((stays) => {
      let before = 0;
      return stays.map(([at, place], index) => {
        if (index === 0) return [at, place] as const;
        before = Math.min(1439, Math.max(before + 1, clock(time(at, random.noise(9)))));
        return [textOf(before), place] as const;
      });
    }),
    openings: openings.map((one) => ({ ...one, open: one.open.map((span) => movedSpan(span, time)) })),
    activities: activities.map((one) => ({ ...one, during: one.during.map((span) => movedSpan(span, time)) })),
  };
}

function movedSpan(span: string, time: (text: string, more: number) => string): string {
  const [from = '', to = ''] = span.split('-');
  return `${time(from, 0)}-${time(to, 0)}`;
}

function textOf(minute: number): string {
  const whole = Math.min(1500, Math.max(1, Math.round(minute)));
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

/** What runs also where nobody is: the boiler. */
function unattended({ activities }: Apartment): readonly Activity[] {
  return activities.filter(({ watts, plug }) => plug !== true && watts > 1900);
}

/** Neither at home nor washing: what is left of the household. */
function away(apartment: Apartment, people: number): DayPlan {
  return {
    people: Array.from({ length: people }, () => gone),
    openings: apartment.openings.map((one) => ({ ...one, open: [] })),
    activities: unattended(apartment),
  };
}

function jimmyOn(weekday: number, random: Random): DayPlan {
  const isFree = weekday >= 6;
  const chance = random.next();
  const friends = weekday === 5 || weekday === 6 ? random.next() < 0.45 : random.next() < 0.08;
  const guests = jimmy.people.slice(1);
  const visiting = friends ? guests : guests.map(() => gone);
  const boiler = unattended(jimmy);
  // Washing on Mondays and Thursdays, mostly.
  const washes = (weekday === 1 || weekday === 4) && random.next() < 0.8;
  const washing = jimmy.activities.filter(({ room, plug }) => room === 'Laundry' && plug === true);
  const laundry = washes ? washing : [];
  if (isFree) return { ...jimmy, people: [freeDay, ...visiting], activities: [...free, ...boiler, ...laundry] };
  const atOffice = weekday === 4 ? chance < 0.75 : chance < 0.2;
  if (atOffice)
    return { ...jimmy, people: [jimmyAtTheOffice, ...visiting], activities: [...evening, ...boiler, ...laundry] };
  const usual = jimmy.activities.filter((one) => !washing.includes(one));
  return { ...jimmy, people: [jimmy.people[0] ?? gone, ...visiting], activities: [...usual, ...laundry] };
}

function jeremieOn(weekday: number, random: Random): DayPlan {
  const boiler = unattended(jeremie);
  if (weekday >= 6) {
    const second = random.next() < 0.3 ? gone : freeDay;
    return { ...jeremie, people: [freeDay, second], activities: [...free, ...boiler] };
  }
  const isAtHome = weekday === 3 ? random.next() < 0.8 : random.next() < 0.1;
  const [first = gone, second = gone] = jeremie.people;
  if (!isAtHome) return { ...jeremie, people: [first, second] };
  return { ...jeremie, people: [first, workAtHome], activities: [...jeremie.activities, ...officeWork] };
}

/** When nobody was at home, by days before the last one: once a long weekend, once a week. */
const absences = { JimmyLoup: { from: 34, to: 31 }, JeremieVianin: { from: 55, to: 49 } } as const;

/**
 * How a day is spent: by weekday, with chance, and by nobody in a few days of absence.
 * @param before the last day so many days; @param weekday Monday is 1.
 */
export function planOf(apartment: Apartment, before: number, weekday: number, random: Random): DayPlan {
  const plan = apartment.owner === 'JimmyLoup' ? jimmyOn(weekday, random) : jeremieOn(weekday, random);
  const { from, to } = absences[apartment.owner];
  // Drawn either way, so that an absence changes no other day.
  const today = moved(plan, random);
  return before <= from && before >= to ? away(apartment, plan.people.length) : today;
}
