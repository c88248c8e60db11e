import { open } from 'node:fs/promises';
import { end } from '../../../../cli/end.ts';
import { ShareAccess } from '../../../../loaders/sensors/share-access.ts';

/** A process that ends while a call to a share hangs. Arguments: a named pipe that nobody writes into, the exit code. */
const [pipe = '', code] = process.argv.slice(2);
const call = new ShareAccess('share', 20).reach(() => open(pipe, 'r'));
call.catch(() => end(Number(code)));
