import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'mysql2';
import type { RegistryAddress } from './address.ts';
import { RegistryFault } from './fault.ts';

type Plugins = NonNullable<ConnectionOptions['authPlugins']>;
type Plugin = Plugins[string];

/** By these the server gets the password itself: as it is, or encrypted with a key that anybody may have sent. */
type Revealing = 'mysql_clear_password' | 'sha256_password' | 'caching_sha2_password';

/** With this byte a server that has not cached the password asks for it (`perform full authentication`). */
const asksForPassword = Buffer.from([4]);

/**
 * The driver's ways to log in, none of which gives the password away to a server that has not shown who it is: unless the connection is
 * encrypted or does not leave this machine, or MYSQL_URL says that there is to be no TLS.
 */
export function carefulPlugins(
  address: RegistryAddress,
  socket: Socket,
  standard: Readonly<Record<Revealing, () => Plugin>>,
): Plugins {
  const refuse = () => {
    const { connection, tls } = address;
    const isSafe =
      connection.ssl !== undefined || tls.waived || connection.socketPath !== undefined || isLoopback(socket);
    if (!isSafe) throw RegistryFault.unsafeLogin(address);
  };
  // Asynchronous, so that the driver takes the refusal for a failed login.
  const guarded = (plugin: Plugin, reveals: (data: Buffer) => boolean): Plugin => {
    return (metadata) => {
      const next = plugin(metadata);
      return async (data) => {
        if (reveals(data)) refuse();
        // Null is no answer, which the driver's types leave out.
        return (await next(data)) as Buffer;
      };
    };
  };
  return {
    mysql_clear_password: guarded(standard.mysql_clear_password(), () => true),
    sha256_password: guarded(standard.sha256_password(), () => true),
    caching_sha2_password: guarded(standard.caching_sha2_password(), (data) => asksForPassword.equals(data)),
  };
}

function isLoopback({ remoteAddress = '' }: Socket): boolean {
  return remoteAddress === '::1' || /^(?:::ffff:)?127\./i.test(remoteAddress);
}
