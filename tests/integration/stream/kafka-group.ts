import { AclOperations, AclPermissionTypes, Admin, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import { expect } from 'vitest';
import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** Asks as Kafka's own tools do how far a group is. */
export async function groupOffsets(broker: string, group: string) {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker] });
  try {
    const [found] = await admin.listConsumerGroupOffsets({ groups: [group] });
    return (found?.topics ?? []).flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset }) => ({
        topic,
        partition: partitionIndex,
        next: Number(committedOffset),
      })),
    );
  } finally {
    await admin.close();
  }
}

/** The broker has been told of each partition how far the database is. */
export async function expectTold(warehouse: Warehouse, broker: string, group: string): Promise<void> {
  const { rows } = await warehouse.query(
    'select topic, partition, next_offset::float8 as next from staging.stream_offset',
  );
  expect(rows.length).toBeGreaterThan(0);
  const told = await groupOffsets(broker, group);
  expect(told).toHaveLength(rows.length);
  expect(told).toEqual(expect.arrayContaining([...rows]));
}

/** Takes the right on a group from a login. */
export async function forbidGroup(broker: string, user: string, group: string): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker] });
  try {
    await admin.createAcls({
      creations: [
        {
          resourceType: ResourceTypes.GROUP,
          resourceName: group,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${user}`,
          host: '*',
          operation: AclOperations.READ,
          permissionType: AclPermissionTypes.DENY,
        },
      ],
    });
  } finally {
    await admin.close();
  }
}
