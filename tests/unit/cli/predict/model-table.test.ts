import { expect, it } from 'vitest';
import { modelTable } from '../../../../cli/predict/model-table.ts';

const evaluation = (criterion: number, rest = {}) => ({ criterion, rows: 23_004, bias: -69.1184, ...rest });

it('lists the models of a target and horizon, the champion first, in no more than 80 columns', () => {
  const text = modelTable('mean_power_w', 'quarter', [
    { name: 'hour-of-week', version: '1', evaluation: evaluation(2, { rmse: 11_340.2 }) },
    { name: 'last-week', version: '1', evaluation: evaluation(3, { rmse: 11_340.2 }) },
    {
      name: 'ridge-trees',
      version: '9fc1d8123f8a',
      isChampion: true,
      trainedTo: '2023-10-11T02:30:00.000Z',
      evaluation: evaluation(2.5, { rmse: 20 }),
    },
  ]);
  expect(text.split('\n')).toEqual([
    'mean_power_w, quarter: the champion is ridge-trees, which has learnt up to 2023-10-11T02:30Z',
    'model        | version      | criterion |  skill |     rmse |    bias | windows',
    '-------------+--------------+-----------+--------+----------+---------+--------',
    'ridge-trees  | 9fc1d8123f8a |    2.5000 | -0.250 |    20.00 | -69.118 |   23004',
    'hour-of-week | 1            |    2.0000 |  0.000 | 11340.20 | -69.118 |   23004',
    'last-week    | 1            |    3.0000 | -0.500 | 11340.20 | -69.118 |   23004',
    '',
  ]);
  expect(
    Math.max(
      ...text
        .split('\n')
        .slice(1)
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(80);
});

it('lists what is only compared without versions, and says where there is nothing', () => {
  const some = [
    { name: 'trees', evaluation: evaluation(0.05, { auc: 0.99 }) },
    { name: 'hour-of-week', evaluation: evaluation(0.1, { auc: 0.9 }) },
  ];
  expect(modelTable('occupied', 'day', some).split('\n').slice(0, 2)).toEqual([
    'occupied, day',
    'model        | criterion | skill |   auc |    bias | windows',
  ]);
  expect(modelTable('occupied', 'day', [])).toBe('occupied, day: nothing to compare');
});
