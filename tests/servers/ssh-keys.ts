import ssh2 from 'ssh2';

/** A new pair of keys. Not ed25519, of which ssh2 makes one in 250 that it cannot read itself. */
export function newKeys(): { readonly private: string; readonly public: string } {
  return ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
}
