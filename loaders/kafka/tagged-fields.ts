import { Reader } from '@platformatic/kafka';

/**
 * Tagged fields end most structures of the protocol: how many there are, then of each its tag and its size, all as unsigned numbers
 * (KIP-482). The client takes the first of these numbers for a signed size, so it cannot read an answer in which a broker says, by
 * such a field, that another one leads a partition now.
 */
export function readTaggedFields(this: Reader): void {
  for (let left = this.readUnsignedVarInt(); left > 0; left -= 1) {
    this.readUnsignedVarInt();
    this.skip(this.readUnsignedVarInt());
  }
}

/** Makes the client read tagged fields. Called before it is used; again does no harm. */
export function readTheTaggedFields(): void {
  Reader.prototype.readTaggedFields = readTaggedFields;
}
