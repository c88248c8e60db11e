import { expect, test } from 'vitest';
import { CandidateList, candidateAt } from '../../../../loaders/sensors/candidate.ts';
import { SensorNames } from '../../../../loaders/sensors/name.ts';

const names = new SensorNames([{ id: 'jimmy', owner: 'JimmyLoup' }]);

function listOf(...paths: string[]): CandidateList {
  const list = new CandidateList();
  list.add(paths.map(candidateAt));
  return list;
}

test('gives back what was added, in its order, with its ledger row', () => {
  const before = { fileId: 7, reason: null, sha256: null, bronzePath: null };
  const list = listOf('a.json', 'jimmy/2023/é €.json.gz');
  list.add([{ ...candidateAt('b.json'), before }]);
  list.add(Array.from({ length: 5000 }, (_, index) => candidateAt(`${index}.json`)));
  expect(list.length).toBe(5003);
  expect(list.slice(0, 3)).toEqual([
    { name: 'a.json', path: 'a.json' },
    { name: 'é €.json', path: 'jimmy/2023/é €.json.gz' },
    { name: 'b.json', path: 'b.json', before },
  ]);
  expect(list.slice(5001, 9999).map(({ path }) => path)).toEqual(['4998.json', '4999.json']);
  expect(list.slice(5003, 9999)).toEqual([]);
  expect([...list].length).toBe(5003);
});

test('sorts by the time in the name, then by name; what has no time comes last', () => {
  const sorted = listOf(
    'x.json',
    '01.09.2023 1000_JimmyLoup_received.json',
    '02.08.2023 1000_JimmyLoup_received.json',
    '01.09.2023 0959_JimmyLoup_received.json',
    '01.09.2023 1000_Anybody_received.json',
  );
  sorted.sortByTime(names);
  expect([...sorted].map(({ name }) => name)).toEqual([
    '02.08.2023 1000_JimmyLoup_received.json',
    '01.09.2023 0959_JimmyLoup_received.json',
    '01.09.2023 1000_Anybody_received.json',
    '01.09.2023 1000_JimmyLoup_received.json',
    'x.json',
  ]);
});

test('takes of files of one name the one that is neither compressed nor among the rejected', () => {
  const name = '01.09.2023 1000_JimmyLoup_received.json';
  const paths = [`rejected/${name}`, `b/${name}.gz`, `b/${name}`, `rejected/${name}.gz`];
  for (let first = 0; first < paths.length; first += 1) {
    const sorted = listOf(...paths.slice(first), ...paths.slice(0, first));
    sorted.sortByTime(names);
    expect([...sorted].map(({ path }) => path)).toEqual([`b/${name}`]);
  }
  const rest = listOf(`rejected/${name}`, `b/${name}.gz`);
  rest.sortByTime(names);
  expect([...rest].map(({ path }) => path)).toEqual([`b/${name}.gz`]);
});
