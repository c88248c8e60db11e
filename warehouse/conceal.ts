/** Session settings under this prefix hold secrets. */
export const secretPrefix = 'datacycle.secret_';

/** Takes the values of secret settings out of a text that people may see; PostgreSQL quotes values in its messages. */
export type Conceal = (text: string) => string;

export function concealer(settings: Readonly<Record<string, string>>): Conceal {
  const secrets = Object.entries(settings).flatMap(([name, value]) =>
    name.startsWith(secretPrefix) && value !== '' ? [value] : [],
  );
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}
