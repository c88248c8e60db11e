import { Reader } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { clientOptions } from '../../../../loaders/kafka/connection.ts';

test('the client reads past the tagged fields of an answer', () => {
  clientOptions({ brokers: ['localhost:9092'], tls: undefined, sasl: undefined });
  // Two fields: tag 0 with three bytes, tag 200 with none; then a number of 16 bits.
  const reader = Reader.from(Buffer.from([2, 0, 3, 9, 9, 9, 0xc8, 1, 0, 0x12, 0x34]));
  reader.readTaggedFields();
  expect(reader.readInt16()).toBe(0x1234);
});
